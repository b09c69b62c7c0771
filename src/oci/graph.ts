import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';
import { FormatError } from './format-error.ts';
import { childrenOf, parseManifest, type Manifest } from './manifest.ts';
import { isManifestType } from './media-types.ts';

/** A manifest with its exact bytes: they are pushed as they are, never re-encoded. */
export interface ManifestNode {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
}

/** Everything below one root, each digest once. */
export interface ContentGraph {
  readonly root: Descriptor;
  /** children before parents: the order in which a registry accepts them */
  readonly manifests: readonly ManifestNode[];
  readonly blobs: readonly Descriptor[];
}

/** Deeper nesting than index → index → … → manifest is a hostile or broken image. */
const MAX_DEPTH = 8;
const MAX_MANIFESTS = 10_000;

/**
 * Walks from `root` over manifests to blobs.
 * @param load reads the exact bytes of one manifest
 * @throws FormatError on nesting without end or too many manifests
 */
export async function walkGraph(
  root: Descriptor,
  load: (descriptor: Descriptor) => Promise<Uint8Array>,
): Promise<ContentGraph> {
  const manifests = new Map<Digest, ManifestNode>();
  const blobs = new Map<Digest, Descriptor>();
  const addBlob = (descriptor: Descriptor): void => {
    const { digest, size } = descriptor;
    const known = blobs.get(digest) ?? descriptor;
    if (known.size !== size) {
      throw new FormatError(`${digest} is listed with ${known.size} and with ${size} bytes`);
    }
    blobs.set(digest, known);
  };
  const visit = async (descriptor: Descriptor, depth: number): Promise<void> => {
    if (!isManifestType(descriptor.mediaType)) return addBlob(descriptor);
    if (manifests.has(descriptor.digest)) return;
    if (depth > MAX_DEPTH) throw new FormatError(`indexes are nested deeper than ${MAX_DEPTH}`);
    if (manifests.size >= MAX_MANIFESTS) {
      throw new FormatError(`the index names more than ${MAX_MANIFESTS} manifests`);
    }
    const bytes = await load(descriptor);
    const manifest = parseManifest(bytes, descriptor.mediaType);
    for (const child of childrenOf(manifest)) await visit(child, depth + 1);
    manifests.set(descriptor.digest, { descriptor, bytes, manifest });
  };
  await visit(root, 0);
  return { root, manifests: [...manifests.values()], blobs: [...blobs.values()] };
}
