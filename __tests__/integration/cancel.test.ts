import { describe, expect, test } from '@jest/globals';
import { bench, MAY_BE_TOO_LATE, run } from './support/index.ts';

const { registry: start, layout: create } = bench();

describe('a push that is told to stop', () => {
  test.each([
    ['while bytes flow', 'blob-upload-put', { readBytesPerSecond: 8_000_000 }],
    ['while the registry thinks about a blob', 'blob-upload-put', { hang: true }],
    ['while it asks', 'blob-head', { hang: true }],
    ['while it starts', 'blob-upload-start', { hang: true }],
    ['while manifests are written', 'manifest-put', { hang: true }],
    [
      'while it waits for a pause to end',
      'blob-upload-put',
      { status: 429, headers: { 'retry-after': '30' } },
    ],
  ])('%s leaves no session and no tag', async (_, path, action) => {
    const registry = await start();
    const layout = create();
    layout.root(layout.image({ layers: [400_000, 300_000, 100_000] }));
    const controller = new AbortController();
    registry.faults.add({ match: { path }, times: Infinity, do: action });
    const watch = setInterval(() => {
      if (registry.faults.all[0]!.applied > 0) controller.abort();
    }, 5);

    const { error, report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      cancel: controller.signal,
    });
    clearInterval(watch);

    expect(error?.message).toBe('The push was cancelled.');
    expect(report).toMatchObject({
      status: 'cancelled',
      exitCode: 1,
      places: [{ tags: [{ tag: '1', status: 'not-moved' }] }],
    });
    expect(registry.tags('app')).toEqual({});
    registry.assertClean(MAY_BE_TOO_LATE);
  });

  test('before it began sends nothing', async () => {
    const registry = await start();
    const layout = create();
    layout.root(layout.image());

    const { report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      cancel: AbortSignal.abort(),
    });

    expect(report.status).toBe('cancelled');
    expect(registry.requests).toHaveLength(0);
    registry.assertClean();
  });
});

describe('a push that is told to stop in the middle of its tags', () => {
  test.each([
    ['had not arrived', [], 'not-moved'],
    ['had arrived, though nobody said so', [{ dropResponse: true }], 'published'],
  ] as const)('says truly of a tag that it %s', async (_, before, status) => {
    const registry = await start({ features: { ociTag: false } });
    const layout = create();
    const root = layout.root(layout.image());
    const match = { path: 'tag-put', reference: 'latest' };
    for (const action of before) registry.faults.add({ match, do: action });
    registry.faults.add({ match, times: Infinity, do: { hang: true } });
    const controller = new AbortController();
    const watch = setInterval(() => {
      if (registry.faults.all.at(-1)!.applied > 0) controller.abort();
    }, 5);

    const { error, report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`, `${registry.host}/app:latest`],
      cancel: controller.signal,
    });
    clearInterval(watch);

    expect(error?.message).toBe('The push was cancelled.');
    expect(error?.hint).toContain('Some tags had moved already.');
    expect(report.places[0]?.tags).toEqual([
      { tag: '1', status: 'published' },
      { tag: 'latest', status },
    ]);
    const latest = status === 'published' ? { latest: root.digest } : {};
    expect(registry.tags('app')).toEqual({ 1: root.digest, ...latest });
    registry.assertClean();
  });
});

describe('a timeout', () => {
  test.each([
    ['in an upload', 'blob-upload-put', { hang: true }],
    ['in a wait', 'blob-upload-put', { status: 503, headers: { 'retry-after': '60' } }],
    ['in the tags', 'tag-put', { hang: true }],
  ])('that passes %s is its own error', async (_, path, action) => {
    const registry = await start();
    const layout = create();
    layout.root(layout.image({ layers: [100_000] }));
    registry.faults.add({ match: { path }, times: Infinity, do: action });

    const { error, report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      timeoutMs: 400,
    });

    expect(error).toMatchObject({ code: 'TIMEOUT' });
    expect(error?.message).toContain('400 ms');
    expect(report).toMatchObject({ status: 'failed', exitCode: 6 });
    expect(registry.tags('app')).toEqual({});
    registry.assertClean(MAY_BE_TOO_LATE);
  });

  test('also ends the opening of a source in a registry', async () => {
    const registry = await start();
    registry.faults.add({
      times: Infinity,
      do: { status: 503, headers: { 'retry-after': '60' } },
    });

    const { error, report } = await run({
      source: `docker://${registry.host}/source:1`,
      tags: [`${registry.host}/app:1`],
      timeoutMs: 300,
    });

    expect(error).toMatchObject({ code: 'TIMEOUT', stage: 'open' });
    expect(report.exitCode).toBe(6);
    registry.assertClean();
  });
});
