import type { Connection } from '../../registry/connection.ts';
import { allOrNothing } from '../../util/concurrency.ts';
import type { PushEventBody } from '../../util/events.ts';
import type { PushContext } from '../context.ts';
import type { FilledPlace } from '../filled.ts';
import type { LoadedImage } from '../loaded.ts';
import type { PlannedPlace, PushPlan } from '../plan.ts';
import type { Standing } from '../standing.ts';
import { agree } from './agree.ts';
import type { Filling } from './bring.ts';
import { bringImage, tellFilled, type FilledRepository } from './fill.ts';

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

/** Fills the repositories of one registry, one after another. */
async function fill(
  filling: Omit<Filling, 'place' | 'sibling'>,
  places: readonly PlannedPlace[],
  plan: PushPlan,
): Promise<readonly FilledRepository[]> {
  const done: FilledRepository[] = [];
  for (const place of places) {
    const sibling = done.at(-1)?.planned.repository;
    const filled = await bringImage({ ...filling, place, sibling }, plan);
    tellFilled(filling.context, filled);
    done.push(filled);
  }
  return done;
}

/**
 * Brings the image to every place by digest: registries in parallel; repositories of one registry
 * one after another, so that the second mounts what the first has got.
 * @returns every place, with the same root manifest (with one each where platforms are separate),
 * but for registries that failed and may
 * @throws the first failure of a registry that must not fail; the others are stopped then
 */
export async function upload(
  context: PushContext,
  image: LoadedImage,
  plan: PushPlan,
  standing: Standing,
): Promise<readonly FilledPlace[]> {
  const registries = Map.groupBy(plan.places, ({ registry }) => registry);
  const filled = await allOrNothing(
    [...registries].map(([registry, places]) => async (signal) => {
      try {
        const connection = await context.connect(registry, signal);
        const done = await fill({ context, image, connection, signal }, places, plan);
        context.emit(settled(connection));
        return done;
      } catch (error) {
        signal.throwIfAborted();
        standing.fail(registry, error);
        return [];
      }
    }),
    context.signal,
  );
  standing.requireOne(registries.keys());
  return agree(context, image, filled.flat());
}
