/** Images of bytes that do not compress, made for one suite and gone with it. */
import { createCipheriv } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const PIECE = 1024 * 1024;

interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

interface Layer {
  readonly descriptor: Blob;
}

/** What is used of scripts/images, which is plain JavaScript. */
interface LayoutMaker {
  addLayer(tar: AsyncIterable<Uint8Array>, packing: 'none', createdBy: string): Promise<Layer>;
  addImage(image: { readonly architecture: string; readonly layers: readonly Layer[] }): Blob;
  finish(images: readonly Blob[]): void;
}

interface TarEntry {
  readonly name: string;
  readonly size: number;
  readonly chunks: Iterable<Uint8Array>;
}

async function load(name: string): Promise<unknown> {
  return await import(join(import.meta.dirname, '../../../scripts/images', name));
}

/** An image in an OCI layout. */
export interface TestImage {
  /** for the command line: `oci:FOLDER` */
  readonly source: string;
  readonly folder: string;
  /** digest of the manifest */
  readonly root: string;
  readonly config: Blob;
  /** at least as large as asked for: each is a tar */
  readonly layers: readonly Blob[];
}

/** As good as random, at the speed of the disk. */
function* noise(size: number, seed: number, number: number): Generator<Buffer> {
  const iv = Buffer.alloc(16);
  iv.writeUInt32BE(seed >>> 0);
  iv.writeUInt32BE(number, 4);
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 0x5a), iv);
  const zeros = Buffer.alloc(PIECE);
  for (let rest = size; rest > 0; rest -= PIECE) {
    yield cipher.update(rest < PIECE ? zeros.subarray(0, rest) : zeros);
  }
}

/**
 * Writes an image with layers of these sizes, bytes; the same seed gives the same image.
 * @param folder to be made
 */
export async function makeImage(
  folder: string,
  sizes: readonly number[],
  seed = 1,
): Promise<TestImage> {
  const { Layout } = (await load('layout.mjs')) as {
    readonly Layout: new (folder: string) => LayoutMaker;
  };
  const { tarOf } = (await load('tar.mjs')) as {
    readonly tarOf: (entries: readonly TarEntry[]) => AsyncIterable<Uint8Array>;
  };
  const layout = new Layout(folder);
  const layers: Layer[] = [];
  for (const [at, size] of sizes.entries()) {
    const name = `data/${at}.bin`;
    const tar = tarOf([{ name, size, chunks: noise(size, seed, at) }]);
    layers.push(await layout.addLayer(tar, 'none', `ADD ${name}`));
  }
  layout.finish([layout.addImage({ architecture: 'amd64', layers })]);
  return readImage(folder);
}

/** Reads a layout of one image back. */
async function readImage(folder: string): Promise<TestImage> {
  const json = async (path: string): Promise<unknown> =>
    JSON.parse(await readFile(join(folder, path), 'utf8')) as unknown;
  const { manifests } = (await json('index.json')) as { readonly manifests: readonly Blob[] };
  const root = manifests[0]?.digest ?? '';
  const manifest = (await json(blobFile(root))) as {
    readonly config: Blob;
    readonly layers: readonly Blob[];
  };
  return { source: `oci:${folder}`, folder, root, ...manifest };
}

/** Where a blob is in its layout. */
export function blobFile(digest: string): string {
  return join('blobs', ...digest.split(':'));
}
