import { describe, expect, test } from '@jest/globals';
import { AdaptiveLimit } from '../../../src/util/adaptive-limit.ts';

/** A limit under a clock that the test moves. */
function create(start = 4, max = 16) {
  let time = 0;
  const limit = new AdaptiveLimit({ start, max, now: () => time });
  return {
    limit,
    /** Lets work end well for a while at a throughput. */
    succeed: (pieces: number, bytesPerMs: number): void => {
      for (let piece = 0; piece < pieces; piece += 1) {
        time += 100;
        limit.sent(100 * bytesPerMs);
        limit.succeeded();
      }
    },
    wait: (milliseconds: number): void => {
      time += milliseconds;
    },
  };
}

describe('AdaptiveLimit', () => {
  test('grows fast with what ends well, until the first trouble', () => {
    const { limit, succeed } = create();
    succeed(2, 1000);
    expect(limit.limit).toBe(10);
  });

  test('stops at its maximum', () => {
    const { limit, succeed } = create(4, 8);
    for (let rate = 1; rate < 20; rate += 1) succeed(4, rate * 1000);
    expect(limit.limit).toBe(8);
  });

  test('starts at its maximum where that is lower', () => {
    expect(create(4, 2).limit.limit).toBe(2);
  });

  test('stops growing when growing brings nothing', () => {
    const { limit, succeed } = create(4, 300);
    succeed(16, 1000);
    const settled = limit.limit;
    succeed(100, 1000);
    expect(limit.limit).toBe(settled);
    expect(settled).toBeLessThan(300);
  });

  test('halves in trouble, once for what comes together, and never goes below one', () => {
    const { limit, wait } = create(8);
    limit.troubled();
    limit.troubled();
    expect(limit.limit).toBe(4);
    for (let time = 0; time < 5; time += 1) {
      wait(2000);
      limit.troubled();
    }
    expect(limit.limit).toBe(1);
  });

  test('grows by one after trouble', () => {
    const { limit, succeed, wait } = create(8);
    limit.troubled();
    wait(2000);
    succeed(3, 1000);
    // Three pieces, and one window that was a gain.
    expect(limit.limit).toBe(8);
  });

  test('grows while large pieces are under way, as long as throughput does', () => {
    const { limit, wait } = create();
    for (let rate = 1; rate <= 3; rate += 1) {
      wait(500);
      limit.sent(rate * 1_000_000);
    }
    expect(limit.limit).toBe(13);
    for (let window = 0; window < 10; window += 1) {
      wait(500);
      limit.sent(3_000_000);
    }
    expect(limit.limit).toBe(13);
  });
});
