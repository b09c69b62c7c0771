/** One direction of one connection: reads as far as its window allows, delivers, acknowledges. */

/** What is read before the link has taken it: more would only be a copy of the kernel's buffer. */
const QUEUE_BYTES = 256 * 1024;

export class Flow {
  #source;
  #sink;
  #channel;
  #windowBytes;
  #hooks;
  #queue = [];
  #queuedBytes = 0;
  #unacknowledged = 0;
  #stopped = false;

  /**
   * @param {object} options
   * @param {import('node:net').Socket} options.source
   * @param {import('node:net').Socket} options.sink
   * @param {import('./channel.mjs').Channel} options.channel
   * @param {number} options.windowBytes
   * @param {object} options.hooks
   * @param {(due: number) => void} options.hooks.wake
   * @param {(due: number, work: () => void) => void} options.hooks.later in order of their times
   * @param {(bytes: number) => void} options.hooks.onSent
   * @param {() => void} options.hooks.onDelivered
   */
  constructor({ source, sink, channel, windowBytes, hooks }) {
    this.#source = source;
    this.#sink = sink;
    this.#channel = channel;
    this.#windowBytes = windowBytes;
    this.#hooks = hooks;
  }

  start() {
    this.#source.on('data', (content) => this.#read(content, content.length));
    this.#source.on('end', () => this.#read(undefined, 0));
  }

  get hasMore() {
    return this.#queue.length > 0;
  }

  /** The next piece for the link. */
  take() {
    const piece = this.#queue.shift();
    this.#queuedBytes -= piece.bytes;
    this.#control();
    return piece;
  }

  /** A piece has come out of the link at the other side. */
  deliver({ content, bytes }) {
    if (this.#sink.destroyed) return;
    if (content === undefined) {
      this.#sink.end();
      return;
    }
    this.#hooks.onDelivered();
    // Acknowledged when the receiver has taken it: a slow receiver stops the sender.
    this.#sink.write(content, () => {
      const due = performance.now() + this.#channel.latencyMs;
      this.#hooks.later(due, () => this.#acknowledge(bytes));
    });
  }

  #acknowledge(bytes) {
    this.#unacknowledged -= bytes;
    this.#control();
  }

  /** Something to send; no content is the end of the stream. */
  #read(content, bytes) {
    const idle = this.#queue.length === 0;
    this.#queue.push({ content, bytes, at: performance.now() });
    this.#queuedBytes += bytes;
    this.#unacknowledged += bytes;
    this.#hooks.onSent(bytes);
    if (idle) this.#channel.enter(this, bytes);
    this.#control();
    this.#hooks.wake(this.#channel.nextDue());
  }

  #control() {
    const full = this.#unacknowledged >= this.#windowBytes || this.#queuedBytes >= QUEUE_BYTES;
    if (full === this.#stopped) return;
    this.#stopped = full;
    if (full) this.#source.pause();
    else this.#source.resume();
  }
}
