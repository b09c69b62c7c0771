import { headManifest } from '../../registry/manifests.ts';
import { publishTags } from '../../registry/tags.ts';
import type { PushContext } from '../context.ts';
import { compareWith, keep, type DecidedPlace, type FactsReader } from './decide.ts';

/** Two runs that put their tags back and forth end here. */
const ROUNDS = 3;

async function recheckTag(
  context: PushContext,
  place: DecidedPlace,
  tag: string,
  facts: FactsReader,
  signal: AbortSignal,
): Promise<void> {
  const { connection, filled } = place;
  const { registry, repository } = filled.place;
  const { digest } = filled.root.descriptor;
  for (let round = 1; ; round += 1) {
    const now = await headManifest(connection, repository, tag, signal);
    if (now === digest) return;
    if (now === undefined) {
      const reason = 'somebody has deleted it meanwhile';
      context.emit({ type: 'tag-settled', registry, repository, tag, status: 'not-moved', reason });
      context.emit({ type: 'warning', message: `${registry}/${repository}:${tag}: ${reason}.` });
      return;
    }
    const other = { digest: now, content: undefined };
    const { relation, why, name } = await compareWith(context, place, other, facts, signal);
    if (relation !== 'newer' || round > ROUNDS) {
      keep(context, place, tag, now, `was moved to ${name} by another run meanwhile: ${why}`);
      return;
    }
    context.emit({
      type: 'note',
      message: `${registry}/${repository}:${tag} was moved back to ${name} by another run meanwhile; it is put forward again.`,
    });
    const target = { connection, repository, content: filled.root, onTag: () => undefined, signal };
    const [refusal] = await publishTags(target, [tag], new Map());
    if (refusal) throw refusal.error;
  }
}

/**
 * Looks once more at tags that only go forward: an older run may have moved one back meanwhile (then
 * it is put forward again), a newer one may have moved it on (then it stays).
 */
export async function recheck(
  context: PushContext,
  place: DecidedPlace,
  facts: FactsReader,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    [...place.forward].map((tag) => recheckTag(context, place, tag, facts, signal)),
  );
}
