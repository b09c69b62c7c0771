import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { MEDIA_TYPES } from '../../src/oci/media-types.ts';
import { buildDockerArchive } from '../support/images/build.ts';
import { bench, run } from './support/index.ts';

const { registry: start, layout: create } = bench();

describe('a plain push', () => {
  test('brings every byte and moves the tag last', async () => {
    const registry = await start();
    const layout = create();
    const root = layout.root(layout.image({ layers: [200_000, 3, 70_000] }));

    const { report, error, plan } = await run({
      source: layout.source,
      tags: [`${registry.host}/octo/app:1.2.3`],
    });

    expect(error).toBeUndefined();
    expect(registry.tags('octo/app')).toEqual({ '1.2.3': root.digest });
    expect(registry.manifest('octo/app', '1.2.3')?.bytes).toEqual(
      readFileSync(layout.fileOf(root)),
    );
    for (const { digest } of plan?.blobs ?? []) {
      const bytes = readFileSync(layout.fileOf({ digest: digest! }));
      expect(registry.blob('octo/app', digest!)).toEqual(bytes);
    }
    expect(registry.requests.at(-1)).toMatchObject({ kind: 'tag-put', reference: '1.2.3' });
    expect(report).toMatchObject({
      schemaVersion: 1,
      status: 'success',
      exitCode: 0,
      source: layout.source,
      image: {
        digest: root.digest,
        mediaType: root.mediaType,
        blobs: 4,
        manifests: 1,
        platforms: ['linux/amd64'],
      },
      warnings: [],
    });
    const [place] = report.places;
    expect(place).toMatchObject({
      registry: registry.host,
      repository: 'octo/app',
      tags: [{ tag: '1.2.3', status: 'published' }],
      bytesSkipped: 0,
      manifests: { uploaded: 1, existing: 0 },
    });
    expect(place?.blobs.map(({ outcome }) => outcome)).toEqual(Array(4).fill('uploaded'));
    expect(report.bytesUploaded).toBe(report.image?.size);
    expect(report.bytesUploaded).toBe(registry.stats().committedBytes);
    registry.assertClean();
  });

  test('asks a loopback registry itself whether it speaks TLS', async () => {
    const registry = await start();
    const layout = create();
    layout.root(layout.image());
    const registries = { [registry.host]: { plainHttp: false } };

    const { error } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      registries,
    });

    expect(error).toBeUndefined();
    // The attempt to speak TLS is no HTTP, and is meant to be none.
    registry.assertClean(['malformed-http']);
  });

  test('sends nothing but tags when the image is there already', async () => {
    const registry = await start();
    const layout = create();
    layout.root(layout.image());
    const push = { source: layout.source, tags: [`${registry.host}/app:1`] };
    await run(push);
    const before = registry.stats();

    const { report } = await run(push);

    const after = registry.stats();
    expect(after.blobBytes).toBe(before.blobBytes);
    expect(after.byKind['manifest-put']).toBe(before.byKind['manifest-put']);
    expect(after.byKind['tag-put']).toBe(before.byKind['tag-put']);
    expect(registry.requests.slice(before.requests).map(({ method }) => method)).toEqual([
      'HEAD',
      'HEAD',
    ]);
    expect(report).toMatchObject({ status: 'success', bytesUploaded: 0 });
    expect(report.bytesSkipped).toBe(report.image?.size);
    expect(report.places[0]).toMatchObject({
      tags: [{ tag: '1', status: 'unchanged' }],
      manifests: { uploaded: 0, existing: 1 },
    });
    registry.assertClean();
  });

  test('sends only the blobs that are missing', async () => {
    const registry = await start();
    const layout = create();
    const [kept, fresh] = [layout.layer('kept', 50_000), layout.layer('fresh', 70_000)];
    layout.root(layout.image({ layers: [kept, fresh] }));
    registry.seedBlob('app', readFileSync(layout.fileOf(kept)));

    const { report } = await run({ source: layout.source, tags: [`${registry.host}/app:1`] });

    const outcomes = new Map(
      report.places[0]?.blobs.map(({ digest, outcome }) => [digest, outcome]),
    );
    expect(outcomes.get(kept.digest)).toBe('exists');
    expect(outcomes.get(fresh.digest)).toBe('uploaded');
    expect(report.bytesSkipped).toBe(50_000);
    registry.assertClean();
  });

  test('uploads a blob once that an image holds several times', async () => {
    const registry = await start();
    const layout = create();
    const twice = layout.layer('twice', 4000);
    layout.root(layout.image({ layers: [twice, 300, twice] }));

    const { report } = await run({ source: layout.source, tags: [`${registry.host}/app:1`] });

    expect(registry.stats().sessions.opened).toBe(3);
    expect(report.image?.blobs).toBe(3);
    registry.assertClean();
  });

  test('brings an empty blob', async () => {
    const registry = await start();
    const layout = create();
    const root = layout.root(layout.image({ layers: [layout.blob('')] }));

    const { error } = await run({ source: layout.source, tags: [`${registry.host}/app:1`] });

    expect(error).toBeUndefined();
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    registry.assertClean();
  });

  test('compresses what a docker archive holds uncompressed, to the same digest each time', async () => {
    const registry = await start();
    const layout = create();
    const file = path.join(layout.directory, 'image.tar');
    await buildDockerArchive(file, { style: 'plain', tags: ['app:1'] });
    const source = `docker-archive:${file}`;

    const first = await run({ source, tags: [`${registry.host}/one:1`] });
    const second = await run({ source, tags: [`${registry.host}/two:1`] });

    expect(first.error).toBeUndefined();
    expect(first.report.image?.digest).toBeDefined();
    expect(second.report.image?.digest).toBe(first.report.image?.digest);
    expect(registry.tags('one')).toEqual({ 1: first.report.image?.digest });
    registry.assertClean();
  });
});

describe('whatever a layout holds', () => {
  test('an artifact with unknown types', async () => {
    const registry = await start();
    const layout = create();
    const manifest = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      artifactType: 'application/vnd.example.thing',
      config: layout.blob('{}', MEDIA_TYPES.ociEmpty),
      layers: [layout.blob('hello', 'text/plain')],
      annotations: { 'org.example': 'kept' },
    };
    const root = layout.root(layout.blob(manifest, MEDIA_TYPES.ociManifest));

    const { error, report } = await run({
      source: layout.source,
      tags: [`${registry.host}/thing:1`],
    });

    expect(error).toBeUndefined();
    expect(registry.manifest('thing', '1')?.digest).toBe(root.digest);
    expect(report.image?.platforms).toEqual([]);
    registry.assertClean();
  });

  test('a Docker manifest keeps its media type', async () => {
    const registry = await start();
    const layout = create();
    const manifest = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.dockerManifest,
      config: layout.blob({ os: 'linux', architecture: 'arm64' }, MEDIA_TYPES.dockerConfig),
      layers: [layout.blob('layer', MEDIA_TYPES.dockerLayerGzip)],
    };
    layout.root(layout.blob(manifest, MEDIA_TYPES.dockerManifest));

    const { report } = await run({ source: layout.source, tags: [`${registry.host}/app:1`] });

    expect(registry.manifest('app', '1')?.mediaType).toBe(MEDIA_TYPES.dockerManifest);
    expect(report.image?.platforms).toEqual(['linux/arm64']);
    registry.assertClean();
  });

  test('foreign layers stay with their publisher unless they are asked for', async () => {
    // The registry's rule wants every blob; these are the ones that need not be there.
    const registry = await start({ allow: ['manifest-before-blobs'] });
    const layout = create();
    const foreign = layout.blob('windows base', MEDIA_TYPES.dockerForeignLayer);
    const manifest = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.dockerManifest,
      config: layout.blob({ os: 'windows', architecture: 'amd64' }, MEDIA_TYPES.dockerConfig),
      layers: [
        { ...foreign, urls: ['https://mcr.example/layer'] },
        layout.blob('own', MEDIA_TYPES.dockerLayerGzip),
      ],
    };
    layout.root(layout.blob(manifest, MEDIA_TYPES.dockerManifest));
    const push = { source: layout.source, tags: [`${registry.host}/app:1`] };

    const { plan, error } = await run(push);

    expect(plan?.foreign).toEqual([foreign.digest]);
    expect(registry.blob('app', foreign.digest)).toBeUndefined();
    expect(error).toBeUndefined();

    const again = await run({ ...push, tags: [`${registry.host}/all:1`], foreignLayers: true });
    expect(again.error).toBeUndefined();
    expect(registry.blob('all', foreign.digest)).toEqual(Buffer.from('windows base'));
    registry.assertClean();
  });
});
