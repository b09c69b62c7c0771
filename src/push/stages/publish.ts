import { publishTags, type TagOutcome } from '../../registry/tags.ts';
import { allOrNothing } from '../../util/concurrency.ts';
import type { PushContext } from '../context.ts';
import type { FilledPlace } from '../filled.ts';
import { decide, FactsReader, type DecidedPlace } from '../tags/decide.ts';
import { policyFor } from '../tags/policy.ts';
import { recheck } from '../tags/recheck.ts';
import { survey, type SurveyedPlace } from '../tags/survey.ts';

/** Where a single tag just moves, nothing has to be asked again: there is nothing to take back. */
function looksAgain({ request }: PushContext, filled: readonly FilledPlace[]): boolean {
  const tags = filled.flatMap(({ place }) => place.tags);
  return tags.length > 1 || tags.some((tag) => policyFor(request.tagPolicies, tag) !== 'move');
}

async function surveyAll(
  context: PushContext,
  filled: readonly FilledPlace[],
): Promise<readonly SurveyedPlace[]> {
  const again = looksAgain(context, filled);
  return allOrNothing(
    filled.map((one) => async (signal) => {
      const connection = await context.connect(one.place.registry, signal);
      if (again) return survey(one, connection, signal);
      const tags = one.place.tags.map((tag) => ({ tag, before: one.tags.get(tag) }));
      return { filled: one, connection, tags };
    }),
    context.signal,
  );
}

async function write(
  { emit }: PushContext,
  { filled, connection, write: views }: DecidedPlace,
  signal: AbortSignal,
): Promise<void> {
  const { registry, repository } = filled.place;
  const { digest } = filled.root.descriptor;
  const onTag = ({ tag, outcome }: TagOutcome): void => {
    const unchanged = outcome === 'unchanged' ? ({ unchanged: true } as const) : {};
    emit({ type: 'tag-published', registry, repository, tag, digest, ...unchanged });
  };
  const current = new Map(views.map(({ tag, before }) => [tag, before]));
  const target = { connection, repository, content: filled.root, onTag, signal };
  const [refusal] = await publishTags(target, [...current.keys()], current);
  if (refusal) throw refusal.error;
}

/**
 * Moves the tags, last of all: every registry has everything by now. What can be asked is asked
 * before the first one moves.
 */
export async function publish(context: PushContext, filled: readonly FilledPlace[]): Promise<void> {
  const facts = new FactsReader();
  const surveyed = await surveyAll(context, filled);
  const decided = await allOrNothing(
    surveyed.map((place) => (signal) => decide(context, place, facts, signal)),
    context.signal,
  );
  for (const { tellKept } of decided) tellKept();
  await allOrNothing(
    decided.map((place) => async (signal) => {
      await write(context, place, signal);
      await recheck(context, place, facts, signal);
    }),
    context.signal,
  );
}
