import type { Descriptor } from '../oci/descriptor.ts';
import { encodeManifest, type EncodedManifest } from '../oci/encode.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';
import type { Packing } from './magic.ts';

/** Docker's schema 2, which knows gzip only, or OCI's. */
export type ManifestFormat = 'docker' | 'oci';

/** The media type of a config in a manifest of this format. */
export function configType(format: ManifestFormat): string {
  return format === 'docker' ? MEDIA_TYPES.dockerConfig : MEDIA_TYPES.ociConfig;
}

/** The media type of a compressed layer in a manifest of this format. */
export function layerType(format: ManifestFormat, packing: Packing): string {
  if (packing === 'zstd') return MEDIA_TYPES.ociLayerZstd;
  return format === 'docker' ? MEDIA_TYPES.dockerLayerGzip : MEDIA_TYPES.ociLayerGzip;
}

/** Fields in the order of Go's tools, so that their manifest of the same layers is the same. */
function fields({ mediaType, size, digest, urls }: Descriptor): object {
  return { mediaType, size, digest, ...(urls && urls.length > 0 ? { urls } : {}) };
}

/**
 * The manifest of an image whose archive has none. The same layers give the same bytes, and those
 * that go-containerregistry (crane, ko) writes.
 * @see https://github.com/google/go-containerregistry/blob/main/pkg/v1/manifest.go
 */
export function writeManifest(
  format: ManifestFormat,
  config: Descriptor,
  layers: readonly Descriptor[],
): EncodedManifest {
  const mediaType = format === 'docker' ? MEDIA_TYPES.dockerManifest : MEDIA_TYPES.ociManifest;
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: fields(config),
    layers: layers.map(fields),
  };
  return encodeManifest(mediaType, manifest);
}
