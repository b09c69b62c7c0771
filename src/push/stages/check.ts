import type { Digest } from '../../oci/digest.ts';
import { blobExists } from '../../registry/blobs.ts';
import { pullScope, type Connection } from '../../registry/connection.ts';
import { headManifest } from '../../registry/manifests.ts';
import { allOrNothing } from '../../util/concurrency.ts';
import { messageOf, PushError } from '../../util/errors.ts';
import { formatBytes } from '../../util/text.ts';
import type { PushContext } from '../context.ts';
import type { PlannedPlace, PushPlan } from '../plan.ts';

interface Known {
  readonly digest: Digest;
  readonly size: number;
}

async function look(
  connection: Connection,
  { registry, repository }: PlannedPlace,
  plan: PushPlan,
  signal: AbortSignal,
): Promise<string> {
  const name = `${registry}/${repository}`;
  const scopes = [pullScope(repository)];
  if (plan.root) {
    const there = await headManifest(connection, repository, plan.root.digest, signal, scopes);
    if (there) return `${name} holds the whole image already; only tags would be written.`;
  }
  const known = plan.blobs.flatMap(({ digest, size }): Known[] =>
    digest ? [{ digest, size }] : [],
  );
  const present = await allOrNothing(
    known.map(
      ({ digest }) =>
        (abort) =>
          connection.congestion.run(
            'request',
            () => blobExists(connection, repository, digest, abort, scopes),
            abort,
          ),
    ),
    signal,
  );
  const left = known.filter((_, index) => !present[index]);
  const bytes = left.reduce((sum, { size }) => sum + size, 0);
  const open = plan.blobs.length - known.length;
  const rest = open > 0 ? `, and ${open} layers that would be compressed first` : '';
  return `${name}: ${known.length - left.length} of ${plan.blobs.length} blobs are there; ${formatBytes(bytes)} would be sent${rest}.`;
}

/**
 * The dry run's look into each registry: reads only, and with rights to read only. What cannot be
 * seen is a warning, for a dry run is what people run where they hold no credentials.
 */
export async function check(context: PushContext, plan: PushPlan): Promise<void> {
  await allOrNothing(
    plan.places.map((place) => async (signal) => {
      try {
        const connection = await context.connect(place.registry, signal);
        context.emit({ type: 'note', message: await look(connection, place, plan, signal) });
      } catch (error) {
        signal.throwIfAborted();
        const hint = error instanceof PushError && error.hint ? ` → ${error.hint}` : '';
        const message = `Could not look into ${place.registry}/${place.repository}: ${messageOf(error)}${hint}`;
        context.emit({ type: 'warning', message });
      }
    }),
    context.signal,
  );
}
