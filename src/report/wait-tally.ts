import { printable } from '../util/text.ts';
import type { WaitReport } from './push-report.ts';

// Registries choose the words of a reason: the number of different ones that are kept is bounded.
const MAX_REASONS = 20;

export interface Wait {
  readonly registry: string;
  readonly reason: string;
  readonly waitMs: number;
  /** milliseconds since 1970 */
  readonly time: number;
}

/** Adds up waits, so that eight uploads that wait together for 30 s make 30 s and not four minutes. */
export interface WaitTally {
  add(wait: Wait): void;
  /** Time spent waiting for a registry until `now`, milliseconds. */
  waitedMs(registry: string, now: number): number;
  report(): readonly WaitReport[];
}

export function createWaitTally(): WaitTally {
  const byRegistry = new Map<string, { until: number; total: number }>();
  const reasons = new Map<string, WaitReport>();
  return {
    add: ({ registry, reason, waitMs, time }) => {
      const past = byRegistry.get(registry) ?? { until: 0, total: 0 };
      const until = Math.max(past.until, time + waitMs);
      const total = past.total + until - Math.max(past.until, time);
      byRegistry.set(registry, { until, total });
      const named = printable(reason);
      const keep = reasons.size < MAX_REASONS || reasons.has(`${registry} ${named}`);
      const shown = keep ? named : 'other reasons';
      const key = `${registry} ${shown}`;
      const times = (reasons.get(key)?.times ?? 0) + 1;
      reasons.set(key, { registry, reason: shown, times });
    },
    waitedMs: (registry, now) => {
      const { until, total } = byRegistry.get(registry) ?? { until: 0, total: 0 };
      // A wait that was cut short by a timeout or a cancellation did not last as long as announced.
      return Math.max(0, total - Math.max(0, until - now));
    },
    report: () => [...reasons.values()],
  };
}
