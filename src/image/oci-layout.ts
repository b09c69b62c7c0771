import type { Descriptor } from '../oci/descriptor.ts';
import { algorithmOf, digestOf, hexOf, type Digest } from '../oci/digest.ts';
import { MANIFEST_MAX_BYTES, parseManifest, type ImageIndex } from '../oci/manifest.ts';
import { isManifestType } from '../oci/media-types.ts';
import { imageError } from '../util/errors.ts';
import { printable } from '../util/text.ts';
import { contentReader, readContent, type Find } from './content.ts';
import { readSmall } from './file-range.ts';
import type { FileTree } from './file-tree.ts';
import { inFile, isObject, parseJson } from './json.ts';
import { chooseEntry, isPlatformIndex, namesOf } from './layout-index.ts';
import type { Selector } from './locate.ts';
import type { OpenedSource } from './source.ts';

const LAYOUT_FILE_MAX = 64 * 1024;

/** An OCI image layout: its index.json, and where its blobs are. */
export interface Layout {
  readonly where: string;
  readonly index: ImageIndex;
  readonly indexBytes: Uint8Array;
  readonly find: Find;
}

async function required(tree: FileTree, name: string, maximum: number): Promise<Uint8Array> {
  const range = await tree.find(name);
  if (!range) {
    throw imageError(
      `${tree.path} is not an OCI image layout: it has no ${name}.`,
      'A layout holds oci-layout, index.json and blobs/.',
    );
  }
  return readSmall(range, maximum, `${name} in ${tree.path}`);
}

/** @throws PushError IMAGE unless the tree is an OCI layout of version 1.0 */
export async function readLayout(tree: FileTree): Promise<Layout> {
  const where = tree.path;
  const marker = parseJson(
    await required(tree, 'oci-layout', LAYOUT_FILE_MAX),
    `oci-layout in ${where}`,
  );
  const version = isObject(marker) ? marker['imageLayoutVersion'] : undefined;
  if (typeof version !== 'string' || !/^1\.0\.\d+$/.test(version)) {
    throw imageError(
      `${where} has the layout version ${printable(String(version))}; only 1.0.0 is known.`,
    );
  }
  const indexBytes = await required(tree, 'index.json', MANIFEST_MAX_BYTES);
  const index = inFile(`index.json in ${where}`, () => parseManifest(indexBytes));
  if (index.kind !== 'index') throw imageError(`index.json in ${where} is not an index.`);
  const find: Find = async (digest) => tree.find(`blobs/${algorithmOf(digest)}/${hexOf(digest)}`);
  return { where, index, indexBytes, find };
}

/** A manifest that lies among the blobs and that index.json does not name itself. */
async function unlisted(layout: Layout, digest: Digest): Promise<Descriptor> {
  const { where, find } = layout;
  const found = await find(digest);
  if (!found) throw imageError(`${where} holds no image with the digest ${digest}.`);
  const size = found instanceof Uint8Array ? found.length : found.size;
  const bytes = await readContent(where, find, { mediaType: '', digest, size });
  const { mediaType } = inFile(`${digest} in ${where}`, () => parseManifest(bytes));
  return { mediaType, digest, size };
}

/** What is to be pushed of a layout. */
export interface LayoutImage {
  readonly root: Descriptor;
  readonly find: Find;
  readonly name?: string;
}

/**
 * Chooses the image and reads its manifest once, so that a broken one is known at once.
 * @throws PushError IMAGE
 */
export async function chooseImage(layout: Layout, select?: Selector): Promise<LayoutImage> {
  const { where, index, indexBytes } = layout;
  if (!select && isPlatformIndex(index)) {
    const digest = digestOf(indexBytes);
    const root = { mediaType: index.mediaType, digest, size: indexBytes.length };
    return { root, find: async (wanted) => (wanted === digest ? indexBytes : layout.find(wanted)) };
  }
  const listed = chooseEntry(index, select, where);
  const root =
    listed ?? (select?.kind === 'digest' ? await unlisted(layout, select.digest) : undefined);
  if (!root) throw imageError(`${where} holds no image.`);
  if (!isManifestType(root.mediaType)) {
    throw imageError(
      `index.json in ${where} points to ${printable(root.mediaType)}, which is not a manifest or an index.`,
    );
  }
  const bytes = await readContent(where, layout.find, root);
  inFile(`${root.digest} in ${where}`, () => parseManifest(bytes, root.mediaType));
  const [name] = namesOf(root);
  return { root, find: layout.find, ...(name === undefined ? {} : { name }) };
}

/**
 * Opens the image of an OCI layout, in a folder or in an archive.
 * @param description for people: transport and path
 * @param close lets go of what the tree needed
 * @throws PushError IMAGE
 */
export async function openLayout(
  tree: FileTree,
  description: string,
  select: Selector | undefined,
  close: () => Promise<void> = async () => undefined,
): Promise<OpenedSource> {
  const { root, find, name } = await chooseImage(await readLayout(tree), select);
  return {
    description,
    root,
    content: contentReader(tree.path, find),
    close,
    ...(name === undefined ? {} : { name }),
  };
}
