import pLimit, { type LimitFunction } from 'p-limit';

/** Runs work, so many pieces at a time; what waits is dropped as soon as its signal aborts. */
export class Limiter {
  readonly #limit: LimitFunction;

  /** @param concurrency pieces of work at a time */
  constructor(concurrency: number) {
    this.#limit = pLimit(concurrency);
  }

  /** Pieces of work at a time; may be changed while work runs. */
  get concurrency(): number {
    return this.#limit.concurrency;
  }

  set concurrency(value: number) {
    this.#limit.concurrency = value;
  }

  /** Waits for a place, then runs `work`. Rejects with the signal's reason while waiting. */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (!signal) return this.#limit(work);
    return new Promise<T>((resolve, reject) => {
      const abort = (): void => reject(signal.reason as Error);
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      const start = async (): Promise<void> => {
        signal.removeEventListener('abort', abort);
        if (signal.aborted) return;
        // The place is kept until the work has really ended, not only until somebody gave up on it.
        await work().then(resolve, reject);
      };
      this.#limit(start).catch(reject);
    });
  }
}
