import { describe, expect, test } from '@jest/globals';
import { FormatError } from '../../../src/oci/format-error.ts';
import {
  canonicalRegistry,
  formatReference,
  parseReference,
  parseRegistryHost,
} from '../../../src/oci/reference.ts';

const DIGEST = `sha256:${'0a'.repeat(32)}`;

describe('references', () => {
  test.each([
    ['ubuntu', 'docker.io', 'library/ubuntu', undefined],
    ['ubuntu:24.04', 'docker.io', 'library/ubuntu', '24.04'],
    ['octo/app', 'docker.io', 'octo/app', undefined],
    ['docker.io/ubuntu', 'docker.io', 'library/ubuntu', undefined],
    ['index.docker.io/octo/app:1', 'docker.io', 'octo/app', '1'],
    ['registry-1.docker.io/octo/app', 'docker.io', 'octo/app', undefined],
    ['ghcr.io/octo/app:1.2.3', 'ghcr.io', 'octo/app', '1.2.3'],
    ['GHCR.io/octo/app', 'ghcr.io', 'octo/app', undefined],
    ['ghcr.io/app', 'ghcr.io', 'app', undefined],
    ['localhost/app', 'localhost', 'app', undefined],
    ['localhost:5000/app:v1', 'localhost:5000', 'app', 'v1'],
    ['host:5000/a/b/c', 'host:5000', 'a/b/c', undefined],
    ['127.0.0.1:5000/app', '127.0.0.1:5000', 'app', undefined],
    ['[::1]:5000/app:x', '[::1]:5000', 'app', 'x'],
    ['[fe80::1]/app', '[fe80::1]', 'app', undefined],
    ['gitea.example:8443/a__b/c-d/e.f---g', 'gitea.example:8443', 'a__b/c-d/e.f---g', undefined],
    [`ghcr.io/app:${'t'.repeat(128)}`, 'ghcr.io', 'app', 't'.repeat(128)],
    ['ghcr.io/app:_Under.score-1', 'ghcr.io', 'app', '_Under.score-1'],
  ])('%s', (text, registry, repository, tag) => {
    expect(parseReference(text)).toEqual({ registry, repository, ...(tag ? { tag } : {}) });
  });

  test('have a digest, with or without a tag', () => {
    expect(parseReference(`ghcr.io/app@${DIGEST}`)).toEqual({
      registry: 'ghcr.io',
      repository: 'app',
      digest: DIGEST,
    });
    expect(parseReference(`ghcr.io/app:1@${DIGEST}`)).toMatchObject({ tag: '1', digest: DIGEST });
  });

  test.each([
    ['app', 'gitea.example', 'gitea.example/app'],
    ['octo/app:1', 'localhost:5000', 'localhost:5000/octo/app:1'],
    ['ghcr.io/app', 'gitea.example', 'ghcr.io/app'],
  ])('%s is completed by %s', (text, registry, whole) => {
    expect(formatReference(parseReference(text, registry))).toBe(whole);
  });

  test.each([
    ['', /not an image reference/],
    ['/', /not an image reference/],
    ['ghcr.io/', /not an image reference/],
    ['ghcr.io//app', /not an image reference/],
    ['ghcr.io/app/', /not an image reference/],
    ['ghcr.io/-app', /not an image reference/],
    ['ghcr.io/a..b', /not an image reference/],
    ['ghcr.io/a___b', /not an image reference/],
    ['ghcr.io/../app', /not an image reference/],
    ['ghcr.io/ap p', /not an image reference/],
    ['ghcr.io/app\n', /not an image reference/],
    ['Octo/app', /lower case \(did you mean octo\/app\?\)/],
    ['ghcr.io/Octo/app', /lower case \(did you mean octo\/app\?\)/],
    ['ghcr.io/app:', /not a tag/],
    ['ghcr.io/app:-x', /not a tag/],
    ['ghcr.io/app:a b', /not a tag/],
    ['ghcr.io/app:x\n', /not a tag/],
    [`ghcr.io/app:${'t'.repeat(129)}`, /not a tag/],
    ['ghcr.io/app@latest', /not a digest/],
    [`ghcr.io/app@${DIGEST.toUpperCase()}`, /not a digest/],
    [`ghcr.io/${'a/'.repeat(127)}bcd`, /longer than 255/],
    ['host:99999/app', /not a registry/],
    ['a0.0/app', /not a registry/],
    ['ho_st.example/app', /not a registry/],
    ['-host.example/app', /not a registry/],
    ['host.example:/app', /not a registry/],
    ['[::1/app', /not a registry/],
    ['https://ghcr.io/app', /not a registry|not an image|not a tag/],
  ])('%j is none', (text, sentence) => {
    expect(() => parseReference(text)).toThrow(FormatError);
    expect(() => parseReference(text)).toThrow(sentence);
  });

  test('take no time however they are written', () => {
    expect(() => parseReference(`a${'-'.repeat(100_000)}`)).toThrow(FormatError);
    expect(() => parseReference(`${'a.'.repeat(50_000)}/x`)).toThrow(FormatError);
  });
});

describe('registry hosts', () => {
  test.each([
    ['GHCR.io', 'ghcr.io'],
    ['index.docker.io', 'docker.io'],
    ['localhost:80', 'localhost:80'],
    ['[::1]:5000', '[::1]:5000'],
  ])('%s is %s', (text, host) => {
    expect(parseRegistryHost(text)).toBe(host);
    expect(canonicalRegistry(text)).toBe(host);
  });

  test.each(['', 'a b', 'host:', 'host:65536', 'host/path', 'user@host', 'a..b', '[::1', 'host\n'])(
    '%j is none',
    (text) => {
      expect(() => parseRegistryHost(text)).toThrow(FormatError);
    },
  );
});
