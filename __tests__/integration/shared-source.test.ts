import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildDockerArchive } from '../support/images/build.ts';
import type { RecordedRequest, StrictRegistry } from '../support/registry/index.ts';
import { bench, MAY_BE_TOO_LATE, run, type Bench } from './support/index.ts';

const { registry: start, layout: create, after } = bench();

const SIZES = [400_000, 250_000, 30_000];

/** Puts an image into a registry, as if somebody had pushed it. */
function seed(registry: StrictRegistry, layout: ReturnType<Bench['layout']>, sizes = SIZES) {
  const root = layout.image({ layers: sizes });
  const bytesOf = (blob: Pick<typeof root, 'digest'>): Buffer => readFileSync(layout.fileOf(blob));
  const { config, layers } = JSON.parse(bytesOf(root).toString()) as {
    config: typeof root;
    layers: (typeof root)[];
  };
  for (const blob of [config, ...layers]) registry.seedBlob('source', bytesOf(blob));
  registry.seedManifest('source', bytesOf(root), 'v1');
  return { root, config, layers, blobs: [config, ...layers], bytesOf };
}

/** The reads of blobs, by digest. */
function reads({ requests }: StrictRegistry): Map<string, readonly RecordedRequest[]> {
  const blobs = requests.filter(({ kind }) => kind === 'blob-get');
  return Map.groupBy(blobs, ({ reference }) => reference ?? '');
}

/** How often each blob was read. */
function counts(registry: StrictRegistry): Record<string, number> {
  return Object.fromEntries([...reads(registry)].map(([digest, all]) => [digest, all.length]));
}

function once(blobs: readonly { readonly digest: string }[]): Record<string, number> {
  return Object.fromEntries(blobs.map(({ digest }) => [digest, 1]));
}

/** What was kept on disk on its way, as it is told of. */
function keptBytes(events: Awaited<ReturnType<typeof run>>['events']): number {
  return events.reduce(
    (sum, event) => sum + (event.type === 'source-progress' ? event.bytes : 0),
    0,
  );
}

describe('a source in a registry, and two registries it goes to', () => {
  test('is read once', async () => {
    const [from, one, two] = [await start(), await start(), await start()];
    const { root, blobs, bytesOf } = seed(from, create());

    const { error, events } = await run({
      source: `docker://${from.host}/source:v1`,
      tags: [`${one.host}/app:1`, `${two.host}/app:1`],
    });

    expect(error).toBeUndefined();
    expect(counts(from)).toEqual(once(blobs));
    expect(keptBytes(events)).toBeGreaterThan(0);
    for (const to of [one, two]) {
      expect(to.tags('app')).toEqual({ 1: root.digest });
      for (const blob of blobs) {
        expect(to.blob('app', blob.digest)?.equals(bytesOf(blob))).toBe(true);
      }
      to.assertClean();
    }
    from.assertClean();
  });

  test('is read once however small the chunks are that it is sent in', async () => {
    const [from, one, two] = [await start(), await start(), await start()];
    const { root, blobs } = seed(from, create());

    const { error } = await run({
      source: `docker://${from.host}/source:v1`,
      tags: [`${one.host}/app:1`, `${two.host}/app:1`],
      chunkSize: 50_000,
    });

    expect(error).toBeUndefined();
    expect(counts(from)).toEqual(once(blobs));
    expect([one.tags('app'), two.tags('app')]).toEqual([{ 1: root.digest }, { 1: root.digest }]);
    for (const registry of [from, one, two]) registry.assertClean();
  });

  test('does not let the slow one hold up the other', async () => {
    const [from, fast, slow] = [await start(), await start(), await start()];
    const { root, blobs, layers } = seed(from, create(), [2_000_000, 10_000]);
    slow.faults.add({
      match: { path: 'blob-upload-put', reference: layers[0]!.digest },
      do: { readBytesPerSecond: 2_500_000 },
    });

    const { error, events } = await run({
      source: `docker://${from.host}/source:v1`,
      tags: [`${slow.host}/app:1`, `${fast.host}/app:1`],
    });

    expect(error).toBeUndefined();
    expect(counts(from)).toEqual(once(blobs));
    const finished = events.flatMap((event) =>
      event.type === 'manifest-pushed' ? [event.registry] : [],
    );
    expect(finished).toEqual([fast.host, slow.host]);
    expect([fast.tags('app'), slow.tags('app')]).toEqual([{ 1: root.digest }, { 1: root.digest }]);
    for (const registry of [from, fast, slow]) registry.assertClean();
  });

  test.each([
    ['breaks the connection', 2, { cutAfterBytes: 150_000 }],
    ['forgets the session', 2, { forgetSession: true }],
    ['lets its tokens expire', 1, { expireAllTokens: true }],
    ['is in trouble', 2, { status: 503, afterBody: true }],
  ])('is read once when one of them %s midway', async (_, times, trouble) => {
    const auth = { mode: 'bearer' } as const;
    const [from, well, ill] = [await start(), await start({ auth }), await start({ auth })];
    const { root, blobs, layers } = seed(from, create());
    const match = { path: 'blob-upload-put', reference: layers[0]!.digest };
    ill.faults.add({ match, times, do: trouble });
    const login = { plainHttp: true, username: 'user', password: 'password' };

    const { error } = await run({
      source: `docker://${from.host}/source:v1`,
      tags: [`${ill.host}/app:1`, `${well.host}/app:1`],
      registries: { [well.host]: login, [ill.host]: login },
    });

    expect(error).toBeUndefined();
    expect(ill.faults.all[0]?.applied).toBe(times);
    expect(counts(from)).toEqual(once(blobs));
    expect([well.tags('app'), ill.tags('app')]).toEqual([{ 1: root.digest }, { 1: root.digest }]);
    for (const registry of [from, well, ill]) registry.assertClean(['upload-session-finished']);
  });

  test('is read once where some of it is there already', async () => {
    const [from, one, two] = [await start(), await start(), await start()];
    const { root, config, layers, bytesOf } = seed(from, create());
    const [both, first, neither] = layers;
    for (const to of [one, two]) to.seedBlob('app', bytesOf(both!));
    one.seedBlob('app', bytesOf(first!));

    const { error } = await run({
      source: `docker://${from.host}/source:v1`,
      tags: [`${one.host}/app:1`, `${two.host}/app:1`],
    });

    expect(error).toBeUndefined();
    // What both have is not read at all.
    expect(counts(from)).toEqual(once([config, first!, neither!]));
    expect([one.tags('app'), two.tags('app')]).toEqual([{ 1: root.digest }, { 1: root.digest }]);
    expect(one.stats().duplicateUploads + two.stats().duplicateUploads).toBe(0);
    for (const registry of [from, one, two]) registry.assertClean();
  });

  test('is read on from where it broke off', async () => {
    const [from, one, two] = [await start(), await start(), await start()];
    const { root, blobs, layers } = seed(from, create());
    const [largest] = layers;
    from.faults.add({
      match: { path: 'blob-get', reference: largest!.digest },
      do: { cutResponseAfterBytes: 200_000 },
    });

    const { error } = await run({
      source: `docker://${from.host}/source:v1`,
      tags: [`${one.host}/app:1`, `${two.host}/app:1`],
    });

    expect(error).toBeUndefined();
    expect(counts(from)).toEqual({ ...once(blobs), [largest!.digest]: 2 });
    const again = reads(from).get(largest!.digest)?.at(-1);
    const [, offset] = /^bytes=(\d+)-$/.exec(again?.headers['range'] ?? '') ?? [];
    expect(Number(offset)).toBeGreaterThan(0);
    expect(Number(offset)).toBeLessThanOrEqual(200_000);
    expect([one.tags('app'), two.tags('app')]).toEqual([{ 1: root.digest }, { 1: root.digest }]);
    for (const registry of [from, one, two]) registry.assertClean();
  });

  test('that says something else than it is, is found out by both', async () => {
    const [from, one, two] = [await start(), await start(), await start()];
    seed(from, create());
    from.faults.add({ match: { path: 'blob-get' }, times: Infinity, do: { corruptBody: true } });

    const { error } = await run({
      source: `docker://${from.host}/source:v1`,
      tags: [`${one.host}/app:1`, `${two.host}/app:1`],
    });

    expect(error).toMatchObject({ code: 'IMAGE' });
    for (const to of [one, two]) {
      expect(to.tags('app')).toEqual({});
      expect(to.stats().sessions.committed).toBe(0);
      to.assertClean(MAY_BE_TOO_LATE);
    }
    from.assertClean();
  });

  test('ends with the push when one of them takes nothing', async () => {
    const auth = { mode: 'bearer', denyPush: /^app$/ } as const;
    const [from, well, ill] = [await start(), await start(), await start({ auth })];
    seed(from, create());

    const { error } = await run({
      source: `docker://${from.host}/source:v1`,
      tags: [`${ill.host}/app:1`, `${well.host}/app:1`],
      registries: { [ill.host]: { plainHttp: true, username: 'user', password: 'password' } },
    });

    expect(error).toMatchObject({ code: 'AUTHENTICATION' });
    expect(well.tags('app')).toEqual({});
    await from.idle();
    expect(from.requests.filter(({ finishedAt }) => finishedAt === 0)).toEqual([]);
    well.assertClean(MAY_BE_TOO_LATE);
  });
});

describe('nothing is kept', () => {
  test('where it goes to one registry', async () => {
    const [from, to] = [await start(), await start()];
    const { layers } = seed(from, create());

    const { error, events } = await run({
      source: `docker://${from.host}/source:v1`,
      tags: [`${to.host}/one:1`, `${to.host}/two:1`],
    });

    expect(error).toBeUndefined();
    // Small blobs may be read twice: they show what the registry takes.
    expect(counts(from)).toMatchObject(once(layers.slice(0, 2)));
    expect(keptBytes(events)).toBe(0);
  });

  test('where the other one is its own', async () => {
    const [from, to] = [await start(), await start()];
    const { root, blobs, layers } = seed(from, create());

    const { error, events } = await run({
      source: `docker://${from.host}/source:v1`,
      tags: [`${from.host}/copy:1`, `${to.host}/app:1`],
    });

    expect(error).toBeUndefined();
    expect(counts(from)).toMatchObject(once(layers.slice(0, 2)));
    expect(keptBytes(events)).toBe(0);
    expect(from.stats().mounts).toBe(blobs.length);
    expect([from.tags('copy'), to.tags('app')]).toEqual([{ 1: root.digest }, { 1: root.digest }]);
  });
});

test('a layer that is not compressed yet is compressed once for two registries', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'push-archive-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const archive = path.join(folder, 'app.tar');
  await buildDockerArchive(archive, { style: 'plain', layers: 4, layerBytes: 50_000 });
  const [one, two] = [await start(), await start()];

  const { error, events } = await run({
    source: `docker-archive:${archive}`,
    tags: [`${one.host}/app:1`, `${two.host}/app:1`, `${two.host}/again:1`],
  });

  expect(error).toBeUndefined();
  expect(events.filter(({ type }) => type === 'layer-compressed')).toHaveLength(4);
  // And so both get the same manifest.
  expect(one.tags('app')).toEqual(two.tags('app'));
  for (const registry of [one, two]) registry.assertClean();
});
