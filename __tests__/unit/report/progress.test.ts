import { describe, expect, test } from '@jest/globals';
import { formatProgress, formatRemaining, percentOf } from '../../../src/report/progress-text.ts';
import { createProgress, type Progress } from '../../../src/report/progress.ts';
import { createRate } from '../../../src/report/rate.ts';
import { digest, GHCR, LOCAL, MIB, script, type Script } from './push-events.ts';

function setUp(): { progress: Progress; run: Script } {
  const run = script();
  const progress = createProgress(run.now);
  run.watch(progress.sink);
  return { progress, run };
}

describe('progress', () => {
  test('adds up all places, and takes back what a failed attempt had sent', () => {
    const { progress, run } = setUp();
    const a = { digest: digest('a'), size: 100 * MIB };
    run.emit({ type: 'planned', places: [GHCR, LOCAL], blobs: 2, bytes: 150 * MIB, manifests: 1 });
    run.emit({ type: 'blob-started', ...a, ...GHCR });
    run.emit({ type: 'blob-started', ...a, ...LOCAL });
    run.emit({ type: 'blob-progress', digest: a.digest, bytes: 40 * MIB, ...GHCR });
    run.emit({ type: 'blob-progress', digest: a.digest, bytes: 10 * MIB, ...LOCAL });
    run.pass(5000);
    expect(progress.snapshot()).toEqual({
      bytesDone: 50 * MIB,
      bytesTotal: 300 * MIB,
      blobsDone: 0,
      blobsTotal: 4,
      bytesPerSecond: 10 * MIB,
      remainingMs: 25_000,
    });
    expect(formatProgress(progress.snapshot())).toBe(
      '50.0 MiB of 300.0 MiB (16 %)  0/4 blobs  10.0 MiB/s  about 25 s left',
    );
    run.emit({ type: 'blob-restarted', digest: a.digest, bytes: 40 * MIB, ...GHCR });
    expect(progress.snapshot().bytesDone).toBe(10 * MIB);
    expect(progress.active()).toEqual([
      { ...a, ...GHCR, bytes: 0 },
      { ...a, ...LOCAL, bytes: 10 * MIB },
    ]);
  });

  test('counts what is there already as done, but not as speed', () => {
    const { progress, run } = setUp();
    run.emit({ type: 'planned', places: [GHCR], blobs: 2, bytes: 11, manifests: 1 });
    const finished = { type: 'blob-finished', outcome: 'exists', durationMs: 1, ...GHCR } as const;
    run.emit({ ...finished, digest: digest('a'), size: 10 });
    run.emit({ ...finished, digest: digest('a'), size: 10 });
    run.emit({ type: 'blob-progress', digest: digest('a'), bytes: 0, ...GHCR });
    expect(progress.snapshot()).toMatchObject({
      bytesDone: 10,
      blobsDone: 1,
      bytesPerSecond: 0,
      remainingMs: undefined,
    });
    expect(formatProgress(progress.snapshot())).toBe('10 B of 11 B (90 %)  1/2 blobs');
  });

  test('counts what an interrupted push had sent as done, but not as speed', () => {
    const { progress, run } = setUp();
    const a = { digest: digest('a'), ...GHCR };
    run.emit({ type: 'planned', places: [GHCR], blobs: 1, bytes: 100 * MIB, manifests: 1 });
    run.emit({ type: 'blob-started', size: 100 * MIB, ...a });
    run.emit({ type: 'blob-resumed', bytes: 60 * MIB, ...a });
    expect(progress.snapshot()).toMatchObject({
      bytesDone: 60 * MIB,
      bytesPerSecond: 0,
      remainingMs: undefined,
    });
    run.emit({ type: 'blob-progress', bytes: 20 * MIB, ...a });
    run.pass(2000);
    expect(formatProgress(progress.snapshot())).toBe(
      '80.0 MiB of 100.0 MiB (80 %)  0/1 blobs  10.0 MiB/s  about 2 s left',
    );
    run.emit({ type: 'blob-restarted', bytes: 80 * MIB, ...a });
    expect(progress.snapshot()).toMatchObject({ bytesDone: 0, bytesTotal: 100 * MIB });
    run.emit({
      type: 'blob-finished',
      size: 100 * MIB,
      outcome: 'resumed',
      resumedBytes: 60 * MIB,
      durationMs: 1,
      ...a,
    });
    expect(progress.snapshot()).toMatchObject({ bytesDone: 100 * MIB, blobsDone: 1 });
  });

  test('corrects the size of layers that were compressed after the plan', () => {
    const { progress, run } = setUp();
    run.emit({ type: 'planned', places: [GHCR, LOCAL], blobs: 2, bytes: 1000, manifests: 1 });
    run.emit({ type: 'layer-compressed', from: 900, to: 90 });
    expect(progress.snapshot().bytesTotal).toBe(380);
  });

  test('never shows more than everything', () => {
    const { progress, run } = setUp();
    const a = { digest: digest('a'), size: 10, ...GHCR };
    run.emit({ type: 'blob-started', ...a });
    run.emit({ type: 'blob-progress', digest: a.digest, bytes: 25, ...GHCR });
    const snapshot = progress.snapshot();
    expect(snapshot).toMatchObject({ bytesDone: 10, bytesTotal: 10, blobsTotal: 1 });
    expect(percentOf(snapshot)).toBe(99);
    run.emit({ type: 'blob-finished', ...a, outcome: 'uploaded', durationMs: 1 });
    expect(percentOf(progress.snapshot())).toBe(100);
  });
});

test('the rate looks back ten seconds and keeps few steps', () => {
  const rate = createRate();
  expect(rate.perSecond(0)).toBe(0);
  for (let time = 0; time < 20_000; time += 1) rate.add(1, time);
  expect(rate.perSecond(20_000)).toBeCloseTo(1000, -2);
  expect(rate.perSecond(40_000)).toBe(0);
});

test('the rate does not judge by the first milliseconds', () => {
  const rate = createRate();
  rate.add(500, 0);
  expect(rate.perSecond(1)).toBe(500);
});

test.each([
  [1, '1 s'],
  [59_000, '59 s'],
  [59_500, '1 min'],
  [61_000, '2 min'],
  [3_600_000, '1 h 00 min'],
  [7_500_000, '2 h 05 min'],
])('%d ms are %s', (milliseconds, text) => {
  expect(formatRemaining(milliseconds)).toBe(text);
});

test('no remaining time is told when it would be days', () => {
  const snapshot = { bytesDone: 0, bytesTotal: 1, blobsDone: 0, blobsTotal: 1, bytesPerSecond: 1 };
  expect(formatProgress({ ...snapshot, remainingMs: 1e9 })).toBe(
    '0 B of 1 B (0 %)  0/1 blobs  1 B/s',
  );
});
