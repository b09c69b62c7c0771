import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Config } from '../../src/config/config.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { MEDIA_TYPES } from '../../src/oci/media-types.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import { buildDockerArchive, buildLayout } from '../support/images/build.ts';
import type { StrictRegistry } from '../support/registry/index.ts';
import { bench, run, type Bench } from './support/index.ts';

const { registry: start, layout: create, after } = bench();

const AMD = parsePlatform('linux/amd64');
const ARM = parsePlatform('linux/arm64');
const NOBODY = { os: 'unknown', architecture: 'unknown' };

function edits(more: Partial<Config['edits']>): Pick<Config, 'edits'> {
  const annotations = { index: {}, manifest: {} };
  return { edits: { attestations: 'keep', format: 'keep', annotations, ...more } };
}

/** Two platforms with their attestations, and more that an index may say. */
function attested(layout: ReturnType<Bench['layout']>, platforms = [AMD, ARM]) {
  const images = platforms.map((platform, at) => layout.image({ platform, seed: `image ${at}` }));
  const proofs = images.map(({ digest }, at) => ({
    ...layout.image({
      seed: `proof ${at}`,
      platform: NOBODY,
      layers: [layout.blob(`{"at":${at}}`, 'application/vnd.in-toto+json')],
    }),
    annotations: {
      'vnd.docker.reference.digest': digest,
      'vnd.docker.reference.type': 'attestation-manifest',
    },
  }));
  const entries = [...images, ...proofs];
  return { images, proofs, root: layout.root(layout.index(entries, { annotations: { a: 'b' } })) };
}

interface Stored {
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

function read(registry: StrictRegistry, reference = '1', repository = 'app'): Stored {
  const stored = registry.manifest(repository, reference);
  return JSON.parse(stored?.bytes.toString() ?? '{}') as Stored;
}

function folder(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'push-edits-'));
  after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

describe('attestations: drop', () => {
  test('leaves them out, and nothing else', async () => {
    const registry = await start();
    const layout = create();
    const { images, proofs, root } = attested(layout);

    const { error, report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      ...edits({ attestations: 'drop' }),
    });

    expect(error).toBeUndefined();
    expect(read(registry)).toMatchObject({ manifests: images, annotations: { a: 'b' } });
    expect(read(registry).manifests).toHaveLength(2);
    for (const { digest } of proofs) expect(registry.manifest('app', digest)).toBeUndefined();
    const now = registry.tags('app')['1'];
    expect(report.notes).toEqual([
      'attestations left out: 2',
      `the index is changed: its digest is ${now}, not ${root.digest}`,
    ]);
    registry.assertClean();
  });

  test('of one platform: what is left is its manifest', async () => {
    const registry = await start();
    const layout = create();
    const { images } = attested(layout, [ARM]);
    await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      ...edits({ attestations: 'drop' }),
    });
    expect(registry.tags('app')).toEqual({ 1: images[0]?.digest });
    registry.assertClean();
  });

  test('where there are none, the index is what it was', async () => {
    const registry = await start();
    const layout = create();
    const entries = [AMD, ARM].map((platform, at) => layout.image({ platform, seed: `${at}` }));
    const root = layout.root(layout.index(entries, { annotations: { z: '1', a: '2' } }));
    const { report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      ...edits({ attestations: 'drop', format: 'oci' }),
    });
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    expect(report.notes).toBeUndefined();
    registry.assertClean();
  });

  test('while sources are merged', async () => {
    const registry = await start();
    const layouts = [create(), create()];
    attested(layouts[0]!, [AMD]);
    attested(layouts[1]!, [ARM]);
    const source = layouts.map((layout) => layout.source).join('\n');
    await run({ source, tags: [`${registry.host}/app:1`] });
    await run({ source, tags: [`${registry.host}/app:2`], ...edits({ attestations: 'drop' }) });
    expect(read(registry, '1').manifests).toHaveLength(4);
    expect(read(registry, '2').manifests).toHaveLength(2);
    registry.assertClean();
  });
});

describe('annotations', () => {
  const annotations = { index: { title: 'all', a: 'c' }, manifest: { title: 'one' } };

  test('go to the index and to each image, and what changes is said', async () => {
    const registry = await start();
    const layout = create();
    const { images, proofs } = attested(layout);

    const { error, report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      ...edits({ annotations }),
    });

    expect(error).toBeUndefined();
    const index = read(registry);
    expect(index.annotations).toEqual({ a: 'c', title: 'all' });
    const [amd, arm, ...others] = index.manifests;
    for (const [at, entry] of [amd, arm].entries()) {
      expect(read(registry, entry?.digest)).toMatchObject({ annotations: { title: 'one' } });
      expect(report.notes?.join('\n')).toContain(
        `its digest is ${entry?.digest}, not ${images[at]?.digest}`,
      );
      expect(registry.manifest('app', images[at]?.digest ?? '')).toBeUndefined();
    }
    expect(others.map(({ digest }) => digest)).toEqual(proofs.map(({ digest }) => digest));
    expect(others.map((entry) => entry.annotations?.['vnd.docker.reference.digest'])).toEqual([
      amd?.digest,
      arm?.digest,
    ]);
    expect(report.notes?.join('\n')).toContain('still speak of the digests these had');
    registry.assertClean();
  });

  test('of an index that there is none of are named', async () => {
    const registry = await start();
    const layout = create();
    layout.root(layout.image());
    const { report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      ...edits({ annotations }),
    });
    expect(read(registry).annotations).toEqual({ title: 'one' });
    expect(report.notes?.join()).toContain('those of the index are not used');
    registry.assertClean();
  });

  test.each(['compressed', 'plain'] as const)('need a format that has them (%s)', async (style) => {
    const registry = await start();
    const file = path.join(folder(), 'app.tar');
    await buildDockerArchive(file, { style });
    const request = { source: `docker-archive:${file}`, tags: [`${registry.host}/app:1`] };

    const refused = await run({ ...request, ...edits({ annotations }) });
    expect(refused.error).toMatchObject({ code: 'IMAGE' });
    expect(refused.error?.message).toMatch(
      /linux\/amd64 of .* is in Docker's format, which has none/,
    );
    expect(registry.requests).toHaveLength(0);

    const { error } = await run({ ...request, ...edits({ annotations, format: 'oci' }) });
    expect(error).toBeUndefined();
    expect(read(registry)).toMatchObject({
      mediaType: MEDIA_TYPES.ociManifest,
      annotations: { title: 'one' },
    });
    registry.assertClean();
  });
});

describe('format', () => {
  test('there and back again is the image it was', async () => {
    const registry = await start();
    const directory = folder();
    const platforms = ['linux/amd64', 'linux/arm/v6', 'linux/s390x'];
    const { root } = await buildLayout(path.join(directory, 'oci'), { platforms });
    const docker = `${registry.host}/docker:1`;

    const there = await run({
      source: `oci:${path.join(directory, 'oci')}`,
      tags: [docker],
      ...edits({ format: 'docker' }),
    });
    const back = await run({
      source: `docker://${docker}`,
      tags: [`${registry.host}/app:1`],
      ...edits({ format: 'oci' }),
    });

    expect([there.error, back.error]).toEqual([undefined, undefined]);
    const list = read(registry, '1', 'docker');
    expect(list.mediaType).toBe(MEDIA_TYPES.dockerList);
    expect(registry.manifest('docker', '1')?.mediaType).toBe(MEDIA_TYPES.dockerList);
    for (const { digest, mediaType } of list.manifests) {
      const { config, layers } = read(registry, digest, 'docker');
      const types = [mediaType, config.mediaType, ...layers.map((layer) => layer.mediaType)];
      expect(new Set(types)).toEqual(
        new Set([
          MEDIA_TYPES.dockerManifest,
          MEDIA_TYPES.dockerConfig,
          MEDIA_TYPES.dockerLayerGzip,
        ]),
      );
    }
    expect(there.report.notes).toHaveLength(4);
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    // Blobs are the same in both formats: the way back sends none.
    expect(back.report.bytesUploaded).toBe(0);
    registry.assertClean();
  });

  test('docker archives, while they are merged: an OCI index of OCI images', async () => {
    const registry = await start();
    const directory = folder();
    const sources: string[] = [];
    for (const platform of ['linux/amd64', 'linux/ppc64le']) {
      const file = path.join(directory, `${platform.slice(6)}.tar`);
      await buildDockerArchive(file, { platform });
      sources.push(`docker-archive:${file}`);
    }
    const { error } = await run({
      source: sources.join('\n'),
      tags: [`${registry.host}/app:1`],
      ...edits({ format: 'oci', annotations: { index: { a: 'b' }, manifest: { c: 'd' } } }),
    });
    expect(error).toBeUndefined();
    const { mediaType, manifests, annotations } = read(registry);
    expect({ mediaType, annotations }).toEqual({
      mediaType: MEDIA_TYPES.ociIndex,
      annotations: { a: 'b' },
    });
    for (const entry of manifests) {
      expect(entry.mediaType).toBe(MEDIA_TYPES.ociManifest);
      expect(read(registry, entry.digest)).toMatchObject({
        config: { mediaType: MEDIA_TYPES.ociConfig },
        annotations: { c: 'd' },
      });
    }
    registry.assertClean();
  });

  test('layers that are going to be zstd are no image of Docker’s', async () => {
    const registry = await start();
    const file = path.join(folder(), 'app.tar');
    await buildDockerArchive(file);
    const { error } = await run({
      source: `docker-archive:${file}`,
      tags: [`${registry.host}/app:1`],
      compression: 'zstd',
      ...edits({ format: 'docker' }),
    });
    expect(error).toMatchObject({ code: 'IMAGE', stage: 'open' });
    expect(error?.message).toContain("Docker's format has nothing for zstd layers");
    expect(registry.requests).toHaveLength(0);
  });

  test('what Docker cannot express is refused before anything is sent', async () => {
    const registry = await start();
    const layout = create();
    attested(layout);
    const request = { source: layout.source, tags: [`${registry.host}/app:1`] };

    const { error } = await run({ ...request, ...edits({ format: 'docker' }) });
    expect(error).toMatchObject({ code: 'IMAGE', stage: 'open' });
    expect(error?.message).toContain('format: docker: an entry without a platform of');
    expect(error?.message).toContain('application/vnd.in-toto+json');
    expect(error?.hint).toContain('attestations: drop');
    expect(registry.requests).toHaveLength(0);

    const dropped = await run({
      ...request,
      ...edits({ format: 'docker', attestations: 'drop' }),
    });
    expect(dropped.error).toBeUndefined();
    expect(read(registry)).toMatchObject({ mediaType: MEDIA_TYPES.dockerList });
    expect(read(registry).annotations).toBeUndefined();
    expect(dropped.report.notes?.join()).toContain('the annotations in the index are left out');
    registry.assertClean();
  });
});
