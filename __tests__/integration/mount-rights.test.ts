import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { AuthOptions, StrictRegistry } from '../support/registry/index.ts';
import { bench, run, type Bench } from './support/index.ts';

const { registry: start, layout: create } = bench();

const LOGIN = { username: 'octo', password: 's3cret' };
const BEARER: AuthOptions = { mode: 'bearer', ...LOGIN };

/** Puts an image into `source`, as if somebody had pushed it. */
function seed(registry: StrictRegistry, layout: ReturnType<Bench['layout']>) {
  const root = layout.image({ layers: [10_000, 20_000] });
  const manifest = JSON.parse(readFileSync(layout.fileOf(root), 'utf8')) as {
    config: typeof root;
    layers: (typeof root)[];
  };
  for (const blob of [manifest.config, ...manifest.layers]) {
    registry.seedBlob('source', readFileSync(layout.fileOf(blob)));
  }
  registry.seedManifest('source', readFileSync(layout.fileOf(root)), 'v1');
  return root;
}

/** Copies the image from one repository to another of the same registry. */
function copy(registry: StrictRegistry) {
  return run({
    source: `docker://${registry.host}/source:v1`,
    tags: [`${registry.host}/target:1`],
    registries: { [registry.host]: { plainHttp: true, ...LOGIN } },
  });
}

describe('a token that does not reach to the other repository', () => {
  test('is not tried: the blobs are sent', async () => {
    const registry = await start({
      auth: { ...BEARER, readableTokens: true, oneRepository: true },
    });
    const root = seed(registry, create());

    const { report, error } = await copy(registry);

    expect(error).toBeUndefined();
    expect(registry.tags('target')).toEqual({ 1: root.digest });
    expect(registry.stats().byKind['blob-mount']).toBeUndefined();
    expect(report.places[0]?.blobs.map(({ outcome }) => outcome)).toEqual(
      Array(3).fill('uploaded'),
    );
    // Each is asked for once: to read, to write, and both together.
    expect(registry.stats().tokensIssued).toBe(3);
    registry.assertClean();
  });

  test.each([400, 401, 403])(
    'is not given (%i): the blobs are sent with one that is',
    async (status) => {
      const registry = await start({ auth: { ...BEARER, tokenEndpoint: 'get' } });
      const root = seed(registry, create());
      registry.faults.add({
        match: { path: /^\/token\?.*scope=.*scope=/ },
        times: Infinity,
        do: { status },
      });

      const { error } = await copy(registry);

      expect(error).toBeUndefined();
      expect(registry.tags('target')).toEqual({ 1: root.digest });
      expect(registry.stats().byKind['blob-mount']).toBeUndefined();
      expect(registry.faults.all[0]?.applied).toBe(1);
      registry.assertClean();
    },
  );
});

describe('a token that may reach to the other repository', () => {
  test.each([
    ['says so', true],
    ['does not say', false],
  ])('and %s, is used to mount', async (_, readableTokens) => {
    const registry = await start({ auth: { ...BEARER, readableTokens } });
    const root = seed(registry, create());

    const { report } = await copy(registry);

    expect(report).toMatchObject({ status: 'success', bytesUploaded: 0 });
    expect(registry.tags('target')).toEqual({ 1: root.digest });
    expect(registry.stats()).toMatchObject({ mounts: 3, blobBytes: 0 });
    registry.assertClean();
  });

  test('and turns out not to, costs a request', async () => {
    const registry = await start({ auth: { ...BEARER, oneRepository: true } });
    const root = seed(registry, create());

    const { error } = await copy(registry);

    expect(error).toBeUndefined();
    expect(registry.tags('target')).toEqual({ 1: root.digest });
    expect(registry.stats().mounts).toBe(0);
    registry.assertClean();
  });
});
