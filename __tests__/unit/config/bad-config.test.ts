import { describe, expect, test } from '@jest/globals';
import { CERTIFICATE } from './certificate.ts';
import { COMPLETE, sentenceOf } from './resolving.ts';

const FORBIDDEN =
  "cannot be set by a file inside the workspace (expected in the workflow's inputs, or in YAML text given as config)";

const SENTENCES: readonly (readonly [string, string])[] = [
  [
    'config: "push.yml": there is no such file (expected YAML text or the path of a YAML file)',
    'push.yml',
  ],
  ['config: unknown setting "retry-attemps" (did you mean retry-attempts?)', 'retry-attemps: 3'],
  ['config: unknown setting "retry_attempts" (did you mean retry-attempts?)', 'retry_attempts: 3'],
  ['config: unknown setting "config"', 'config: other.yml'],
  ['config: retry-attempts: "many" is not a whole number from 1 to 100', 'retry-attempts: many'],
  ['config: push: a list is not true or false', 'push: [true]'],
  ['config: password: the value is not a text', 'password: [hunter2]'],
  ['config: resume: a map is not true or false', 'resume: {a: b}'],
  [
    'config: cache-directory: "~" starts with ~, which only a shell replaces (expected the whole path)',
    'cache-directory: "~"',
  ],
  ['config: tags: a map is not a list of texts', 'tags: {a: b}'],
  ['config: this is not a map of settings (expected name: value lines)', '- a\n- b'],
  [
    'config: this is not valid YAML at line 2, column 1 (expected name: value lines)',
    'tags: [a\npush: 1',
  ],
  ['config: this is not valid YAML (expected name: value lines)', 'password: *hunter2\n'],
  [
    'config: a name is given twice at line 2 (expected each name once)',
    'quiet: true\nquiet: false',
  ],
  [
    'config: registries is not a map (expected host: and settings below it)',
    'registries: [ghcr.io]',
  ],
  [
    'config: registries.ghcr.io: this is not a map (expected username, password, insecure, plain-http, ca-file, ca, profile, optional)',
    'registries:\n  ghcr.io: hello',
  ],
  [
    'config: registries.ghcr.io: unknown setting "usrname" (did you mean username?)',
    'registries:\n  ghcr.io:\n    usrname: octo',
  ],
  [
    'config: registries.ghcr.io.insecure: "maybe" is not true or false',
    'registries:\n  ghcr.io:\n    insecure: maybe',
  ],
  [
    'config: registries: "a b" is not a registry (expected host or host:port)',
    'registries:\n  a b: {}',
  ],
  ['config: registries: ghcr.io is named twice', 'registries:\n  ghcr.io: {}\n  GHCR.io: {}'],
  [
    'config: registries.ghcr.io.ca: given together with ca-file (expected one of the two)',
    'registries:\n  ghcr.io: {ca: x, ca-file: y}',
  ],
  [
    'config: registries.ghcr.io.ca: the text holds no certificate (expected PEM text with -----BEGIN CERTIFICATE-----)',
    'registries:\n  ghcr.io: {ca: x}',
  ],
  [
    'config: registries.ghcr.io.username: ghcr.io also has a login by config: username (expected one login for each registry)',
    'username: a\npassword: b\nregistries:\n  ghcr.io: {username: c, password: d}',
  ],
];

describe('a sentence for every bad config', () => {
  test.each(SENTENCES)('%s', async (sentence, config) => {
    const actual = await sentenceOf({ ...COMPLETE, config });
    expect(actual).toBe(sentence);
    expect(actual).not.toContain('hunter2');
  });

  test('a config of more than 1 MiB is refused before it is parsed', async () => {
    const config = `tags: |\n  ${'a'.repeat(1024 * 1024)}`;
    expect(await sentenceOf({ ...COMPLETE, config })).toBe(
      'config: the YAML is larger than 1 MiB (expected a few lines of settings)',
    );
  });

  test('aliases that multiply end in a sentence', async () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (const [index, name] of ['b', 'c', 'd', 'e', 'f'].entries()) {
      const before = String.fromCharCode(97 + index);
      lines.push(
        `${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join(', ')}]`,
      );
    }
    expect(await sentenceOf({ ...COMPLETE, config: lines.join('\n') })).toMatch(/^config: /);
  });
});

describe('a config file inside the workspace', () => {
  const place = { workspace: '/work space' };
  const loosening: readonly (readonly [string, string])[] = [
    ['registry', 'registry: evil.example'],
    ['username', 'username: a'],
    ['password', 'password: b'],
    ['registry-auth', 'registry-auth: []'],
    ['github-token', 'github-token: t'],
    ['insecure', 'insecure: true'],
    ['plain-http', 'plain-http: true'],
    ['ca-file', 'ca-file: ca.pem'],
    ['cache-directory', 'cache-directory: src'],
    ['insecure', 'registries: {ghcr.io: {insecure: true}}'],
    ['ca', `registries:\n  ghcr.io:\n    ca: |\n      ${CERTIFICATE.replaceAll('\n', '\n      ')}`],
    ['plain-http', 'registries: {"http://ghcr.io": {}}'],
  ];

  test.each(loosening)('cannot set %s (%#)', async (name, text) => {
    const files = { '/work space/ci/push.yml': text };
    const sentence = await sentenceOf(
      { ...COMPLETE, config: '/work space/ci/push.yml' },
      { ...place, files },
    );
    const where = 'config file /work space/ci/push.yml';
    expect(sentence.replace('registries.ghcr.io: ', '')).toBe(`${where}: ${name} ${FORBIDDEN}`);
  });

  test.each([
    [
      'a link in the workspace to a file outside',
      { '/work space/push.yml': '/etc/push.yml' },
      '/work space/push.yml',
    ],
    [
      'a link outside that leads into the workspace',
      { '/etc/link.yml': '/work space/x.yml' },
      '/etc/link.yml',
    ],
    [
      'a file of a workspace that is reached by a link',
      { '/work space': '/real' },
      '/real/push.yml',
    ],
    ['a path that leaves and comes back', {}, '/work space/../work space/push.yml'],
  ])('%s counts as inside', async (_, links, config) => {
    const text = 'insecure: true';
    const files = {
      '/work space/push.yml': text,
      '/work space/x.yml': text,
      '/real/push.yml': text,
      '/etc/push.yml': text,
    };
    const sentence = await sentenceOf({ ...COMPLETE, config }, { ...place, files, links });
    expect(sentence).toBe(`config file ${config}: insecure ${FORBIDDEN}`);
  });

  test('a folder whose name only starts like the workspace is outside', async () => {
    const files = { '/work spaces/push.yml': 'insecure: true' };
    const config = '/work spaces/push.yml';
    expect(await sentenceOf({ ...COMPLETE, config }, { ...place, files })).toBe('no error');
  });

  test('does not decide where a password of the workflow goes', async () => {
    const files = { '/work space/push.yml': 'tags: evil.example/app:1' };
    const inputs = { source: 'oci:image', config: '/work space/push.yml' };
    const login = { username: 'octo', password: 'hunter2' };
    const sentence = await sentenceOf({ ...inputs, ...login }, { ...place, files });
    expect(sentence).toBe(
      "username: a config file inside the workspace would decide which registry it is for (expected registry in the workflow's inputs)",
    );
    const env = { IDPBUILDER_REGISTRY_INSECURE: 'true' };
    expect(await sentenceOf(inputs, { ...place, files, env })).toMatch(
      /^IDPBUILDER_REGISTRY_INSECURE: a config file inside the workspace would decide/,
    );
    expect(
      await sentenceOf({ ...inputs, ...login, registry: 'ghcr.io' }, { ...place, files }),
    ).toBe('no error');
  });
});
