import type { Descriptor } from './descriptor.ts';
import { digestOf } from './digest.ts';
import { MEDIA_TYPES } from './media-types.ts';
import { normalizePlatform, type Platform } from './platform.ts';

/** Bytes of a manifest or an index, and what names them. */
export interface EncodedManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/**
 * JSON as Go's encoding/json writes it, without spaces and with HTML's characters escaped: what Go's
 * tools make of the same content has the same digest.
 */
export function encodeManifest(mediaType: string, value: object): EncodedManifest {
  const text = JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, escaped);
  const bytes = new TextEncoder().encode(text);
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

/** Annotations in the order of their names, as Go writes maps. */
export function sortedText(map: Readonly<Record<string, string>>): Record<string, string> {
  const names = Object.keys(map).toSorted((left, right) => (left < right ? -1 : 1));
  return Object.fromEntries(names.map((name) => [name, map[name] ?? '']));
}

function platformFields(platform: Platform): object {
  const { os, architecture, variant, ...rest } = normalizePlatform(platform);
  const { 'os.version': version, 'os.features': features, ...more } = rest;
  return {
    architecture,
    os,
    ...(version === undefined ? {} : { 'os.version': version }),
    ...(features === undefined ? {} : { 'os.features': features }),
    ...(variant === undefined ? {} : { variant }),
    ...more,
  };
}

/** One entry of an index, its fields in the order of go-containerregistry. */
function entryFields(entry: Descriptor): object {
  const { mediaType, size, digest, urls, annotations, platform, artifactType } = entry;
  return {
    mediaType,
    size,
    digest,
    ...(urls && urls.length > 0 ? { urls } : {}),
    ...(annotations && Object.keys(annotations).length > 0
      ? { annotations: sortedText(annotations) }
      : {}),
    ...(platform ? { platform: platformFields(platform) } : {}),
    ...(artifactType ? { artifactType } : {}),
  };
}

/** An OCI index over these entries: the same entries give the same bytes. */
export function encodeIndex(entries: readonly Descriptor[]): EncodedManifest {
  const mediaType = MEDIA_TYPES.ociIndex;
  return encodeManifest(mediaType, {
    schemaVersion: 2,
    mediaType,
    manifests: entries.map(entryFields),
  });
}
