import { compareVersions, parseVersion } from '../../util/semver.ts';
import { printable } from '../../util/text.ts';
import type { ImageFacts } from './facts.ts';

/** How one commit relates to another, or why nobody can say. */
export type Kinship =
  | { readonly relation: 'ahead' | 'behind' | 'identical' | 'diverged' }
  | { readonly relation?: undefined; readonly reason: string };

/**
 * Asks whoever knows the history for the relation of commit `head` to commit `base`.
 * @param source where the repository is, as both images say
 * @throws only the reason of `signal`
 */
export type Ancestry = (
  question: { readonly source: string; readonly base: string; readonly head: string },
  signal: AbortSignal,
) => Promise<Kinship>;

/** Whether an image may follow another under a tag that only goes forward. */
export interface Judgement {
  /** `newer` and `same` may follow */
  readonly relation: 'newer' | 'same' | 'older' | 'unknown';
  /** a clause: `this image is 1.2.9` */
  readonly why: string;
}

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

function unknown(reason: string): Judgement {
  return { relation: 'unknown', why: `which of the two is newer cannot be told: ${reason}` };
}

function short(revision: string): string {
  return revision.slice(0, 7);
}

function byKinship(kinship: Kinship, mine: string, theirs: string): Judgement {
  const [own, other] = [short(mine), short(theirs)];
  if (kinship.relation === undefined) return unknown(kinship.reason);
  if (kinship.relation === 'ahead') {
    return { relation: 'newer', why: `this image is of commit ${own}, which follows ${other}` };
  }
  if (kinship.relation === 'identical') {
    return { relation: 'same', why: `this image is of the same commit` };
  }
  if (kinship.relation === 'behind') {
    return {
      relation: 'older',
      why: `this image is of commit ${own}, which comes before ${other}`,
    };
  }
  return unknown(`their commits ${own} and ${other} have diverged`);
}

async function byHistory(
  mine: ImageFacts,
  theirs: ImageFacts,
  ancestry: Ancestry | undefined,
  signal: AbortSignal,
): Promise<Judgement> {
  const [head, base] = [mine.revision, theirs.revision];
  const versions = 'their versions (org.opencontainers.image.version) are not both semantic ones';
  if (head === undefined || base === undefined) {
    return unknown(`${versions}, and not both name their commit`);
  }
  if (!COMMIT.test(head) || !COMMIT.test(base)) {
    return unknown(`${versions}, and org.opencontainers.image.revision is not a whole commit`);
  }
  if (head === base) return { relation: 'same', why: 'this image is of the same commit' };
  if (mine.source === undefined || mine.source !== theirs.source) {
    return unknown(`${versions}, and they do not name the same org.opencontainers.image.source`);
  }
  if (!ancestry) return unknown(`${versions}, and nobody can be asked for the history`);
  return byKinship(await ancestry({ source: mine.source, base, head }, signal), head, base);
}

/**
 * Compares an image with the one that a tag names: by version where both have one, else by the
 * history of their commits. Two builds of one version may follow each other.
 * @throws only the reason of `signal`
 */
export async function judge(
  mine: ImageFacts,
  theirs: ImageFacts,
  ancestry: Ancestry | undefined,
  signal: AbortSignal,
): Promise<Judgement> {
  const [own, other] = [mine.version, theirs.version].map((text) =>
    text === undefined ? undefined : parseVersion(text),
  );
  if (!own || !other) return byHistory(mine, theirs, ancestry, signal);
  const result = compareVersions(own, other);
  const why = `this image is ${printable(mine.version ?? '', 100)}`;
  if (result === 0) return { relation: 'same', why };
  return { relation: result > 0 ? 'newer' : 'older', why };
}
