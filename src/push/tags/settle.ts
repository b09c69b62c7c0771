import type { TagRefusal } from '../../registry/tags.ts';
import { messageOf } from '../../util/errors.ts';
import type { PushContext } from '../context.ts';
import type { Standing } from '../standing.ts';
import type { DecidedPlace } from './decide.ts';
import { takeBack, tellWhere } from './take-back.ts';
import { transactionError } from './transaction-error.ts';

/** What became of the tags of one repository. */
export interface WrittenPlace {
  readonly place: DecidedPlace;
  readonly refusals: readonly TagRefusal[];
}

/** Taking back is not cut short by what ended the push, but it ends. */
const TAKE_BACK_MS = 60_000;
/** Who cancels a job waits a few seconds for it. */
const LAST_LOOK_MS = 3000;

/** Takes all of it back, and words the error. */
async function undoAll(
  context: PushContext,
  written: readonly WrittenPlace[],
  refusal: unknown,
): Promise<Error> {
  const signal = AbortSignal.timeout(TAKE_BACK_MS);
  const settled = await Promise.all(written.map(({ place }) => takeBack(context, place, signal)));
  return transactionError(refusal, settled.flat());
}

/** Leaves what was moved where it is, and says of the rest where that is. */
async function forgive(context: PushContext, written: readonly WrittenPlace[]): Promise<void> {
  for (const { place, refusals } of written) {
    const { registry, repository } = place.filled.place;
    const tags = refusals.map(({ tag }) => tag);
    await tellWhere(context, place, tags, AbortSignal.timeout(TAKE_BACK_MS));
    for (const { tag, error } of refusals) {
      const message = `The tag ${tag} in ${registry}/${repository} was not moved: ${messageOf(error)}`;
      context.emit({ type: 'warning', message });
    }
  }
}

/** One registry that may fail has refused tags. */
async function settleOne(
  context: PushContext,
  registry: string,
  written: readonly WrittenPlace[],
  standing: Standing,
): Promise<void> {
  const refusals = written.flatMap((one) => one.refusals);
  const [first] = refusals;
  if (!first) return;
  const wanted = written.reduce((sum, { place }) => sum + place.tags.length, 0);
  if (context.request.requireRegistries !== 'best-effort') {
    standing.fail(registry, await undoAll(context, written, first.error));
    return;
  }
  await forgive(context, written);
  if (refusals.length === wanted) standing.fail(registry, first.error);
}

async function lastLook(context: PushContext, written: readonly WrittenPlace[]): Promise<void> {
  const signal = AbortSignal.timeout(LAST_LOOK_MS);
  await Promise.all(
    written.map(({ place, refusals }) =>
      tellWhere(
        context,
        place,
        refusals.map(({ tag }) => tag),
        signal,
      ),
    ),
  );
}

/**
 * Deals with tags that were refused. Under `all`, when a registry that must not fail refuses one,
 * everything that was moved anywhere is taken back; a registry that may fail takes back its own, and
 * under `best-effort` keeps what it took.
 * @throws the refusal, with what became of the tags that had moved
 */
export async function settle(
  context: PushContext,
  written: readonly WrittenPlace[],
  standing: Standing,
): Promise<void> {
  if (context.signal.aborted) {
    await lastLook(context, written);
    context.signal.throwIfAborted();
  }
  const refused = written.filter(({ refusals }) => refusals.length > 0);
  const fatal = refused.find(({ place }) => !standing.mayFail(place.filled.place.registry));
  if (fatal) throw await undoAll(context, written, fatal.refusals[0]?.error);
  const byRegistry = Map.groupBy(written, ({ place }) => place.filled.place.registry);
  await Promise.all(
    [...byRegistry].map(([registry, places]) => settleOne(context, registry, places, standing)),
  );
}
