/** What an image consists of, read from a layout or by another client: to be compared. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
}

interface Manifest {
  readonly manifests?: readonly Descriptor[];
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
}

/** One image of one platform. */
export interface ImageFacts {
  readonly config: string;
  readonly diffIds: readonly string[];
  readonly layers: readonly string[];
}

/** An image or an index of several. */
export interface Facts {
  readonly root: string;
  /** every digest in it, the root's too, sorted */
  readonly digests: readonly string[];
  readonly images: readonly ImageFacts[];
}

/** Where a manifest or config comes from. */
export interface Content {
  manifest(digest: string): Promise<string>;
  blob(digest: string): Promise<string>;
}

/** Walks an image from its root. */
export async function readFacts(root: string, content: Content): Promise<Facts> {
  const digests = new Set<string>();
  const images: ImageFacts[] = [];
  const walk = async (digest: string): Promise<void> => {
    digests.add(digest);
    const manifest = JSON.parse(await content.manifest(digest)) as Manifest;
    for (const child of manifest.manifests ?? []) await walk(child.digest);
    const { config, layers = [] } = manifest;
    if (config === undefined) return;
    for (const part of [config, ...layers]) digests.add(part.digest);
    const text = await content.blob(config.digest);
    const { rootfs } = JSON.parse(text) as { rootfs?: { diff_ids?: readonly string[] } };
    images.push({
      config: config.digest,
      diffIds: rootfs?.diff_ids ?? [],
      layers: layers.map((layer) => layer.digest),
    });
  };
  await walk(root);
  return { root, digests: [...digests].sort(), images };
}

/** The digest of the only (or the named) entry of a layout's index. */
export async function layoutRoot(folder: string, name?: string): Promise<string> {
  const index = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as {
    readonly manifests: readonly (Descriptor & {
      readonly annotations?: Readonly<Record<string, string>>;
    })[];
  };
  const entry = index.manifests.find(
    ({ annotations }) =>
      name === undefined || annotations?.['org.opencontainers.image.ref.name'] === name,
  );
  if (entry === undefined) throw new Error(`${folder} holds no ${name ?? 'image'}`);
  return entry.digest;
}

/** What a layout holds. */
export async function layoutFacts(folder: string, name?: string): Promise<Facts> {
  const read = (digest: string): Promise<string> =>
    readFile(join(folder, 'blobs', ...digest.split(':')), 'utf8');
  return readFacts(await layoutRoot(folder, name), { manifest: read, blob: read });
}
