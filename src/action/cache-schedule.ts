import type { StateProgress } from '../state/store.ts';

/** A push of a few seconds is over before it is worth keeping, unless that much is to be sent. */
const FIRST_AFTER_MS = 10_000;
const AT_ONCE_BYTES = 64 * 1024 * 1024;
const APART_MS = 10_000;
const EVERY_MS = 60_000;
const EVERY_BYTES = 1024 ** 3;
/** Entries are immutable, every save is one more: the service bears only so many of them. */
const MOST = 30;

/** Decides when what a push remembers is worth another entry in the Actions cache. */
export class SaveSchedule {
  readonly #now: () => number;
  #began: number | undefined;
  #last: { readonly time: number; readonly bytes: number } | undefined;
  #count = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether it is time; who acts on it calls `saved` at once. */
  isDue({ bytes, left }: StateProgress): boolean {
    const now = this.#now();
    if (left > 0) this.#began ??= now;
    if (this.#began === undefined || this.#count >= MOST) return false;
    if (!this.#last) return left >= AT_ONCE_BYTES || now - this.#began >= FIRST_AFTER_MS;
    const since = now - this.#last.time;
    return since >= EVERY_MS || (since >= APART_MS && bytes - this.#last.bytes >= EVERY_BYTES);
  }

  saved({ bytes }: StateProgress): void {
    this.#count += 1;
    this.#last = { time: this.#now(), bytes };
  }
}
