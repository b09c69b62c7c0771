import { createHash } from 'node:crypto';
import type { Descriptor } from '../oci/descriptor.ts';
import { sha256Digest, type Digest } from '../oci/digest.ts';
import { imageError } from '../util/errors.ts';
import { printable } from '../util/text.ts';
import type { PlainLayer } from './compress.ts';
import type { DockerImage } from './docker-manifest.ts';
import { readRange, type FileRange } from './file-range.ts';
import type { FileTree } from './file-tree.ts';
import { sniff, type Packing } from './magic.ts';

/** A layer of a docker archive, as it lies there. */
export type DockerLayer =
  | {
      readonly kind: 'foreign';
      readonly descriptor: Descriptor;
      /** its bytes, where the archive has them all the same */
      readonly range: FileRange | undefined;
    }
  | ({ readonly kind: 'plain' } & PlainLayer)
  | {
      readonly kind: 'compressed';
      readonly packing: Packing;
      readonly digest: Digest;
      readonly range: FileRange;
    };

async function digestOfRange(range: FileRange, signal?: AbortSignal): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of readRange(range, 0, signal)) hash.update(chunk);
  return sha256Digest(hash);
}

/**
 * Looks at the layers of an image: compressed ones (ko and crane write them) are hashed, since they
 * are pushed as they are; uncompressed ones are only noted.
 * @throws PushError IMAGE when one is missing or not readable
 */
export async function readLayers(
  tree: FileTree,
  image: DockerImage,
  diffIds: readonly Digest[],
  signal?: AbortSignal,
): Promise<readonly DockerLayer[]> {
  const layers: DockerLayer[] = [];
  // A repeated layer is one stretch of the archive, reached through links.
  const seen = new Map<number, DockerLayer>();
  for (const [index, diffId] of diffIds.entries()) {
    const name = image.layers[index] ?? '';
    const descriptor = image.foreign.get(diffId);
    const range = await tree.find(name);
    if (descriptor) {
      layers.push({ kind: 'foreign', descriptor, range });
      continue;
    }
    const label = `layer ${printable(name)} in ${tree.path}`;
    if (!range) throw imageError(`${label} is missing.`, 'Save the image again.');
    const known = seen.get(range.offset);
    const packing = await sniff(range.file, range.offset);
    const layer: DockerLayer =
      packing === 'gzip' || packing === 'zstd'
        ? (known ?? {
            kind: 'compressed',
            packing,
            range,
            digest: await digestOfRange(range, signal),
          })
        : { kind: 'plain', source: range, diffId, label };
    seen.set(range.offset, layer);
    layers.push(layer);
  }
  return layers;
}
