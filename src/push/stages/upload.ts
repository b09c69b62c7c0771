import type { Connection } from '../../registry/connection.ts';
import { allOrNothing } from '../../util/concurrency.ts';
import type { PushEventBody } from '../../util/events.ts';
import type { PushContext } from '../context.ts';
import type { LoadedImage } from '../loaded.ts';
import type { PushPlan } from '../plan.ts';
import type { Filling } from './bring.ts';
import { bringImage, type FilledPlace } from './fill.ts';

function settled({ registry, capabilities, congestion }: Connection): PushEventBody {
  const { chunkSize, profile } = capabilities;
  const { now: concurrency, most: mostConcurrency } = congestion.concurrency;
  return {
    type: 'registry-settled',
    registry,
    profile: profile.name,
    concurrency,
    mostConcurrency,
    ...(chunkSize === undefined ? {} : { chunkSize }),
  };
}

/**
 * Brings the image to every place by digest: registries in parallel; repositories of one registry
 * one after another, so that the second mounts what the first has got.
 * @returns every place, with the same root manifest; with one each where platforms are separate
 */
export async function upload(
  context: PushContext,
  image: LoadedImage,
  plan: PushPlan,
): Promise<readonly FilledPlace[]> {
  const registries = Map.groupBy(plan.places, ({ registry }) => registry);
  const filled = await allOrNothing(
    [...registries].map(([registry, places]) => async (signal) => {
      const connection = await context.connect(registry, signal);
      const done: FilledPlace[] = [];
      for (const place of places) {
        const sibling = done.at(-1)?.place.repository;
        const filling: Filling = { context, image, connection, place, sibling, signal };
        done.push(...(await bringImage(filling, plan)));
      }
      context.emit(settled(connection));
      return done;
    }),
    context.signal,
  );
  return filled.flat();
}
