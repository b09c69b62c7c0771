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

/**
 * Checks the three required fields of untrusted JSON; the rest is taken along as it is.
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
  return value as Descriptor;
}

/** Only what identifies content: for manifests that we write ourselves. */
export function bareDescriptor(descriptor: Descriptor): Descriptor {
  const { mediaType, digest, size } = descriptor;
  return { mediaType, size, digest };
}
