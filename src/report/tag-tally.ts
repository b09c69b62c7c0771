import { printable } from '../util/text.ts';
import type { PushEvent } from '../util/events.ts';
import type { EventOf } from './dispatch.ts';
import type { PlaceStatus, PushReport, TagReport } from './push-report.ts';

/** What is known of the tags of one repository. */
export interface TagTally {
  /** more tags that are wanted */
  want(tags: readonly string[]): void;
  take(event: PushEvent): void;
  report(status: PushReport['status']): readonly TagReport[];
}

/** What an event says of a tag. */
function tagReport(
  event: EventOf<'tag-published'> | EventOf<'tag-settled'>,
  redact: (text: string) => string,
): TagReport {
  const { tag, digest } = event;
  if (event.type === 'tag-published') {
    return { tag, status: event.unchanged ? 'unchanged' : 'published' };
  }
  const { status, reason } = event;
  return {
    tag,
    status,
    ...(digest ? { digest } : {}),
    ...(reason === undefined ? {} : { reason: printable(redact(reason), 500) }),
  };
}

/** @param tags the tags that are wanted; others that events name are added */
export function createTagTally(
  tags: readonly string[],
  redact: (text: string) => string,
): TagTally {
  const known = new Map<string, TagReport | undefined>(tags.map((tag) => [tag, undefined]));
  return {
    want: (more) => {
      for (const tag of more) if (!known.has(tag)) known.set(tag, undefined);
    },
    take: (event) => {
      if (event.type !== 'tag-published' && event.type !== 'tag-settled') return;
      known.set(event.tag, tagReport(event, redact));
    },
    report: (status) => {
      const untold = status === 'planned' ? 'planned' : 'not-moved';
      return [...known].map(([tag, told]) => told ?? { tag, status: untold });
    },
  };
}

const NAMES_IT: ReadonlySet<TagReport['status']> = new Set(['published', 'unchanged', 'left']);
const WELL: ReadonlySet<TagReport['status']> = new Set(['published', 'unchanged', 'kept']);

/**
 * How a repository fared, by its tags.
 * @param filled it holds the whole image by digest
 */
export function placeStatus(
  status: PushReport['status'],
  tags: readonly TagReport[],
  filled: boolean,
): PlaceStatus {
  if (status === 'planned') return 'planned';
  const well = tags.length > 0 ? tags.every((tag) => WELL.has(tag.status)) : filled;
  if (well) return 'pushed';
  return tags.some((tag) => NAMES_IT.has(tag.status)) ? 'partial' : 'failed';
}
