import { describe, expect, test } from '@jest/globals';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { parseManifest } from '../../../src/oci/manifest.ts';
import { MEDIA_TYPES } from '../../../src/oci/media-types.ts';
import { parsePlatform, type Platform } from '../../../src/oci/platform.ts';
import { isRealPlatform, requirePlatforms, selectPlatforms } from '../../../src/push/select.ts';

function entry(name: string, platform?: Platform, attests?: Descriptor): Descriptor {
  return {
    mediaType: MEDIA_TYPES.ociManifest,
    digest: digestOf(name),
    size: name.length,
    ...(platform ? { platform } : {}),
    ...(attests ? { annotations: { 'vnd.docker.reference.digest': attests.digest } } : {}),
  };
}

const NOBODY = { os: 'unknown', architecture: 'unknown' };
const AMD = entry('amd', parsePlatform('linux/amd64'));
const ARM = entry('arm', parsePlatform('linux/arm64'));
const V7 = entry('v7', { os: 'linux', architecture: 'arm', variant: 'v7' });
const AMD_PROOF = entry('amd proof', NOBODY, AMD);
const ARM_PROOF = entry('arm proof', NOBODY, ARM);
const NAMELESS = entry('nameless');

function select(entries: readonly Descriptor[], wanted: readonly string[], more: object = {}) {
  const value = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: entries, ...more };
  const bytes = Buffer.from(JSON.stringify(value));
  const root = { mediaType: MEDIA_TYPES.ociIndex, digest: digestOf(bytes), size: bytes.length };
  const platforms = wanted.map(parsePlatform);
  const manifest = parseManifest(bytes);
  return { root, selection: selectPlatforms('the source', root, bytes, manifest, platforms) };
}

describe('of an index', () => {
  const all = [AMD, ARM, V7, AMD_PROOF, ARM_PROOF, NAMELESS];

  test.each([[[]], [['linux/amd64', 'linux/arm64', 'linux/arm/v7']]])(
    'everything that is wanted is what it holds: %j',
    (wanted) => {
      const entries = [AMD, ARM, V7, AMD_PROOF, ARM_PROOF];
      const { root, selection } = select(entries, wanted);
      expect(selection).toEqual({ root });
    },
  );

  test.each([
    ['linux/arm64', ARM],
    ['linux/aarch64', ARM],
    ['linux/arm', V7],
    ['linux/x86_64', AMD],
  ])('%s is one manifest', (wanted, manifest) => {
    expect(select(all, [wanted]).selection).toEqual({ root: manifest });
  });

  test('several are an index of their own, with the attestations that belong to them', () => {
    const { selection } = select(all, ['linux/arm64', 'linux/arm/v7'], { annotations: { a: 'b' } });
    const bytes = Buffer.from(selection.bytes ?? []);
    expect(selection.root).toEqual({
      mediaType: MEDIA_TYPES.ociIndex,
      digest: digestOf(bytes),
      size: bytes.length,
    });
    expect(JSON.parse(bytes.toString())).toEqual({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociIndex,
      manifests: [ARM, V7, ARM_PROOF],
      annotations: { a: 'b' },
    });
  });

  test('the same choice has the same digest each time', () => {
    const wanted = ['linux/arm64', 'linux/arm/v7'];
    expect(select(all, wanted).selection.root).toEqual(
      select(all, wanted.toReversed()).selection.root,
    );
  });

  test('what it does not hold is named, with what it does', () => {
    expect(() => select(all, ['linux/amd64', 'linux/s390x'])).toThrow(
      'platforms asks for linux/s390x, which the source does not hold (it holds: linux/amd64, linux/arm64, linux/arm/v7).',
    );
    expect(() => select([NAMELESS], ['linux/amd64'])).toThrow(/none that is named/);
  });
});

test('a single manifest is what it is', () => {
  const bytes = Buffer.from('{"schemaVersion":2,"layers":[]}');
  const wanted = [parsePlatform('linux/amd64')];
  expect(selectPlatforms('x', AMD, bytes, parseManifest(bytes), wanted)).toEqual({ root: AMD });
});

test.each([
  [undefined, false],
  [NOBODY, false],
  [{ os: 'linux', architecture: 'unknown' }, false],
  [{ os: 'linux', architecture: 'amd64' }, true],
])('%j is a platform that something runs on: %p', (platform, real) => {
  expect(isRealPlatform(platform)).toBe(real);
});

test('nothing is required of nothing', () => {
  expect(() => requirePlatforms('x', [], [])).not.toThrow();
  const error = (): void => requirePlatforms('x', [parsePlatform('linux/arm64')], []);
  expect(error).toThrow(expect.objectContaining({ code: 'IMAGE', stage: 'open' }));
});
