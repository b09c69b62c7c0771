import { describe, expect, test } from '@jest/globals';
import {
  failureOf,
  failureOfError,
  retry,
  waitBeforeRetry,
  type RetryOptions,
} from '../../../src/http/retry.ts';
import { PushError } from '../../../src/util/errors.ts';
import type { PushEventBody } from '../../../src/util/events.ts';
import { answer, ask, REGISTRY, scripted, sleepingClock } from './support.ts';

function options(attempts = 3) {
  const clock = sleepingClock();
  const events: PushEventBody[] = [];
  const policy = { attempts, baseMs: 100, maxMs: 1000 };
  const emit = (event: PushEventBody): number => events.push(event);
  return { clock, events, policy, emit, random: () => 1 };
}

function broken(retryable = true): PushError {
  return new PushError('it broke.', { code: 'NETWORK', retryable, hint: 'mend it' });
}

describe('what is worth another attempt', () => {
  test.each([408, 425, 429, 500, 502, 503, 504, 507, 520, 524, 529])('%i', (status) => {
    expect(failureOf(answer(status), 0)).toMatchObject({
      reason: expect.stringContaining(`${status}`),
    });
  });

  test.each([200, 201, 202, 204, 301, 400, 401, 403, 404, 405, 409, 412, 413, 416, 501, 505])(
    'not %i',
    (status) => {
      expect(failureOf(answer(status), 0)).toBeUndefined();
    },
  );

  test('errors that say so', () => {
    expect(failureOfError(broken())).toEqual({ reason: 'it broke.' });
    expect(failureOfError(broken(false))).toBeUndefined();
    expect(failureOfError(new Error('unknown'))).toBeUndefined();
    expect(failureOfError('text')).toBeUndefined();
    const waits = Object.assign(broken(), { retryAfterMs: 5 });
    expect(failureOfError(waits)).toMatchObject({ announcedMs: 5 });
  });
});

describe('retry', () => {
  test('repeats until it works', async () => {
    const given = options();
    const next = scripted(answer(503), broken(), answer(200, 'ok'));
    await expect(retry(given)(next)(ask())).resolves.toMatchObject({ status: 200 });
    expect(given.clock.slept).toEqual([100, 200]);
    const wait = { type: 'waiting', registry: REGISTRY, attempts: 3, announced: false };
    expect(given.events).toEqual([
      { ...wait, reason: 'status 503', waitMs: 100, attempt: 1 },
      { ...wait, reason: 'it broke.', waitMs: 200, attempt: 2 },
    ]);
  });

  test('gives back the last answer, marked as the last', async () => {
    const next = scripted(answer(503), answer(500), answer(502, 'bad'));
    const response = await retry(options())(next)(ask());
    expect(response).toMatchObject({ status: 502, exhausted: true });
  });

  test('throws the last error with the number of attempts, not to be tried again', async () => {
    const next = scripted(broken(), broken(), broken());
    await expect(retry(options())(next)(ask())).rejects.toMatchObject({
      message: 'it broke; tried 3 times.',
      code: 'NETWORK',
      hint: 'mend it',
      retryable: false,
    });
  });

  test('does not repeat what cannot help', async () => {
    for (const outcome of [answer(404), answer(401)]) {
      await expect(retry(options())(scripted(outcome))(ask())).resolves.toBe(outcome);
    }
    for (const error of [broken(false), new TypeError('a bug')]) {
      await expect(retry(options())(scripted(error))(ask())).rejects.toBe(error);
    }
  });

  test('does not repeat what is repeated above', async () => {
    const next = scripted(answer(503));
    const request = ask('/v2/', { retry: 'never' });
    const response = await retry(options())(next)(request);
    expect(response.exhausted).toBeUndefined();
    expect(next.requests).toHaveLength(1);
  });

  test('one attempt is one attempt', async () => {
    const error = broken();
    await expect(retry(options(1))(scripted(error))(ask())).rejects.toBe(error);
  });

  test('waits as long as it was asked to, and a little longer', async () => {
    const given = options();
    const next = scripted(answer(429, '', { 'retry-after': '7' }), answer(200));
    await retry(given)(next)(ask());
    expect(given.clock.slept).toEqual([7100]);
  });

  test('stops waiting when told to', async () => {
    const given: RetryOptions = options();
    const { signal } = { signal: AbortSignal.abort(new Error('enough')) };
    const waiting = waitBeforeRetry(given, REGISTRY, { reason: 'x' }, 1, signal);
    await expect(waiting).rejects.toThrow('enough');
  });
});
