import { isDigest, type Digest } from './digest.ts';
import { FormatError } from './format-error.ts';
import type { Platform } from './platform.ts';

/**
 * Names content by media type, digest and size in bytes.
 * @see https://github.com/opencontainers/image-spec/blob/main/descriptor.md
 */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly urls?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly data?: string;
  readonly artifactType?: string;
  readonly platform?: Platform;
}

/** The annotation that carries an image's name inside an OCI layout's index. */
export const REF_NAME = 'org.opencontainers.image.ref.name';

function isPlatform(value: unknown): boolean {
  const { os, architecture, variant } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof os === 'string' &&
    typeof architecture === 'string' &&
    (variant === undefined || typeof variant === 'string')
  );
}

function isTextMap(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((text) => typeof text === 'string')
  );
}

/** What the optional fields must look like for somebody to rely on their types. */
const OPTIONAL: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['platform', isPlatform],
  ['annotations', isTextMap],
  ['urls', Array.isArray],
  ['data', (value: unknown) => typeof value === 'string'],
  ['artifactType', (value: unknown) => typeof value === 'string'],
]);

/**
 * Checks the three required fields of untrusted JSON. Of the rest, what has the wrong type is left
 * out and what is unknown is taken along; the bytes that are pushed keep everything.
 * @param where names the descriptor in the error, for example `layers[3]`
 * @throws FormatError
 */
export function parseDescriptor(value: unknown, where: string): Descriptor {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FormatError(`${where} is not a descriptor (an object was expected)`);
  }
  const { mediaType, digest, size } = value as Record<string, unknown>;
  if (typeof mediaType !== 'string' || mediaType === '') {
    throw new FormatError(`${where} has no mediaType`);
  }
  if (!isDigest(digest)) throw new FormatError(`${where} has no valid digest`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw new FormatError(`${where} has no valid size (a whole number of bytes was expected)`);
  }
  const fields = Object.entries(value).filter(
    ([name, field]) => OPTIONAL.get(name)?.(field) ?? true,
  );
  return Object.fromEntries(fields) as unknown as Descriptor;
}
