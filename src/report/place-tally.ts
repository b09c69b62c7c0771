import type { Digest } from '../oci/digest.ts';
import type { Place, PushEvent } from '../util/events.ts';
import { printable } from '../util/text.ts';
import type { EventOf } from './dispatch.ts';
import type { BlobReport, PlaceReport, PushReport, TagReport } from './push-report.ts';
import { resumedBytes, sentBytes, skippedBytes, sumOf } from './saved.ts';

/** Counts what happens in one repository of one registry. */
export interface PlaceTally {
  readonly registry: string;
  take(event: PushEvent): void;
  report(status: PushReport['status'], waitedMs: number): PlaceReport;
}

function blobReport(event: EventOf<'blob-finished'>): BlobReport {
  const { digest, size, outcome, durationMs, hint } = event;
  const resumed = resumedBytes(event);
  return {
    digest,
    size,
    outcome,
    durationMs,
    ...(resumed > 0 ? { resumedBytes: resumed } : {}),
    ...(hint ? { hint } : {}),
  };
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

/** @param tags the tags that are wanted here; published ones that are not in it are added */
export function createPlaceTally(
  place: Place,
  tags: readonly string[],
  redact: (text: string) => string = (text) => text,
): PlaceTally {
  const { registry, repository } = place;
  const known = new Map<string, TagReport | undefined>(tags.map((tag) => [tag, undefined]));
  const blobs = new Map<Digest, BlobReport>();
  const manifests = { uploaded: 0, existing: 0 };
  let first: number | undefined;
  let last = 0;
  return {
    registry,
    take: (event) => {
      if (event.type === 'blob-finished') {
        blobs.set(event.digest, blobReport(event));
      } else if (event.type === 'manifest-pushed') {
        manifests[event.outcome === 'exists' ? 'existing' : 'uploaded'] += 1;
      } else if (event.type === 'tag-published' || event.type === 'tag-settled') {
        known.set(event.tag, tagReport(event, redact));
      }
      first ??= event.time - (event.type === 'blob-finished' ? event.durationMs : 0);
      last = event.time;
    },
    report: (status, waitedMs) => {
      const all = [...blobs.values()];
      return {
        registry,
        repository,
        tags: [...known].map(
          ([tag, told]) => told ?? { tag, status: status === 'planned' ? 'planned' : 'not-moved' },
        ),
        blobs: all,
        bytesUploaded: sumOf(all, sentBytes),
        bytesSkipped: sumOf(all, skippedBytes),
        bytesResumed: sumOf(all, resumedBytes),
        waitedMs,
        manifests: { ...manifests },
        ...(first === undefined ? {} : { durationMs: last - first }),
      };
    },
  };
}
