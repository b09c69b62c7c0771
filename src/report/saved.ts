import type { BlobHint, BlobOutcome } from '../util/events.ts';

/** How a blob came to be in a repository; sizes are bytes. */
export interface BroughtBlob {
  readonly size: number;
  readonly outcome: BlobOutcome;
  readonly resumedBytes?: number;
  readonly hint?: BlobHint;
}

/** Bytes that did not have to be sent, by where they came from: each counts once. */
export interface SavedReport {
  /** were there */
  readonly exists: number;
  /** were mounted from another repository */
  readonly mounted: number;
  /** were there or were mounted, and the record knew it */
  readonly record: number;
  /** the first part of blobs that an interrupted push had begun to send */
  readonly resumed: number;
}

/** True when this push sent the blob, or its rest; otherwise the registry had it already. */
function wasSent({ outcome }: BroughtBlob): boolean {
  return outcome === 'uploaded' || outcome === 'resumed';
}

/** Bytes of a blob that an interrupted push had sent before this one sent the rest. */
export function resumedBytes({ outcome, size, resumedBytes: bytes = 0 }: BroughtBlob): number {
  return outcome === 'resumed' ? Math.min(size, Math.max(0, bytes)) : 0;
}

/** Bytes of a blob that this push sent. */
export function sentBytes(blob: BroughtBlob): number {
  return wasSent(blob) ? blob.size - resumedBytes(blob) : 0;
}

/** Bytes of a blob that was there already or was mounted. */
export function skippedBytes(blob: BroughtBlob): number {
  return wasSent(blob) ? 0 : blob.size;
}

/** Bytes of a blob that were not sent because an interrupted push had sent them, wholly or in part. */
export function savedByResuming(blob: BroughtBlob): number {
  const finished = blob.outcome === 'exists' && blob.hint === 'resume';
  return finished ? blob.size : resumedBytes(blob);
}

/** Adds up one kind of bytes. */
export function sumOf(
  blobs: readonly BroughtBlob[],
  bytesOf: (blob: BroughtBlob) => number,
): number {
  return blobs.reduce((sum, blob) => sum + bytesOf(blob), 0);
}

/** What did not have to be sent of these blobs. */
export function savedOf(blobs: readonly BroughtBlob[]): SavedReport {
  const skipped = (wanted: (blob: BroughtBlob) => boolean): number =>
    sumOf(blobs, (blob) => (wanted(blob) ? skippedBytes(blob) : 0));
  return {
    exists: skipped(({ outcome, hint }) => outcome === 'exists' && hint !== 'record'),
    mounted: skipped(({ outcome, hint }) => outcome === 'mounted' && hint !== 'record'),
    record: skipped(({ hint }) => hint === 'record'),
    resumed: sumOf(blobs, resumedBytes),
  };
}
