import { createHash, type Hash } from 'node:crypto';
import { FormatError } from './format-error.ts';

declare const digestBrand: unique symbol;

/**
 * A content digest, `algorithm:hex`. Only sha256 and sha512 are registered for use
 * (image-spec, descriptor.md, "Registered algorithms").
 */
export type Digest = string & { readonly [digestBrand]: true };

const HEX_LENGTH: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };
const DIGEST = /^(sha256|sha512):([0-9a-f]+)$/;

/** True for a well-formed digest of a registered algorithm, in lower case. */
export function isDigest(text: unknown): text is Digest {
  if (typeof text !== 'string') return false;
  const [, algorithm, hex] = DIGEST.exec(text) ?? [];
  return algorithm !== undefined && hex?.length === HEX_LENGTH[algorithm];
}

/** @throws FormatError when `text` is not a registered, well-formed digest */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new FormatError(
    `"${text.slice(0, 150)}" is not a digest (expected sha256: and 64 lower-case hexadecimal digits)`,
  );
}

/** The part before the colon: `sha256` or `sha512`. */
export function algorithmOf(digest: Digest): string {
  return digest.slice(0, digest.indexOf(':'));
}

/** The part after the colon: the file's name in an OCI layout. */
export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** A running hash of the digest's own algorithm. */
export function hasherFor(digest: Digest): Hash {
  return createHash(algorithmOf(digest));
}

/** What a finished sha256 hash names. */
export function sha256Digest(hash: Hash): Digest {
  return `sha256:${hash.digest('hex')}` as Digest;
}

/** The sha256 digest of bytes held in memory. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return sha256Digest(createHash('sha256').update(bytes));
}

/** True when `bytes` have this digest, by its own algorithm. */
export function isDigestOf(digest: Digest, bytes: Uint8Array): boolean {
  return hasherFor(digest).update(bytes).digest('hex') === hexOf(digest);
}

/** First 12 hexadecimal digits, as people know them from `docker images`. */
export function shortDigest(digest: Digest): string {
  return hexOf(digest).slice(0, 12);
}
