import type { Descriptor } from '../../oci/descriptor.ts';
import { isDigestOf } from '../../oci/digest.ts';
import { parseManifest, type ImageManifest, type Manifest } from '../../oci/manifest.ts';
import { isManifestType, MEDIA_TYPES } from '../../oci/media-types.ts';
import { openBlob } from '../../registry/blobs.ts';
import type { Connection } from '../../registry/connection.ts';
import { getManifest, type ManifestContent } from '../../registry/manifests.ts';
import { LengthError, readAll } from '../../util/bytes.ts';
import { imageError } from '../../util/errors.ts';
import { isRealPlatform } from '../select.ts';

/** What an image says of its own age. `created` is not among it: a re-run of an old commit is newer. */
export interface ImageFacts {
  /** `org.opencontainers.image.version` */
  readonly version?: string;
  /** `org.opencontainers.image.revision` */
  readonly revision?: string;
  /** `org.opencontainers.image.source` */
  readonly source?: string;
}

const PREFIX = 'org.opencontainers.image.';
const LONGEST = 500;
const CONFIG_MAX_BYTES = 8 * 1024 * 1024;

/** Facts among annotations or labels, which are anybody's text. */
function factsAmong(values: unknown): ImageFacts {
  if (typeof values !== 'object' || values === null) return {};
  const get = (name: string): string | undefined => {
    const value: unknown = Reflect.get(values, PREFIX + name);
    return typeof value === 'string' && value !== '' && value.length <= LONGEST ? value : undefined;
  };
  const [version, revision, source] = [get('version'), get('revision'), get('source')];
  return {
    ...(version === undefined ? {} : { version }),
    ...(revision === undefined ? {} : { revision }),
    ...(source === undefined ? {} : { source }),
  };
}

function labelsOf(config: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(config).toString('utf8'));
    return (value as { config?: { Labels?: unknown } } | null)?.config?.Labels;
  } catch {
    return undefined;
  }
}

async function readBlob(
  connection: Connection,
  repository: string,
  descriptor: Descriptor,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { digest, size } = descriptor;
  if (size > CONFIG_MAX_BYTES) throw imageError(`The config ${digest} is too large to be read.`);
  try {
    const bytes = await readAll(openBlob(connection, repository, descriptor, 0, signal), size);
    if (isDigestOf(digest, bytes)) return bytes;
  } catch (error) {
    if (!(error instanceof LengthError)) throw error;
  }
  throw imageError(`The config ${digest} is damaged.`);
}

function imageOf(manifest: Manifest): Descriptor | undefined {
  if (manifest.kind === 'manifest') return undefined;
  return manifest.manifests.find(
    ({ mediaType, platform }) =>
      isManifestType(mediaType) && (!platform || isRealPlatform(platform)),
  );
}

async function labelFacts(
  connection: Connection,
  repository: string,
  { config }: ImageManifest,
  signal?: AbortSignal,
): Promise<ImageFacts> {
  const types: readonly string[] = [MEDIA_TYPES.ociConfig, MEDIA_TYPES.dockerConfig];
  if (!config || !types.includes(config.mediaType)) return {};
  return factsAmong(labelsOf(await readBlob(connection, repository, config, signal)));
}

/**
 * What an image in a registry says of itself: the annotations of its index, of its (first)
 * manifest, and its config's labels, the more general first. Labels come last because they may be
 * those of a base image.
 * @throws PushError when it cannot be read; FormatError when it is not valid
 */
export async function readFacts(
  connection: Connection,
  repository: string,
  { descriptor, bytes }: ManifestContent,
  signal?: AbortSignal,
): Promise<ImageFacts> {
  const top = parseManifest(bytes, descriptor.mediaType);
  const own = factsAmong(top.annotations);
  const child = imageOf(top);
  if (child) {
    const content = await getManifest(connection, repository, child.digest, signal);
    const inner = parseManifest(content.bytes, content.descriptor.mediaType);
    if (inner.kind === 'index') return own;
    const labels = await labelFacts(connection, repository, inner, signal);
    return { ...labels, ...factsAmong(inner.annotations), ...own };
  }
  if (top.kind === 'index') return own;
  return { ...(await labelFacts(connection, repository, top, signal)), ...own };
}
