/** How often and how patiently something is tried again. */
export interface RetryPolicy {
  /** attempts in all, the first included */
  readonly attempts: number;
  /** wait before the second attempt, milliseconds */
  readonly baseMs: number;
  /** no computed wait is longer, milliseconds */
  readonly maxMs: number;
}

/** 10 attempts are about three minutes: longer than a registry's restart, shorter than a job's patience. */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 10, baseMs: 500, maxMs: 30_000 };

/**
 * Exponential backoff with "equal jitter": half of the wait is fixed, half is random, so that
 * many clients neither return at once nor in step.
 * @param attempt the number of the attempt that failed, from 1
 * @returns milliseconds
 */
export function backoffMs(policy: RetryPolicy, attempt: number, random: () => number): number {
  const full = Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt - 1));
  return Math.round(full / 2 + (full / 2) * random());
}
