import { formatBytes } from '../util/text.ts';
import { plural } from './counts.ts';
import type { EventOf } from './dispatch.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long ago something was, as roughly as people would say it: `12 minutes ago`. */
export function formatAgo(milliseconds: number): string {
  if (milliseconds >= DAY_MS) return `${plural(Math.floor(milliseconds / DAY_MS), 'day')} ago`;
  if (milliseconds >= HOUR_MS) return `${plural(Math.floor(milliseconds / HOUR_MS), 'hour')} ago`;
  const minutes = Math.floor(milliseconds / MINUTE_MS);
  return minutes < 1 ? 'less than a minute ago' : `${plural(minutes, 'minute')} ago`;
}

/**
 * How long the interrupted push had been silent when it was found, milliseconds.
 * Another machine wrote down the time: its clock may be ahead of ours, or wrong altogether.
 */
export function ageOf({ time, since }: EventOf<'resuming'>): number {
  return Math.min(time, Math.max(0, time - since)) || 0;
}

/** True when there was anything to go on with. */
export function hadSent({ blobs, bytes }: Pick<EventOf<'resuming'>, 'blobs' | 'bytes'>): boolean {
  return blobs > 0 || bytes > 0;
}

/**
 * `Resuming the push that was interrupted 12 minutes ago (from FILE): 3 blobs finished and at least
 * 512.0 MiB sent by then`. At least, because what was sent after the last checkpoint is not in it.
 */
export function resumingLine(event: EventOf<'resuming'>): string {
  const { blobs, bytes, from } = event;
  const parts = [
    ...(blobs > 0 ? [`${plural(blobs, 'blob')} finished`] : []),
    ...(bytes > 0 ? [`at least ${formatBytes(bytes)} sent`] : []),
  ];
  const sent = parts.length === 0 ? '' : `: ${parts.join(' and ')} by then`;
  return `Resuming the push that was interrupted ${formatAgo(ageOf(event))} (from ${from})${sent}`;
}
