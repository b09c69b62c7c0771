import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import {
  algorithmOf,
  digestOf,
  hasherFor,
  hexOf,
  isDigest,
  parseDigest,
  sha256Digest,
  shortDigest,
} from '../../../src/oci/digest.ts';
import { FormatError } from '../../../src/oci/format-error.ts';

const HEX = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const EMPTY = `sha256:${HEX}`;

describe('digests', () => {
  test.each([EMPTY, `sha512:${'ab'.repeat(64)}`])('%s is one', (text) => {
    expect(isDigest(text)).toBe(true);
    expect(parseDigest(text)).toBe(text);
  });

  test.each([
    '',
    'sha256:',
    HEX,
    `SHA256:${HEX}`,
    `sha256:${HEX.toUpperCase()}`,
    `sha256:${HEX}0`,
    `sha256:${HEX.slice(1)}`,
    `sha512:${HEX}`,
    `md5:${'0'.repeat(32)}`,
    `sha256:${HEX}\n`,
    ` ${EMPTY}`,
    `sha256:${'g'.repeat(64)}`,
    `sha256+b64u:${HEX}`,
    `sha256:../${HEX.slice(3)}`,
  ])('%j is none', (text) => {
    expect(isDigest(text)).toBe(false);
    expect(() => parseDigest(text)).toThrow(FormatError);
  });

  test.each([undefined, null, 1, {}, [EMPTY]])('%p is none', (value) => {
    expect(isDigest(value)).toBe(false);
  });

  test('a sentence about one does not repeat megabytes', () => {
    expect(() => parseDigest('x'.repeat(1_000_000))).toThrow(/^.{1,300}$/);
  });

  test('have parts', () => {
    const digest = parseDigest(EMPTY);
    expect(algorithmOf(digest)).toBe('sha256');
    expect(hexOf(digest)).toBe(HEX);
    expect(shortDigest(digest)).toBe('e3b0c44298fc');
  });

  test('are computed with their own algorithm', () => {
    expect(digestOf('')).toBe(EMPTY);
    expect(digestOf(Buffer.alloc(0))).toBe(EMPTY);
    expect(sha256Digest(createHash('sha256'))).toBe(EMPTY);
    const sha512 = parseDigest(`sha512:${createHash('sha512').update('x').digest('hex')}`);
    expect(hasherFor(sha512).update('x').digest('hex')).toBe(hexOf(sha512));
  });
});
