import { FormatError } from '../../oci/format-error.ts';
import { shortDigest, type Digest } from '../../oci/digest.ts';
import { findManifest, type ManifestContent } from '../../registry/manifests.ts';
import { messageOf, PushError } from '../../util/errors.ts';
import { printable } from '../../util/text.ts';
import type { PushContext } from '../context.ts';
import { readFacts, type ImageFacts } from './facts.ts';
import { judge, type Judgement } from './forward.ts';
import { policyFor } from './policy.ts';
import { lookAgain, type SurveyedPlace, type TagView } from './survey.ts';

/** What is to be done with the tags of one repository. */
export interface DecidedPlace extends SurveyedPlace {
  /** tags to be written, those that name the image already among them */
  readonly write: readonly TagView[];
  /** of these: tags that must only go forward */
  readonly forward: ReadonlySet<string>;
}

/**
 * Reads what images say of themselves, in each repository once however many tags name them. One
 * registry's answers are not taken for another's: it may be the one that fails.
 */
export class FactsReader {
  readonly #known = new Map<string, Promise<ImageFacts>>();

  read(
    { connection, filled }: Pick<SurveyedPlace, 'connection' | 'filled'>,
    content: ManifestContent,
    signal: AbortSignal,
  ): Promise<ImageFacts> {
    const { registry, repository } = filled.place;
    const key = `${registry}/${repository}@${content.descriptor.digest}`;
    const facts = this.#known.get(key) ?? readFacts(connection, repository, content, signal);
    this.#known.set(key, facts);
    return facts;
  }
}

/** The error for a tag that must not be moved and names another image. */
export function neverMoves(
  place: { readonly registry: string; readonly repository: string },
  tag: string,
  before: Digest,
): PushError {
  return new PushError(
    `The tag ${tag} in ${place.registry}/${place.repository} names another image (${before}), and its tag-policy is never-move.`,
    { code: 'POLICY', hint: 'Push under a new tag, or change tag-policy for this one.' },
  );
}

/** What an image is called beside its digest: `sha256:0123456789ab (1.2.10)`. */
function nameOf(digest: Digest, facts: ImageFacts | undefined): string {
  const version = facts?.version ?? facts?.revision?.slice(0, 7);
  const more = version === undefined ? '' : ` (${printable(version, 100)})`;
  return `sha256:${shortDigest(digest)}${more}`;
}

/** Whether the image may follow what a tag names, and what that is called. */
export async function compareWith(
  context: PushContext,
  place: SurveyedPlace,
  other: { readonly digest: Digest; readonly content: ManifestContent | undefined },
  facts: FactsReader,
  signal: AbortSignal,
): Promise<Judgement & { readonly name: string }> {
  const { connection, filled } = place;
  let theirs: ImageFacts | undefined;
  try {
    const { repository } = filled.place;
    const content =
      other.content ?? (await findManifest(connection, repository, other.digest, signal));
    if (!content) throw new FormatError('the image it names is not there');
    theirs = await facts.read(place, content, signal);
    const mine = await facts.read(place, filled.root, signal);
    const judgement = await judge(mine, theirs, context.ancestry, signal);
    return { ...judgement, name: nameOf(other.digest, theirs) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PushError || error instanceof FormatError)) throw error;
    const reason = messageOf(error).replace(/\.$/, '');
    const why = `which of the two is newer cannot be told: ${reason}`;
    return { relation: 'unknown', why, name: nameOf(other.digest, theirs) };
  }
}

/** Says that a tag stays what it is: no failure, but nothing that goes without saying either. */
export function keep(
  { emit }: Pick<PushContext, 'emit'>,
  { filled }: SurveyedPlace,
  tag: string,
  digest: Digest,
  reason: string,
): void {
  const { registry, repository } = filled.place;
  emit({ type: 'tag-settled', registry, repository, tag, status: 'kept', digest, reason });
  emit({ type: 'warning', message: `${registry}/${repository}:${tag} ${reason}.` });
}

/** Other runs that move a tag all the time end here. */
const ROUNDS = 3;

/**
 * Whether a tag that only goes forward may be moved. Comparing takes a while, so the tag is looked at
 * once more before the answer holds: what another run has made of it meanwhile is compared, too.
 * @returns the tag as it is to be moved, or how to say that it stays
 */
async function goesForward(
  context: PushContext,
  place: SurveyedPlace,
  first: TagView,
  facts: FactsReader,
  signal: AbortSignal,
): Promise<TagView | (() => void)> {
  const { connection, filled } = place;
  let view = first;
  for (let round = 1; ; round += 1) {
    const { tag, before, content } = view;
    if (before === undefined || before === filled.root.descriptor.digest) return view;
    const other = { digest: before, content };
    const { relation, why, name } = await compareWith(context, place, other, facts, signal);
    if (relation !== 'newer' && relation !== 'same') {
      return () => keep(context, place, tag, before, `stays at ${name}: ${why}`);
    }
    const now = await lookAgain(filled, connection, view, signal);
    if (now === view) return view;
    if (round === ROUNDS) {
      return () => keep(context, place, tag, before, `stays at ${name}: other runs keep moving it`);
    }
    view = now;
  }
}

/**
 * Holds every tag of a repository against its policy. Nothing is written.
 * @throws PushError POLICY for a tag that must never move and would have to
 */
export async function decide(
  context: PushContext,
  place: SurveyedPlace,
  facts: FactsReader,
  signal: AbortSignal,
): Promise<DecidedPlace & { readonly tellKept: () => void }> {
  const { digest } = place.filled.root.descriptor;
  const rules = context.request.tagPolicies;
  const policies = new Map(place.tags.map(({ tag }) => [tag, policyFor(rules, tag)]));
  const kept: (() => void)[] = [];
  const write: TagView[] = [];
  for (const view of place.tags) {
    const { tag, before } = view;
    const policy = before === undefined || before === digest ? 'move' : policies.get(tag);
    if (before !== undefined && policy === 'never-move') {
      throw neverMoves(place.filled.place, tag, before);
    }
    if (before === undefined || policy !== 'forward') {
      write.push(view);
      continue;
    }
    const result = await goesForward(context, place, view, facts, signal);
    if (typeof result === 'function') kept.push(result);
    else write.push(result);
  }
  const forward = new Set(
    write.flatMap(({ tag }) => (policies.get(tag) === 'forward' ? [tag] : [])),
  );
  return { ...place, write, forward, tellKept: () => kept.forEach((tell) => tell()) };
}
