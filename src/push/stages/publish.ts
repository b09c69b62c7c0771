import { publishTags, type TagOutcome, type TagRefusal } from '../../registry/tags.ts';
import { allOrNothing } from '../../util/concurrency.ts';
import { messageOf } from '../../util/errors.ts';
import type { PushContext } from '../context.ts';
import type { FilledPlace } from '../filled.ts';
import type { Standing } from '../standing.ts';
import { decide, FactsReader, type DecidedPlace } from '../tags/decide.ts';
import { policyFor } from '../tags/policy.ts';
import { recheck } from '../tags/recheck.ts';
import { settle } from '../tags/settle.ts';
import { survey, type SurveyedPlace } from '../tags/survey.ts';

/** Where a single tag just moves, nothing has to be asked again: there is nothing to take back. */
function looksAgain({ request }: PushContext, filled: readonly FilledPlace[]): boolean {
  const tags = filled.flatMap(({ place }) => place.tags);
  return tags.length > 1 || tags.some((tag) => policyFor(request.tagPolicies, tag) !== 'move');
}

async function surveyOne(
  context: PushContext,
  filled: FilledPlace,
  again: boolean,
  signal: AbortSignal,
): Promise<SurveyedPlace> {
  const connection = await context.connect(filled.place.registry, signal);
  if (again) return survey(filled, connection, signal);
  const tags = filled.place.tags.map((tag) => ({ tag, before: filled.tags.get(tag) }));
  return { filled, connection, tags };
}

/** Asks everything that can be asked before the first tag moves. */
async function prepare(
  context: PushContext,
  filled: readonly FilledPlace[],
  facts: FactsReader,
  standing: Standing,
): Promise<readonly DecidedPlace[]> {
  const again = looksAgain(context, filled);
  const decided = await allOrNothing(
    filled.map((one) => async (signal) => {
      try {
        return [await decide(context, await surveyOne(context, one, again, signal), facts, signal)];
      } catch (error) {
        signal.throwIfAborted();
        standing.fail(one.place.registry, error);
        return [];
      }
    }),
    context.signal,
  );
  // A registry has failed as a whole when one of its repositories has.
  const ready = decided.flat().filter((one) => !standing.hasFailed(one.filled.place.registry));
  standing.requireOne(filled.map(({ place }) => place.registry));
  for (const { tellKept } of ready) tellKept();
  return ready;
}

/** Writes the tags of one repository and says which were refused; throws nothing. */
async function write(
  { emit, signal }: PushContext,
  { filled, connection, write: views }: DecidedPlace,
): Promise<readonly TagRefusal[]> {
  const { registry, repository } = filled.place;
  const { digest } = filled.root.descriptor;
  const onTag = ({ tag, outcome }: TagOutcome): void => {
    const unchanged = outcome === 'unchanged' ? ({ unchanged: true } as const) : {};
    emit({ type: 'tag-published', registry, repository, tag, digest, ...unchanged });
  };
  const current = new Map(views.map(({ tag, before }) => [tag, before]));
  const target = { connection, repository, content: filled.root, onTag, signal };
  return publishTags(target, [...current.keys()], current);
}

/** The tags are where they belong; a look that fails makes nothing undone. */
async function lookAgain(
  context: PushContext,
  place: DecidedPlace,
  facts: FactsReader,
): Promise<void> {
  try {
    await recheck(context, place, facts, context.signal);
  } catch (error) {
    context.signal.throwIfAborted();
    const { registry, repository } = place.filled.place;
    const message = `The tags of ${registry}/${repository} could not be looked at again: ${messageOf(error)}`;
    context.emit({ type: 'warning', message });
  }
}

/** A repository, and the tags that name the image in it. */
export interface PublishedPlace {
  readonly filled: FilledPlace;
  readonly tags: readonly string[];
}

/**
 * Moves the tags, last of all: every registry that counts has everything by now. What is refused
 * midway is taken back as `settle` has it.
 * @returns the places of registries that are well, with the tags they took
 * @throws the refusal, where a registry must not fail; then no tag is moved that could be taken back
 */
export async function publish(
  context: PushContext,
  filled: readonly FilledPlace[],
  standing: Standing,
): Promise<readonly PublishedPlace[]> {
  const facts = new FactsReader();
  const places = await prepare(context, filled, facts, standing);
  const written = await Promise.all(
    places.map(async (place) => ({ place, refusals: await write(context, place) })),
  );
  await settle(context, written, standing);
  standing.requireOne(filled.map(({ place }) => place.registry));
  const well = written.filter(({ place }) => !standing.hasFailed(place.filled.place.registry));
  await Promise.all(well.map(({ place }) => lookAgain(context, place, facts)));
  return well.map(({ place, refusals }) => {
    const refused = new Set(refusals.map(({ tag }) => tag));
    const tags = place.write.map(({ tag }) => tag).filter((tag) => !refused.has(tag));
    return { filled: place.filled, tags };
  });
}
