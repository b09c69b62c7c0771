import type { RecordedRequest } from './types.ts';

interface Wait {
  readonly from: number;
  readonly until: number;
  readonly request: RecordedRequest;
  /** Others like it were on their way, so that the next one may be one of those. */
  readonly crossed: boolean;
}

/** Timers fire a little early; that is not impatience. */
const TIMER_SLACK_MS = 20;

/** Remembers the Retry-After of 429 and 503, and knows who did not wait. */
export class Waits {
  readonly #graceMs: number;
  #waits: Wait[] = [];

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** Notes an answer that announced a wait. */
  note(request: RecordedRequest, retryAfter: string, crossed: boolean): void {
    const from = Date.now();
    const seconds = Number(retryAfter);
    const until = Number.isNaN(seconds) ? Date.parse(retryAfter) : from + seconds * 1000;
    if (until > from) this.#waits.push({ from, until, request, crossed });
  }

  /** How many milliseconds too early this request is; 0 when it is not. */
  tooEarly(request: RecordedRequest): number {
    const now = Date.now();
    this.#waits = this.#waits.filter((wait) => wait.until > now);
    const broken = this.#waits.filter(
      (wait) =>
        wait.request.role === request.role &&
        wait.until - TIMER_SLACK_MS > now &&
        (now - wait.from > this.#graceMs || isRetry(wait, request)),
    );
    return Math.max(0, ...broken.map((wait) => wait.until - now));
  }

  clear(): void {
    this.#waits = [];
  }
}

/** The same request once more cannot have crossed the answer, unless there were several of it. */
function isRetry({ request, crossed }: Wait, next: RecordedRequest): boolean {
  if (crossed || request.method !== next.method || request.url !== next.url) return false;
  // Every blob starts with the same request, so only a client that does one thing at a time is sure.
  return next.kind !== 'blob-upload-start' || request.concurrent + next.concurrent === 2;
}
