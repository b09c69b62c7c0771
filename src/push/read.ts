import type { OpenedSource } from '../image/source.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { algorithmOf, hasherFor, hexOf } from '../oci/digest.ts';
import { FormatError } from '../oci/format-error.ts';
import type { ManifestNode } from '../oci/graph.ts';
import { MANIFEST_MAX_BYTES, parseManifest } from '../oci/manifest.ts';
import { isManifestType, MEDIA_TYPES } from '../oci/media-types.ts';
import { platformOfConfig, type Platform } from '../oci/platform.ts';
import { imageError } from '../util/errors.ts';
import { LengthError, readAll } from '../util/bytes.ts';
import { formatBytes } from '../util/text.ts';

/** Configs are JSON of a few KiB; nothing that large is one. */
const CONFIG_MAX_BYTES = 8 * 1024 * 1024;
/** What to do about an image that is broken. */
export const REBUILD = 'Build or save the image again.';

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

/**
 * Reads a manifest or config whole, checked against its descriptor.
 * @param maximum bytes
 * @throws PushError IMAGE
 */
export async function readSmall(
  source: OpenedSource,
  descriptor: Descriptor,
  maximum: number = MANIFEST_MAX_BYTES,
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

/** Reads a manifest or an index; @throws FormatError when it is neither */
export async function readManifest(
  source: OpenedSource,
  descriptor: Descriptor,
  signal?: AbortSignal,
): Promise<ManifestNode> {
  if (!isManifestType(descriptor.mediaType)) {
    throw new FormatError(
      `${descriptor.mediaType} is not the media type of a manifest or an index`,
    );
  }
  const bytes = await readSmall(source, descriptor, MANIFEST_MAX_BYTES, signal);
  return { descriptor, bytes, manifest: parseManifest(bytes, descriptor.mediaType) };
}

/** The platform a config names; undefined for artifacts, whose config is no image config. */
export async function readPlatform(
  source: OpenedSource,
  config: Descriptor | undefined,
  signal?: AbortSignal,
): Promise<Platform | undefined> {
  const types: readonly string[] = [MEDIA_TYPES.ociConfig, MEDIA_TYPES.dockerConfig];
  if (!config || !types.includes(config.mediaType)) return undefined;
  const bytes = await readSmall(source, config, CONFIG_MAX_BYTES, signal);
  try {
    return platformOfConfig(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch {
    return undefined;
  }
}

/**
 * Words a broken image as one; other errors pass.
 * @param description names the source
 */
export function asImageError(description: string, error: unknown): unknown {
  if (!(error instanceof FormatError)) return error;
  return imageError(`${description} is not a valid image: ${error.message}.`, REBUILD, error);
}
