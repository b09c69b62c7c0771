import type { Clock } from '../util/clock.ts';
import { PushError } from '../util/errors.ts';
import type { EventSink, PushEvent } from '../util/events.ts';
import { formatDuration } from '../util/text.ts';

/** A push on which nothing has moved for this long is dead, milliseconds. */
export const STALL_MS: number = 5 * 60_000;
const CHECK_EVERY_MS = 1000;

export interface DeadlineOptions {
  /** limit for the whole push, milliseconds; without it only a standstill ends a push */
  readonly timeoutMs?: number | undefined;
  readonly stallMs?: number;
  readonly clock: Clock;
}

/** Ends a push that takes too long, or on which nothing moves. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** sees what moves; waits that a registry has asked for do not count as standing still */
  readonly sink: EventSink;
  stop(): void;
}

function timeoutError(message: string, hint: string): PushError {
  return new PushError(message, { code: 'TIMEOUT', hint });
}

/** Starts the clock. It never keeps the process alive by itself. */
export function startDeadline(options: DeadlineOptions): Deadline {
  const { clock, timeoutMs, stallMs = STALL_MS } = options;
  const controller = new AbortController();
  const started = clock.now();
  let alive = started;
  const check = (): void => {
    const now = clock.now();
    if (timeoutMs !== undefined && now - started >= timeoutMs) {
      controller.abort(
        timeoutError(
          `The push did not finish within its timeout of ${formatDuration(timeoutMs)}.`,
          'Run it again (what has arrived is not sent again), or raise timeout.',
        ),
      );
    } else if (timeoutMs === undefined && now - alive >= stallMs) {
      controller.abort(
        timeoutError(
          `Nothing has moved for ${formatDuration(stallMs)}, so the push was ended.`,
          'Check the registry and the network, then run it again (what has arrived is not sent again).',
        ),
      );
    }
  };
  const every = Math.min(CHECK_EVERY_MS, timeoutMs ?? CHECK_EVERY_MS);
  const timer = setInterval(check, every);
  timer.unref();
  return {
    signal: controller.signal,
    sink: (event: PushEvent) => {
      const until = event.type === 'waiting' ? event.waitMs : 0;
      alive = Math.max(alive, clock.now() + until);
    },
    stop: () => clearInterval(timer),
  };
}
