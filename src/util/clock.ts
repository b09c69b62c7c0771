import { setTimeout as delay } from 'node:timers/promises';

/** Time as a dependency, so that tests decide how long a minute is. */
export interface Clock {
  /** milliseconds since 1970 */
  now(): number;
  /** resolves after `milliseconds`; rejects with an AbortError as soon as `signal` aborts */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (milliseconds, signal) => {
    await delay(milliseconds, undefined, signal ? { signal } : {});
  },
};
