import { describe, expect, test } from '@jest/globals';
import type { StrictRegistry } from '../support/registry/index.ts';
import { bench, MAY_BE_TOO_LATE, run } from './support/index.ts';

const { registry: start, layout: create } = bench();

/** Pushes an image of three layers and says whether it arrived. */
async function pushTo(registry: StrictRegistry, attempts = 5) {
  const layout = create();
  const root = layout.root(layout.image({ layers: [200_000, 100_000, 5000] }));
  const result = await run({ source: layout.source, tags: [`${registry.host}/app:1`], attempts });
  return { ...result, root, arrived: registry.tags('app')['1'] === root.digest };
}

describe('too many requests', () => {
  test.each([
    ['anything', {}],
    ['the upload itself', { path: 'blob-upload-put' }],
    ['the start of uploads', { path: 'blob-upload-start' }],
    ['tags', { path: 'tag-put' }],
  ])('a storm on %s is waited out, as long as the registry asks', async (_, match) => {
    const registry = await start();
    // Answered only when all that go out together are there: none of them can know of the wait.
    const headers = { 'retry-after': '0.3' };
    registry.faults.add({ match, times: 4, do: { status: 429, headers, delayMs: 30 } });

    const { arrived, report } = await pushTo(registry);

    expect(arrived).toBe(true);
    expect(report.waits?.[0]).toMatchObject({ registry: registry.host });
    expect(report.waits?.[0]?.reason).toContain('429');
    expect(report.places[0]?.waitedMs).toBeGreaterThan(0);
    registry.assertClean();
  });

  test('one that never ends is an error with the number of attempts, and not with their square', async () => {
    const registry = await start();
    registry.faults.storm(Infinity, undefined, { path: 'blob-upload-start' });

    const { error, report } = await pushTo(registry, 3);

    expect(error).toMatchObject({ code: 'REGISTRY', stage: 'upload' });
    expect(report.exitCode).toBe(5);
    // Four blobs, three attempts each at most.
    expect(registry.stats().byKind['blob-upload-start']).toBeLessThanOrEqual(12);
    registry.assertClean(MAY_BE_TOO_LATE);
  });

  test('a limit on uploads at a time is obeyed in the end', async () => {
    const registry = await start({ features: { maxConcurrentUploads: 1, busyRetryAfter: 0.1 } });

    const { arrived, error } = await pushTo(registry, 20);

    expect(error).toBeUndefined();
    expect(arrived).toBe(true);
    registry.assertClean();
  });
});

describe('a registry that fails for the moment', () => {
  test.each([
    ['blob-head', 503],
    ['blob-upload-start', 500],
    ['blob-upload-put', 502],
    ['blob-upload-put', 504],
    ['manifest-head', 503],
    ['manifest-put', 500],
    ['tag-put', 408],
  ])('%s answered %i is repeated', async (path, status) => {
    const registry = await start();
    registry.faults.add({ match: { path }, times: 2, do: { status } });

    const { arrived, events } = await pushTo(registry);

    expect(arrived).toBe(true);
    expect(events.some(({ type }) => type === 'waiting')).toBe(true);
    registry.assertClean();
  });

  test.each(['blob-head', 'blob-upload-start', 'blob-upload-put', 'manifest-put', 'tag-put'])(
    '%s whose answer is lost is repeated',
    async (path) => {
      const registry = await start();
      registry.faults.add({ match: { path }, times: 2, do: { dropResponse: true } });

      const { arrived } = await pushTo(registry);

      expect(arrived).toBe(true);
      registry.assertClean();
    },
  );

  test('a blob that arrived, though its answer did not, is not sent again', async () => {
    const registry = await start();
    const layout = create();
    layout.root(layout.image({ layers: [100_000] }));
    registry.faults.add({ match: { path: 'blob-upload-put', nth: 1 }, do: { dropResponse: true } });

    const { report } = await run({ source: layout.source, tags: [`${registry.host}/app:1`] });

    expect(registry.stats()).toMatchObject({ duplicateUploads: 0, sessions: { opened: 2 } });
    expect(report.places[0]?.blobs.every(({ outcome }) => outcome === 'uploaded')).toBe(true);
    registry.assertClean();
  });

  test('every third connection breaks: the push arrives all the same', async () => {
    const registry = await start();
    registry.faults.resetEvery(3, 1000, 100_000, 7);

    const { arrived } = await pushTo(registry, 20);

    expect(arrived).toBe(true);
    expect(registry.faults.resets).toBeGreaterThan(0);
    registry.assertClean();
  });

  test.each(['keep', 'drop-chunk', 'drop-session'] as const)(
    'a body that is cut starts over in a new session (%s)',
    async (onCut) => {
      const registry = await start({ features: { onCut } });
      registry.faults.add({
        match: { path: 'blob-upload-put' },
        times: 3,
        do: { cutAfterBytes: 60_000 },
      });

      const { arrived, events } = await pushTo(registry);

      expect(arrived).toBe(true);
      expect(events.some(({ type }) => type === 'blob-restarted')).toBe(true);
      registry.assertClean();
    },
  );

  test.each([
    ['BLOB_UPLOAD_UNKNOWN', 404],
    ['BLOB_UPLOAD_INVALID', 400],
    ['BLOB_UPLOAD_INVALID', 416],
  ])('a session it has lost is replaced (%s, %i)', async (code, status) => {
    const registry = await start();
    registry.faults.add({
      match: { path: 'blob-upload-put' },
      times: 2,
      do: { status, afterBody: true, body: JSON.stringify({ errors: [{ code }] }) },
    });

    const { arrived } = await pushTo(registry);

    expect(arrived).toBe(true);
    registry.assertClean();
  });

  test('a session that is really gone is replaced', async () => {
    const registry = await start();
    registry.faults.add({
      match: { path: 'blob-upload-put' },
      times: 2,
      do: { forgetSession: true },
    });

    const { arrived } = await pushTo(registry);

    expect(arrived).toBe(true);
    registry.assertClean();
  });
});

describe('a registry that means it', () => {
  test.each([
    [400, 'SIZE_INVALID', 'REGISTRY'],
    [403, 'DENIED', 'AUTHENTICATION'],
    [405, 'UNSUPPORTED', 'REGISTRY'],
  ])('%i is not repeated', async (status, code, kind) => {
    const registry = await start({ features: { singlePost: true } });
    const body = JSON.stringify({ errors: [{ code, message: 'no' }] });
    registry.faults.add({
      match: { path: 'blob-upload-put' },
      times: Infinity,
      do: { status, body, afterBody: true },
    });

    const { error, events } = await pushTo(registry);

    expect(error).toMatchObject({ code: kind, stage: 'upload' });
    expect(error?.message).toContain(`${code}: no`);
    expect(events.some(({ type }) => type === 'waiting')).toBe(false);
    expect(registry.tags('app')).toEqual({});
    registry.assertClean(MAY_BE_TOO_LATE);
  });

  test('a body over its limit is explained', async () => {
    const registry = await start({ features: { bodyMax: 150_000 } });

    const { error, report } = await pushTo(registry);

    expect(error).toMatchObject({ code: 'REGISTRY' });
    expect(error?.message).toContain('413');
    expect(error?.hint).toContain('client_max_body_size');
    expect(report.exitCode).toBe(5);
    registry.assertClean(MAY_BE_TOO_LATE);
  });

  test('nobody there: one sentence, and the code of the network', async () => {
    const registry = await start();
    await registry.stop();

    const { error, report } = await pushTo(registry, 2);

    expect(error).toMatchObject({ code: 'NETWORK' });
    expect(error?.message).toMatch(/refuses connections \(ECONNREFUSED\); tried 2 times\.$/);
    expect(report.exitCode).toBe(3);
  });
});
