/**
 * Wakes the simulator when the next thing is due. `setTimeout` counts whole milliseconds, a link
 * with a round trip of one needs tenths: below that the loop goes round by itself, asking for input
 * each time, and sleeps in between instead of spinning.
 */

/** `setTimeout` may come a millisecond late; what is nearer than this is waited for in naps. */
const COARSE_MS = 2;

const bed = new Int32Array(new SharedArrayBuffer(4));

export class Pacer {
  #grainMs;
  #tick;
  #timer;
  #immediate;
  #due = Infinity;

  /**
   * @param {number} grainMs how late something may be; 1 or more means that timers are fine enough
   * @param {(now: number) => number} tick does what is due by `now`, returns when the next is due
   */
  constructor(grainMs, tick) {
    this.#grainMs = grainMs;
    this.#tick = tick;
  }

  /** Something new is due at that time (of `performance.now`). */
  wake(due) {
    if (due >= this.#due) return;
    this.#due = due;
    this.#arm();
  }

  #arm() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#due === Infinity || this.#immediate !== undefined) return;
    const wait = this.#due - performance.now();
    if (this.#grainMs >= 1 || wait >= COARSE_MS) {
      const early = this.#grainMs >= 1 ? 0 : 1;
      this.#timer = setTimeout(() => this.#run(), Math.max(wait - early, 0));
    } else {
      this.#immediate = setImmediate(() => {
        this.#immediate = undefined;
        const left = this.#due - performance.now();
        // A nap of the whole process: data that comes meanwhile is read after it, at most one
        // grain late.
        if (left > 0) Atomics.wait(bed, 0, 0, Math.min(left, this.#grainMs));
        this.#run();
      });
    }
  }

  #run() {
    // While it ticks nothing new can be earlier than what the tick answers.
    this.#due = -Infinity;
    this.#due = this.#tick(performance.now());
    this.#arm();
  }
}
