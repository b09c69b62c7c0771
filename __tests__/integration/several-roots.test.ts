/** Several sources or several roots, together with policies, transactions and wrong memories. */
import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { COMPRESSOR_VERSION } from '../../src/image/compress.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { MEDIA_TYPES } from '../../src/oci/media-types.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import { CompressedLayers } from '../../src/state/compressed-layers.ts';
import { buildDockerArchive } from '../support/images/build.ts';
import type { StrictRegistry } from '../support/registry/index.ts';
import { bench, MAY_BE_TOO_LATE, run, type Layout } from './support/index.ts';

const { registry: start, layout: create, state: keep } = bench();
const SUFFIXES = ['linux-amd64', 'linux-arm64'];

function twoPlatforms(layout: Layout, seed: string) {
  const images = ['linux/amd64', 'linux/arm64'].map((name) =>
    layout.image({ seed: `${seed} ${name}`, platform: parsePlatform(name) }),
  );
  layout.root(layout.index(images));
  return images.map(({ digest }) => digest);
}

function tagsOf(tag: string, digests: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(SUFFIXES.map((suffix, at) => [`${tag}-${suffix}`, digests[at]]));
}

describe('layers of several archives that are remembered wrongly', () => {
  async function prepare() {
    const state = keep();
    const layersFile = path.join(state.directory, 'layers.sqlite');
    const sources: string[] = [];
    const base = { 'base.txt': 'the same for all'.repeat(500) };
    const images: Awaited<ReturnType<typeof buildDockerArchive>>[] = [];
    for (const platform of ['linux/amd64', 'linux/arm64']) {
      const file = path.join(create().directory, 'image.tar');
      const layers = [base, { 'own.txt': platform }];
      images.push(await buildDockerArchive(file, { platform, layers }));
      sources.push(`docker-archive:${file}`);
    }
    const poison = async (diffId = images[0]!.layers[0]!.diffId) => {
      const bytes = randomBytes(1000);
      const onProblem = (message: string): never => {
        throw new Error(message);
      };
      const memory = await CompressedLayers.open({ file: layersFile, now: Date.now, onProblem });
      if (!memory) throw new Error('it cannot be opened');
      const layer = { mediaType: MEDIA_TYPES.dockerLayerGzip, digest: digestOf(bytes), size: 1000 };
      await memory.put(diffId, COMPRESSOR_VERSION.gzip, layer);
      memory.close();
      return bytes;
    };
    const push = (registries: readonly StrictRegistry[], more = {}) =>
      run({
        source: sources.join('\n'),
        tags: registries.map(({ host }) => `${host}/app:1`),
        state: { ...state.places, layersFile },
        ...more,
      });
    return { push, poison, images };
  }

  function expectWhole(registry: StrictRegistry, lies: readonly Buffer[]): void {
    for (const [tag] of Object.entries(registry.tags('app'))) {
      const text = registry.manifest('app', tag)?.bytes.toString() ?? '';
      const { manifests } = JSON.parse(text) as { manifests?: { digest: string }[] };
      const below = (manifests ?? []).map(
        ({ digest }) => registry.manifest('app', digest)?.bytes.toString() ?? '',
      );
      expect(below).not.toContain('');
      for (const lie of lies) expect([text, ...below].join()).not.toContain(digestOf(lie));
    }
    expect(registry.stats().sessions.open).toBe(0);
    registry.assertClean();
  }

  test('become what they are in both images', async () => {
    const registry = await start();
    const fresh = await start();
    const { push, poison } = await prepare();
    const lie = await poison();

    const { error } = await push([registry]);

    expect(error).toBeUndefined();
    expectWhole(registry, [lie]);
    expect((await push([fresh])).error).toBeUndefined();
    expect(fresh.tags('app')).toEqual(registry.tags('app'));
  });

  test.each(['auto', 'separate'] as const)(
    'are the same in all registries, one of which has what was remembered (%s)',
    async (manifestStrategy) => {
      const [having, lacking] = [await start(), await start()];
      const { push, poison, images } = await prepare();
      const lies = [await poison(), await poison(images[1]!.layers[1]!.diffId)];
      for (const lie of lies) having.seedBlob('app', lie);

      const { error, report } = await push([having, lacking], { manifestStrategy });

      expect(error).toBeUndefined();
      expect(having.tags('app')).toEqual(lacking.tags('app'));
      expect(Object.keys(having.tags('app'))).toHaveLength(manifestStrategy === 'auto' ? 1 : 2);
      const root = manifestStrategy === 'auto' ? having.tags('app')['1'] : undefined;
      expect(report.places.map(({ digest }) => digest)).toEqual([root, root]);
      expect(report.image?.digest).toBe(root);
      for (const registry of [having, lacking]) expectWhole(registry, lies);
    },
  );
});

describe('manifest-strategy: separate, with policies', () => {
  const NEVER = [{ pattern: '*-arm64', policy: 'never-move' }] as const;

  test('each tag is held against the image of its own platform', async () => {
    const registry = await start();
    const layout = create();
    const first = twoPlatforms(layout, 'first');
    const push = () =>
      run({
        source: layout.source,
        tags: [`${registry.host}/app:1`],
        manifestStrategy: 'separate',
        tagPolicies: NEVER,
      });
    expect((await push()).error).toBeUndefined();
    expect(registry.tags('app')).toEqual(tagsOf('1', first));

    const again = await push();
    expect(again.error).toBeUndefined();
    expect(again.report.places[0]).toMatchObject({
      status: 'pushed',
      tags: SUFFIXES.map((suffix) => ({ tag: `1-${suffix}`, status: 'unchanged' })),
    });

    twoPlatforms(layout, 'second');
    const before = registry.requests.length;
    const { error } = await push();

    expect(error).toMatchObject({ code: 'POLICY' });
    expect(error?.message).toContain(`1-linux-arm64 in ${registry.host}/app`);
    expect(registry.tags('app')).toEqual(tagsOf('1', first));
    const kinds = registry.requests.slice(before).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind.endsWith('-put'))).toEqual([]);
    registry.assertClean(MAY_BE_TOO_LATE);
  });

  test('what moved is put back to the image that its own tag had', async () => {
    const [one, two] = [
      await start({ features: { ociTag: false } }),
      await start({ features: { ociTag: false } }),
    ];
    const layout = create();
    const push = (more = {}) =>
      run({
        source: layout.source,
        tags: [`${one.host}/app:1`, `${two.host}/app:1`],
        manifestStrategy: 'separate',
        ...more,
      });
    const first = twoPlatforms(layout, 'first');
    await push();
    const second = twoPlatforms(layout, 'second');
    const match = { method: 'PUT', path: /\/manifests\/1-linux-arm64$/ };
    const body = '{"errors":[{"code":"UNSUPPORTED","message":"not today"}]}';
    two.faults.add({ match, times: Infinity, do: { status: 400, body } });

    const { error, report } = await push();

    expect(error?.message).toContain('not today');
    for (const registry of [one, two]) expect(registry.tags('app')).toEqual(tagsOf('1', first));
    const told = report.places.flatMap(({ tags }) => tags.map(({ status }) => status));
    expect(told).toEqual(['restored', 'restored', 'restored', 'not-moved']);

    // Where each takes what it can, only what was taken is said to be there.
    const best = await push({ requireRegistries: 'best-effort' });
    expect(best.error).toBeUndefined();
    expect(one.tags('app')).toEqual(tagsOf('1', second));
    expect(two.tags('app')).toEqual(tagsOf('1', [second[0]!, first[1]!]));
    expect(best.report.notes?.join('\n')).not.toContain(
      `${two.host}/app@${second[1]} is 1-linux-arm64`,
    );
    expect(best.report.places.map(({ status }) => status)).toEqual(['pushed', 'partial']);
  });
});
