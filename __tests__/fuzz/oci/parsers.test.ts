import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseDescriptor } from '../../../src/oci/descriptor.ts';
import { digestOf, isDigest } from '../../../src/oci/digest.ts';
import { FormatError } from '../../../src/oci/format-error.ts';
import { childrenOf, parseManifest } from '../../../src/oci/manifest.ts';
import { MEDIA_TYPES } from '../../../src/oci/media-types.ts';
import { formatPlatform, matchesPlatform, parsePlatform } from '../../../src/oci/platform.ts';
import { formatReference, parseReference } from '../../../src/oci/reference.ts';

/** The result, or nothing where the parser says no in its own way; anything else fails the test. */
function orRefused<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const host = fc
  .oneof(
    fc.tuple(word, word).map(([name, end]) => `${name}.${end}`),
    fc.tuple(word, fc.nat({ max: 65_535 })).map(([name, port]) => `${name}:${port}`),
    fc.constantFrom('localhost', '[::1]:5000', '127.0.0.1', 'docker.io'),
  )
  // What ends in a number has to be an IPv4 address: such a name is no host.
  .filter((name) => URL.canParse(`https://${name}/`));
const tag = fc.stringMatching(/^[A-Za-z0-9_][\w.-]{0,20}$/);
const digest = fc.string().map((text) => digestOf(text));
const nearlyReference = fc
  .array(
    fc.oneof(
      fc.constantFrom('/', ':', '@', '.', '-', '[', ']', 'sha256:', '\n'),
      word,
      host,
      digest,
    ),
    {
      maxLength: 8,
    },
  )
  .map((parts) => parts.join(''));

describe('references', () => {
  test('are read back as they were written', () => {
    const whole = fc.record(
      { registry: host, repository: fc.array(word, { minLength: 2, maxLength: 4 }), tag, digest },
      { requiredKeys: ['registry', 'repository'] },
    );
    fc.assert(
      fc.property(whole, ({ repository, ...rest }) => {
        const reference = { ...rest, repository: repository.join('/') };
        expect(parseReference(formatReference(reference))).toEqual(reference);
      }),
    );
  });

  test('are accepted or refused, and what is accepted is stable', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearlyReference), (text) => {
        const reference = orRefused(() => parseReference(text));
        if (!reference) return;
        expect(parseReference(formatReference(reference))).toEqual(reference);
        // It becomes part of a URL's path and of its host.
        expect(reference.repository).toMatch(/^[a-z0-9]+([._/-]+[a-z0-9]+)*$/);
        expect(URL.canParse(`https://${reference.registry}/v2/`)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('platforms', () => {
  test('are accepted or refused, and equal themselves', () => {
    const nearly = fc.array(fc.oneof(word, fc.constantFrom('', 'linux', 'ARM', 'v8')), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          nearly.map((parts) => parts.join('/')),
        ),
        (text) => {
          const platform = orRefused(() => parsePlatform(text));
          if (!platform) return;
          expect(parsePlatform(formatPlatform(platform))).toEqual(platform);
          expect(matchesPlatform(platform, platform)).toBe(true);
        },
      ),
    );
  });
});

describe('JSON of others', () => {
  const key = fc.constantFrom(
    'mediaType',
    'digest',
    'size',
    'platform',
    'annotations',
    'urls',
    'data',
    '__proto__',
  );
  const nearlyDescriptor = fc.dictionary(
    key,
    fc.oneof(fc.jsonValue(), digest, fc.nat(), fc.constantFrom(...Object.values(MEDIA_TYPES))),
  );

  test('is a descriptor or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), nearlyDescriptor), (value) => {
        const descriptor = orRefused(() => parseDescriptor(value, 'it'));
        if (!descriptor) return;
        expect(isDigest(descriptor.digest)).toBe(true);
        expect(Number.isSafeInteger(descriptor.size)).toBe(true);
        if (descriptor.platform) expect(typeof formatPlatform(descriptor.platform)).toBe('string');
      }),
    );
  });

  test('is a manifest or refused', () => {
    const field = fc.constantFrom(
      'manifests',
      'layers',
      'config',
      'subject',
      'mediaType',
      'schemaVersion',
      'annotations',
    );
    const value = fc.oneof(
      fc.jsonValue(),
      fc.array(nearlyDescriptor),
      nearlyDescriptor,
      fc.constantFrom(2, ...Object.values(MEDIA_TYPES)),
    );
    fc.assert(
      fc.property(
        fc.oneof(fc.jsonValue(), fc.dictionary(field, value)),
        fc.option(fc.constantFrom(...Object.values(MEDIA_TYPES)), { nil: undefined }),
        (json, declared) => {
          const bytes = Buffer.from(JSON.stringify(json));
          const manifest = orRefused(() => parseManifest(bytes, declared));
          if (!manifest) return;
          for (const child of childrenOf(manifest)) expect(isDigest(child.digest)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('need not even be JSON', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        orRefused(() => parseManifest(bytes));
      }),
    );
  });
});
