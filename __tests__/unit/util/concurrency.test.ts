import { describe, expect, jest, test } from '@jest/globals';
import { backoffMs, DEFAULT_RETRY } from '../../../src/util/backoff.ts';
import { systemClock } from '../../../src/util/clock.ts';
import { allOrNothing } from '../../../src/util/concurrency.ts';
import { isAbort } from '../../../src/util/errors.ts';
import { Limiter } from '../../../src/util/limiter.ts';
import { SingleFlight } from '../../../src/util/single-flight.ts';

/** A promise that is settled from outside. */
function deferred<T = void>() {
  return Promise.withResolvers<T>();
}

/** Lets everything that can run, run. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe('backoff', () => {
  const policy = { attempts: 10, baseMs: 100, maxMs: 1000 };
  test.each([
    [1, 0, 50],
    [1, 1, 100],
    [2, 0, 100],
    [3, 0.5, 300],
    [4, 1, 800],
    [5, 1, 1000],
    [60, 0, 500],
    [2000, 1, 1000],
  ])('after attempt %i with luck %d: %i ms', (attempt, luck, wait) => {
    expect(backoffMs(policy, attempt, () => luck)).toBe(wait);
  });

  test('in all is about three minutes', () => {
    const waits = Array.from({ length: DEFAULT_RETRY.attempts - 1 }, (_, index) =>
      backoffMs(DEFAULT_RETRY, index + 1, () => 0.5),
    );
    const total = waits.reduce((sum, wait) => sum + wait, 0);
    expect(total).toBeGreaterThan(60_000);
    expect(total).toBeLessThan(240_000);
  });
});

describe('the limiter', () => {
  test('runs so many at a time', async () => {
    const limiter = new Limiter(2);
    const gates = [deferred(), deferred(), deferred()];
    const started: number[] = [];
    const runs = gates.map((gate, index) =>
      limiter.run(() => {
        started.push(index);
        return gate.promise;
      }),
    );
    await settle();
    expect(started).toEqual([0, 1]);
    gates[0]!.resolve();
    await settle();
    expect(started).toEqual([0, 1, 2]);
    for (const gate of gates) gate.resolve();
    await Promise.all(runs);
  });

  test('can be widened while it works', async () => {
    const limiter = new Limiter(1);
    const gate = deferred();
    const work = jest.fn(() => gate.promise);
    const runs = [1, 2, 3].map(() => limiter.run(work));
    await settle();
    expect(work).toHaveBeenCalledTimes(1);
    limiter.concurrency = 3;
    await settle();
    expect(work).toHaveBeenCalledTimes(3);
    gate.resolve();
    await Promise.all(runs);
  });

  test('drops what waits when its signal aborts, and only that', async () => {
    const limiter = new Limiter(1);
    const controller = new AbortController();
    const gate = deferred();
    const first = limiter.run(() => gate.promise);
    const never = jest.fn(() => Promise.resolve('never'));
    const waiting = limiter.run(never, controller.signal);
    const last = limiter.run(() => Promise.resolve('last'), new AbortController().signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    gate.resolve();
    await first;
    await expect(last).resolves.toBe('last');
    expect(never).not.toHaveBeenCalled();
  });

  test('does not begin what was aborted before', async () => {
    const never = jest.fn(() => Promise.resolve());
    const aborted = AbortSignal.abort(new Error('before'));
    await expect(new Limiter(1).run(never, aborted)).rejects.toThrow('before');
    expect(never).not.toHaveBeenCalled();
  });

  test('keeps the place of aborted work until it has ended', async () => {
    const limiter = new Limiter(1);
    const controller = new AbortController();
    const gate = deferred();
    const running = limiter.run(() => gate.promise, controller.signal);
    const next = jest.fn(() => Promise.resolve());
    const second = limiter.run(next);
    await settle();
    controller.abort();
    await settle();
    expect(next).not.toHaveBeenCalled();
    gate.resolve();
    await Promise.all([running, second]);
  });

  test('goes on after failures', async () => {
    const limiter = new Limiter(1);
    const { signal } = new AbortController();
    const broken = (): Promise<void> => Promise.reject(new Error('broken'));
    const thrown = (): Promise<void> => {
      throw new Error('thrown');
    };
    await expect(limiter.run(broken, signal)).rejects.toThrow('broken');
    await expect(limiter.run(thrown, signal)).rejects.toThrow('thrown');
    await expect(limiter.run(() => Promise.resolve(1))).resolves.toBe(1);
  });
});

describe('all or nothing', () => {
  test('gives the results in order', async () => {
    const works = [3, 1, 2].map((value) => async () => {
      await settle();
      return value;
    });
    await expect(allOrNothing(works)).resolves.toEqual([3, 1, 2]);
    await expect(allOrNothing([])).resolves.toEqual([]);
  });

  test('stops the others, waits for them, and throws the first failure', async () => {
    const ended: string[] = [];
    const works = [
      async (signal: AbortSignal) => {
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve);
        });
        await settle();
        ended.push('slow');
        throw new Error('a consequence');
      },
      async () => {
        await settle();
        throw new Error('the cause');
      },
    ];
    await expect(allOrNothing(works)).rejects.toThrow('the cause');
    expect(ended).toEqual(['slow']);
  });

  test('throws why it was told to stop', async () => {
    const controller = new AbortController();
    const work = async (signal: AbortSignal): Promise<void> => {
      await systemClock.sleep(60_000, signal);
    };
    const all = allOrNothing([work, work], controller.signal);
    controller.abort(new Error('told to'));
    await expect(all).rejects.toThrow('told to');
  });

  test('begins nothing when it was stopped before', async () => {
    const work = jest.fn(() => Promise.resolve());
    const stopped = AbortSignal.abort(new Error('before'));
    await expect(allOrNothing([work], stopped)).rejects.toThrow('before');
    expect(work).not.toHaveBeenCalled();
  });
});

describe('single flight', () => {
  test('shares work under way by key, and forgets it afterwards', async () => {
    const flights = new SingleFlight<number>();
    let count = 0;
    const work = async (): Promise<number> => {
      count += 1;
      await settle();
      return count;
    };
    await expect(Promise.all([flights.run('a', work), flights.run('a', work)])).resolves.toEqual([
      1, 1,
    ]);
    await expect(flights.run('a', work)).resolves.toBe(2);
    await Promise.all([flights.run('a', work), flights.run('b', work)]);
    expect(count).toBe(4);
  });

  test('lets the next try again after a failure', async () => {
    const flights = new SingleFlight<string>();
    await expect(flights.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(flights.run('a', () => Promise.resolve('yes'))).resolves.toBe('yes');
  });
});

test('the clock of the system stops sleeping when told to', async () => {
  const controller = new AbortController();
  const sleeping = systemClock.sleep(60_000, controller.signal);
  controller.abort();
  await sleeping.catch((error: unknown) => expect(isAbort(error)).toBe(true));
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000);
});
