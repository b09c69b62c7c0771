/** How many pieces of work are under way at a time, and how far that may go by itself. */
export interface AdaptiveOptions {
  readonly start: number;
  readonly max: number;
  /** milliseconds since 1970 */
  readonly now: () => number;
}

/** Throughput is compared over windows of this length, milliseconds: shorter ones are mostly noise. */
const WINDOW_MS = 400;
/** Growth that brings less than this is not worth its connections. */
const WORTH = 1.03;
/** Windows without gain after which growing stops. */
const PLATEAU_WINDOWS = 3;
/**
 * Growth per piece of work until the first trouble: most images have few layers, and one that has
 * arrived before the limit has grown has not profited from it.
 */
const FIRST_STEP = 3;
/** One overload is reported by many requests: they count once within this time, milliseconds. */
export const SAME_TROUBLE_MS = 1000;

/**
 * Finds out how much concurrency a link and a registry bear: grows with every piece of work that ends
 * well, as long as total throughput grows with it, and halves when the other side is in trouble; from
 * then on it grows by one. (Like TCP: a fast start, then care.)
 */
export class AdaptiveLimit {
  readonly #options: AdaptiveOptions;
  #limit: number;
  #windowStart: number;
  #windowBytes = 0;
  #best = 0;
  #windowsWithoutGain = 0;
  #lastTrouble = Number.NEGATIVE_INFINITY;

  constructor(options: AdaptiveOptions) {
    this.#options = options;
    this.#limit = Math.min(options.start, options.max);
    this.#windowStart = options.now();
  }

  get limit(): number {
    return this.#limit;
  }

  /** Bytes that have left for the network: large pieces take long, so growing does not wait for their end. */
  sent(bytes: number): void {
    this.#windowBytes += bytes;
    if (this.#closeWindow()) this.#grow();
  }

  /** A piece of work has ended well. */
  succeeded(): void {
    this.#closeWindow();
    this.#grow();
  }

  #grow(): void {
    if (this.#windowsWithoutGain >= PLATEAU_WINDOWS) return;
    const step = this.#lastTrouble === Number.NEGATIVE_INFINITY ? FIRST_STEP : 1;
    this.#limit = Math.min(this.#options.max, this.#limit + step);
  }

  /** The other side is overloaded: 429, 503, a reset, a timeout. */
  troubled(): void {
    const now = this.#options.now();
    if (now - this.#lastTrouble < SAME_TROUBLE_MS) return;
    this.#lastTrouble = now;
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
    // What was reached before says nothing about what is possible now.
    this.#best = 0;
    this.#windowsWithoutGain = 0;
  }

  /** Compares the throughput of a window that is over; true when it was a gain. */
  #closeWindow(): boolean {
    const now = this.#options.now();
    const elapsed = now - this.#windowStart;
    if (elapsed < WINDOW_MS) return false;
    const rate = this.#windowBytes / elapsed;
    const gain = rate > this.#best * WORTH;
    this.#best = Math.max(this.#best, rate);
    this.#windowsWithoutGain = gain ? 0 : this.#windowsWithoutGain + 1;
    this.#windowStart = now;
    this.#windowBytes = 0;
    return gain;
  }
}
