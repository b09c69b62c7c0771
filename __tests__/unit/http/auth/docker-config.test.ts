import { describe, expect, test } from '@jest/globals';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dockerConfig, readTextFile } from '../../../../src/http/auth/docker-config.ts';
import { staticCredentials } from '../../../../src/http/auth/static-credentials.ts';
import type { Credential } from '../../../../src/http/auth/credentials.ts';
import { failure } from './support.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function config(content: unknown, warnings: string[] = []) {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  const host = {
    read: () => Promise.reject(new Error('not used')),
    helpers: { path: '', env: {} },
    onWarning: (message: string) => warnings.push(message),
  };
  return dockerConfig('config.json', () => Promise.resolve(text), host);
}

async function who(credential: Promise<Credential | undefined>): Promise<string | undefined> {
  const found = await credential;
  if (!found) return undefined;
  return found.kind === 'basic'
    ? `${found.username}:${found.password}`
    : `${found.kind} ${found.token}`;
}

describe('auths', () => {
  const login = { auth: base64('me:pa:ss') };
  test.each<[string, unknown, string, string | undefined]>([
    ['a host', { 'ghcr.io': login }, 'ghcr.io', 'me:pa:ss'],
    ['a host in other letters', { 'GHCR.io': login }, 'ghcr.io', 'me:pa:ss'],
    ['a host and port', { 'localhost:5000': login }, 'localhost:5000', 'me:pa:ss'],
    ['https://', { 'https://ghcr.io': login }, 'ghcr.io', 'me:pa:ss'],
    ['https:// and a version', { 'https://ghcr.io/v2/': login }, 'ghcr.io', 'me:pa:ss'],
    ['http://', { 'http://localhost:5000/': login }, 'localhost:5000', 'me:pa:ss'],
    ['Docker Hub', { 'https://index.docker.io/v1/': login }, 'docker.io', 'me:pa:ss'],
    ['Docker Hub by podman', { 'docker.io': login }, 'docker.io', 'me:pa:ss'],
    ['another host', { 'ghcr.io.example': login }, 'ghcr.io', undefined],
    ['another port', { 'localhost:5001': login }, 'localhost:5000', undefined],
    ['plain fields', { a: { username: 'me', password: 'p' } }, 'a', 'me:p'],
    ['an empty entry', { a: {} }, 'a', undefined],
    ['an entry that is no object', { a: null }, 'a', undefined],
    [
      'an identity token',
      { a: { auth: base64('x:'), identitytoken: 'it' } },
      'a',
      'identity-token it',
    ],
    ['a registry token', { a: { registrytoken: 'rt' } }, 'a', 'registry-token rt'],
    ['the user <token>', { a: { auth: base64('<token>:it') } }, 'a', 'identity-token it'],
    ['a padded password', { a: { auth: base64('me:p\0\0') } }, 'a', 'me:p'],
    ['non-ASCII', { a: { auth: base64('mé:ß€') } }, 'a', 'mé:ß€'],
  ])('%s', async (_, auths, registry, expected) => {
    expect(await who(config({ auths }).find(registry, 'o/app'))).toBe(expected);
  });

  test.each<[string | undefined, string | undefined]>([
    ['team/app/web', 'web:p'],
    ['team/app/web/more', 'web:p'],
    ['team/app', 'app:p'],
    ['team/apple', 'team:p'],
    ['team', 'team:p'],
    ['teams/app', 'all:p'],
    [undefined, 'all:p'],
  ])('the longest prefix of %s', async (repository, expected) => {
    const auths = {
      'quay.io': { auth: base64('all:p') },
      'quay.io/team': { auth: base64('team:p') },
      'https://quay.io/team/app/': { auth: base64('app:p') },
      'quay.io/team/app/web': { auth: base64('web:p') },
    };
    expect(await who(config({ auths }).find('quay.io', repository))).toBe(expected);
    const logins = Object.entries({
      '': 'all',
      '/team': 'team',
      '/team/app': 'app',
      '/team/app/web': 'web',
    });
    const inputs = staticCredentials(
      'inputs',
      logins.map(([at, username]) => ({ registry: `quay.io${at}`, username, password: 'p' })),
    );
    expect(await who(inputs.find('quay.io', repository))).toBe(expected);
  });
});

describe('a config that cannot be used', () => {
  test.each([
    '{',
    '[]',
    '"x"',
    'null',
    '{"auths": {"ghcr.io": {"auth": "c2VjcmV0OnNlY3JldA=="},}}',
  ])('%s', async (text) => {
    const error = await failure(config(text).find('ghcr.io'));
    expect(error.code).toBe('GENERAL');
    expect(error.message).toBe('config.json is not valid JSON');
    expect(error.hint).toContain('log in again');
    expect(`${error.stack} ${String(error.cause)}`).not.toContain('c2Vj');
  });

  test('an auth that is not base64 of name:password', async () => {
    const secret = base64('no colon at all');
    const error = await failure(config({ auths: { a: { auth: secret } } }).find('a'));
    expect(error.message).toContain('config.json: the auth of a is not');
    expect(error.message).not.toContain(secret);
    expect(await config({ auths: { a: { auth: secret } } }).find('b')).toBeUndefined();
  });

  test.each(['', '  \n', '{}', '{"auths": 5, "credHelpers": null, "credsStore": 7}', '\uFEFF{}'])(
    '%j holds nothing',
    async (text) => {
      expect(await config(text).find('ghcr.io')).toBeUndefined();
    },
  );

  test('a helper for this registry that is not there', async () => {
    const error = await failure(config({ credHelpers: { 'ghcr.io': 'gone' } }).find('ghcr.io'));
    expect(error.code).toBe('AUTHENTICATION');
    expect(error.message).toBe('the credential helper docker-credential-gone is not installed');
  });

  test('a store that is not there: the file and others are still asked', async () => {
    const warnings: string[] = [];
    const content = { credsStore: 'desktop', auths: { a: { auth: base64('me:p') } } };
    expect(await who(config(content, warnings).find('a'))).toBe('me:p');
    expect(warnings).toEqual([
      'config.json: the credential helper docker-credential-desktop is not installed; going on without it',
    ]);
  });
});

describe('readTextFile', () => {
  test('a missing file is nothing, an unreadable one an error that names it', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'auth-'));
    try {
      const file = path.join(folder, 'config.json');
      expect(await readTextFile(file)).toBeUndefined();
      await writeFile(file, '{}');
      expect(await readTextFile(file)).toBe('{}');
      expect(await readTextFile(path.join(file, 'below'))).toBeUndefined();
      const error = await failure(readTextFile(folder));
      expect(error.message).toBe(`cannot read ${folder}: EISDIR`);
      expect(error.code).toBe('GENERAL');
      await chmod(file, 0o600);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
