import { formatBytes } from '../util/text.ts';
import type { ProgressSnapshot } from './progress.ts';

/** Whole percent; 100 only when everything is done. */
export function percentOf(progress: ProgressSnapshot): number {
  const { bytesDone, bytesTotal, blobsDone, blobsTotal } = progress;
  if (blobsDone >= blobsTotal) return 100;
  return bytesTotal === 0 ? 0 : Math.min(99, Math.floor((bytesDone / bytesTotal) * 100));
}

/** Remaining time for people, as roughly as it is known: `14 s`, `3 min`, `2 h 05 min`. */
export function formatRemaining(milliseconds: number): string {
  const seconds = Math.max(1, Math.ceil(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** `412.0 MiB of 1.20 GiB (34 %)  5/12 blobs  58.2 MiB/s  about 14 s left` */
export function formatProgress(progress: ProgressSnapshot): string {
  const { bytesDone, bytesTotal, blobsDone, blobsTotal, bytesPerSecond, remainingMs } = progress;
  const parts = [
    `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)} (${percentOf(progress)} %)`,
    `${blobsDone}/${blobsTotal} blobs`,
  ];
  if (bytesPerSecond >= 1) parts.push(`${formatBytes(Math.round(bytesPerSecond))}/s`);
  // More than a day says only that nothing moves.
  if (remainingMs !== undefined && remainingMs < 86_400_000) {
    parts.push(`about ${formatRemaining(remainingMs)} left`);
  }
  return parts.join('  ');
}
