import { isDeepStrictEqual } from 'node:util';
import type { Descriptor } from '../oci/descriptor.ts';
import { encodeManifest, sortedText } from '../oci/encode.ts';
import { convertManifest, type ImageFormat } from '../oci/formats.ts';
import { FormatError } from '../oci/format-error.ts';
import type { ManifestNode } from '../oci/graph.ts';
import { parseManifest } from '../oci/manifest.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';
import type { ManifestContent } from '../registry/manifests.ts';
import { imageError } from '../util/errors.ts';

type Text = Readonly<Record<string, string>>;

/** What is changed about an image on its way; each change is another digest. */
export interface Edits {
  /** BuildKit's provenance and SBOMs, the `unknown/unknown` entries of an index */
  readonly attestations: 'keep' | 'drop';
  /** media types of manifests, indexes and what they name */
  readonly format: 'keep' | ImageFormat;
  /** added to the index, and to the manifest of each platform */
  readonly annotations: { readonly index: Text; readonly manifest: Text };
}

/** Everything as it is. */
export const NO_EDITS: Edits = {
  attestations: 'keep',
  format: 'keep',
  annotations: { index: {}, manifest: {} },
};

function isEmpty(text: Text): boolean {
  return Object.keys(text).length === 0;
}

/** True when something may be changed. */
export function hasEdits({ attestations, format, annotations }: Edits): boolean {
  const { index, manifest } = annotations;
  return attestations !== 'keep' || format !== 'keep' || !isEmpty(index) || !isEmpty(manifest);
}

type Json = Readonly<Record<string, unknown>>;

function jsonOf(bytes: Uint8Array): Json {
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as Json;
}

/** Bytes that have been written anew, or the same node where nothing has changed. */
function encoded(node: ManifestNode, before: Json, value: Json): ManifestNode {
  const mediaType = String(value['mediaType']);
  return isDeepStrictEqual({ ...before, mediaType }, value) &&
    mediaType === node.descriptor.mediaType
    ? node
    : written(mediaType, value);
}

function written(mediaType: string, value: Json): ManifestNode {
  const content = encodeManifest(mediaType, value);
  return { ...content, manifest: parseManifest(content.bytes, mediaType) };
}

function refused(where: string, format: ImageFormat, error: unknown): unknown {
  if (!(error instanceof FormatError)) return error;
  return imageError(
    `format: ${format}: ${where} cannot be converted: ${error.message}.`,
    'Leave format out, or push it by itself; attestations: drop leaves BuildKit’s attestations out.',
    error,
  );
}

/** Docker's formats have no annotations. */
function requireAnnotatable(what: string, mediaType: string): void {
  const docker: readonly string[] = [MEDIA_TYPES.dockerManifest, MEDIA_TYPES.dockerList];
  if (!docker.includes(mediaType)) return;
  throw imageError(
    `annotations: ${what} is in Docker's format, which has none.`,
    'Set format: oci to convert it, which changes its digest.',
  );
}

function annotated(value: Json, mediaType: string, added: Text, what: string): Json {
  if (isEmpty(added)) return value;
  requireAnnotatable(what, mediaType);
  const { annotations, ...rest } = value;
  return { ...rest, annotations: sortedText({ ...(annotations as Text | undefined), ...added }) };
}

/**
 * A manifest in the wanted format, with the annotations that are added.
 * @param where names the image and its source
 * @param isImage false for attestations and the like, which get no annotations
 * @throws PushError IMAGE when that cannot be expressed
 */
export function editManifest(
  content: ManifestContent,
  { format, annotations }: Edits,
  where: string,
  isImage: boolean,
): ManifestNode {
  const { descriptor, bytes } = content;
  const before = jsonOf(bytes);
  const node = { ...content, manifest: parseManifest(bytes, descriptor.mediaType) };
  try {
    const value =
      format === 'keep' ? before : convertManifest(before, descriptor.mediaType, format);
    const mediaType = format === 'keep' ? descriptor.mediaType : String(value['mediaType']);
    const after = isImage ? annotated(value, mediaType, annotations.manifest, where) : value;
    if (format === 'keep' && after === value) return node;
    return encoded(node, before, { ...after, mediaType });
  } catch (error) {
    throw format === 'keep' ? error : refused(where, format, error);
  }
}

/**
 * What will not work out is found before the layers are compressed and sent. Docker's format of an
 * image that we write ourselves shows in its config; ours in OCI's format has zstd layers.
 * @param configType media type of the image's config
 * @throws PushError IMAGE
 */
export function checkUnfinished(configType: string, edits: Edits, where: string): void {
  const { format, annotations } = edits;
  const docker = configType === MEDIA_TYPES.dockerConfig;
  if (format === 'docker' && !docker) {
    const error = new FormatError("Docker's format has nothing for zstd layers");
    throw refused(where, format, error);
  }
  if (!isEmpty(annotations.manifest) && docker && format !== 'oci') {
    requireAnnotatable(where, MEDIA_TYPES.dockerManifest);
  }
}

function indexType(mediaType: string, { format }: Edits): string {
  if (format === 'keep') return mediaType;
  return format === 'docker' ? MEDIA_TYPES.dockerList : MEDIA_TYPES.ociIndex;
}

/** Docker's lists have no annotations on entries, either. */
function entryIn(mediaType: string, entry: Descriptor): Descriptor {
  if (mediaType !== MEDIA_TYPES.dockerList) return entry;
  const { annotations: _annotations, artifactType: _type, ...rest } = entry;
  return rest;
}

/**
 * An index over these entries, made of one that is there: what else that one says is kept, its
 * very bytes where nothing changes.
 * @param base the index it is made of
 * @throws PushError IMAGE when what is wanted cannot be expressed
 */
export function editIndex(
  base: ManifestContent,
  entries: readonly Descriptor[],
  edits: Edits,
): ManifestNode {
  const { bytes, descriptor } = base;
  const before = jsonOf(bytes);
  const mediaType = indexType(descriptor.mediaType, edits);
  const { annotations, ...rest } = before;
  const docker = mediaType === MEDIA_TYPES.dockerList;
  if (docker && (before['subject'] ?? before['artifactType'])) {
    throw imageError('format: docker: the index is an artifact, which Docker’s format has not.');
  }
  const value = {
    ...rest,
    mediaType,
    manifests: entries.map((entry) => entryIn(mediaType, entry)),
    ...(annotations && !docker ? { annotations } : {}),
  };
  const after = annotated(value, mediaType, edits.annotations.index, 'the index');
  const node = { ...base, manifest: parseManifest(bytes, descriptor.mediaType) };
  return encoded(node, before, after);
}
