import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { STALL_MS, startDeadline, type DeadlineOptions } from '../../../src/push/deadline.ts';
import type { PushEventBody } from '../../../src/util/events.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

function start(options: Omit<DeadlineOptions, 'clock'> = {}) {
  const clock = { now: () => Date.now(), sleep: () => Promise.reject(new Error('nobody sleeps')) };
  const deadline = startDeadline({ ...options, clock });
  const tell = (event: PushEventBody): void => deadline.sink({ ...event, id: 1, time: Date.now() });
  return { ...deadline, tell };
}

const NOTE = { type: 'note', message: 'something moves' } as const;

describe('a deadline', () => {
  test('ends the push when its timeout is over, whatever moves', () => {
    const { signal, tell } = start({ timeoutMs: 10_000 });
    jest.advanceTimersByTime(9999);
    tell(NOTE);
    expect(signal.aborted).toBe(false);
    jest.advanceTimersByTime(1000);
    expect(signal.reason).toMatchObject({ code: 'TIMEOUT' });
    expect((signal.reason as Error).message).toContain('10.0 s');
  });

  test('is precise for short timeouts, too', () => {
    const { signal } = start({ timeoutMs: 50 });
    jest.advanceTimersByTime(49);
    expect(signal.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(signal.aborted).toBe(true);
  });

  test('with a timeout does not mind a standstill', () => {
    const { signal } = start({ timeoutMs: STALL_MS * 3 });
    jest.advanceTimersByTime(STALL_MS * 2);
    expect(signal.aborted).toBe(false);
  });

  test('without one ends a push on which nothing moves', () => {
    const { signal } = start();
    jest.advanceTimersByTime(STALL_MS - 1000);
    expect(signal.aborted).toBe(false);
    jest.advanceTimersByTime(1000);
    expect(signal.reason).toMatchObject({ code: 'TIMEOUT' });
    expect((signal.reason as Error).message).toContain('5m 00s');
  });

  test('lets a push go on for as long as something moves', () => {
    const { signal, tell } = start({ stallMs: 60_000 });
    for (let minutes = 0; minutes < 600; minutes += 1) {
      jest.advanceTimersByTime(59_000);
      tell(NOTE);
    }
    expect(signal.aborted).toBe(false);
  });

  test('does not count announced waits as a standstill', () => {
    const { signal, tell } = start({ stallMs: 60_000 });
    const wait = { reason: '429', waitMs: 600_000, attempt: 1 };
    tell({ type: 'waiting', registry: 'r', ...wait });
    jest.advanceTimersByTime(30_000);
    tell(NOTE);
    jest.advanceTimersByTime(629_000);
    expect(signal.aborted).toBe(false);
    jest.advanceTimersByTime(1000);
    expect(signal.aborted).toBe(true);
  });

  test('says nothing any more once it is stopped', () => {
    const deadline = start({ timeoutMs: 1000 });
    deadline.stop();
    jest.advanceTimersByTime(10_000);
    expect(deadline.signal.aborted).toBe(false);
    expect(jest.getTimerCount()).toBe(0);
  });
});
