import { parseDescriptor, type Descriptor } from './descriptor.ts';
import { FormatError } from './format-error.ts';
import { isImageManifestType, isIndexType, MEDIA_TYPES } from './media-types.ts';

/** A manifest of one image or artifact: its blobs, in the order config, layers. */
export interface ImageManifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly config?: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An index: manifests, one per platform or attestation. */
export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export type Manifest = ImageManifest | ImageIndex;

/** distribution-spec: registries take manifests of up to 4 MiB at least, and more is seldom accepted. */
export const MANIFEST_MAX_BYTES: number = 4 * 1024 * 1024;

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  if (bytes.length > MANIFEST_MAX_BYTES) {
    throw new FormatError(`the manifest has ${bytes.length} bytes; at most 4 MiB are allowed`);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new FormatError('the manifest is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FormatError('the manifest is not a JSON object');
  }
  return value as Record<string, unknown>;
}

function descriptors(value: unknown, field: string): Descriptor[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new FormatError(`${field} is not a list of descriptors`);
  return value.map((entry, index) => parseDescriptor(entry, `${field}[${index}]`));
}

function guessMediaType(value: Record<string, unknown>): string {
  if (Array.isArray(value['manifests'])) return MEDIA_TYPES.ociIndex;
  if (value['schemaVersion'] === 2) return MEDIA_TYPES.ociManifest;
  throw new FormatError(
    'it is neither a manifest nor an index (Docker schema 1 is not supported: save the image again with a current tool)',
  );
}

function shared(
  value: Record<string, unknown>,
): Omit<ImageIndex, 'kind' | 'mediaType' | 'manifests'> {
  const { subject, artifactType, annotations } = value;
  return {
    ...(subject ? { subject: parseDescriptor(subject, 'subject') } : {}),
    ...(typeof artifactType === 'string' ? { artifactType } : {}),
    ...(typeof annotations === 'object' && annotations !== null
      ? { annotations: annotations as Record<string, string> }
      : {}),
  };
}

/**
 * Reads a manifest or index of any artifact.
 * @param declared media type given by a descriptor or a Content-Type header; must not contradict the content
 * @throws FormatError
 */
export function parseManifest(bytes: Uint8Array, declared?: string): Manifest {
  const value = parseObject(bytes);
  const own = typeof value['mediaType'] === 'string' ? value['mediaType'] : undefined;
  if (own && declared && own !== declared && (isIndexType(own) || isImageManifestType(own))) {
    throw new FormatError(`its mediaType is ${own}, but it was announced as ${declared}`);
  }
  const mediaType = own ?? declared ?? guessMediaType(value);
  // What one tool reads as an image and another as an index hides something from one of them
  // (CVE-2021-41190).
  if (value['manifests'] && (value['config'] || value['layers'])) {
    throw new FormatError('it has the fields of a manifest and of an index');
  }
  if (isIndexType(mediaType)) {
    const manifests = descriptors(value['manifests'], 'manifests');
    return { kind: 'index', mediaType, manifests, ...shared(value) };
  }
  if (!isImageManifestType(mediaType)) {
    throw new FormatError(`${mediaType} is not the media type of a manifest or an index`);
  }
  const config = value['config'];
  return {
    kind: 'manifest',
    mediaType,
    ...(config ? { config: parseDescriptor(config, 'config') } : {}),
    layers: descriptors(value['layers'], 'layers'),
    ...shared(value),
  };
}

/** What a manifest needs in the registry before it: blobs of an image, manifests of an index. */
export function childrenOf(manifest: Manifest): readonly Descriptor[] {
  if (manifest.kind === 'index') return manifest.manifests;
  return [...(manifest.config ? [manifest.config] : []), ...manifest.layers];
}
