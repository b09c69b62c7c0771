import type { OpenedSource } from '../image/source.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf, type Digest } from '../oci/digest.ts';
import { encodeIndex } from '../oci/encode.ts';
import { FormatError } from '../oci/format-error.ts';
import { walkGraph, type ManifestNode } from '../oci/graph.ts';
import { parseManifest } from '../oci/manifest.ts';
import type { ManifestContent } from '../registry/manifests.ts';
import type { LoadedImage } from './loaded.ts';
import { JoinedContent } from './joined.ts';
import type { Entry } from './member.ts';
import type { Merged } from './merge.ts';
import { asImageError, readSmall } from './read.ts';

/** What an index is made of. */
export interface MergeRequest {
  readonly sources: readonly OpenedSource[];
  /** names all sources */
  readonly description: string;
  readonly merged: Merged;
  /** the one image is pushed itself, without an index over it */
  readonly alone: boolean;
  readonly signal?: AbortSignal | undefined;
}

interface Below {
  readonly manifests: readonly ManifestNode[];
  readonly blobs: readonly Descriptor[];
}

/** Everything below the entries that are there, each digest once, and who holds it. */
async function readBelow(
  entries: readonly Entry[],
  content: JoinedContent,
  signal?: AbortSignal,
): Promise<Below> {
  const manifests = new Map<Digest, ManifestNode>();
  const blobs = new Map<Digest, Descriptor>();
  for (const { source, descriptor } of entries) {
    if (!descriptor) continue;
    const load = (child: Descriptor): Promise<Uint8Array> =>
      readSmall(source, child, undefined, signal);
    try {
      const graph = await walkGraph(descriptor, load);
      for (const node of graph.manifests) {
        manifests.set(node.descriptor.digest, node);
        content.add(node.descriptor.digest, source);
      }
      for (const blob of graph.blobs) {
        const known = blobs.get(blob.digest) ?? blob;
        if (known.size !== blob.size) {
          throw new FormatError(
            `${blob.digest} is listed with ${known.size} and with ${blob.size} bytes`,
          );
        }
        blobs.set(blob.digest, known);
        content.add(blob.digest, source);
      }
    } catch (error) {
      throw asImageError(source.description, error);
    }
  }
  return { manifests: [...manifests.values()], blobs: [...blobs.values()] };
}

/** Every entry with the manifest that was written for it meanwhile. */
function described(
  entries: readonly Entry[],
  written: readonly ManifestContent[],
): readonly Descriptor[] {
  const rest = [...written];
  return entries.map(({ descriptor, platform }) => {
    const named = descriptor ?? rest.shift()?.descriptor;
    if (!named) throw new RangeError('the manifest of an image is missing');
    return { ...named, ...(platform ? { platform } : {}) };
  });
}

function indexOver(entries: readonly Descriptor[]): ManifestNode {
  const { descriptor, bytes } = encodeIndex(entries);
  return { descriptor, bytes, manifest: parseManifest(bytes, descriptor.mediaType) };
}

/** Of what is still to be compressed, the config says which image it is. */
function keyOf(entries: readonly Entry[]): Digest {
  const names = entries.map(
    ({ descriptor, unfinished }) => descriptor?.digest ?? unfinished?.config.digest,
  );
  return digestOf(names.join('\n'));
}

/**
 * The image of several sources: an index over all entries, or the one image there is.
 * @throws PushError IMAGE when a source is damaged
 */
export async function loadMerged(request: MergeRequest): Promise<LoadedImage> {
  const { sources, description, merged, alone, signal } = request;
  const { images } = merged;
  const entries: readonly Entry[] = alone ? images : [...images, ...merged.others];
  const content = new JoinedContent(sources);
  const { manifests, blobs } = await readBelow(entries, content, signal);
  const unfinished = entries.flatMap(({ unfinished: image, source }) =>
    image ? [content.adopt(image, source)] : [],
  );
  const finish: LoadedImage['finish'] = (written) => {
    const [only] = alone ? [...manifests, ...written] : [];
    if (only) return { manifests: [], root: only };
    const index = indexOver(described(entries, written));
    return { manifests: [index], root: index };
  };
  const shared = {
    description,
    content,
    platforms: images.map(({ platform }) => platform),
    manifestCount: manifests.length + unfinished.length + (alone ? 0 : 1),
    blobs,
    unfinished,
  };
  if (unfinished.length > 0) return { ...shared, key: keyOf(entries), manifests, finish };
  const root = alone ? manifests.at(-1) : indexOver(described(entries, []));
  if (!root) throw new Error('an image has a manifest');
  return {
    ...shared,
    key: root.descriptor.digest,
    manifests: alone ? manifests : [...manifests, root],
    root,
    finish: () => ({ manifests: [], root }),
  };
}
