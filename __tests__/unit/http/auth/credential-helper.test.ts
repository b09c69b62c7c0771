import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { askHelper, type HelperHost } from '../../../../src/http/auth/credential-helper.ts';
import { dockerConfig } from '../../../../src/http/auth/docker-config.ts';
import type { ProgramOptions, ProgramResult } from '../../../../src/util/run-program.ts';
import { failure } from './support.ts';

let root = '';
let bin = '';
let workspace = '';

beforeAll(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'helper-')));
  bin = path.join(root, 'bin');
  workspace = path.join(root, 'workspace');
  for (const folder of [bin, path.join(workspace, 'bin'), path.join(root, '..workspace')]) {
    await mkdir(folder, { recursive: true });
  }
});
afterAll(() => rm(root, { recursive: true }));

async function install(folder: string, name: string, script = 'exit 1'): Promise<string> {
  const file = path.join(folder, `docker-credential-${name}`);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

interface Call {
  file: string;
  args: readonly string[];
  options: ProgramOptions;
}

function host(result: Partial<ProgramResult> | Error, calls: Call[] = []): HelperHost {
  return {
    path: bin,
    workspace,
    env: { HOME: '/home/me' },
    platform: 'linux',
    run: (file, args, options) => {
      calls.push({ file, args, options: options ?? {} });
      if (result instanceof Error) return Promise.reject(result);
      return Promise.resolve({ code: 0, stdout: '', stderr: '', ...result });
    },
  };
}

const answered = (Username: string, Secret: string) => ({
  stdout: JSON.stringify({ ServerURL: 'x', Username, Secret }),
});

describe('askHelper', () => {
  beforeAll(() => install(bin, 'ok'));

  test('gives the server on standard input, without a shell', async () => {
    const calls: Call[] = [];
    const found = await askHelper('ok', 'ghcr.io', host(answered('me', 'pw'), calls));
    expect(found).toEqual({
      kind: 'basic',
      username: 'me',
      password: 'pw',
      from: 'docker-credential-ok',
    });
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({
      file: path.join(bin, 'docker-credential-ok'),
      args: ['get'],
      options: { input: 'ghcr.io', env: { HOME: '/home/me' } },
    });
    expect(calls[0]?.options.signal).toBeDefined();
  });

  test('knows identity tokens, and empty answers', async () => {
    expect(await askHelper('ok', 'x', host(answered('<token>', 'it')))).toMatchObject({
      kind: 'identity-token',
      token: 'it',
    });
    expect(await askHelper('ok', 'x', host(answered('', '')))).toBeUndefined();
  });

  test.each([
    { code: 1, stdout: 'credentials not found in native keychain\n' },
    { code: 1, stderr: 'Error: credentials not found in native keychain' },
    { code: 1, stdout: 'no credentials server URL' },
  ])('has nothing: %j', async (result) => {
    expect(await askHelper('ok', 'x', host(result))).toBeUndefined();
  });

  test.each<[string, Partial<ProgramResult> | Error, string]>([
    [
      'fails',
      { code: 3, stdout: 'pass is locked\nmore' },
      'failed with exit code 3: pass is locked',
    ],
    ['is killed', { code: undefined }, 'failed'],
    ['says nothing useful', { stdout: 'hello' }, 'answered something else than credentials'],
    ['lacks fields', { stdout: '{"Username":"me"}' }, 'answered something else than credentials'],
    ['answers null', { stdout: 'null' }, 'answered something else than credentials'],
    [
      'hangs',
      Object.assign(new Error('aborted'), { name: 'AbortError' }),
      'did not answer within 30 seconds',
    ],
    ['cannot start', new Error('spawn EACCES'), 'cannot be run: spawn EACCES'],
  ])('%s', async (_, result, expected) => {
    const error = await failure(askHelper('ok', 'x', host(result)));
    expect(error.code).toBe('AUTHENTICATION');
    expect(error.message).toBe(`the credential helper docker-credential-ok ${expected}`);
    expect(error.hint).toBeTruthy();
  });

  test.each([
    { code: 1, stdout: '{"Username":"me","Secret":"s3cret"}' },
    { code: 0, stdout: '{"Username":"me","Secret":"s3cret"' },
  ])('does not repeat a secret: %j', async (result) => {
    const error = await failure(askHelper('ok', 'x', host(result)));
    expect(`${error.stack} ${String(error.cause)}`).not.toContain('s3cret');
  });

  test.each(['', '../ok', 'a b', 'ok;id', 'ok\n', '/bin/ok'])(
    'the name %j is refused',
    async (name) => {
      const calls: Call[] = [];
      const error = await failure(askHelper(name, 'x', host(answered('me', 'pw'), calls)));
      expect(error.message).toContain('cannot be the name');
      expect(calls).toEqual([]);
    },
  );
});

async function notThere(name: string, pathValue: string): Promise<void> {
  const calls: Call[] = [];
  const where = { ...host(answered('me', 'pw'), calls), path: pathValue };
  expect((await failure(askHelper(name, 'x', where))).message).toContain('is not installed');
  expect(calls).toEqual([]);
}

describe('where helpers are looked for', () => {
  test('not in the workspace, not by a link into it', async () => {
    const file = await install(path.join(workspace, 'bin'), 'evil');
    await symlink(file, path.join(bin, 'docker-credential-evil'));
    await symlink(path.join(workspace, 'bin'), path.join(root, 'linked'));
    await notThere('evil', [path.join(workspace, 'bin'), path.join(root, 'linked'), bin].join(':'));
  });

  test('not in relative or empty entries of PATH', async () => {
    await install(bin, 'relative');
    await notThere('relative', `:.:${path.relative(process.cwd(), bin)}:`);
  });

  test('not what is no program', async () => {
    const file = await install(bin, 'data');
    await chmod(file, 0o644);
    await mkdir(path.join(bin, 'docker-credential-folder'));
    if (process.getuid?.() !== 0) await notThere('data', bin);
    await notThere('folder', bin);
    await notThere('nowhere', bin);
  });

  test('in a folder beside the workspace whose name begins alike, the first entry wins', async () => {
    const beside = path.join(root, '..workspace');
    const file = await install(beside, 'twice');
    await install(bin, 'twice');
    const calls: Call[] = [];
    const where = { ...host(answered('me', 'pw'), calls), path: `${beside}:${bin}` };
    await askHelper('twice', 'x', where);
    expect(calls[0]?.file).toBe(file);
  });
});

test('a real program, asked for Docker Hub by its old name', async () => {
  const script =
    'read server; printf \'{"ServerURL":"%s","Username":"%s","Secret":"%s"}\' "$server" "$1" "$server"';
  await install(bin, 'real', script);
  const provider = dockerConfig(
    'config.json',
    () => Promise.resolve('{"credHelpers":{"docker.io":"real"}, "credsStore":"real"}'),
    {
      read: () => Promise.resolve(undefined),
      onWarning: () => undefined,
      helpers: { path: bin, workspace, env: { PATH: '/usr/bin:/bin' } },
    },
  );
  expect(await provider.find('docker.io')).toMatchObject({
    username: 'get',
    password: 'https://index.docker.io/v1/',
  });
  expect(await provider.find('ghcr.io')).toMatchObject({ password: 'ghcr.io' });
});
