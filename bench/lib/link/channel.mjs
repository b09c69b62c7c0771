/**
 * One direction of the link: every connection's pieces pass it one after the other, at the link's
 * bandwidth, and arrive half a round trip later.
 */

/** Requests and answers go before bodies, as every fair queue lets sparse flows through first. */
const SPARSE_BYTES = 8 * 1024;

export class Channel {
  #bytesPerMs;
  #latencyMs;
  #horizonMs;
  #slackMs;
  /** Flows with something to send, each once: they take turns. */
  #waiting = [];
  /** Pieces under way, in the order in which they arrive. */
  #underWay = [];
  /** When the last piece's last byte has left. */
  #freeAt = 0;

  /**
   * @param {{ bytesPerMs: number, latencyMs: number, horizonMs: number, slackMs: number }} options
   *   `horizonMs`: how far ahead of the clock pieces are given their time, so that a late timer
   *   leaves no gap; `slackMs`: how much too early a piece may arrive, so that on average it is on time
   */
  constructor({ bytesPerMs, latencyMs, horizonMs, slackMs }) {
    this.#bytesPerMs = bytesPerMs;
    this.#latencyMs = latencyMs;
    this.#horizonMs = horizonMs;
    this.#slackMs = slackMs;
  }

  get latencyMs() {
    return this.#latencyMs;
  }

  /** A flow that had nothing to send has a piece of that many bytes now. */
  enter(flow, bytes) {
    if (bytes <= SPARSE_BYTES) this.#waiting.unshift(flow);
    else this.#waiting.push(flow);
  }

  /** Sends and delivers what is due; answers when the next thing is. */
  tick(now) {
    while (this.#waiting.length > 0 && this.#freeAt < now + this.#horizonMs) this.#sendOne();
    while (this.#underWay.length > 0 && this.#underWay[0].due <= now + this.#slackMs) {
      const { flow, piece } = this.#underWay.shift();
      flow.deliver(piece);
    }
    return this.nextDue();
  }

  nextDue() {
    const delivery = this.#underWay.length > 0 ? this.#underWay[0].due - this.#slackMs : Infinity;
    const sending = this.#waiting.length > 0 ? this.#freeAt - this.#horizonMs : Infinity;
    return Math.min(delivery, sending);
  }

  #sendOne() {
    const flow = this.#waiting.shift();
    const piece = flow.take();
    // From when the piece was there, not from now: a late timer costs no bandwidth.
    this.#freeAt = Math.max(this.#freeAt, piece.at) + piece.bytes / this.#bytesPerMs;
    this.#underWay.push({ flow, piece, due: this.#freeAt + this.#latencyMs });
    if (flow.hasMore) this.#waiting.push(flow);
  }
}
