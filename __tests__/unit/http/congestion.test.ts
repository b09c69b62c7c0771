import { describe, expect, test } from '@jest/globals';
import { congestion, CongestionController } from '../../../src/http/congestion.ts';
import type { Handler } from '../../../src/http/transport.ts';
import { answer, ask, scripted, sleepingClock } from './support.ts';

describe('a pause that a registry asks for', () => {
  test.each([
    [429, '', '5', 5000],
    [503, '', '2', 2000],
    [403, 'secondary rate limit', '3', 3000],
    [500, '', '9', 0],
    [429, '', undefined, 0],
    [200, '', '9', 0],
  ])('holds what comes after it (%i %s, Retry-After %s)', async (status, body, header, wait) => {
    const clock = sleepingClock();
    const controller = new CongestionController({ clock });
    const headers = header === undefined ? {} : { 'retry-after': header };
    const next = scripted(answer(status, body, headers), answer(200));
    const send = congestion(() => controller, clock)(next);

    await send(ask());
    expect(clock.slept).toEqual([]);
    await send(ask());

    expect(clock.slept).toEqual(wait > 0 ? [wait] : []);
  });

  test('is the longest of those that were asked for', async () => {
    const clock = sleepingClock(0);
    const controller = new CongestionController({ clock });
    controller.pauseUntil(5000);
    controller.pauseUntil(3000);
    await controller.ready();
    expect(clock.now()).toBe(5000);
  });

  test('may grow while somebody waits for its end', async () => {
    let now = 0;
    const controller: CongestionController = new CongestionController({
      clock: {
        now: () => now,
        sleep: (milliseconds) => {
          if (now === 0) controller.pauseUntil(8000);
          now += milliseconds;
          return Promise.resolve();
        },
      },
    });
    controller.pauseUntil(1000);
    await controller.ready();
    expect(now).toBe(8000);
  });

  test('does not hold up who tidies up', async () => {
    const clock = sleepingClock(0);
    const controller = new CongestionController({ clock });
    controller.pauseUntil(60_000);
    const next = scripted(answer(204));
    await congestion(() => controller, clock)(next)(ask('/u', { method: 'DELETE', urgent: true }));
    expect(clock.slept).toEqual([]);
  });

  test('ends for whoever is told to stop', async () => {
    const clock = sleepingClock(0);
    const controller = new CongestionController({ clock });
    controller.pauseUntil(60_000);
    const send = congestion(() => controller, clock)(scripted());
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(send(ask('/', { signal }))).rejects.toThrow('enough');
  });

  test('is one for each registry', async () => {
    const clock = sleepingClock(0);
    const controllers = new Map(
      ['a', 'b'].map((name) => [name, new CongestionController({ clock })]),
    );
    const next: Handler = ({ registry }) =>
      Promise.resolve(answer(registry === 'a' ? 429 : 200, '', { 'retry-after': '4' }));
    const send = congestion((registry) => controllers.get(registry)!, clock)(next);
    await send(ask('/', { registry: 'a' }));
    await send(ask('/', { registry: 'b' }));
    expect(clock.slept).toEqual([]);
  });
});

test('requests do not wait behind blobs', async () => {
  const controller = new CongestionController({ clock: sleepingClock(), uploads: 1, requests: 1 });
  const gate = Promise.withResolvers<void>();
  const upload = controller.run('upload', () => gate.promise);
  const second = controller.run('upload', () => Promise.resolve('second'));
  await expect(controller.run('request', () => Promise.resolve('done'))).resolves.toBe('done');
  gate.resolve();
  await upload;
  await expect(second).resolves.toBe('second');
});
