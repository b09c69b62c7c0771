import { mkdir, rename, rm, symlink, truncate, writeFile, appendFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { REF_NAME, type Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import {
  blobPath,
  blobsOf,
  buildLayout,
  buildOciArchive,
  entry,
  indexJson,
  layoutItems,
  writeItems,
} from '../../support/images/build.ts';
import { readAll, viewSource } from '../../support/images/push-view.ts';
import { packTar } from '../../support/images/tar.ts';
import { blobOf, tinyImage } from '../../support/images/tiny-image.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';

let space: Workspace;
let dir: string;
beforeEach(async () => {
  space = await createWorkspace();
  dir = space.path('app');
});
afterEach(() => space.close());

async function refused(text: string, message: RegExp | string): Promise<void> {
  const opening = space.open(text);
  await expect(opening).rejects.toThrow(message);
  await expect(opening).rejects.toMatchObject({ code: 'IMAGE', stage: 'open' });
  await expect(opening).rejects.toThrow(/^[^\n]*\.$/);
  expect(await space.spooled()).toEqual([]);
}

/** Two images with names in one layout. */
async function buildTwo(annotations: readonly Record<string, string>[]): Promise<Descriptor[]> {
  const images = [await tinyImage({ layers: 1 }), await tinyImage({ layers: 2 })];
  const blobs = images.flatMap(blobsOf);
  const entries = images.map(({ manifest }, index) =>
    entry(manifest.descriptor, { annotations: annotations[index] ?? {} }),
  );
  await writeItems(dir, layoutItems(blobs, entries));
  return entries;
}

describe('which image of a layout', () => {
  test.each([
    ['v2', 1],
    ['@1', 1],
    ['@0', 0],
    ['v1', 0],
  ])('%s', async (ref, index) => {
    const entries = await buildTwo([{ [REF_NAME]: 'v1' }, { [REF_NAME]: 'v2' }]);
    const { root } = await space.open(`oci:${dir}:${ref}`);
    expect(root?.digest).toBe(entries[index]?.digest);
  });

  test.each(['docker.io/library/app:2', 'app:2', 'library/app:2'])(
    'by full name: %s',
    async (ref) => {
      const entries = await buildTwo([
        { 'io.containerd.image.name': 'docker.io/library/app:1', [REF_NAME]: '1' },
        { 'io.containerd.image.name': 'docker.io/library/app:2', [REF_NAME]: '2' },
      ]);
      const source = await space.open(`oci:${dir}:${ref}`);
      expect(source.root?.digest).toBe(entries[1]?.digest);
      expect(source.name).toBe('docker.io/library/app:2');
    },
  );

  test('by digest, also of a manifest below the index', async () => {
    const { root, images } = await buildLayout(dir, { platforms: ['linux/amd64', 'linux/arm64'] });
    const child = images[1]!.manifest.descriptor;
    expect((await space.open(`oci:${dir}:@${root.digest}`)).root).toEqual(root);
    expect((await space.open(`oci:${dir}@${child.digest}`)).root).toEqual(child);
    await refused(`oci:${dir}@${digestOf('x')}`, `holds no image with the digest ${digestOf('x')}`);
    await refused(`oci:${dir}@${images[0]!.config.descriptor.digest}`, /is neither a manifest nor/);
  });

  test('several entries for one digest are one image', async () => {
    const { root } = await buildLayout(dir);
    const tags = ['a', 'b'].map((name) => entry(root, { annotations: { [REF_NAME]: name } }));
    await writeFile(`${dir}/index.json`, indexJson(tags));
    expect((await space.open(dir)).root?.digest).toBe(root.digest);
  });

  test('several platforms without names: index.json itself is the index', async () => {
    const images = [await tinyImage(), await tinyImage({ platform: 'linux/arm64' })];
    const blobs = images.flatMap(blobsOf);
    const entries = images.map(({ manifest, platform }) =>
      entry(manifest.descriptor, { platform }),
    );
    await writeItems(dir, layoutItems(blobs, entries));
    const { root, content } = await space.open(`oci:${dir}`);
    expect(root?.digest).toBe(digestOf(indexJson(entries)));
    expect((await readAll(content, root!)).toString()).toBe(indexJson(entries));
    expect((await space.open(`oci:${dir}:@1`)).root).toEqual(entries[1]);
  });

  test('names to choose from', async () => {
    const entries = await buildTwo([{ [REF_NAME]: 'v1' }, {}]);
    await refused(`oci:${dir}`, `holds several images: v1, @${entries[1]?.digest}.`);
    await refused(`oci:${dir}:v3`, `no image called v3; it holds v1, @${entries[1]?.digest}.`);
    await refused(`oci:${dir}:@7`, 'holds 2 images; there is none at @7');
    const many = Array.from({ length: 13 }, (_, index) => ({
      ...entries[index % 2]!,
      annotations: { [REF_NAME]: `v${index}` },
    }));
    await writeFile(`${dir}/index.json`, indexJson(many));
    await refused(`oci:${dir}`, /v0, v1, v2, v3, v4, v5, v6, v7, v8, v9 and 3 more\.$/);
    const same = entries.map((one) => entry(one, { annotations: { [REF_NAME]: 'x' } }));
    await writeFile(`${dir}/index.json`, indexJson(same));
    await refused(`oci:${dir}:x`, /holds several images called x/);
    await writeFile(`${dir}/index.json`, indexJson([]));
    await refused(`oci:${dir}`, /holds no image/);
  });
});

describe('what a layout may hold', () => {
  test('any artifact', async () => {
    const chart = blobOf('application/vnd.cncf.helm.chart.content.v1.tar+gzip', 'chart');
    const config = blobOf('application/vnd.cncf.helm.config.v1+json', '{"name":"app"}');
    const manifest = blobOf(
      'application/vnd.oci.image.manifest.v1+json',
      JSON.stringify({
        schemaVersion: 2,
        config: config.descriptor,
        layers: [chart.descriptor],
      }),
    );
    await writeItems(dir, layoutItems([chart, config, manifest], [manifest.descriptor]));
    const { root, content } = await space.open(`oci:${dir}`);
    expect(root).toEqual(manifest.descriptor);
    expect((await readAll(content, chart.descriptor)).toString()).toBe('chart');
  });

  test('links to regular files, as Bazel writes them', async () => {
    const { blobs } = await buildLayout(dir);
    await mkdir(space.path('cache'));
    for (const { descriptor } of blobs) {
      const cached = space.path(`cache/${descriptor.digest.slice(7)}`);
      await rename(`${dir}/${blobPath(descriptor)}`, cached);
      await symlink(cached, `${dir}/${blobPath(descriptor)}`);
    }
    await viewSource(await space.open(dir));
  });

  test('content inside a descriptor', async () => {
    const empty = blobOf('application/vnd.oci.empty.v1+json', '{}');
    await buildLayout(dir);
    const { content } = await space.open(dir);
    const descriptor = { ...empty.descriptor, data: 'e30=' };
    expect((await readAll(content, descriptor)).toString()).toBe('{}');
  });
});

describe('damaged layouts', () => {
  test.each<[string, (dir: string) => Promise<void>, RegExp]>([
    ['no oci-layout', (dir) => rm(`${dir}/oci-layout`), /it has no oci-layout/],
    ['no index.json', (dir) => rm(`${dir}/index.json`), /it has no index\.json/],
    [
      'broken oci-layout',
      (dir) => writeFile(`${dir}/oci-layout`, '{'),
      /oci-layout in .* is not valid JSON/,
    ],
    [
      'another version',
      (dir) => writeFile(`${dir}/oci-layout`, '{"imageLayoutVersion":"2.0.0"}'),
      /has the layout version 2\.0\.0; only 1\.0\.0 is known/,
    ],
    ['no version', (dir) => writeFile(`${dir}/oci-layout`, '[]'), /layout version undefined/],
    [
      'broken index.json',
      (dir) => writeFile(`${dir}/index.json`, '{'),
      /index\.json in .*: the manifest is not valid JSON/,
    ],
    [
      'a manifest as index.json',
      (dir) => writeFile(`${dir}/index.json`, '{"schemaVersion":2,"layers":[]}'),
      /index\.json in .* is not an index/,
    ],
    [
      'a huge oci-layout',
      (dir) => writeFile(`${dir}/oci-layout`, Buffer.alloc(100_000)),
      /has 100000 bytes; at most 65536/,
    ],
    [
      'a huge index.json',
      (dir) => truncate(`${dir}/index.json`, 5 * 1024 * 1024),
      /at most 4194304 are expected/,
    ],
    [
      'an entry that is no manifest',
      (dir) => writeFile(`${dir}/index.json`, indexJson([blobOf('text/plain', 'x').descriptor])),
      /points to text\/plain, which is not a manifest or an index/,
    ],
    [
      'a digest that climbs out',
      (dir) =>
        writeFile(
          `${dir}/index.json`,
          '{"schemaVersion":2,"manifests":[{"mediaType":"a/b","digest":"sha256:../../x","size":1}]}',
        ),
      /index\.json in .*: manifests\[0\] has no valid digest/,
    ],
    [
      'platforms that are no platforms',
      (dir) =>
        writeFile(
          `${dir}/index.json`,
          indexJson([
            { ...blobOf('text/plain', 'x').descriptor, platform: 7 as never },
            { ...blobOf('text/plain', 'y').descriptor, platform: { os: 1 } as never },
          ]),
        ),
      /holds several images/,
    ],
  ])('%s', async (_name, damage, message) => {
    await buildLayout(dir);
    await damage(dir);
    await refused(`oci:${dir}`, message);
  });

  test('a manifest that is missing, of another size or with other bytes', async () => {
    const { root } = await buildLayout(dir);
    const file = `${dir}/${blobPath(root)}`;
    await writeFile(file, Buffer.alloc(root.size));
    await refused(`oci:${dir}`, `the bytes of ${root.digest} in ${dir} have another digest.`);
    await appendFile(file, 'x');
    await refused(
      `oci:${dir}`,
      `blob ${root.digest} in ${dir} is longer than its descriptor says.`,
    );
    await rm(file);
    await refused(`oci:${dir}`, `blob ${root.digest} is missing in ${dir}.`);
    await mkdir(file);
    await refused(`oci:${dir}`, /is not a regular file/);
  });

  test.each([
    ['shorter', -1],
    ['longer', 1],
  ])('a layer that is %s than its descriptor says', async (relation, change) => {
    const { images } = await buildLayout(dir);
    const layer = images[0]!.layers[0]!.descriptor;
    await truncate(`${dir}/${blobPath(layer)}`, layer.size + change);
    const { content } = await space.open(dir);
    const message = `blob ${layer.digest} in ${dir} is ${relation} than its descriptor says.`;
    await expect(readAll(content, layer)).rejects.toThrow(message);
    await expect(content.check?.(layer)).rejects.toMatchObject({ code: 'IMAGE', message });
  });

  test('a layer that shrinks while it is read', async () => {
    const { images } = await buildLayout(dir, { layers: 1, layerBytes: 200_000 });
    const layer = images[0]!.layers[0]!.descriptor;
    const { content } = await space.open(dir);
    const reading = async (): Promise<void> => {
      for await (const chunk of content.open(layer)) {
        if (chunk.length > 0) await truncate(`${dir}/${blobPath(layer)}`, 70_000);
      }
    };
    await expect(reading()).rejects.toThrow(/became shorter while it was read/);
  });

  test('an offset outside of a blob is a mistake of ours', async () => {
    const { root } = await buildLayout(dir);
    const { content } = await space.open(dir);
    await expect(readAll(content, root, root.size + 1)).rejects.toThrow(RangeError);
    await expect(readAll(content, root, -1)).rejects.toThrow(RangeError);
  });
});

describe('what is named instead of a layout', () => {
  test.each(['oci', 'oci-archive', 'docker-archive', 'bare'])('%s: nothing there', async (kind) => {
    const prefix = kind === 'bare' ? '' : `${kind}:`;
    await refused(`${prefix}${space.path('none')}`, /source: there is no file or folder/);
  });

  test('a file for a folder, and a folder for a file', async () => {
    await buildOciArchive(space.path('a.tar'));
    await refused(`oci:${space.path('a.tar')}`, /is a file, and oci: names a folder/);
    await mkdir(dir);
    await refused(`oci-archive:${dir}`, /is a folder, and oci-archive: names a file/);
    await refused(dir, /is not an OCI image layout: it has no oci-layout/);
  });

  test('a tar archive of something else', async () => {
    await writeFile(space.path('a.tar'), await packTar([{ name: 'README', content: 'x' }]));
    await refused(space.path('a.tar'), /neither manifest\.json nor oci-layout/);
    await refused(`oci-archive:${space.path('a.tar')}`, /it has no oci-layout/);
  });

  test('an archive whose layout stands twice in it', async () => {
    const image = await tinyImage();
    const blobs = blobsOf(image);
    const items = layoutItems(blobs, [image.manifest.descriptor]);
    await writeFile(space.path('a.tar'), await packTar([...items, items[1]!]));
    await refused(space.path('a.tar'), /holds index\.json more than once/);
  });
});
