import { describe, expect, test } from '@jest/globals';
import { createCollector, type Collector } from '../../../src/report/collector.ts';
import { PushError } from '../../../src/util/errors.ts';
import {
  digest,
  GHCR,
  HOSTILE,
  LOCAL,
  script,
  START,
  UNPRINTABLE,
  type Script,
} from './push-events.ts';

function setUp(source = 'oci:image'): { collector: Collector; run: Script } {
  const run = script();
  const places = [
    { ...GHCR, tags: ['1.0', 'latest'] },
    { ...LOCAL, tags: [] },
  ];
  const collector = createCollector({ source, places, now: run.now });
  run.watch(collector.sink);
  return { collector, run };
}

function blob(
  run: Script,
  name: string,
  size: number,
  outcome: 'uploaded' | 'exists' | 'mounted' | 'resumed',
): void {
  run.emit({ type: 'blob-finished', digest: digest(name), size, outcome, durationMs: 10, ...GHCR });
}

describe('a report', () => {
  test('counts what was sent and what was not', () => {
    const { collector, run } = setUp();
    run.emit({ type: 'planned', places: [GHCR, LOCAL], blobs: 4, bytes: 1160, manifests: 1 });
    run.emit({ type: 'blob-started', digest: digest('a'), size: 1000, ...GHCR });
    run.emit({ type: 'blob-progress', digest: digest('a'), bytes: 400, ...GHCR });
    run.emit({ type: 'blob-restarted', digest: digest('a'), bytes: 400, ...GHCR });
    run.pass(500);
    blob(run, 'a', 1000, 'uploaded');
    blob(run, 'b', 100, 'exists');
    blob(run, 'c', 10, 'mounted');
    run.emit({ type: 'layer-compressed', from: 50, to: 7 });
    blob(run, 'd', 7, 'resumed');
    run.emit({ type: 'manifest-pushed', digest: digest('m'), outcome: 'uploaded', ...GHCR });
    run.pass(250);
    run.emit({ type: 'tag-published', tag: '1.0', digest: digest('m'), ...GHCR });
    run.emit({ type: 'tag-published', tag: 'latest', digest: digest('m'), ...GHCR });
    collector.describeImage({ platforms: ['linux/amd64'], mediaType: 'application/x' });
    const report = collector.report('success');
    expect(report).toMatchObject({
      schemaVersion: 1,
      status: 'success',
      exitCode: 0,
      source: 'oci:image',
      bytesUploaded: 1007,
      bytesSkipped: 110,
      startedAt: '2026-01-02T03:04:05.000Z',
      durationMs: 750,
      warnings: [],
    });
    expect(report.image).toEqual({
      digest: digest('m'),
      mediaType: 'application/x',
      size: 1117,
      blobs: 4,
      manifests: 1,
      platforms: ['linux/amd64'],
    });
    expect(report.places).toHaveLength(2);
    expect(report.places[0]).toMatchObject({
      ...GHCR,
      tags: [
        { tag: '1.0', status: 'published' },
        { tag: 'latest', status: 'published' },
      ],
      bytesUploaded: 1007,
      bytesSkipped: 110,
      waitedMs: 0,
      durationMs: 750,
      manifests: { uploaded: 1, existing: 0 },
    });
    expect(report.places[0]?.blobs.map((entry) => entry.outcome)).toEqual([
      'uploaded',
      'exists',
      'mounted',
      'resumed',
    ]);
    expect(report.places[1]).not.toHaveProperty('durationMs');
    expect(report).not.toHaveProperty('waits');
  });

  test('says of every place what became of it', () => {
    const { collector, run } = setUp();
    run.emit({ type: 'place-filled', digest: digest('m'), ...GHCR });
    run.emit({ type: 'tag-published', tag: '1.0', digest: digest('m'), ...GHCR });
    run.emit({
      type: 'tag-published',
      tag: 'latest',
      digest: digest('m'),
      unchanged: true,
      ...GHCR,
    });
    run.emit({ type: 'registry-failed', registry: LOCAL.registry, message: 'it is\u0007down' });
    const [well, failed] = collector.report('success').places;
    expect(well).toMatchObject({
      status: 'pushed',
      digest: digest('m'),
      tags: [
        { tag: '1.0', status: 'published' },
        { tag: 'latest', status: 'unchanged' },
      ],
    });
    expect(failed).toMatchObject({ status: 'failed', error: 'it is down' });

    const reason = 'stays at 0123 (1.2.10): this image is 1.2.9';
    const other = digest('other');
    run.emit({
      type: 'tag-settled',
      tag: 'latest',
      status: 'kept',
      digest: other,
      reason,
      ...GHCR,
    });
    expect(collector.report('success').places[0]).toMatchObject({
      status: 'pushed',
      tags: [
        { tag: '1.0', status: 'published' },
        { tag: 'latest', status: 'kept', digest: other, reason },
      ],
    });
    run.emit({ type: 'tag-settled', tag: '1.0', status: 'removed', ...GHCR });
    expect(collector.report('failed').places[0]?.status).toBe('failed');
    run.emit({ type: 'tag-settled', tag: '1.0', status: 'left', digest: digest('m'), ...GHCR });
    expect(collector.report('failed').places[0]?.status).toBe('partial');
    expect(collector.report('planned').places[1]?.status).toBe('planned');
  });

  test('of a failed push counts only what was committed', () => {
    const { collector, run } = setUp();
    run.emit({ type: 'blob-started', digest: digest('a'), size: 1000, ...GHCR });
    run.emit({ type: 'blob-progress', digest: digest('a'), bytes: 999, ...GHCR });
    run.emit({ type: 'tag-published', tag: '1.0', digest: digest('m'), ...GHCR });
    const report = collector.report(
      'failed',
      new PushError('no\nway', { code: 'REGISTRY', stage: 'upload', hint: 'try\nthis' }),
    );
    expect(report).toMatchObject({
      exitCode: 5,
      bytesUploaded: 0,
      error: { code: 'REGISTRY', stage: 'upload', message: 'no way', hint: 'try this' },
    });
    expect(report.places[0]?.tags.map((tag) => tag.status)).toEqual(['published', 'not-moved']);
  });

  test('of a dry run has planned tags, and of a cancelled push an exit code', () => {
    const { collector } = setUp();
    expect(collector.report('planned')).toMatchObject({
      exitCode: 0,
      places: [{ tags: [{ status: 'planned' }, { status: 'planned' }] }, {}],
    });
    expect(collector.report('cancelled').exitCode).toBe(1);
    expect(collector.report('planned').image).toBeUndefined();
  });

  test('adds places that only events name', () => {
    const { collector, run } = setUp();
    run.emit({
      type: 'tag-published',
      tag: 'x',
      digest: digest('m'),
      registry: 'r',
      repository: 's',
    });
    expect(collector.report('success').places[2]).toMatchObject({
      registry: 'r',
      repository: 's',
      tags: [{ tag: 'x', status: 'published' }],
    });
  });
});

function wait(run: Script, waitMs: number, reason = '429'): void {
  run.emit({ type: 'waiting', registry: 'ghcr.io', reason, waitMs, attempt: 1 });
}

describe('waits', () => {
  test('of parallel requests count once', () => {
    const { collector, run } = setUp();
    for (let worker = 0; worker < 8; worker += 1) wait(run, 30_000);
    run.pass(10_000);
    wait(run, 30_000);
    run.pass(100_000);
    wait(run, 1000);
    run.pass(5000);
    const report = collector.report('success');
    expect(report.places[0]?.waitedMs).toBe(41_000);
    expect(report.places[1]?.waitedMs).toBe(0);
    expect(report.waits).toEqual([{ registry: 'ghcr.io', reason: '429', times: 10 }]);
  });

  test('that were cut short count as long as they lasted', () => {
    const { collector, run } = setUp();
    wait(run, 30_000);
    run.pass(2000);
    expect(collector.report('cancelled').places[0]?.waitedMs).toBe(2000);
  });

  test('have a bounded number of printable reasons', () => {
    const { collector, run } = setUp();
    for (let index = 0; index < 100; index += 1) wait(run, 1, `reason\n${index}`);
    wait(run, 1, 'reason\n0');
    const waits = collector.report('success').waits ?? [];
    expect(waits).toHaveLength(21);
    expect(waits[0]).toEqual({ registry: 'ghcr.io', reason: 'reason 0', times: 2 });
    expect(waits[20]).toEqual({ registry: 'ghcr.io', reason: 'other reasons', times: 80 });
  });
});

test('warnings are printable, counted once each and bounded', () => {
  const { collector, run } = setUp(HOSTILE[4]);
  for (const message of [...HOSTILE, ...HOSTILE]) run.emit({ type: 'warning', message });
  expect(collector.report('success').warnings).toHaveLength(HOSTILE.length);
  for (let index = 0; index < 60; index += 1) run.emit({ type: 'warning', message: `w${index}` });
  const { warnings, source, startedAt } = collector.report('success');
  expect(warnings).toHaveLength(51);
  expect(warnings[50]).toBe('16 more warnings');
  expect([...warnings, source].join('')).not.toMatch(UNPRINTABLE);
  expect(startedAt).toBe(new Date(START).toISOString());
});

test('secrets are found before their text is made printable, or cut', () => {
  const secret = 'a::b|"c';
  const run = script();
  const collector = createCollector({
    source: `oci:${secret}`,
    places: [],
    now: run.now,
    redact: (text) => text.replaceAll(secret, '***'),
  });
  run.watch(collector.sink);
  run.emit({ type: 'warning', message: `${'x'.repeat(498)}${secret}` });
  run.emit({ type: 'note', message: secret });
  run.emit({ type: 'waiting', registry: 'r', reason: secret, waitMs: 1, attempt: 1 });
  const error = new PushError(secret, { code: 'GENERAL', hint: secret });
  const report = collector.report('failed', error);
  expect(JSON.stringify(report)).not.toMatch(/a:/);
  expect(report).toMatchObject({
    source: 'oci:***',
    notes: ['***'],
    error: { message: '***', hint: '***' },
  });
});
