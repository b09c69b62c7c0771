import type { OpenedSource, UnfinishedImage } from '../image/source.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { algorithmOf, hasherFor, hexOf } from '../oci/digest.ts';
import { FormatError } from '../oci/format-error.ts';
import { walkGraph, type ContentGraph } from '../oci/graph.ts';
import { MANIFEST_MAX_BYTES, parseManifest } from '../oci/manifest.ts';
import { isManifestType, MEDIA_TYPES } from '../oci/media-types.ts';
import type { Platform } from '../oci/platform.ts';
import { imageError } from '../util/errors.ts';
import { LengthError, readAll } from '../util/bytes.ts';
import { formatBytes } from '../util/text.ts';
import { isRealPlatform, requirePlatforms, selectPlatforms } from './select.ts';

/** An image that has been read as far as its manifests: all that a plan needs. */
export type LoadedImage = {
  readonly source: OpenedSource;
  readonly platforms: readonly Platform[];
} & (
  | { readonly graph: ContentGraph; readonly unfinished?: undefined }
  | { readonly graph?: undefined; readonly unfinished: UnfinishedImage }
);

/** Configs are JSON of a few KiB; nothing that large is one. */
const CONFIG_MAX_BYTES = 8 * 1024 * 1024;
const REBUILD = 'Build or save the image again.';

async function readExactly(
  source: OpenedSource,
  descriptor: Descriptor,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  try {
    return await readAll(source.content.open(descriptor, 0, signal), descriptor.size);
  } catch (error) {
    if (!(error instanceof LengthError)) throw error;
    throw imageError(
      `${source.description} is damaged: ${descriptor.digest} has ${error.message}.`,
      REBUILD,
    );
  }
}

/** Reads a manifest or config whole, checked against its descriptor. */
async function readSmall(
  source: OpenedSource,
  descriptor: Descriptor,
  maximum: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { digest, size } = descriptor;
  if (size > maximum) {
    throw imageError(
      `${source.description}: ${digest} has ${formatBytes(size)}; at most ${formatBytes(maximum)} are read.`,
      REBUILD,
    );
  }
  const bytes = await readExactly(source, descriptor, signal);
  const hash = hasherFor(digest).update(bytes).digest('hex');
  if (hash !== hexOf(digest)) {
    throw imageError(
      `${source.description} is damaged: what it holds as ${digest} is ${algorithmOf(digest)}:${hash}.`,
      REBUILD,
    );
  }
  return bytes;
}

/** The platform a config names; empty for artifacts, whose config is no image config. */
async function platformOfConfig(
  source: OpenedSource,
  config: Descriptor | undefined,
  signal?: AbortSignal,
): Promise<Platform[]> {
  const types: readonly string[] = [MEDIA_TYPES.ociConfig, MEDIA_TYPES.dockerConfig];
  if (!config || !types.includes(config.mediaType)) return [];
  const bytes = await readSmall(source, config, CONFIG_MAX_BYTES, signal);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return [];
  }
  const { os, architecture, variant } = (value ?? {}) as Record<string, unknown>;
  if (typeof os !== 'string' || typeof architecture !== 'string') return [];
  return [{ os, architecture, ...(typeof variant === 'string' && variant ? { variant } : {}) }];
}

async function platformsOf(
  source: OpenedSource,
  graph: ContentGraph,
  signal?: AbortSignal,
): Promise<Platform[]> {
  const top = graph.manifests.at(-1)?.manifest;
  if (top?.kind === 'index') {
    return top.manifests.flatMap(({ platform }) => (isRealPlatform(platform) ? [platform] : []));
  }
  return platformOfConfig(source, top?.config, signal);
}

async function loadGraph(
  source: OpenedSource,
  root: Descriptor,
  wanted: readonly Platform[],
  signal?: AbortSignal,
): Promise<LoadedImage> {
  if (!isManifestType(root.mediaType)) {
    throw new FormatError(`${root.mediaType} is not the media type of a manifest or an index`);
  }
  const load = (descriptor: Descriptor): Promise<Uint8Array> =>
    readSmall(source, descriptor, MANIFEST_MAX_BYTES, signal);
  const bytes = await load(root);
  const manifest = parseManifest(bytes, root.mediaType);
  const selection = selectPlatforms(source.description, root, bytes, manifest, wanted);
  const known = new Map([[root.digest, bytes]]);
  if (selection.bytes) known.set(selection.root.digest, selection.bytes);
  const graph = await walkGraph(
    selection.root,
    async (descriptor) => known.get(descriptor.digest) ?? load(descriptor),
  );
  const platforms = await platformsOf(source, graph, signal);
  if (manifest.kind === 'manifest') requirePlatforms(source.description, wanted, platforms);
  return { source, graph, platforms };
}

/**
 * Reads all manifests of a source, cut down to `wanted` platforms (empty: everything).
 * @throws PushError IMAGE when it is not a valid image or lacks a platform
 */
export async function loadImage(
  source: OpenedSource,
  wanted: readonly Platform[],
  signal?: AbortSignal,
): Promise<LoadedImage> {
  const { unfinished, root, description } = source;
  if (unfinished) {
    const platforms = await platformOfConfig(source, unfinished.config, signal);
    requirePlatforms(description, wanted, platforms);
    return { source, platforms, unfinished };
  }
  if (!root) throw imageError(`${description} holds no image.`, REBUILD);
  try {
    return await loadGraph(source, root, wanted, signal);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw imageError(`${description} is not a valid image: ${error.message}.`, REBUILD, error);
  }
}
