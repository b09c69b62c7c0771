import { describe, expect, test } from '@jest/globals';
import { parseDescriptor } from '../../../src/oci/descriptor.ts';
import { FormatError } from '../../../src/oci/format-error.ts';
import { childrenOf, MANIFEST_MAX_BYTES, parseManifest } from '../../../src/oci/manifest.ts';
import {
  isForeignLayer,
  isImageManifestType,
  isIndexType,
  isManifestType,
  MANIFEST_ACCEPT,
  MEDIA_TYPES,
} from '../../../src/oci/media-types.ts';

const DIGEST = `sha256:${'0a'.repeat(32)}`;
const BLOB = { mediaType: 'application/octet-stream', digest: DIGEST, size: 3 };

function parse(value: unknown, declared?: string) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return parseManifest(Buffer.from(text), declared);
}

describe('media types', () => {
  test.each([
    [MEDIA_TYPES.ociIndex, true, false],
    [MEDIA_TYPES.dockerList, true, false],
    [MEDIA_TYPES.ociManifest, false, true],
    [MEDIA_TYPES.dockerManifest, false, true],
    [MEDIA_TYPES.ociConfig, false, false],
    ['', false, false],
  ])('%s', (type, index, manifest) => {
    expect(isIndexType(type)).toBe(index);
    expect(isImageManifestType(type)).toBe(manifest);
    expect(isManifestType(type)).toBe(index || manifest);
    expect(MANIFEST_ACCEPT.includes(type)).toBe(index || manifest || type === '');
  });

  test.each([
    ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', true],
    ['application/vnd.oci.image.layer.nondistributable.v1.tar+zstd', true],
    [MEDIA_TYPES.dockerForeignLayer, true],
    [MEDIA_TYPES.dockerLayerGzip, false],
    [MEDIA_TYPES.ociLayerZstd, false],
  ])('%s stays with its publisher: %p', (type, foreign) => {
    expect(isForeignLayer(type)).toBe(foreign);
  });
});

describe('descriptors', () => {
  test('keep their optional and unknown fields', () => {
    const whole = {
      ...BLOB,
      annotations: { a: 'b' },
      urls: ['https://example.test'],
      platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
      'x-unknown': [1],
    };
    expect(parseDescriptor(whole, 'config')).toEqual(whole);
  });

  test.each([
    ['platform', 'linux'],
    ['platform', {}],
    ['platform', { os: 'linux', architecture: 1 }],
    ['platform', { os: 'linux', architecture: 'arm', variant: 7 }],
    ['annotations', { a: 1 }],
    ['annotations', 'text'],
    ['urls', 'text'],
    ['data', 1],
    ['artifactType', {}],
  ])('%s of the wrong type (%j) is left out', (name, value) => {
    expect(parseDescriptor({ ...BLOB, [name]: value }, 'config')).toEqual(BLOB);
  });

  test('are not fooled by names that every object has', () => {
    const text = JSON.stringify({ ...BLOB, constructor: 1, toString: 2 }).replace(
      '{',
      '{"__proto__":{"mediaType":"x"},',
    );
    expect(parseDescriptor(JSON.parse(text), 'config')).toMatchObject(BLOB);
  });

  test.each([
    [undefined, /is not a descriptor/],
    [null, /is not a descriptor/],
    [[BLOB], /is not a descriptor/],
    ['text', /is not a descriptor/],
    [{}, /has no mediaType/],
    [{ ...BLOB, mediaType: '' }, /has no mediaType/],
    [{ ...BLOB, digest: 'sha256:12' }, /has no valid digest/],
    [{ ...BLOB, digest: undefined }, /has no valid digest/],
    [{ ...BLOB, size: -1 }, /has no valid size/],
    [{ ...BLOB, size: 1.5 }, /has no valid size/],
    [{ ...BLOB, size: '3' }, /has no valid size/],
    [{ ...BLOB, size: 2 ** 60 }, /has no valid size/],
  ])('%j is none', (value, sentence) => {
    expect(() => parseDescriptor(value, 'layers[3]')).toThrow(FormatError);
    expect(() => parseDescriptor(value, 'layers[3]')).toThrow(sentence);
    expect(() => parseDescriptor(value, 'layers[3]')).toThrow(/layers\[3\]/);
  });
});

describe('manifests', () => {
  test('of an image', () => {
    const manifest = parse({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      config: BLOB,
      layers: [BLOB, BLOB],
      subject: BLOB,
      artifactType: 'a/b',
      annotations: { c: 'd' },
    });
    expect(manifest).toMatchObject({
      kind: 'manifest',
      subject: BLOB,
      artifactType: 'a/b',
      annotations: { c: 'd' },
    });
    expect(childrenOf(manifest)).toEqual([BLOB, BLOB, BLOB]);
  });

  test('of several images', () => {
    const child = { ...BLOB, mediaType: MEDIA_TYPES.ociManifest };
    const index = parse({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [child] });
    expect(index.kind).toBe('index');
    expect(childrenOf(index)).toEqual([child]);
  });

  test.each([
    [{ schemaVersion: 2, manifests: [] }, undefined, 'index', MEDIA_TYPES.ociIndex],
    [{ schemaVersion: 2, config: BLOB }, undefined, 'manifest', MEDIA_TYPES.ociManifest],
    [
      { schemaVersion: 2, layers: [] },
      MEDIA_TYPES.dockerManifest,
      'manifest',
      MEDIA_TYPES.dockerManifest,
    ],
    [
      { schemaVersion: 2, manifests: null },
      MEDIA_TYPES.dockerList,
      'index',
      MEDIA_TYPES.dockerList,
    ],
  ])('without a type of their own (%j, %s)', (value, declared, kind, mediaType) => {
    expect(parse(value, declared)).toMatchObject({ kind, mediaType });
  });

  test.each([
    ['not json', undefined, /not valid JSON/],
    ['[]', undefined, /not a JSON object/],
    ['null', undefined, /not a JSON object/],
    [{ schemaVersion: 1, fsLayers: [] }, undefined, /schema 1/],
    [{ mediaType: 'text/html' }, undefined, /text\/html is not the media type/],
    [{ mediaType: MEDIA_TYPES.ociIndex, manifests: [] }, MEDIA_TYPES.ociManifest, /announced as/],
    [{ schemaVersion: 2, layers: {} }, undefined, /layers is not a list/],
    [{ schemaVersion: 2, layers: [1] }, undefined, /layers\[0\] is not a descriptor/],
    [{ schemaVersion: 2, manifests: [{}] }, undefined, /manifests\[0\] has no mediaType/],
    [{ schemaVersion: 2, config: 'x', layers: [] }, undefined, /config is not a descriptor/],
    [{ schemaVersion: 2, subject: {}, layers: [] }, undefined, /subject has no mediaType/],
    [
      { mediaType: MEDIA_TYPES.ociManifest, manifests: [], layers: [] },
      undefined,
      /of a manifest and of an index/,
    ],
    [
      { mediaType: MEDIA_TYPES.ociIndex, manifests: [], config: BLOB },
      undefined,
      /of a manifest and of an index/,
    ],
  ])('%j as %s is none', (value, declared, sentence) => {
    expect(() => parse(value, declared)).toThrow(FormatError);
    expect(() => parse(value, declared)).toThrow(sentence);
  });

  test('are UTF-8', () => {
    expect(() => parseManifest(Buffer.from([0x7b, 0xff, 0x7d]))).toThrow(FormatError);
  });

  test('have a limit', () => {
    expect(() => parseManifest(Buffer.alloc(MANIFEST_MAX_BYTES + 1, ' '))).toThrow(/at most 4 MiB/);
  });
});
