import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PresetName } from '../support/registry/index.ts';
import { bench, MAY_BE_TOO_LATE, run } from './support/index.ts';

const { registry: start, layout: create, after } = bench();

const LOGIN = { plainHttp: true, username: 'user', password: 'password' };

describe('registries that are like', () => {
  const presets: readonly PresetName[] = [
    'distribution',
    'docker-hub',
    'ghcr',
    'gar',
    'acr',
    'ecr',
    'gitea',
  ];
  test.each(presets)('%s', async (preset) => {
    const registry = await start({ preset, auth: { mode: 'bearer' } });
    const layout = create();
    const root = layout.root(layout.image({ layers: [50_000, 60_000] }));

    const { error } = await run({
      source: layout.source,
      tags: ['one:1', 'one:2', 'two:1'].map((name) => `${registry.host}/octo/${name}`),
      registries: { [registry.host]: LOGIN },
    });

    expect(error).toBeUndefined();
    expect(registry.tags('octo/one')).toEqual({ 1: root.digest, 2: root.digest });
    expect(registry.tags('octo/two')).toEqual({ 1: root.digest });
    registry.assertClean();
  });
});

describe('upload addresses', () => {
  const styles = ['relative', 'absolute', 'query-state', 'absolute-query-state'] as const;
  test.each(
    styles.flatMap((style) =>
      (['uploads', 'upload', 'opaque'] as const).map((path) => [style, path] as const),
    ),
  )('are used as they come (%s, %s)', async (locationStyle, uploadPath) => {
    const registry = await start({ features: { locationStyle, uploadPath } });
    const layout = create();
    const root = layout.root(layout.image({ layers: [100_000] }));
    registry.faults.add({ match: { path: 'blob-upload-put' }, do: { status: 503 } });

    await run({ source: layout.source, tags: [`${registry.host}/app:1`] });

    expect(registry.tags('app')).toEqual({ 1: root.digest });
    registry.assertClean();
  });

  test('on another host are used without a login', async () => {
    const registry = await start({ auth: { mode: 'bearer' }, features: { foreignUploads: true } });
    const layout = create();
    const root = layout.root(layout.image({ layers: [100_000] }));

    const { error } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      registries: { [registry.host]: LOGIN },
    });

    expect(error).toBeUndefined();
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    expect(registry.requests.some(({ role }) => role === 'foreign')).toBe(true);
    registry.assertClean();
  });

  test.each(['missing', 'ftp://127.0.0.1/up', 'http://user:secret@127.0.0.1/up', 'http://['])(
    'that make no sense are refused (%s)',
    async (location) => {
      const registry = await start({ features: { singlePost: true } });
      const layout = create();
      layout.root(layout.image({ layers: [100_000] }));
      registry.faults.add({
        match: { path: 'blob-upload-start' },
        times: Infinity,
        do: location === 'missing' ? { status: 202 } : { location },
      });

      const { error } = await run({ source: layout.source, tags: [`${registry.host}/app:1`] });

      expect(error).toMatchObject({ code: 'REGISTRY', stage: 'upload' });
      expect(error?.message).not.toContain('secret');
      registry.assertClean(MAY_BE_TOO_LATE);
    },
  );

  test('a foreign host that wants a login gets none', async () => {
    const registry = await start({ auth: { mode: 'bearer' }, features: { singlePost: true } });
    await registry.startForeignHost({ challenges: true });
    const layout = create();
    layout.root(layout.image({ layers: [100_000] }));
    registry.faults.add({
      match: { path: 'blob-upload-start' },
      times: Infinity,
      do: { location: 'foreign' },
    });

    const { error } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      registries: { [registry.host]: LOGIN },
    });

    expect(error).toMatchObject({ code: 'AUTHENTICATION' });
    expect(registry.tags('app')).toEqual({});
    registry.assertClean(MAY_BE_TOO_LATE);
  });
});

describe('redirects', () => {
  test('of blobs to another host are followed without a login', async () => {
    const source = await start({ auth: { mode: 'bearer' }, features: { redirectBlobs: true } });
    const target = await start();
    const layout = create();
    const layers = [layout.layer('redirected', 80_000)];
    const image = layout.image({ layers });
    const { config } = JSON.parse(readFileSync(layout.fileOf(image), 'utf8')) as {
      config: typeof image;
    };
    for (const blob of [config, ...layers])
      source.seedBlob('app', readFileSync(layout.fileOf(blob)));
    source.seedManifest('app', readFileSync(layout.fileOf(image)), 'v1');

    const { error } = await run({
      source: `docker://${source.host}/app:v1`,
      tags: [`${target.host}/app:1`],
      registries: { [source.host]: LOGIN },
    });

    expect(error).toBeUndefined();
    expect(target.tags('app')).toEqual({ 1: image.digest });
    expect(source.requests.some(({ role }) => role === 'foreign')).toBe(true);
    source.assertClean();
    target.assertClean();
  });

  test('also answer the question whether a blob is there', async () => {
    const registry = await start();
    const layout = create();
    const layer = layout.layer('kept elsewhere', 90_000);
    layout.root(layout.image({ layers: [layer] }));
    registry.seedBlob('app', readFileSync(layout.fileOf(layer)));
    const asked: IncomingMessage[] = [];
    const store = createServer((request, response) => {
      asked.push(request);
      response.writeHead(200, { 'content-length': '90000' }).end();
    });
    await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve));
    after(() => store.close());
    const { port } = store.address() as AddressInfo;
    registry.faults.add({
      match: { path: 'blob-head', reference: layer.digest },
      do: { status: 307, headers: { location: `http://127.0.0.1:${port}/blob?X-Signature=a%2Fb` } },
    });

    const { report, error } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
    });

    expect(error).toBeUndefined();
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'HEAD /blob?X-Signature=a%2Fb',
    ]);
    const found = report.places[0]?.blobs.find(({ digest }) => digest === layer.digest);
    expect(found?.outcome).toBe('exists');
    registry.assertClean();
  });

  test('in a circle end', async () => {
    const registry = await start({ features: { singlePost: true } });
    const layout = create();
    layout.root(layout.image({ layers: [90_000] }));
    registry.faults.add({
      match: { path: 'blob-head' },
      times: Infinity,
      do: { status: 302, headers: { location: '?again' } },
    });

    const { error } = await run({ source: layout.source, tags: [`${registry.host}/app:1`] });

    expect(error).toMatchObject({ code: 'REGISTRY' });
    expect(error?.message).toContain('status 302');
    expect(registry.stats().requests).toBeLessThan(20);
    registry.assertClean(MAY_BE_TOO_LATE);
  });
});
