import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  createLogProgress,
  type ProgressReporter,
  type Verbosity,
} from '../../../src/report/log-progress.ts';
import { createEmitter, type Emit } from '../../../src/util/events.ts';
import { digest, GHCR, HOSTILE, LOCAL, MIB, START, UNPRINTABLE } from './push-events.ts';

interface Log {
  readonly lines: string[];
  readonly emit: Emit;
  readonly reporter: ProgressReporter;
}

function setUp(verbosity: Verbosity = 'normal', warn?: (message: string) => void): Log {
  const lines: string[] = [];
  const reporter = createLogProgress({
    write: (line) => lines.push(line),
    verbosity,
    now: () => Date.now(),
    ...(warn ? { warn } : {}),
  });
  return { lines, reporter, emit: createEmitter([reporter.sink], () => Date.now()) };
}

beforeEach(() => {
  jest.useFakeTimers({ now: START });
});
afterEach(() => {
  jest.useRealTimers();
});

const A = { digest: digest('a'), size: 100 * MIB };
const SHORT = digest('a').slice(7, 19);

function wholePush({ emit }: Log): void {
  emit({ type: 'stage-started', stage: 'config' });
  emit({ type: 'stage-started', stage: 'open' });
  emit({ type: 'planned', places: [GHCR, LOCAL], blobs: 1, bytes: A.size, manifests: 1 });
  emit({ type: 'stage-started', stage: 'upload' });
  emit({ type: 'blob-started', ...A, ...GHCR });
  emit({ type: 'blob-progress', digest: A.digest, bytes: MIB, ...GHCR });
  emit({ type: 'blob-restarted', digest: A.digest, bytes: MIB, ...GHCR });
  emit({ type: 'blob-finished', ...A, outcome: 'uploaded', durationMs: 2100, ...GHCR });
  emit({ type: 'manifest-pushed', digest: digest('m'), outcome: 'uploaded', ...GHCR });
  emit({ type: 'manifest-pushed', digest: digest('m'), outcome: 'exists', ...LOCAL });
  emit({ type: 'stage-finished', stage: 'upload', durationMs: 2500 });
  emit({ type: 'stage-started', stage: 'publish' });
  emit({ type: 'tag-published', tag: '1.0', digest: digest('m'), ...GHCR });
  emit({ type: 'detail', message: 'GET https://ghcr.io/v2/' });
  emit({ type: 'note', message: 'the same image was there' });
}

describe('a push in a log', () => {
  test('is a few lines', () => {
    const log = setUp();
    wholePush(log);
    expect(log.lines).toEqual([
      'opening the image',
      'pushing 1 manifest, 1 blob (100.0 MiB) to ghcr.io/octo/app, localhost:5000/app',
      'ghcr.io/octo/app: 1 uploaded (100.0 MiB sent)',
      'localhost:5000/app: already there',
      'publishing the tags',
      `ghcr.io/octo/app:1.0 → ${digest('m')}`,
      'the same image was there',
    ]);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('names every blob when verbose', () => {
    const log = setUp('verbose');
    wholePush(log);
    expect(log.lines).toEqual(
      expect.arrayContaining([
        `${SHORT}  100.0 MiB to ghcr.io/octo/app`,
        `${SHORT}  starting again in ghcr.io/octo/app`,
        `${SHORT}  uploaded in ghcr.io/octo/app (100.0 MiB, 2.1 s)`,
        'upload took 2.5 s',
        'GET https://ghcr.io/v2/',
      ]),
    );
  });

  test('is silent when quiet', () => {
    const warnings: string[] = [];
    const log = setUp('quiet', (message) => warnings.push(message));
    wholePush(log);
    log.emit({ type: 'warning', message: 'x' });
    jest.advanceTimersByTime(60_000);
    expect([...log.lines, ...warnings]).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });
});

function upload(): Log {
  const log = setUp();
  log.emit({ type: 'planned', places: [GHCR], blobs: 1, bytes: A.size, manifests: 1 });
  log.emit({ type: 'stage-started', stage: 'upload' });
  log.emit({ type: 'blob-started', ...A, ...GHCR });
  log.lines.length = 0;
  return log;
}

function send(log: Log, bytes: number): void {
  log.emit({ type: 'blob-progress', digest: A.digest, bytes, ...GHCR });
}

describe('the aggregated line', () => {
  test('comes after 3 s, then every 10 s while something moves', () => {
    const log = upload();
    send(log, 30 * MIB);
    jest.advanceTimersByTime(2999);
    expect(log.lines).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(log.lines).toEqual([
      'uploading  30.0 MiB of 100.0 MiB (30 %)  0/1 blobs  10.0 MiB/s  about 7 s left',
    ]);
    jest.advanceTimersByTime(30_000);
    expect(log.lines).toHaveLength(1);
    send(log, 30 * MIB);
    jest.advanceTimersByTime(10_000);
    expect(log.lines).toHaveLength(2);
    expect(log.lines[1]).toContain('60.0 MiB of 100.0 MiB (60 %)');
  });

  test('has what an interrupted push had sent from its first line on, without its speed', () => {
    const log = upload();
    log.emit({ type: 'blob-resumed', digest: A.digest, bytes: 60 * MIB, ...GHCR });
    send(log, 30 * MIB);
    jest.advanceTimersByTime(3000);
    expect(log.lines).toEqual([
      'uploading  90.0 MiB of 100.0 MiB (90 %)  0/1 blobs  10.0 MiB/s  about 1 s left',
    ]);
  });

  test('keeps no process alive', () => {
    const unref = jest.spyOn(globalThis, 'setTimeout');
    upload();
    const timer = unref.mock.results[0]?.value as NodeJS.Timeout;
    expect(timer.hasRef()).toBe(false);
  });

  test('ends with stop, and so does everything else', () => {
    const log = upload();
    log.reporter.stop();
    log.reporter.stop();
    send(log, MIB);
    log.emit({ type: 'note', message: 'late' });
    log.emit({ type: 'stage-started', stage: 'upload' });
    jest.advanceTimersByTime(60_000);
    expect(log.lines).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('waits', () => {
  const throttled = {
    type: 'waiting',
    registry: 'ghcr.io',
    reason: '429 too many requests',
  } as const;

  test('are told once for all uploads that wait together', () => {
    const log = setUp();
    for (let worker = 0; worker < 8; worker += 1) {
      log.emit({ ...throttled, waitMs: 30_000, attempt: 1 });
    }
    log.emit({ ...throttled, waitMs: 30_000, attempt: 2 });
    jest.advanceTimersByTime(31_000);
    log.emit({ ...throttled, waitMs: 90_000, attempt: 2 });
    expect(log.lines).toEqual([
      'ghcr.io: 429 too many requests; trying again in 30 s (attempt 1)',
      'ghcr.io: 429 too many requests; trying again in 30 s (attempt 2)',
      'ghcr.io: 429 too many requests; trying again in 1m 30s (attempt 2)',
    ]);
  });

  test('that are short are told only when verbose', () => {
    const wait = { ...throttled, reason: 'the connection was reset', waitMs: 400, attempt: 1 };
    const normal = setUp();
    normal.emit(wait);
    const verbose = setUp('verbose');
    verbose.emit(wait);
    expect(normal.lines).toEqual([]);
    expect(verbose.lines).toEqual([
      'ghcr.io: the connection was reset; trying again in 400 ms (attempt 1)',
    ]);
  });
});

test('warnings go where the shell wants them', () => {
  const warnings: string[] = [];
  const annotated = setUp('normal', (message) => warnings.push(message));
  annotated.emit({ type: 'warning', message: 'a\nb' });
  expect([annotated.lines, warnings]).toEqual([[], ['a b']]);
  const plain = setUp();
  plain.emit({ type: 'warning', message: 'a\nb' });
  expect(plain.lines).toEqual(['warning: a b']);
});

test.each(HOSTILE)('no line obeys %j', (text) => {
  const log = setUp('verbose');
  const place = { registry: text, repository: text };
  log.emit({ type: 'planned', places: [place], blobs: 1, bytes: 1, manifests: 1 });
  log.emit({ type: 'blob-started', ...A, ...place });
  log.emit({ type: 'tag-published', tag: text, digest: digest('m'), ...place });
  log.emit({ type: 'waiting', registry: text, reason: text, waitMs: 5000, attempt: 1 });
  log.emit({ type: 'resuming', since: START, blobs: 1, bytes: 1, from: text });
  log.emit({ type: 'blob-resumed', digest: A.digest, bytes: 1, ...place });
  for (const type of ['warning', 'note', 'detail'] as const) log.emit({ type, message: text });
  expect(log.lines).toHaveLength(9);
  for (const line of log.lines) expect(line).not.toMatch(UNPRINTABLE);
});

test('secrets are found before a line is made printable', () => {
  const lines: string[] = [];
  const reporter = createLogProgress({
    write: (line) => lines.push(line),
    verbosity: 'normal',
    now: () => START,
    redact: (text) => text.replaceAll('a::b', '***'),
  });
  const emit = createEmitter([reporter.sink], () => START);
  emit({ type: 'warning', message: 'a::b' });
  emit({ type: 'note', message: 'a::b' });
  emit({ type: 'resuming', since: START, blobs: 0, bytes: 0, from: '/a::b' });
  expect(lines).toEqual([
    'warning: ***',
    '***',
    'Resuming the push that was interrupted less than a minute ago (from /***)',
  ]);
});
