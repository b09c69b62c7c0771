import type { Digest } from '../oci/digest.ts';
import type { Place, PushEvent } from '../util/events.ts';
import { printable } from '../util/text.ts';
import type { EventOf } from './dispatch.ts';
import type { BlobReport, PlaceReport, PushReport } from './push-report.ts';
import { resumedBytes, sentBytes, skippedBytes, sumOf } from './saved.ts';
import { createTagTally, placeStatus } from './tag-tally.ts';

/** Counts what happens in one repository of one registry. */
export interface PlaceTally {
  readonly registry: string;
  /** more tags that are wanted here */
  want(tags: readonly string[]): void;
  take(event: PushEvent): void;
  /** the registry has failed, and the push goes on without it */
  fail(message: string): void;
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

function sumsOf(
  blobs: readonly BlobReport[],
): Pick<PlaceReport, 'bytesUploaded' | 'bytesSkipped' | 'bytesResumed'> {
  return {
    bytesUploaded: sumOf(blobs, sentBytes),
    bytesSkipped: sumOf(blobs, skippedBytes),
    bytesResumed: sumOf(blobs, resumedBytes),
  };
}

/** @param tags the tags that are wanted here; published ones that are not in it are added */
export function createPlaceTally(
  place: Place,
  tags: readonly string[],
  redact: (text: string) => string = (text) => text,
): PlaceTally {
  const { registry, repository } = place;
  const tagTally = createTagTally(tags, redact);
  const blobs = new Map<Digest, BlobReport>();
  const manifests = { uploaded: 0, existing: 0 };
  let filled: Pick<PlaceReport, 'digest'> | undefined;
  let failure: string | undefined;
  let first: number | undefined;
  let last = 0;
  return {
    registry,
    want: (more) => tagTally.want(more),
    take: (event) => {
      if (event.type === 'blob-finished') {
        blobs.set(event.digest, blobReport(event));
      } else if (event.type === 'manifest-pushed') {
        manifests[event.outcome === 'exists' ? 'existing' : 'uploaded'] += 1;
      } else if (event.type === 'place-filled') {
        filled = event.digest ? { digest: event.digest } : {};
      }
      tagTally.take(event);
      first ??= event.time - (event.type === 'blob-finished' ? event.durationMs : 0);
      last = event.time;
    },
    fail: (message) => {
      failure = printable(redact(message), 1000);
    },
    report: (status, waitedMs) => {
      const all = [...blobs.values()];
      const told = tagTally.report(status);
      return {
        registry,
        repository,
        status: placeStatus(status, told, filled !== undefined),
        ...filled,
        ...(failure === undefined ? {} : { error: failure }),
        tags: told,
        blobs: all,
        ...sumsOf(all),
        waitedMs,
        manifests: { ...manifests },
        ...(first === undefined ? {} : { durationMs: last - first }),
      };
    },
  };
}
