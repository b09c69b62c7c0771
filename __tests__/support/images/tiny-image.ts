import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf, type Digest } from '../../../src/oci/digest.ts';
import { MEDIA_TYPES } from '../../../src/oci/media-types.ts';
import { parsePlatform, type Platform } from '../../../src/oci/platform.ts';
import { packTar } from './tar.ts';

export type Packing = 'gzip' | 'zstd' | 'none';

/** A blob with the descriptor that names it. */
export interface TinyBlob {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

/** A layer: the tar, and the blob it is stored as. */
export interface TinyLayer extends TinyBlob {
  readonly tar: Buffer;
  readonly diffId: Digest;
}

/** An image of one platform, in memory. */
export interface TinyImage {
  readonly platform: Platform;
  readonly config: TinyBlob;
  readonly layers: readonly TinyLayer[];
  readonly manifest: TinyBlob;
}

export interface TinyImageOptions {
  /** how many layers (default 2), or their content: file name → text, one record per layer */
  readonly layers?: number | readonly Readonly<Record<string, string>>[];
  /** `os/architecture[/variant]`, default linux/amd64 */
  readonly platform?: string;
  /** how layers are stored (default gzip) */
  readonly packing?: Packing;
  /** media types of the manifest, config and layers (default oci) */
  readonly format?: 'oci' | 'docker';
  /** incompressible-ish bytes added to every generated layer (default 0) */
  readonly layerBytes?: number;
  /** fields added to the manifest, for example `artifactType` or `annotations` */
  readonly manifest?: Readonly<Record<string, unknown>>;
}

const LAYER_TYPES: Readonly<Record<string, string>> = {
  'oci gzip': MEDIA_TYPES.ociLayerGzip,
  'oci zstd': MEDIA_TYPES.ociLayerZstd,
  'oci none': MEDIA_TYPES.ociLayer,
  'docker gzip': MEDIA_TYPES.dockerLayerGzip,
  'docker none': 'application/vnd.docker.image.rootfs.diff.tar',
};

/** A blob of any media type. */
export function blobOf(mediaType: string, content: string | Uint8Array): TinyBlob {
  const bytes = Buffer.from(content);
  return { bytes, descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length } };
}

/** Bytes that look random and are the same every time. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    bytes[index] = state >>> 16;
  }
  return bytes;
}

function pack(tar: Buffer, packing: Packing): Buffer {
  if (packing === 'gzip') return gzipSync(tar);
  return packing === 'zstd' ? zstdCompressSync(tar) : tar;
}

async function tinyLayer(
  files: Readonly<Record<string, string | Buffer>>,
  format: string,
  packing: Packing,
): Promise<TinyLayer> {
  const items = Object.entries(files).map(([name, content]) => ({ name, content }));
  const tar = await packTar(items);
  const blob = blobOf(LAYER_TYPES[`${format} ${packing}`] ?? '', pack(tar, packing));
  return { ...blob, tar, diffId: digestOf(tar) };
}

/** A complete image of one platform; the same options give the same digests. */
export async function tinyImage(options: TinyImageOptions = {}): Promise<TinyImage> {
  const { layers: wanted = 2, packing = 'gzip', format = 'oci', layerBytes = 0 } = options;
  const platform = parsePlatform(options.platform ?? 'linux/amd64');
  const contents =
    typeof wanted === 'number'
      ? Array.from({ length: wanted }, (_, index) => ({
          [`layer-${index}.txt`]: `${index} ${platform.architecture}\n`,
          ...(layerBytes > 0 ? { noise: noise(layerBytes, index + 1) } : {}),
        }))
      : wanted;
  const layers = await Promise.all(contents.map((files) => tinyLayer(files, format, packing)));
  const config = blobOf(
    format === 'oci' ? MEDIA_TYPES.ociConfig : MEDIA_TYPES.dockerConfig,
    JSON.stringify({
      ...platform,
      config: { Cmd: ['/bin/true'] },
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map((_, index) => ({ created_by: `layer ${index}` })),
    }),
  );
  const mediaType = format === 'oci' ? MEDIA_TYPES.ociManifest : MEDIA_TYPES.dockerManifest;
  const manifest = blobOf(
    mediaType,
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: config.descriptor,
      layers: layers.map(({ descriptor }) => descriptor),
      ...options.manifest,
    }),
  );
  return { platform, config, layers, manifest };
}

/** An index over images, each with its platform. */
export function tinyIndex(
  images: readonly TinyImage[],
  format: 'oci' | 'docker' = 'oci',
): TinyBlob {
  const mediaType = format === 'oci' ? MEDIA_TYPES.ociIndex : MEDIA_TYPES.dockerList;
  const manifests = images.map(({ manifest, platform }) => ({ ...manifest.descriptor, platform }));
  return blobOf(mediaType, JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
}
