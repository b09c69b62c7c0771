import { describe, expect, test } from '@jest/globals';
import { CERTIFICATE } from './certificate.ts';
import { COMPLETE, resolving, sentenceOf } from './resolving.ts';

const LOGIN = { username: 'octo', password: 'hunter2' };
const PLAIN = { insecure: false, plainHttp: false };

describe('what is said of a registry binds to one host', () => {
  test.each([
    ['the first tag', { tags: 'b.io/x/y:1\na.io/x/y:1' }, 'b.io'],
    ['registry', { tags: 'b.io/x/y:1', registry: 'c.io' }, 'c.io'],
    ['Docker Hub by any of its names', { registry: 'https://index.docker.io/v1/' }, 'docker.io'],
    ['a name with a port', { registry: 'LOCALHOST:5000' }, 'localhost:5000'],
    ['an address', { registry: '[::1]:5000' }, '[::1]:5000'],
    ['the source', { source: 'docker://s.io/x/y:1', tags: '', push: 'false' }, 's.io'],
  ])('%s', async (_, inputs, host) => {
    const { config } = await resolving({ ...COMPLETE, ...LOGIN, insecure: 'true', ...inputs });
    expect(config.registries).toEqual({ [host]: { ...LOGIN, insecure: true, plainHttp: false } });
  });

  test('without any host there is nothing it could be for', async () => {
    const inputs = { source: 'app.tar', push: 'false', ...LOGIN, insecure: 'true' };
    expect((await resolving(inputs)).config.registries).toEqual({});
  });

  test('a host called constructor has settings only when it was given some', async () => {
    const { config } = await resolving(COMPLETE);
    expect(config.registries['constructor']).toBeUndefined();
  });

  test.each([
    ['http://r.io:5000', {}, true],
    ['https://r.io:5000', {}, false],
    ['r.io:5000', { 'plain-http': 'true' }, true],
    ['http://r.io:5000/', { 'plain-http': 'true' }, true],
    ['http://r.io:5000/v2/', {}, true],
  ])('registry %s with %j', async (registry, inputs, plainHttp) => {
    const { config } = await resolving({ ...COMPLETE, registry, ...inputs });
    expect(config.registries['r.io:5000']).toEqual({ ...PLAIN, plainHttp });
  });

  test("the environment's login goes to the environment's registry, not to the input's", async () => {
    const env = {
      IDPBUILDER_REGISTRY_URL: 'https://gitea.example:8443/',
      IDPBUILDER_REGISTRY_USER: 'gitea',
      IDPBUILDER_REGISTRY_PASSWORD: 'secret',
      IDPBUILDER_REGISTRY_INSECURE: 'true',
    };
    const { config } = await resolving({ ...COMPLETE, registry: 'ghcr.io' }, { env });
    expect(config.registries).toEqual({
      'gitea.example:8443': {
        username: 'gitea',
        password: 'secret',
        insecure: true,
        plainHttp: false,
      },
    });
  });

  test('registry completes tags without a host', async () => {
    const env = { IDPBUILDER_REGISTRY_URL: 'https://gitea.example:8443/' };
    const tags = 'giteaadmin/app:1\nghcr.io/octo/app:1';
    const { config } = await resolving({ ...COMPLETE, tags }, { env });
    expect(config.targets.map(({ registry }) => registry)).toEqual([
      'gitea.example:8443',
      'ghcr.io',
    ]);
  });
});

describe('several registries', () => {
  const AUTH = `
- registry: a.io
  username: u1
  password: "007"
- username: u2
  password: 0123
- registry: http://c.io:5000
  username: u3
  password: |
    secret
`;

  test('registry-auth is a list as docker/login-action takes it', async () => {
    const { config } = await resolving({ ...COMPLETE, ...LOGIN, 'registry-auth': AUTH });
    expect(config.registries).toEqual({
      'ghcr.io': { ...LOGIN, ...PLAIN },
      'a.io': { username: 'u1', password: '007', ...PLAIN },
      'docker.io': { username: 'u2', password: '0123', ...PLAIN },
      'c.io:5000': { username: 'u3', password: 'secret', insecure: false, plainHttp: true },
    });
  });

  test('the config has them as a map, registry-auth as text or list', async () => {
    const config = `
registries:
  a.io: { insecure: true }
  http://b.io: {username: x, password: y}
  c.io:
registry-auth:
  - {registry: a.io, username: u1, password: p1}
`;
    const resolved = await resolving({ ...COMPLETE, config });
    expect(resolved.config.registries).toEqual({
      'a.io': { username: 'u1', password: 'p1', insecure: true, plainHttp: false },
      'b.io': { username: 'x', password: 'y', insecure: false, plainHttp: true },
      'c.io': PLAIN,
    });
  });

  test('registry-auth of the inputs wins over the config', async () => {
    const config = 'registries: {a.io: {username: x, password: y, insecure: true}}';
    const inputs = { ...COMPLETE, config, 'registry-auth': AUTH };
    const resolved = await resolving(inputs);
    expect(resolved.config.registries['a.io']).toMatchObject({ username: 'u1', insecure: true });
  });
});

describe('half a login', () => {
  test('is an error for a push', async () => {
    expect(await sentenceOf({ ...COMPLETE, username: 'octo' })).toMatch(/^username: given without/);
  });

  test('is a warning for a dry run, for a fork has no secrets', async () => {
    const inputs = { ...COMPLETE, username: 'octo', push: 'false' };
    const { config, warnings } = await resolving(inputs);
    expect(config.registries['ghcr.io']).toEqual(PLAIN);
    expect(warnings).toEqual([
      'username: given without a password (expected both in one place: username and password); ignored, because nothing is pushed',
    ]);
  });
});

describe('registries that need not get the image', () => {
  test('are named in the config, by a file inside the workspace, too', async () => {
    const text =
      'require-registries: any\nregistries: {ghcr.io: {optional: true}, quay.io: {optional: false}}';
    const { config } = await resolving(
      { ...COMPLETE, config: '/w/push.yml' },
      { workspace: '/w', files: { '/w/push.yml': text } },
    );
    expect(config.requireRegistries).toBe('any');
    expect(config.registries['ghcr.io']).toEqual({ ...PLAIN, optional: true });
    expect(config.registries['quay.io']).toEqual(PLAIN);
  });

  test('that is all such a file may say of a registry', async () => {
    const text = 'registries: {ghcr.io: {optional: true, insecure: true}}';
    const sentence = await sentenceOf(
      { ...COMPLETE, config: '/w/push.yml' },
      { workspace: '/w', files: { '/w/push.yml': text } },
    );
    expect(sentence).toMatch(/insecure cannot be set by a file inside the workspace/);
  });

  test('require-registries is one of three', async () => {
    expect(await sentenceOf({ ...COMPLETE, 'require-registries': 'most' })).toMatch(
      /^require-registries: "most" is not /,
    );
  });
});

test.each([
  [
    { registry: 'quay.io' },
    ['registry: neither a tag nor the source is at quay.io, so its login is not used'],
  ],
  [{ registry: 'quay.io', source: 'docker://quay.io/a/b:1' }, []],
  [{ registry: 'ghcr.io' }, []],
])('a login nobody will ask for is said: %j', async (inputs, sentences) => {
  expect((await resolving({ ...COMPLETE, ...LOGIN, ...inputs })).warnings).toEqual(sentences);
});

describe('certificates', () => {
  test('ca-file is read, and only its certificates are kept', async () => {
    const files = { '/ca.pem': `# ours\n${CERTIFICATE}\n${CERTIFICATE}` };
    const { config } = await resolving({ ...COMPLETE, 'ca-file': '/ca.pem' }, { files });
    const ca = config.registries['ghcr.io']?.ca ?? '';
    expect(ca.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(ca).not.toContain('ours');
  });

  test('the config may hold them as text', async () => {
    const indented = CERTIFICATE.replaceAll('\n', '\n      ');
    const config = `registries:\n  r.io:\n    ca: |\n      ${indented}`;
    const resolved = await resolving({ ...COMPLETE, config });
    expect(resolved.config.registries['r.io']?.ca).toBe(CERTIFICATE.trim());
  });
});
