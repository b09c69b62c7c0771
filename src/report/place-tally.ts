import type { Digest } from '../oci/digest.ts';
import type { Place, PushEvent } from '../util/events.ts';
import type { EventOf } from './dispatch.ts';
import type { BlobReport, PlaceReport, PushReport, TagReport } from './push-report.ts';
import { resumedBytes, sentBytes, skippedBytes, sumOf } from './saved.ts';

/** Counts what happens in one repository of one registry. */
export interface PlaceTally {
  readonly registry: string;
  /** more tags that are wanted here */
  want(tags: readonly string[]): void;
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

function tagStatus(status: PushReport['status'], published: boolean): TagReport['status'] {
  if (published) return 'published';
  return status === 'planned' ? 'planned' : 'not-moved';
}

/** @param tags the tags that are wanted here; published ones that are not in it are added */
export function createPlaceTally(place: Place, tags: readonly string[]): PlaceTally {
  const { registry, repository } = place;
  const wanted = new Set(tags);
  const published = new Set<string>();
  const blobs = new Map<Digest, BlobReport>();
  const manifests = { uploaded: 0, existing: 0 };
  let first: number | undefined;
  let last = 0;
  return {
    registry,
    want: (more) => more.forEach((tag) => wanted.add(tag)),
    take: (event) => {
      if (event.type === 'blob-finished') {
        blobs.set(event.digest, blobReport(event));
      } else if (event.type === 'manifest-pushed') {
        manifests[event.outcome === 'exists' ? 'existing' : 'uploaded'] += 1;
      } else if (event.type === 'tag-published') {
        wanted.add(event.tag);
        published.add(event.tag);
      }
      first ??= event.time - (event.type === 'blob-finished' ? event.durationMs : 0);
      last = event.time;
    },
    report: (status, waitedMs) => {
      const all = [...blobs.values()];
      return {
        registry,
        repository,
        tags: [...wanted].map((tag) => ({ tag, status: tagStatus(status, published.has(tag)) })),
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
