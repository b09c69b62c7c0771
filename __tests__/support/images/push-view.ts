import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf, type Digest } from '../../../src/oci/digest.ts';
import { parseManifest, type ImageManifest } from '../../../src/oci/manifest.ts';
import type { ContentReader, OpenedSource } from '../../../src/image/source.ts';

/** All bytes of a blob, from an offset on. */
export async function readAll(
  content: ContentReader,
  descriptor: Descriptor,
  from = 0,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content.open(descriptor, from)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What a registry would hold of a one-platform source. */
export interface PushView {
  readonly root: Descriptor;
  readonly manifest: ImageManifest;
  readonly config: Digest;
  readonly diffIds: readonly string[];
}

/** Does what a push does with a source, in memory: prepares, finishes, reads and hashes everything. */
export async function viewSource(source: OpenedSource): Promise<PushView> {
  const { content, unfinished } = source;
  let root = source.root;
  if (unfinished) {
    const layers = await Promise.all(
      unfinished.layers.map(async (layer) => ('prepare' in layer ? layer.prepare() : layer)),
    );
    root = unfinished.finish(layers).descriptor;
  }
  if (!root) throw new Error('neither root nor unfinished');
  const manifest = parseManifest(await readAll(content, root), root.mediaType);
  if (manifest.kind !== 'manifest' || !manifest.config) throw new Error('not one image');
  for (const blob of [manifest.config, ...manifest.layers]) {
    const actual = digestOf(await readAll(content, blob));
    if (actual !== blob.digest) throw new Error(`${blob.digest} reads as ${actual}`);
  }
  const config = JSON.parse((await readAll(content, manifest.config)).toString()) as {
    rootfs: { diff_ids: string[] };
  };
  return { root, manifest, config: manifest.config.digest, diffIds: config.rootfs.diff_ids };
}
