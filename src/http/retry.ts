import { backoffMs, type RetryPolicy } from '../util/backoff.ts';
import type { Clock } from '../util/clock.ts';
import { PushError } from '../util/errors.ts';
import type { Emit } from '../util/events.ts';
import { announcedWait, isThrottled } from './throttle.ts';
import type { HttpResponse, Middleware } from './transport.ts';

export interface RetryOptions {
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly random?: () => number;
}

/** Why an attempt is worth repeating, for people; undefined when it is not. */
export interface Failure {
  readonly reason: string;
  /** what the server asked for, milliseconds */
  readonly announcedMs?: number;
}

// 501 and 505 say that the server will never do it.
const TRANSIENT = new Set([408, 425, 500, 502, 503, 504, 507, 520, 521, 522, 523, 524, 529]);

/** True for answers that may be others in a moment; 429 is throttling, which is seen elsewhere. */
export function isTransient(status: number): boolean {
  return TRANSIENT.has(status);
}

/** Judges a response: transient errors and throttling are worth another attempt. */
export function failureOf(response: HttpResponse, now: number): Failure | undefined {
  const throttled = isThrottled(response);
  if (!throttled && !TRANSIENT.has(response.status)) return undefined;
  const announcedMs = announcedWait(response, now);
  return {
    reason: throttled ? `${response.status} too many requests` : `status ${response.status}`,
    ...(announcedMs === undefined ? {} : { announcedMs }),
  };
}

/** A registry's refusal in three words; looked for by shape, for its class lives above. */
function statusOf(error: PushError): string | undefined {
  if (!('status' in error) || typeof error.status !== 'number') return undefined;
  return error.status === 429 ? '429 too many requests' : `status ${error.status}`;
}

/** Judges what was thrown: only errors marked retryable are. */
export function failureOfError(thrown: unknown): Failure | undefined {
  if (!(thrown instanceof PushError) || !thrown.retryable) return undefined;
  const announced = 'retryAfterMs' in thrown ? thrown.retryAfterMs : undefined;
  return {
    reason: statusOf(thrown) ?? thrown.message,
    ...(typeof announced === 'number' ? { announcedMs: announced } : {}),
  };
}

/**
 * Waits before the next attempt: as long as the server asked, else with exponential backoff.
 * @param attempt the number of the attempt that failed, from 1
 */
export async function waitBeforeRetry(
  options: RetryOptions,
  registry: string,
  failure: Failure,
  attempt: number,
  signal?: AbortSignal,
): Promise<void> {
  const backoff = backoffMs(options.policy, attempt, options.random ?? Math.random);
  // Even after an announced wait a little jitter keeps parallel requests from returning in step.
  const waitMs =
    failure.announcedMs === undefined
      ? backoff
      : failure.announcedMs + Math.min(backoff, options.policy.baseMs);
  const { attempts } = options.policy;
  const announced = failure.announcedMs !== undefined;
  const { reason } = failure;
  options.emit({ type: 'waiting', registry, reason, waitMs, attempt, attempts, announced });
  await options.clock.sleep(waitMs, signal);
}

/** The last failure, so marked that nobody above begins all over again. */
function exhausted(thrown: unknown, attempts: number): unknown {
  if (!(thrown instanceof PushError) || attempts === 1) return thrown;
  const { message, code, stage, hint } = thrown;
  return new PushError(`${message.replace(/\.$/, '')}; tried ${attempts} times.`, {
    code,
    retryable: false,
    cause: thrown,
    ...(stage === undefined ? {} : { stage }),
    ...(hint === undefined ? {} : { hint }),
  });
}

/**
 * Repeats requests that failed for the moment. Requests marked `retry: 'never'` pass: whoever
 * marked them repeats something larger.
 */
export function retry(options: RetryOptions): Middleware {
  return (next) => async (request) => {
    if (request.retry === 'never') return next(request);
    for (let attempt = 1; ; attempt += 1) {
      const last = attempt >= options.policy.attempts;
      let failure: Failure | undefined;
      try {
        const response = await next(request);
        failure = failureOf(response, options.clock.now());
        if (!failure) return response;
        if (last) return { ...response, exhausted: true };
      } catch (error) {
        failure = failureOfError(error);
        if (!failure) throw error;
        if (last) throw exhausted(error, attempt);
      }
      await waitBeforeRetry(options, request.registry, failure, attempt, request.signal);
    }
  };
}
