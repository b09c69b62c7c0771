import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { FormatError } from '../oci/format-error.ts';
import { walkGraph, type ManifestNode } from '../oci/graph.ts';
import type { JoinedContent } from './joined.ts';
import type { Entry } from './member.ts';
import { asImageError, readSmall } from './read.ts';

/** What is there below some entries, each digest once. */
export interface Below {
  readonly manifests: readonly ManifestNode[];
  readonly blobs: readonly Descriptor[];
}

/**
 * Reads all manifests below the entries that are there, and notes who holds what.
 * @throws PushError IMAGE
 */
export async function readBelow(
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
