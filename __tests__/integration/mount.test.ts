import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { StrictRegistry } from '../support/registry/index.ts';
import { bench, MAY_BE_TOO_LATE, run, type Bench } from './support/index.ts';

const { registry: start, layout: create } = bench();

type Layout = ReturnType<Bench['layout']>;

/** Puts the layout's image into a repository, as if somebody had pushed it. */
function seed(registry: StrictRegistry, layout: Layout, repo: string, tag: string) {
  const root = layout.image({ layers: [10_000, 20_000] });
  const manifest = JSON.parse(readFileSync(layout.fileOf(root), 'utf8')) as {
    config: typeof root;
    layers: (typeof root)[];
  };
  for (const blob of [manifest.config, ...manifest.layers]) {
    registry.seedBlob(repo, readFileSync(layout.fileOf(blob)));
  }
  registry.seedManifest(repo, readFileSync(layout.fileOf(root)), tag);
  return root;
}

describe('several repositories of one registry', () => {
  test('the second mounts what the first has got', async () => {
    const registry = await start({ auth: { mode: 'bearer' } });
    const layout = create();
    const root = layout.root(layout.image({ layers: [10_000, 20_000] }));

    const { report } = await run({
      source: layout.source,
      tags: [`${registry.host}/one:1`, `${registry.host}/two:1`, `${registry.host}/three:1`],
      registries: { [registry.host]: { plainHttp: true, username: 'user', password: 'password' } },
    });

    expect(report.status).toBe('success');
    expect(registry.stats()).toMatchObject({ mounts: 6, sessions: { opened: 3 } });
    for (const repo of ['one', 'two', 'three'])
      expect(registry.tags(repo)).toEqual({ 1: root.digest });
    expect(report.places.map(({ bytesUploaded }) => bytesUploaded > 0)).toEqual([
      true,
      false,
      false,
    ]);
    expect(report.places[1]?.blobs.map(({ outcome }) => outcome)).toEqual(Array(3).fill('mounted'));
    registry.assertClean();
  });

  test.each(['off', 401, 404, 405, 500] as const)(
    'a registry that does not mount (%s) gets the bytes',
    async (mount) => {
      const registry = await start({ features: { mount }, auth: { mode: 'bearer' } });
      const layout = create();
      const root = layout.root(layout.image());

      const { report, error } = await run({
        source: layout.source,
        tags: [`${registry.host}/one:1`, `${registry.host}/two:1`],
        attempts: 2,
        registries: {
          [registry.host]: { plainHttp: true, username: 'user', password: 'password' },
        },
      });

      expect(error).toBeUndefined();
      expect(registry.tags('two')).toEqual({ 1: root.digest });
      expect(report.places[1]?.blobs.every(({ outcome }) => outcome === 'uploaded')).toBe(true);
      registry.assertClean();
    },
  );
});

test('what is there is not sent again where nothing is mounted', async () => {
  const registry = await start({ features: { mount: 'off' } });
  const layout = create();
  const [kept, fresh] = [layout.layer('kept', 50_000), layout.layer('fresh', 60_000)];
  layout.root(layout.image({ layers: [kept, fresh] }));
  registry.seedBlob('two', readFileSync(layout.fileOf(kept)));

  const { report } = await run({
    source: layout.source,
    tags: [`${registry.host}/one:1`, `${registry.host}/two:1`],
  });

  const outcomes = new Map(report.places[1]?.blobs.map(({ digest, outcome }) => [digest, outcome]));
  expect(outcomes.get(kept.digest)).toBe('exists');
  expect(outcomes.get(fresh.digest)).toBe('uploaded');
  expect(registry.stats().duplicateUploads).toBe(0);
  registry.assertClean();
});

describe('a source in a registry', () => {
  test('of the same registry is mounted, with one token', async () => {
    const registry = await start({ auth: { mode: 'bearer' } });
    const root = seed(registry, create(), 'source', 'v1');

    const { report } = await run({
      source: `docker://${registry.host}/source:v1`,
      tags: [`${registry.host}/target:1`],
      registries: { [registry.host]: { plainHttp: true, username: 'user', password: 'password' } },
    });

    expect(report).toMatchObject({ status: 'success', bytesUploaded: 0 });
    expect(registry.tags('target')).toEqual({ 1: root.digest });
    expect(registry.stats()).toMatchObject({ mounts: 3, blobBytes: 0 });
    registry.assertClean();
  });

  test('of another registry is streamed through', async () => {
    const [from, to] = [await start(), await start()];
    const root = seed(from, create(), 'source', 'v1');

    const { error } = await run({
      source: `docker://${from.host}/source@${root.digest}`,
      tags: [`${to.host}/target:1`],
    });

    expect(error).toBeUndefined();
    expect(to.tags('target')).toEqual({ 1: root.digest });
    from.assertClean();
    to.assertClean();
  });

  test('gets another tag without any upload when the repository is the same', async () => {
    const registry = await start();
    const root = seed(registry, create(), 'app', 'v1');

    const { error } = await run({
      source: `docker://${registry.host}/app:v1`,
      tags: [`${registry.host}/app:v2`],
    });

    expect(error).toBeUndefined();
    expect(registry.tags('app')).toEqual({ v1: root.digest, v2: root.digest });
    expect(registry.stats().byKind['blob-upload-start']).toBeUndefined();
    registry.assertClean();
  });

  test('breaks midway now and then: the blob is read again', async () => {
    const [from, to] = [await start(), await start()];
    const root = seed(from, create(), 'source', 'v1');
    from.faults.add({ match: { path: 'blob-get', nth: 2 }, do: { cutResponseAfterBytes: 4000 } });

    const { error } = await run({
      source: `docker://${from.host}/source:v1`,
      tags: [`${to.host}/target:1`],
    });

    expect(error).toBeUndefined();
    expect(to.tags('target')).toEqual({ 1: root.digest });
    from.assertClean();
    to.assertClean();
  });

  test('that does not exist is named', async () => {
    const registry = await start();

    const { error, report } = await run({
      source: `docker://${registry.host}/source:v1`,
      tags: [`${registry.host}/target:1`],
    });

    expect(error).toMatchObject({ code: 'IMAGE', stage: 'open' });
    expect(error?.message).toContain(`${registry.host}/source:v1`);
    expect(report.exitCode).toBe(4);
    registry.assertClean();
  });

  test('that sends other bytes than it says is found out', async () => {
    const [from, to] = [await start(), await start()];
    seed(from, create(), 'source', 'v1');
    from.faults.add({ match: { path: 'blob-get' }, times: Infinity, do: { corruptBody: true } });

    const { error } = await run({
      source: `docker://${from.host}/source:v1`,
      tags: [`${to.host}/target:1`],
    });

    expect(error).toMatchObject({ code: 'IMAGE' });
    expect(to.tags('target')).toEqual({});
    expect(to.stats().sessions.committed).toBe(0);
    from.assertClean();
    to.assertClean(MAY_BE_TOO_LATE);
  });
});
