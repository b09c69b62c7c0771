import { describe, expect, test } from '@jest/globals';
import path from 'node:path';
import {
  createCredentialChain,
  type CredentialChainOptions,
} from '../../../../src/http/auth/default-providers.ts';
import { failure, manualClock } from './support.ts';

const HOME = '/home/me';

function file(username: string, registry = 'ghcr.io'): string {
  const auth = Buffer.from(`${username}:pw-${username}`).toString('base64');
  return JSON.stringify({ auths: { [registry]: { auth } } });
}

interface Setup {
  readonly files?: Readonly<Record<string, string>>;
  readonly options?: Partial<CredentialChainOptions>;
}

function chain({ files = {}, options = {} }: Setup) {
  const read: string[] = [];
  const secrets: string[] = [];
  const clock = manualClock();
  const provider = createCredentialChain({
    env: {},
    home: HOME,
    clock,
    onSecret: (secret) => secrets.push(secret),
    onWarning: () => undefined,
    read: (name) => {
      read.push(name);
      return Promise.resolve(files[name]);
    },
    list: (folder) =>
      Promise.resolve([
        ...new Set(
          Object.keys(files)
            .filter((name) => name.startsWith(`${folder}/`))
            .map((name) => name.slice(folder.length + 1).split('/')[0] ?? ''),
        ),
      ]),
    ...options,
  });
  const who = async (registry = 'ghcr.io', repository?: string, actions?: string[]) => {
    const found = await provider.find(registry, repository, actions);
    return found?.kind === 'basic' ? `${found.username} from ${found.from}` : found?.kind;
  };
  return { provider, who, read, secrets, clock };
}

const ALL = {
  '/auth.json': file('authfile'),
  '/run/user/7/containers/auth.json': file('runtime'),
  '/run/containers/7/auth.json': file('run'),
  '/home/me/.config/containers/auth.json': file('config'),
  '/home/me/.docker/config.json': file('docker'),
  '/home/me/.docker/buildx/config/ghcr.io/config.json': file('scoped'),
};

const login = (username: string) => [{ registry: 'ghcr.io', username, password: 'x' }];

describe('the order', () => {
  const user = { IDPBUILDER_REGISTRY_USER: 'env', IDPBUILDER_REGISTRY_PASSWORD: 'x' };
  const files = (...names: (keyof typeof ALL)[]) =>
    Object.fromEntries(names.map((name) => [name, ALL[name]]));

  test.each<[string, Setup, string | undefined]>([
    ['nothing', {}, undefined],
    [
      'inputs',
      {
        files: ALL,
        options: {
          inputs: login('in'),
          registryAuth: login('list'),
          env: user,
          defaultRegistry: 'ghcr.io',
        },
      },
      'in from the inputs',
    ],
    [
      'registry-auth',
      {
        files: ALL,
        options: { registryAuth: login('list'), env: user, defaultRegistry: 'ghcr.io' },
      },
      'list from registry-auth',
    ],
    [
      'the environment',
      { files: ALL, options: { env: user, defaultRegistry: 'ghcr.io', githubToken: 't' } },
      'env from IDPBUILDER_REGISTRY_USER and IDPBUILDER_REGISTRY_PASSWORD',
    ],
    [
      'the environment is for one registry',
      { options: { env: user, defaultRegistry: 'quay.io', githubToken: 't' } },
      'x-access-token from github-token',
    ],
    [
      'login-action’s folders',
      { files: ALL, options: { env: { REGISTRY_AUTH_FILE: '/auth.json' }, githubToken: 't' } },
      'scoped from /home/me/.docker/buildx/config/ghcr.io/config.json',
    ],
    [
      'REGISTRY_AUTH_FILE',
      {
        files: files('/auth.json', '/home/me/.docker/config.json'),
        options: { env: { REGISTRY_AUTH_FILE: '/auth.json' } },
      },
      'authfile from /auth.json',
    ],
    [
      'podman’s runtime folder',
      {
        files: files(
          '/run/user/7/containers/auth.json',
          '/run/containers/7/auth.json',
          '/home/me/.docker/config.json',
        ),
        options: { env: { XDG_RUNTIME_DIR: '/run/user/7' }, uid: 7 },
      },
      'runtime from /run/user/7/containers/auth.json',
    ],
    [
      'podman’s folder without a session',
      {
        files: files('/run/containers/7/auth.json', '/home/me/.config/containers/auth.json'),
        options: { uid: 7 },
      },
      'run from /run/containers/7/auth.json',
    ],
    [
      'the home folder’s auth.json',
      { files: files('/home/me/.config/containers/auth.json', '/home/me/.docker/config.json') },
      'config from /home/me/.config/containers/auth.json',
    ],
    [
      'XDG_CONFIG_HOME',
      {
        files: { '/xdg/containers/auth.json': file('xdg') },
        options: { env: { XDG_CONFIG_HOME: '/xdg' } },
      },
      'xdg from /xdg/containers/auth.json',
    ],
    [
      'DOCKER_AUTH_CONFIG',
      {
        files: files('/home/me/.docker/config.json'),
        options: { env: { DOCKER_AUTH_CONFIG: file('text') } },
      },
      'text from DOCKER_AUTH_CONFIG',
    ],
    [
      'Docker’s config before GitHub’s token',
      { files: files('/home/me/.docker/config.json'), options: { githubToken: 't' } },
      'docker from /home/me/.docker/config.json',
    ],
    [
      'DOCKER_CONFIG instead of the home folder',
      {
        files: { '/dc/config.json': file('dc'), ...files('/home/me/.docker/config.json') },
        options: { env: { DOCKER_CONFIG: '/dc' } },
      },
      'dc from /dc/config.json',
    ],
    ['GitHub’s token', { options: { githubToken: 't' } }, 'x-access-token from github-token'],
    ['no home', { files: ALL, options: { home: undefined } }, undefined],
  ])('%s', async (_, setup, expected) => {
    expect(await chain(setup).who()).toBe(expected);
  });

  test('GitHub’s token is for ghcr.io only', async () => {
    const { who } = chain({ options: { githubToken: 't' } });
    expect(await who('docker.io')).toBeUndefined();
    expect(await who('ghcr.io.example')).toBeUndefined();
  });

  test('the name says where everything was looked for', () => {
    const { provider } = chain({ options: { uid: 7, githubToken: 't' } });
    expect(provider.name).toBe(
      [
        'the inputs',
        'registry-auth',
        'IDPBUILDER_REGISTRY_USER and IDPBUILDER_REGISTRY_PASSWORD',
        '/home/me/.docker/buildx/config/*',
        '/run/containers/7/auth.json',
        '/home/me/.config/containers/auth.json',
        '/home/me/.docker/config.json',
        'github-token',
      ].join(', '),
    );
  });

  test.each([
    [
      { IDPBUILDER_REGISTRY_USER: 'me' },
      'IDPBUILDER_REGISTRY_USER is set without IDPBUILDER_REGISTRY_PASSWORD',
    ],
    [
      { IDPBUILDER_REGISTRY_PASSWORD: 's3cret' },
      'IDPBUILDER_REGISTRY_PASSWORD is set without IDPBUILDER_REGISTRY_USER',
    ],
  ])('half a login is an error', async (env, message) => {
    const error = await failure((async () => Promise.resolve(chain({ options: { env } })))());
    expect(error.message).toBe(message);
    expect(error.code).toBe('GENERAL');
  });
});

describe('login-action’s scoped folders', () => {
  const base = path.join(HOME, '.docker', 'buildx', 'config');
  const at = (folder: string, user: string, registry = 'ghcr.io') => ({
    [path.join(base, folder, 'config.json')]: file(user, registry),
  });
  const files = {
    ...at('ghcr.io', 'host'),
    ...at('ghcr.io@push', 'hostpush'),
    ...at('ghcr.io/o/app', 'repo'),
    ...at('ghcr.io/o/app@pull', 'pull'),
    ...at('ghcr.io/o/app@push', 'push'),
    ...at('ghcr.io/o/other@pull,push', 'both'),
    ...at('ghcr.io/o/other@push', 'onlypush'),
    ...at('registry-1.docker.io/o/app', 'hub', 'https://index.docker.io/v1/'),
  };

  test.each([
    ['ghcr.io', 'o/app', ['pull', 'push'], 'push'],
    ['ghcr.io', 'o/app', ['pull'], 'pull'],
    ['ghcr.io', 'o/app', [], 'push'],
    ['ghcr.io', 'o/other', ['push', 'pull'], 'both'],
    ['ghcr.io', 'o/other', ['pull'], 'host'],
    ['ghcr.io', 'o/app/below', ['pull', 'push'], 'hostpush'],
    ['ghcr.io', undefined, ['pull'], 'host'],
    ['docker.io', 'o/app', ['pull', 'push'], 'hub'],
    ['docker.io', 'o/another', ['pull', 'push'], undefined],
    ['quay.io', 'o/app', ['pull', 'push'], undefined],
  ])('%s/%s for %j', async (registry, repository, actions, expected) => {
    const found = await chain({ files }).who(registry, repository, actions);
    expect(found?.split(' ')[0]).toBe(expected);
  });

  test('BUILDX_CONFIG moves them', async () => {
    const setup = {
      files: { '/bx/config/ghcr.io@push/config.json': file('moved') },
      options: { env: { BUILDX_CONFIG: '/bx' } },
    };
    expect(await chain(setup).who()).toContain('moved');
  });
});

describe('what is remembered', () => {
  const setup = { files: { '/home/me/.docker/config.json': file('docker') } };

  test('answers, per repository and for some minutes', async () => {
    const { provider, read, clock } = chain(setup);
    await Promise.all([provider.find('ghcr.io', 'a'), provider.find('ghcr.io', 'a')]);
    await provider.find('ghcr.io', 'a');
    const once = read.length;
    expect(read.filter((name) => name.endsWith('.docker/config.json'))).toHaveLength(1);
    await provider.find('ghcr.io', 'b');
    expect(read.length).toBe(2 * once);
    clock.advance(5 * 60_000);
    await provider.find('ghcr.io', 'a');
    expect(read.length).toBe(3 * once);
  });

  test('failures are not', async () => {
    const files: Record<string, string> = { '/home/me/.docker/config.json': '{' };
    const { provider, who } = chain({ files });
    expect((await failure(provider.find('ghcr.io'))).message).toContain('is not valid JSON');
    files['/home/me/.docker/config.json'] = file('repaired');
    expect(await who()).toContain('repaired');
  });

  test('secrets are announced', async () => {
    const { provider, secrets } = chain(setup);
    await provider.find('ghcr.io');
    expect(secrets).toEqual(['pw-docker', Buffer.from('docker:pw-docker').toString('base64')]);
  });
});
