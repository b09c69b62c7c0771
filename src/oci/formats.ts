import { FormatError } from './format-error.ts';
import { MEDIA_TYPES } from './media-types.ts';

/** Docker's schema 2 or OCI's image-spec. */
export type ImageFormat = 'docker' | 'oci';

const NONDISTRIBUTABLE = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';

/** The same thing in both: Docker's media type, and OCI's. */
const PAIRS: readonly (readonly [string, string])[] = [
  [MEDIA_TYPES.dockerManifest, MEDIA_TYPES.ociManifest],
  [MEDIA_TYPES.dockerList, MEDIA_TYPES.ociIndex],
  [MEDIA_TYPES.dockerConfig, MEDIA_TYPES.ociConfig],
  [MEDIA_TYPES.dockerLayerGzip, MEDIA_TYPES.ociLayerGzip],
  ['application/vnd.docker.image.rootfs.diff.tar', MEDIA_TYPES.ociLayer],
  [MEDIA_TYPES.dockerForeignLayer, NONDISTRIBUTABLE],
];

const TO_OCI: ReadonlyMap<string, string> = new Map(PAIRS);
const TO_DOCKER: ReadonlyMap<string, string> = new Map(PAIRS.map(([docker, oci]) => [oci, docker]));

type Json = Readonly<Record<string, unknown>>;

/**
 * What a media type is called in a format. OCI takes any type of a config or layer; Docker knows
 * its own few.
 * @throws FormatError when Docker has none for it
 */
export function mediaTypeIn(format: ImageFormat, mediaType: string): string {
  if (format === 'oci') return TO_OCI.get(mediaType) ?? mediaType;
  if (TO_OCI.has(mediaType)) return mediaType;
  const docker = TO_DOCKER.get(mediaType);
  if (docker !== undefined) return docker;
  throw new FormatError(`Docker's format has nothing for ${mediaType}`);
}

function renamed(format: ImageFormat, descriptor: unknown): unknown {
  const value = (descriptor ?? {}) as Json;
  const mediaType = mediaTypeIn(format, String(value['mediaType']));
  return { ...value, mediaType };
}

/** What a manifest of Docker's has no place for, besides annotations. */
const OCI_ONLY: readonly string[] = ['subject', 'artifactType'];

/**
 * The JSON of a manifest in a format: other media types, the same blobs. Annotations, which Docker
 * does not have, are left out there.
 * @param mediaType of the manifest as it is
 * @throws FormatError when it cannot be said in Docker's format
 */
export function convertManifest(value: Json, mediaType: string, format: ImageFormat): Json {
  if (format === 'docker') {
    const field = OCI_ONLY.find((name) => value[name] !== undefined);
    if (field) throw new FormatError(`Docker's format has no ${field}`);
  }
  const { annotations, ...rest } = value;
  const { config, layers } = value;
  return {
    ...rest,
    mediaType: mediaTypeIn(format, mediaType),
    ...(config ? { config: renamed(format, config) } : {}),
    ...(Array.isArray(layers) ? { layers: layers.map((one) => renamed(format, one)) } : {}),
    ...(annotations && format === 'oci' ? { annotations } : {}),
  };
}
