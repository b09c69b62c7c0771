/** The line behind a counting proxy: how fast it is, and where it stops. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange } from './counting-proxy.ts';

/** What has gone over the line since somebody asked for a halt. */
export interface Passed {
  /** bytes of blobs, of all uploads together */
  readonly bytes: number;
}

/**
 * How many bytes of this exchange may still pass: `Infinity` for all, 0 to stop the line; undefined
 * lets this one wait while the others go on.
 */
export type Room = (exchange: Exchange, passed: Passed) => number | undefined;

export interface Line {
  /** Resolves with how many of the wanted bytes may go now; at least 1. */
  room(exchange: Exchange, wanted: number): Promise<number>;
  /** bytes of a blob that have gone */
  passed(bytes: number): void;
  haltWhere(room: Room): Promise<void>;
  /** Lets those who wait go, and everybody after them. */
  reopen(): void;
  stop(): void;
}

const TICK_MS = 10;

/** A share of the line's speed for every tick; what is not used is lost. */
class Budget {
  readonly #share: number;
  readonly #timer: NodeJS.Timeout;
  #left = 0;
  #waiting: (() => void)[] = [];

  constructor(bytesPerSecond: number) {
    this.#share = (bytesPerSecond * TICK_MS) / 1000;
    this.#timer = setInterval(() => this.#refill(this.#share), TICK_MS);
  }

  async take(wanted: number): Promise<number> {
    while (this.#left < 1) await new Promise<void>((wake) => this.#waiting.push(wake));
    const taken = Math.min(wanted, Math.ceil(this.#left));
    this.#left -= taken;
    return taken;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#refill(Infinity);
  }

  #refill(share: number): void {
    this.#left = Math.min(this.#left + share, share);
    const woken = this.#waiting;
    this.#waiting = [];
    for (const wake of woken) wake();
  }
}

/** @param bytesPerSecond of everything together; `Infinity` for as fast as it goes */
export function createLine(bytesPerSecond: number): Line {
  const budget = Number.isFinite(bytesPerSecond) ? new Budget(bytesPerSecond) : undefined;
  let passed = 0;
  let halt: { readonly room: Room; readonly reached: () => void } | undefined;
  let standing: (() => void)[] = [];
  return {
    room: async (exchange, wanted) => {
      for (;;) {
        const most = halt ? halt.room(exchange, { bytes: passed }) : Infinity;
        if (most === undefined) {
          await sleep(TICK_MS);
          continue;
        }
        const allowed = Math.min(wanted, most);
        if (most > 0) return budget ? budget.take(allowed) : allowed;
        halt?.reached();
        await new Promise<void>((go) => standing.push(go));
      }
    },
    passed: (bytes) => {
      passed += bytes;
    },
    haltWhere: (room) => {
      passed = 0;
      return new Promise((reached) => {
        halt = { room, reached };
      });
    },
    reopen: () => {
      halt = undefined;
      const waited = standing;
      standing = [];
      for (const go of waited) go();
    },
    stop: () => budget?.stop(),
  };
}
