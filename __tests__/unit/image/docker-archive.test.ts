import { writeFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { digestOf } from '../../../src/oci/digest.ts';
import { MEDIA_TYPES } from '../../../src/oci/media-types.ts';
import {
  blobPath,
  blobsOf,
  buildDockerArchive,
  dockerItems,
  entry,
  layoutItems,
} from '../../support/images/build.ts';
import { readAll, viewSource } from '../../support/images/push-view.ts';
import { packTar, type TarItem } from '../../support/images/tar.ts';
import { tinyImage, tinyIndex, type TinyImage } from '../../support/images/tiny-image.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';

let space: Workspace;
let file: string;
beforeEach(async () => {
  space = await createWorkspace();
  file = space.path('app.tar');
});
afterEach(() => space.close());

async function write(items: readonly TarItem[]): Promise<void> {
  await writeFile(file, await packTar(items));
}

async function refused(text: string, message: RegExp | string): Promise<void> {
  const opening = space.open(text);
  await expect(opening).rejects.toThrow(message);
  await expect(opening).rejects.toMatchObject({ code: 'IMAGE', stage: 'open' });
  expect(await space.spooled()).toEqual([]);
}

/** Replaces fields of the one image in manifest.json. */
function withManifest(items: readonly TarItem[], fields: object): TarItem[] {
  return items.map((item) => {
    if (item.name !== 'manifest.json' || !('content' in item)) return item;
    const [image] = JSON.parse(item.content.toString()) as object[];
    return { name: item.name, content: JSON.stringify([{ ...image, ...fields }]) };
  });
}

describe('the manifest of a docker archive', () => {
  test('has the bytes that crane writes for compressed layers', async () => {
    const { config, layers } = await buildDockerArchive(file, { style: 'compressed', layers: 1 });
    const { root, content, unfinished, name } = await space.open(file);
    expect(unfinished).toBeUndefined();
    expect(name).toBe('app:1');
    const layer = layers[0]!.descriptor;
    expect((await readAll(content, root!)).toString()).toBe(
      `{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",` +
        `"config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":${config.descriptor.size},"digest":"${config.descriptor.digest}"},` +
        `"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":${layer.size},"digest":"${layer.digest}"}]}`,
    );
    expect(root?.mediaType).toBe(MEDIA_TYPES.dockerManifest);
    expect(root?.digest).toBe(digestOf(await readAll(content, root!)));
  });

  test('is OCI where a layer is zstd', async () => {
    await buildDockerArchive(file, { layers: 2 });
    const source = await space.open(file, { compression: 'zstd' });
    const { manifest, root } = await viewSource(source);
    expect(root.mediaType).toBe(MEDIA_TYPES.ociManifest);
    expect(manifest.config?.mediaType).toBe(MEDIA_TYPES.ociConfig);
    const types = manifest.layers.map(({ mediaType }) => mediaType);
    expect(types).toEqual([MEDIA_TYPES.ociLayerZstd, MEDIA_TYPES.ociLayerZstd]);
    const image = await tinyImage({ packing: 'zstd', layers: 1 });
    await write(dockerItems(image, { style: 'compressed' }));
    const view = await viewSource(await space.open(file));
    expect(view.root.mediaType).toBe(MEDIA_TYPES.ociManifest);
  });

  test('repeats a repeated layer, which is compressed once', async () => {
    const image = await tinyImage({ layers: [{ a: '1' }, { b: '2' }, { a: '1' }] });
    await write(dockerItems(image, { style: 'links' }));
    const sizes: number[] = [];
    const source = await space.open(file, { onCompressed: (from) => sizes.push(from) });
    const { manifest } = await viewSource(source);
    expect(manifest.layers).toHaveLength(3);
    expect(manifest.layers[2]).toEqual(manifest.layers[0]);
    expect(sizes).toHaveLength(2);
  });

  test('keeps foreign layers as references', async () => {
    const image = await tinyImage({ layers: 1 });
    const url = 'https://mcr.test/layer?a=1&b=<2>';
    const foreign = {
      mediaType: MEDIA_TYPES.dockerForeignLayer,
      size: 12_345,
      digest: digestOf('elsewhere'),
      urls: [url],
    };
    const sources = { [image.layers[0]!.diffId]: foreign };
    await write(
      withManifest(dockerItems(image, { style: 'compressed' }), { LayerSources: sources }),
    );
    const { root, content } = await space.open(file);
    const text = (await readAll(content, root!)).toString();
    expect(text).toContain(`"urls":["https://mcr.test/layer?a=1\\u0026b=\\u003c2\\u003e"]`);
    expect(JSON.parse(text)).toHaveProperty('layers.0', foreign);
  });

  test('takes ordinary LayerSources for what they are', async () => {
    const image = await tinyImage({ layers: 1 });
    const { tar, diffId } = image.layers[0]!;
    const sources = {
      [diffId]: { mediaType: MEDIA_TYPES.ociLayer, size: tar.length, digest: diffId },
    };
    await write(withManifest(dockerItems(image), { LayerSources: sources }));
    const { unfinished } = await space.open(file);
    expect(unfinished?.layers).toHaveLength(1);
  });

  test('has no layers where the image has none', async () => {
    const image = await tinyImage({ layers: 0 });
    await write(withManifest(dockerItems(image), { Layers: null, RepoTags: null }));
    const source = await space.open(file);
    expect(source.name).toBeUndefined();
    expect((await viewSource(source)).manifest.layers).toEqual([]);
  });
});

describe('which image of a docker archive', () => {
  async function buildTwo(): Promise<TinyImage[]> {
    const images = [await tinyImage({ layers: 1 }), await tinyImage({ layers: 2 })];
    const items = images.map((image, index) => dockerItems(image, { tags: [`app:${index + 1}`] }));
    const manifest = items.flatMap(
      (list) => JSON.parse((list.at(-1) as { content: string }).content) as object[],
    );
    const files = new Map(items.flat().map((item) => [item.name, item]));
    files.set('manifest.json', { name: 'manifest.json', content: JSON.stringify(manifest) });
    await write([...files.values()]);
    return images;
  }

  test.each(['app:2', 'docker.io/library/app:2', '@1'])('%s', async (ref) => {
    const images = await buildTwo();
    const view = await viewSource(await space.open(`docker-archive:${file}:${ref}`));
    expect(view.config).toBe(images[1]?.config.descriptor.digest);
  });

  test('by image ID', async () => {
    const images = await buildTwo();
    const id = images[1]!.config.descriptor.digest;
    expect((await viewSource(await space.open(`${file}@${id}`))).config).toBe(id);
  });

  test('names to choose from', async () => {
    await buildTwo();
    await refused(file, 'holds several images: app:1, app:2.');
    await refused(`${file}:app:3`, 'holds no image called app:3; it holds app:1, app:2.');
    await refused(`${file}:@2`, 'holds no image called @2');
  });
});

describe('damaged docker archives', () => {
  test.each<[string, (items: readonly TarItem[], image: TinyImage) => TarItem[], RegExp]>([
    [
      'no manifest.json',
      (items) => items.slice(0, -1),
      /not a docker archive: it has no manifest\.json/,
    ],
    [
      'manifest.json that is not JSON',
      (items) => [...items.slice(0, -1), { name: 'manifest.json', content: '[' }],
      /manifest\.json in .* is not valid JSON/,
    ],
    [
      'manifest.json that is no list',
      (items) => [...items.slice(0, -1), { name: 'manifest.json', content: '{}' }],
      /is not a list of images/,
    ],
    [
      'manifest.json without images',
      (items) => [...items.slice(0, -1), { name: 'manifest.json', content: '[]' }],
      /holds no image/,
    ],
    [
      'manifest.json twice',
      (items) => [...items, items.at(-1)!],
      /holds manifest\.json more than once/,
    ],
    ['no Config', (items) => withManifest(items, { Config: '' }), /names no Config/],
    [
      'Layers of numbers',
      (items) => withManifest(items, { Layers: [1, 2] }),
      /has no list of Layers/,
    ],
    [
      'a config that is missing',
      (items) => withManifest(items, { Config: 'x.json' }),
      /config x\.json in .* is missing/,
    ],
    [
      'a config outside',
      (items) => withManifest(items, { Config: '../x.json' }),
      /outside of the archive/,
    ],
    [
      'a config with other bytes',
      (items, { config }) =>
        items.map((item) =>
          item.name === `${config.descriptor.digest.slice(7)}.json`
            ? { name: item.name, content: '{}' }
            : item,
        ),
      /it is damaged/,
    ],
    [
      'a config without diff IDs',
      (items) => [...withManifest(items, { Config: 'c.json' }), { name: 'c.json', content: '{}' }],
      /has no list of diff IDs/,
    ],
    [
      'a layer that is missing',
      (items) => withManifest(items, { Layers: ['x.tar', 'y.tar'] }),
      /layer x\.tar in .* is missing/,
    ],
    [
      'a layer outside',
      (items) => withManifest(items, { Layers: ['/etc/passwd', 'y'] }),
      /outside of the archive/,
    ],
    [
      'too few layers',
      (items) => withManifest(items, { Layers: [] }),
      /lists 2 diff IDs, but the archive has 0 layers/,
    ],
  ])('%s', async (_name, damage, message) => {
    const image = await tinyImage();
    await write(damage(dockerItems(image), image));
    await refused(`docker-archive:${file}`, message);
  });

  test('from before manifest.json', async () => {
    await write([{ name: 'repositories', content: '{}' }]);
    await expect(space.open(`docker-archive:${file}`)).rejects.toMatchObject({
      hint: 'Docker before 1.10 wrote it: save the image again.',
    });
  });

  test('a layer that is not what the config says', async () => {
    const image = await tinyImage({ layers: 1 });
    const name = `${image.layers[0]!.diffId.slice(7)}.tar`;
    const items = dockerItems(image).map((item) =>
      item.name === name ? { name, content: Buffer.alloc(2048) } : item,
    );
    await write(items);
    const source = await space.open(file);
    const preparing = viewSource(source);
    await expect(preparing).rejects.toThrow(
      `layer ${name} in ${file} is not what the image's config says`,
    );
    await expect(preparing).rejects.toMatchObject({ code: 'IMAGE' });
    await source.close();
    expect(await space.spooled()).toEqual([]);
  });
});

describe('a docker archive with an OCI layout in it', () => {
  test('is pushed with its own blobs, annotations and all', async () => {
    const image = await buildDockerArchive(file, {
      style: 'docker25',
      manifest: { annotations: { a: 'b' } },
    });
    const { root, content, name } = await space.open(file);
    expect(root?.digest).toBe(image.manifest.descriptor.digest);
    expect((await readAll(content, root!)).equals(image.manifest.bytes)).toBe(true);
    expect(name).toBe('app:1');
    const { digest } = image.manifest.descriptor;
    expect((await space.open(`${file}@${digest}`)).root?.digest).toBe(digest);
  });

  /** The archive of a multi-platform image, of which some platforms may be missing. */
  async function buildIndex(present: number): Promise<{ images: TinyImage[]; digest: string }> {
    const images = [await tinyImage(), await tinyImage({ platform: 'linux/arm64' })];
    const index = tinyIndex(images);
    const held = images.slice(0, present);
    const blobs = held.flatMap(blobsOf);
    const [first] = images;
    const layers = first!.layers.map(({ descriptor }) => blobPath(descriptor));
    const manifest = [
      { Config: blobPath(first!.config.descriptor), RepoTags: ['app:1'], Layers: layers },
    ];
    const entries = [entry(index.descriptor, {})];
    await write([
      ...layoutItems([...blobs, index], entries),
      { name: 'manifest.json', content: JSON.stringify(manifest) },
    ]);
    return { images, digest: index.descriptor.digest };
  }

  test('keeps all platforms where they are all there', async () => {
    const { digest } = await buildIndex(2);
    expect((await space.open(file)).root?.digest).toBe(digest);
  });

  test('pushes the one platform that is there, and says so', async () => {
    const { images } = await buildIndex(1);
    const notes: string[] = [];
    const source = await space.open(file, { onNote: (note) => notes.push(note) });
    expect(source.root?.digest).toBe(images[0]?.manifest.descriptor.digest);
    expect(notes).toEqual([expect.stringMatching(/does not hold every platform of its index/)]);
  });

  test('is compressed where the layout holds plain layers, unless the layout is asked for', async () => {
    const image = await buildDockerArchive(file, { style: 'docker25-plain' });
    const { manifest, root, config } = await viewSource(await space.open(file));
    expect(config).toBe(image.config.descriptor.digest);
    expect(root.mediaType).toBe(MEDIA_TYPES.dockerManifest);
    expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual([
      MEDIA_TYPES.dockerLayerGzip,
      MEDIA_TYPES.dockerLayerGzip,
    ]);
    const layout = await space.open(`oci-archive:${file}`);
    expect(layout.root?.digest).toBe(image.manifest.descriptor.digest);
  });
});

test('what is prepared can be read back, and is the layer', async () => {
  const image = await buildDockerArchive(file, { layers: 1, layerBytes: 70_000 });
  const { unfinished, content } = await space.open(file);
  const [layer] = unfinished!.layers;
  if (!layer || !('prepare' in layer)) throw new Error('it should be pending');
  expect(layer.size).toBe(image.layers[0]!.tar.length);
  const [first, second] = await Promise.all([layer.prepare(), layer.prepare()]);
  expect(second).toEqual(first);
  const bytes = await readAll(content, first);
  expect(gunzipSync(bytes).equals(image.layers[0]!.tar)).toBe(true);
  expect(() => unfinished!.finish([])).toThrow(RangeError);
});
