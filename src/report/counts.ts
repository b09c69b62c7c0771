import type { BlobHint, BlobOutcome, SettledTag } from '../util/events.ts';
import type { TagReport } from './push-report.ts';

/** What people read for an outcome. */
export const OUTCOME_WORDS: Readonly<Record<BlobOutcome, string>> = {
  uploaded: 'uploaded',
  resumed: 'resumed',
  mounted: 'mounted',
  exists: 'already there',
};

/** What people read for what told us that a blob need not be sent. */
export const HINT_WORDS: Readonly<Record<BlobHint, string>> = {
  record: 'known from the record',
  resume: 'known from the interrupted push',
};

const TAG_WORDS: Readonly<Record<SettledTag, string>> = {
  kept: 'kept as it was',
  restored: 'moved and put back',
  removed: 'written and removed again',
  left: 'moved, could not be taken back',
  'not-moved': 'not moved',
  unknown: 'not known',
};

/** What is said beside a tag; of what was moved, or needed not be, nothing. */
export function tagWord(status: TagReport['status']): string | undefined {
  return Object.hasOwn(TAG_WORDS, status) ? TAG_WORDS[status as SettledTag] : undefined;
}

const ORDER: readonly BlobOutcome[] = ['uploaded', 'resumed', 'mounted', 'exists'];

/** How many blobs ended how: `5 uploaded · 1 mounted · 6 already there`, without the zeros. */
export function formatOutcomes(outcomes: Iterable<BlobOutcome>, separator = ' · '): string {
  const counts = new Map<BlobOutcome, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return ORDER.filter((outcome) => counts.has(outcome))
    .map((outcome) => `${counts.get(outcome)} ${OUTCOME_WORDS[outcome]}`)
    .join(separator);
}

/** `1 blob`, `2 blobs`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** The first items, and how many were left out. */
export function firstOf(items: readonly string[], maximum: number, separator: string): string {
  const more = items.length - maximum;
  return (
    items.slice(0, maximum).join(separator) + (more > 0 ? `${separator}… and ${more} more` : '')
  );
}
