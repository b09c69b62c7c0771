interface Refusal {
  readonly connection: number;
  readonly at: number;
}

/** Remembers the credentials that a 401 has called invalid, and knows who sends them again. */
export class Refusals {
  readonly #graceMs: number;
  readonly #refused = new Map<string, Refusal>();
  /** A 401 with a challenge went out: credentials may come from now on. */
  challenged = false;

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  note(authorization: string, connection: number): void {
    if (!this.#refused.has(authorization)) {
      this.#refused.set(authorization, { connection, at: Date.now() });
    }
  }

  /**
   * Whether the sender must know better. What was under way, or waited for a connection, when the
   * answer came does not count, so some time must have passed. A password may moreover be tried by
   * a second process, which has connections of its own.
   */
  isRepeated(authorization: string, connection: number): boolean {
    const refusal = this.#refused.get(authorization);
    if (refusal === undefined || Date.now() - refusal.at <= this.#graceMs) return false;
    return refusal.connection === connection || /^bearer /i.test(authorization);
  }

  clear(): void {
    this.#refused.clear();
  }
}
