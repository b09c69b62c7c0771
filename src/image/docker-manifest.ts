import { parseDescriptor, type Descriptor } from '../oci/descriptor.ts';
import { hexOf, isDigest, type Digest } from '../oci/digest.ts';
import { isForeignLayer } from '../oci/media-types.ts';
import { imageError } from '../util/errors.ts';
import { printable } from '../util/text.ts';
import { readSmall } from './file-range.ts';
import type { FileTree } from './file-tree.ts';
import { inFile, isObject, isTextList, parseJson, type JsonObject } from './json.ts';
import { formatSelector, type Selector } from './locate.ts';
import { listNames, sameName } from './names.ts';

/**
 * One image of `docker save`: names of files in the archive.
 * @see https://github.com/moby/docker-image-spec/blob/main/v1.2.md#combined-image-json--filesystem-changeset-format
 */
export interface DockerImage {
  readonly config: string;
  readonly tags: readonly string[];
  readonly layers: readonly string[];
  /** layers that are only referred to (Windows base layers), by diff ID */
  readonly foreign: ReadonlyMap<Digest, Descriptor>;
}

const MANIFEST_MAX = 16 * 1024 * 1024;

function foreignLayers(sources: unknown, what: string): ReadonlyMap<Digest, Descriptor> {
  const foreign = new Map<Digest, Descriptor>();
  for (const [diffId, value] of Object.entries(isObject(sources) ? sources : {})) {
    // Docker ≥ 25 lists every layer here; only those kept elsewhere say something new.
    const mediaType = isObject(value) ? value['mediaType'] : undefined;
    if (!isDigest(diffId) || typeof mediaType !== 'string' || !isForeignLayer(mediaType)) continue;
    foreign.set(
      diffId,
      inFile(what, () => parseDescriptor(value, `LayerSources.${diffId}`)),
    );
  }
  return foreign;
}

function parseImage(value: JsonObject, what: string): DockerImage {
  const { Config: config, RepoTags: tags, Layers: layers, LayerSources: sources } = value;
  if (typeof config !== 'string' || config === '') throw imageError(`${what} names no Config.`);
  // An image without layers has null here, an image without a name null for the tags.
  if (!isTextList(layers ?? [])) throw imageError(`${what} has no list of Layers.`);
  return {
    config,
    tags: isTextList(tags) ? tags : [],
    layers: (layers ?? []) as readonly string[],
    foreign: foreignLayers(sources, what),
  };
}

/** @throws PushError IMAGE unless there is a manifest.json with at least one image */
export async function readDockerManifest(tree: FileTree): Promise<readonly DockerImage[]> {
  const what = `manifest.json in ${tree.path}`;
  const range = await tree.find('manifest.json');
  if (!range) {
    throw imageError(
      `${tree.path} is not a docker archive: it has no manifest.json.`,
      (await tree.find('repositories'))
        ? 'Docker before 1.10 wrote it: save the image again.'
        : 'Write it with docker save, podman save or skopeo.',
    );
  }
  const value = parseJson(await readSmall(range, MANIFEST_MAX, what), what);
  if (!Array.isArray(value) || !value.every(isObject)) {
    throw imageError(`${what} is not a list of images.`);
  }
  if (value.length === 0) throw imageError(`${tree.path} holds no image.`);
  return value.map((image) => parseImage(image, what));
}

/** The digest in a file name like `<hex>.json`, `sha256:<hex>` or `blobs/sha256/<hex>`. */
export function digestInName(name: string): Digest | undefined {
  const hex = /(?:^|[/:])([0-9a-f]{64})(?:\.json)?$/.exec(name)?.[1];
  return hex === undefined ? undefined : (`sha256:${hex}` as Digest);
}

function isMeant(image: DockerImage, select: Selector): boolean {
  if (select.kind === 'name') return image.tags.some((tag) => sameName(tag, select.name));
  return select.kind === 'digest' && digestInName(image.config) === select.digest;
}

function nameOf(image: DockerImage, position: number): string {
  return image.tags[0] ?? `@${position}`;
}

/** @throws PushError IMAGE with the names to choose from */
export function chooseDockerImage(
  images: readonly DockerImage[],
  select: Selector | undefined,
  where: string,
): DockerImage {
  const [first] = images;
  const names = listNames(images.map(nameOf));
  if (!select && first && images.length === 1) return first;
  if (!select) {
    throw imageError(
      `${where} holds several images: ${names}.`,
      'Put a colon and the name of one after the path.',
    );
  }
  const chosen =
    select.kind === 'position'
      ? images[select.position]
      : images.find((image) => isMeant(image, select));
  if (chosen) return chosen;
  throw imageError(
    `${where} holds no image called ${printable(formatSelector(select))}; it holds ${names}.`,
    'Put one of these names after the path.',
  );
}

/**
 * The diff IDs of an image's config.
 * @throws PushError IMAGE unless there is one for each layer
 */
export function readDiffIds(config: Uint8Array, layers: number, what: string): readonly Digest[] {
  const value = parseJson(config, what);
  const rootfs = isObject(value) ? value['rootfs'] : undefined;
  const listed = isObject(rootfs) ? (rootfs['diff_ids'] ?? []) : undefined;
  if (!Array.isArray(listed) || !listed.every(isDigest)) {
    throw imageError(`${what} has no list of diff IDs (rootfs.diff_ids).`);
  }
  if (listed.length !== layers) {
    throw imageError(
      `${what} lists ${listed.length} diff IDs, but the archive has ${layers} layers.`,
      'The archive is damaged: save the image again.',
    );
  }
  return listed;
}

/** @throws PushError IMAGE when a file named by its digest has other content */
export function checkNamedDigest(name: string, actual: Digest, where: string): void {
  const expected = digestInName(name);
  if (expected === undefined || hexOf(expected) === hexOf(actual)) return;
  throw imageError(
    `${printable(name)} in ${where} has the digest ${actual}: it is damaged.`,
    'Save the image again.',
  );
}
