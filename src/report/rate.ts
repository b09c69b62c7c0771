/** Bytes per second over the last few seconds. */
export interface Rate {
  add(bytes: number, time: number): void;
  /** bytes per second; 0 while there is nothing to judge by */
  perSecond(time: number): number;
}

// Events come per chunk, thousands a second: they are gathered into steps before they are kept.
const STEP_MS = 250;

/** @param windowMs how far back the rate looks */
export function createRate(windowMs = 10_000): Rate {
  const steps: { time: number; bytes: number }[] = [];
  let first: number | undefined;
  const forget = (time: number): void => {
    while (steps[0] && steps[0].time < time - windowMs) steps.shift();
  };
  return {
    add: (bytes, time) => {
      first ??= time;
      const last = steps.at(-1);
      if (last && time - last.time < STEP_MS) last.bytes += bytes;
      else steps.push({ time, bytes });
      forget(time);
    },
    perSecond: (time) => {
      forget(time);
      // Below a second the first chunks would look like a link without limits.
      const elapsed = Math.max(1000, Math.min(windowMs, time - (first ?? time)));
      return (steps.reduce((sum, step) => sum + step.bytes, 0) * 1000) / elapsed;
    },
  };
}
