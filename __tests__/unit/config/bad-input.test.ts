import { describe, expect, test } from '@jest/globals';
import { COMPLETE, sentenceOf, type Surroundings } from './resolving.ts';

type Row = readonly [string, Readonly<Record<string, string>>, Surroundings?];

const TAG = 'expected registry/repository:tag, for example ghcr.io/octo/app:1.2.3';
const DIGEST = `sha256:${'a'.repeat(64)}`;

/** Read aloud: each of these is all that somebody with a typing error gets to see. */
const SENTENCES: readonly Row[] = [
  [
    'source: nothing is given to push (expected for example oci:DIR, docker-archive:FILE, docker-daemon:NAME:TAG or docker://HOST/REPO:TAG)',
    { source: '', tags: 'a' },
  ],
  [
    'source: nothing is given to push (expected for example oci:DIR, docker-archive:FILE, docker-daemon:NAME:TAG or docker://HOST/REPO:TAG)',
    { source: ' \n \n', tags: 'a' },
  ],
  [
    'tags: nothing is given to push to (expected at least one, for example ghcr.io/octo/app:1.2.3, or push: false)',
    { tags: ' ,\n' },
  ],
  [
    `tags: "app@${DIGEST}" names a digest, which follows from the source (${TAG})`,
    { tags: `app@${DIGEST}` },
  ],
  [`tags: an entry holds an @ (${TAG})`, { tags: 'octo:hunter2@ghcr.io/app:1' }],
  [
    `tags: "https://ghcr.io/octo/app:1" has a scheme (${TAG})`,
    { tags: 'https://ghcr.io/octo/app:1' },
  ],
  [
    'tags: "ghcr.io/Octo/App:1": a repository is written in lower case (did you mean octo/app?)',
    { tags: 'ghcr.io/Octo/App:1' },
  ],
  [
    'tags: "app:a b": "a b" is not a tag (letters, digits, _ . - and at most 128 characters)',
    { tags: 'app:a b' },
  ],
  ['push: "yes" is not true or false', { push: 'yes' }],
  ['foreign-layers: "on" is not true or false', { 'foreign-layers': 'on' }],
  [
    'platforms: "linux" is not a platform (expected os/architecture or os/architecture/variant, for example linux/arm64)',
    { platforms: 'linux/amd64,linux' },
  ],
  ['compression: "lz4" is not one of gzip, zstd', { compression: 'lz4' }],
  [
    'timeout: "10 minutes" is not a duration of at most 500h (expected for example 30s, 10m, 1h30m or a number of seconds)',
    { timeout: '10 minutes' },
  ],
  ['retry-attempts: "0" is not a whole number from 1 to 100', { 'retry-attempts': '0' }],
  ['concurrency: "many" is not auto or a whole number from 1 to 64', { concurrency: 'many' }],
  ['concurrency: "0" is not auto or a whole number from 1 to 64', { concurrency: '0' }],
  ['max-concurrency: "65" is not a whole number from 1 to 64', { 'max-concurrency': '65' }],
  [
    'chunk-size: "4 chunks" is not a size from 64KiB to 1024GiB (expected for example 16MiB or a number of bytes)',
    { 'chunk-size': '4 chunks' },
  ],
  ['resume: "no" is not true or false', { resume: 'no' }],
  ['cache: "off" is not true or false', { cache: 'off' }],
  [
    'cache-directory: "~/cache" starts with ~, which only a shell replaces (expected the whole path)',
    { 'cache-directory': '~/cache' },
  ],
  ['cache-directory: "a b" is not one line of text', { 'cache-directory': 'a\nb' }],
  [
    'cache-max-size: "63KiB" is not a size from 64KiB to 1GiB (expected for example 16MiB or a number of bytes)',
    { 'cache-max-size': '63KiB' },
  ],
  ['cache-max-entries: "0" is not a whole number from 1 to 10000000', { 'cache-max-entries': '0' }],
  [
    'probe: "ghcr.io/octo/app:1" has a tag or digest (expected HOST/REPOSITORY)',
    { probe: 'ghcr.io/octo/app:1' },
  ],
  [
    'quiet: true together with verbose (expected one of the two)',
    { quiet: 'true', verbose: 'true' },
  ],
  ['registry: "a b" is not a registry (expected host or host:port)', { registry: 'a b' }],
  ['registry: "a:99999" is not a registry (expected host or host:port)', { registry: 'a:99999' }],
  [
    'registry: "ftp://ghcr.io" is not an http or https URL (expected host or host:port)',
    { registry: 'ftp://ghcr.io' },
  ],
  [
    'registry: "https://ghcr.io/octo" has a path (expected only ghcr.io; the path belongs in the tags, for example ghcr.io/octo/app:1.2.3)',
    { registry: 'https://ghcr.io/octo' },
  ],
  [
    'registry: the URL holds a login (expected host or host:port; use username and password)',
    { registry: 'https://octo:hunter2@ghcr.io' },
  ],
  [
    'username: given without a password (expected both in one place: username and password)',
    { username: 'octo' },
  ],
  [
    'username: given without a password (expected both in one place: username and password)',
    { username: 'octo' },
    { env: { IDPBUILDER_REGISTRY_PASSWORD: 'hunter2' } },
  ],
  [
    'IDPBUILDER_REGISTRY_PASSWORD: given without a username (expected both in one place: IDPBUILDER_REGISTRY_USER and IDPBUILDER_REGISTRY_PASSWORD)',
    {},
    { env: { IDPBUILDER_REGISTRY_PASSWORD: 'hunter2' } },
  ],
  [
    'IDPBUILDER_PUSH_RETRY_ATTEMPTS: "many" is not a whole number from 1 to 100',
    {},
    { env: { IDPBUILDER_PUSH_RETRY_ATTEMPTS: 'many' } },
  ],
  [
    "plain-http: true contradicts the registry's https:// (expected only one of the two)",
    { registry: 'https://ghcr.io', 'plain-http': 'true' },
  ],
  ['ca-file: /ca.pem does not exist (expected the path of a PEM file)', { 'ca-file': '/ca.pem' }],
  [
    'ca-file: /ca.pem cannot be read (expected the path of a PEM file)',
    { 'ca-file': '/ca.pem' },
    { files: { '/ca.pem': null } },
  ],
  [
    'ca-file: /ca.pem holds no certificate (expected PEM text with -----BEGIN CERTIFICATE-----)',
    { 'ca-file': '/ca.pem' },
    { files: { '/ca.pem': '-----BEGIN PRIVATE KEY-----' } },
  ],
  [
    'ca-file: /ca.pem: the certificate cannot be read (expected PEM text with -----BEGIN CERTIFICATE-----)',
    { 'ca-file': '/ca.pem' },
    { files: { '/ca.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' } },
  ],
  ['unknown option "tag" (did you mean tags?)', { tag: 'a' }],
  ['unknown option "dry-run"', { 'dry-run': 'true' }],
  [
    'registry-auth: this is not a list (expected a YAML list of registry, username and password)',
    { 'registry-auth': 'registry: ghcr.io' },
  ],
  [
    'registry-auth: this is not valid YAML at line 2, column 21 (expected name: value lines)',
    { 'registry-auth': '- registry: ghcr.io\n  password: "hunter2' },
  ],
  [
    'registry-auth: entry 1 has no password (expected a YAML list of registry, username and password)',
    { 'registry-auth': '- registry: ghcr.io\n  username: octo' },
  ],
  [
    'registry-auth: entry 1: unknown setting "user" (expected one of registry, username, password)',
    { 'registry-auth': '- registry: ghcr.io\n  user: octo' },
  ],
  [
    'registry-auth: ghcr.io is named twice (expected each registry once)',
    {
      'registry-auth':
        '- {registry: ghcr.io, username: a, password: b}\n- {registry: GHCR.io, username: a, password: b}',
    },
  ],
  [
    'registry-auth: ghcr.io also has a login by username (expected one login for each registry)',
    {
      username: 'octo',
      password: 'hunter2',
      'registry-auth': '- {registry: ghcr.io, username: a, password: b}',
    },
  ],
];

describe('a sentence for every bad input', () => {
  const rows = SENTENCES.map(
    ([sentence, inputs, around]) => [sentence, inputs, around ?? {}] as const,
  );
  test.each(rows)('%s', async (sentence, inputs, surroundings) => {
    expect(await sentenceOf({ ...COMPLETE, ...inputs }, surroundings)).toBe(sentence);
  });

  test('none of them is more than one line, and none shows a password', async () => {
    for (const [, inputs, surroundings] of SENTENCES) {
      const sentence = await sentenceOf({ ...COMPLETE, ...inputs }, surroundings);
      expect(sentence).not.toMatch(/[\r\n]|hunter2/);
    }
  });

  test('control characters and workflow commands of a value are broken', async () => {
    const sentence = await sentenceOf({ ...COMPLETE, push: 'x\n::error::boo' });
    expect(sentence).not.toContain('::');
    expect(sentence).not.toContain('\n');
  });
});
