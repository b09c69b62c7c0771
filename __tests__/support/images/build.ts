/**
 * Tiny images on disk, in every form people have them. Everything is deterministic: the same options
 * give the same digests. All builders return what they wrote, so that tests can compare.
 *
 *     const { root } = await buildLayout(join(dir, 'app'), { name: 'latest', layers: 3 });
 *     await buildLayout(dir, { platforms: ['linux/amd64', 'linux/arm64'] });      // an index
 *     await buildOciArchive(file, { name: 'app:1' });
 *     await buildDockerArchive(file, { style: 'plain', tags: ['app:1'] });
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { REF_NAME, type Descriptor } from '../../../src/oci/descriptor.ts';
import { algorithmOf, hexOf } from '../../../src/oci/digest.ts';
import { MEDIA_TYPES } from '../../../src/oci/media-types.ts';
import { packTar, type TarItem } from './tar.ts';
import {
  tinyImage,
  tinyIndex,
  type TinyBlob,
  type TinyImage,
  type TinyImageOptions,
} from './tiny-image.ts';

export interface BuildOptions extends TinyImageOptions {
  /** more than one: an index over one image each */
  readonly platforms?: readonly string[];
  /** `org.opencontainers.image.ref.name` of the entry in index.json; none by default */
  readonly name?: string;
  /** `io.containerd.image.name` of the entry */
  readonly fullName?: string;
  /** blobs beside the image's own, for artifacts */
  readonly extra?: readonly TinyBlob[];
}

/** What a builder wrote. */
export interface Built {
  /** what index.json points to: the manifest or the index */
  readonly root: Descriptor;
  readonly images: readonly TinyImage[];
  /** every blob and manifest, index included */
  readonly blobs: readonly TinyBlob[];
}

async function imagesOf({ platforms, ...rest }: BuildOptions): Promise<readonly TinyImage[]> {
  if (!platforms) return [await tinyImage(rest)];
  return Promise.all(platforms.map((platform) => tinyImage({ ...rest, platform })));
}

/** Everything one image consists of. */
export function blobsOf({ config, layers, manifest }: TinyImage): TinyBlob[] {
  return [config, ...layers, manifest];
}

async function build(options: BuildOptions): Promise<Built> {
  const images = await imagesOf(options);
  const [first] = images;
  if (!first) throw new Error('an image needs a platform');
  const index = options.platforms ? tinyIndex(images, options.format) : undefined;
  const blobs = images.flatMap(blobsOf);
  if (index) blobs.push(index);
  blobs.push(...(options.extra ?? []));
  return { root: (index ?? first.manifest).descriptor, images, blobs };
}

/** Path of a blob inside a layout. */
export function blobPath({ digest }: Pick<Descriptor, 'digest'>): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
}

/** An index.json over these entries. */
export function indexJson(manifests: readonly Descriptor[]): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests });
}

/** The files of a layout that holds `blobs`, with these entries in its index.json. */
export function layoutItems(
  blobs: readonly TinyBlob[],
  entries: readonly Descriptor[],
): (TarItem & { readonly content: string | Uint8Array })[] {
  const named = new Map(blobs.map(({ descriptor, bytes }) => [blobPath(descriptor), bytes]));
  return [
    { name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
    { name: 'index.json', content: indexJson(entries) },
    ...[...named].map(([name, content]) => ({ name, content })),
  ];
}

/** A descriptor as an entry of index.json, with more fields. */
export function entry(descriptor: Descriptor, fields: Partial<Descriptor>): Descriptor {
  return { ...descriptor, ...fields };
}

function entryOf(root: Descriptor, { name, fullName }: BuildOptions): Descriptor {
  const annotations = {
    ...(name === undefined ? {} : { [REF_NAME]: name }),
    ...(fullName === undefined ? {} : { 'io.containerd.image.name': fullName }),
  };
  return Object.keys(annotations).length > 0 ? { ...root, annotations } : root;
}

/** Writes files below a folder; the folders appear. */
export async function writeItems(
  directory: string,
  items: readonly (TarItem & { readonly content: string | Uint8Array })[],
): Promise<void> {
  for (const { name, content } of items) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}

/** An OCI layout in a folder. */
export async function buildLayout(directory: string, options: BuildOptions = {}): Promise<Built> {
  const built = await build(options);
  await writeItems(directory, layoutItems(built.blobs, [entryOf(built.root, options)]));
  return built;
}

/** An OCI layout in a tar archive. */
export async function buildOciArchive(file: string, options: BuildOptions = {}): Promise<Built> {
  const built = await build(options);
  await writeFile(file, await packTar(layoutItems(built.blobs, [entryOf(built.root, options)])));
  return built;
}

export interface DockerArchiveOptions extends TinyImageOptions {
  /**
   * `plain`: uncompressed layers, as podman and Docker before 25 save (default);
   * `compressed`: `<hex>.tar.gz`, as ko and crane write;
   * `links`: uncompressed, manifest.json names links, as old Docker did for repeated layers;
   * `docker25`: an OCI layout with compressed blobs, and manifest.json over it;
   * `docker25-plain`: the same with uncompressed layers, as graph drivers give them out
   */
  readonly style?: 'plain' | 'compressed' | 'links' | 'docker25' | 'docker25-plain';
  /** default app:1 */
  readonly tags?: readonly string[];
}

function dockerLayers(image: TinyImage, style: string): { names: string[]; items: TarItem[] } {
  const items = new Map<string, TarItem>();
  const names = image.layers.map(({ tar, bytes, diffId, descriptor }, index) => {
    const compressed = style === 'compressed';
    const name = compressed ? `${hexOf(descriptor.digest)}.tar.gz` : `${hexOf(diffId)}.tar`;
    items.set(name, { name, content: compressed ? bytes : tar });
    if (style !== 'links') return name;
    const link = `layer${index}/layer.tar`;
    items.set(link, { name: link, link: `../${name}` });
    return link;
  });
  return { names, items: [...items.values()] };
}

/** The entries of a docker archive, manifest.json last; for tests that change some of them. */
export function dockerItems(
  image: TinyImage,
  { style = 'plain', tags = ['app:1'] }: DockerArchiveOptions = {},
): TarItem[] {
  if (style.startsWith('docker25')) {
    const blobs = blobsOf(image);
    const entry = { ...image.manifest.descriptor, annotations: { [REF_NAME]: '1' } };
    const layers = image.layers.map(({ descriptor }) => blobPath(descriptor));
    const config = blobPath(image.config.descriptor);
    const manifest = [{ Config: config, RepoTags: tags, Layers: layers }];
    return [
      ...layoutItems(blobs, [entry]),
      { name: 'manifest.json', content: JSON.stringify(manifest) },
    ];
  }
  const { names, items } = dockerLayers(image, style);
  const config = `${hexOf(image.config.descriptor.digest)}.json`;
  const manifest = [{ Config: config, RepoTags: tags, Layers: names }];
  return [
    ...items,
    { name: config, content: image.config.bytes },
    { name: 'manifest.json', content: JSON.stringify(manifest) },
  ];
}

/** A docker archive with one image. Its config is the same in every style. */
export async function buildDockerArchive(
  file: string,
  options: DockerArchiveOptions = {},
): Promise<TinyImage> {
  const packing = options.style === 'docker25-plain' ? 'none' : 'gzip';
  const image = await tinyImage({ packing, ...options });
  await writeFile(file, await packTar(dockerItems(image, options)));
  return image;
}
