/** Who has logged in with another tool has logged in for us. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeWith } from '../support/services/describe-with.ts';
import {
  mustRun,
  removeFolder,
  requireImage,
  requireTool,
  signedByOwnCa,
  startDistribution,
  startTokenServer,
  temporaryFolder,
  type Login,
  type Service,
  type TokenServer,
} from '../support/services/index.ts';
import { createReader, dockerConfig, type Reader } from './support/reader.ts';
import { runAction, runCli, type RunResult } from './support/run.ts';

jest.setTimeout(120_000);

const LOGIN: Login = { user: 'robot', password: 'its: "secret" %20 $HOME' };

describeWith(['distribution', 'crane', 'openssl', 'image:repeated'], 'logged in only by', () => {
  let folder: string;
  let registry: Service;
  let reader: Reader;
  let count = 0;

  beforeAll(async () => {
    folder = await temporaryFolder('logins');
    registry = await startDistribution({ login: LOGIN });
    reader = await createReader(folder, registry.host, LOGIN);
  });

  afterAll(async () => {
    await registry?.stop();
    if (folder) await removeFolder(folder);
  });

  /** An empty home of its own, so that the login under test is the only one. */
  const freshHome = async (): Promise<Record<string, string>> => {
    count += 1;
    const home = join(folder, `home-${count}`);
    const env = { HOME: home, XDG_RUNTIME_DIR: join(home, 'run') };
    await Promise.all(Object.values(env).map((path) => mkdir(path, { recursive: true })));
    return env;
  };

  const pushAs = async (
    env: Readonly<Record<string, string>>,
    repository = 'logins/app',
  ): Promise<RunResult> => {
    const reference = `${registry.host}/${repository}:t${count}`;
    const run = await runCli([`oci:${requireImage('repeated')}`, reference], { env });
    const found = await reader.digest(reference);
    expect(found === undefined).toBe(run.code !== 0);
    expect(run.output).not.toContain(LOGIN.password);
    return run;
  };

  const { user, password } = LOGIN;
  const input = { input: `${password}\n` };
  const stdin = ['--username', user, '--password-stdin'];

  it.each([
    ['podman', ['login', '--tls-verify=false', ...stdin]],
    ['skopeo', ['login', '--tls-verify=false', ...stdin]],
    ['oras', ['login', '--plain-http', ...stdin]],
    ['crane', ['auth', 'login', ...stdin]],
  ])('%s', async (tool, args) => {
    const env = await freshHome();
    const clean = { DOCKER_CONFIG: undefined, REGISTRY_AUTH_FILE: undefined };
    await mustRun(requireTool(tool), [...args, registry.host], {
      env: { ...clean, ...env },
      ...input,
    });
    expect(await pushAs(env)).toMatchObject({ code: 0 });
  });

  it.each([
    ['a registry', (host: string) => host],
    ['a registry, to push', (host: string) => `${host}@push`],
    ['a repository', (host: string) => `${host}/logins/app`],
    ['a repository, to pull and push', (host: string) => `${host}/logins/app@pull,push`],
  ])('docker/login-action with the scope of %s', async (_title, scope) => {
    const env = await freshHome();
    const file = join(
      env['HOME'] ?? '',
      '.docker/buildx/config',
      scope(registry.host),
      'config.json',
    );
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, dockerConfig(registry.host, LOGIN));
    expect(await pushAs(env)).toMatchObject({ code: 0 });
  });

  it('docker/login-action with the scope of another repository: not logged in', async () => {
    const env = await freshHome();
    const file = join(
      env['HOME'] ?? '',
      '.docker/buildx/config',
      registry.host,
      'logins/other/config.json',
    );
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, dockerConfig(registry.host, LOGIN));
    const run = await pushAs(env);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(`${registry.host} wants credentials and none were found`);
  });

  describe('a credential helper', () => {
    const withHelper = async (config: object): Promise<Record<string, string>> => {
      const env = await freshHome();
      const [home, bin] = [env['HOME'] ?? '', join(env['HOME'] ?? '', 'bin')];
      await mkdir(join(home, '.docker'));
      await mkdir(bin);
      await writeFile(join(home, '.docker', 'config.json'), JSON.stringify(config));
      const answer = JSON.stringify({ Username: user, Secret: password });
      const script = [
        `#!${process.execPath}`,
        "const asked = require('node:fs').readFileSync(0, 'utf8').trim();",
        `require('node:fs').appendFileSync(${JSON.stringify(join(home, 'asked'))}, asked + '\\n');`,
        `console.log(${JSON.stringify(answer)});`,
        '',
      ].join('\n');
      const helper = join(bin, 'docker-credential-e2e');
      await writeFile(helper, script);
      await chmod(helper, 0o755);
      return { ...env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    };

    it.each([
      ['for one registry', (host: string) => ({ credHelpers: { [host]: 'e2e' } })],
      ['for all of them', () => ({ credsStore: 'e2e' })],
    ])('%s', async (_title, config) => {
      const env = await withHelper(config(registry.host));
      expect(await pushAs(env)).toMatchObject({ code: 0 });
      const asked = await readFile(join(env['HOME'] ?? '', 'asked'), 'utf8');
      // One push is one login, however many requests it makes.
      expect(asked).toBe(`${registry.host}\n`);
    });

    it('that is not installed: one sentence', async () => {
      const env = await withHelper({ credHelpers: { [registry.host]: 'not-there' } });
      const run = await pushAs(env);
      expect(run.code).toBe(2);
      expect(run.stderr).toContain('docker-credential-not-there is not installed');
    });
  });

  describe('registry-auth, as docker/login-action takes it', () => {
    it('two registries, each with its own login', async () => {
      const other: Login = { user: 'other', password: '0123' };
      const second = await startDistribution({ login: other });
      try {
        const tags = [`${registry.host}/auth/a:1`, `${second.host}/auth/b:1`].join('\n');
        const auth = [
          `- registry: ${registry.host}`,
          `  username: ${user}`,
          `  password: ${JSON.stringify(password)}`,
          `- registry: ${second.host}`,
          `  username: ${other.user}`,
          `  password: ${other.password}`,
        ].join('\n');
        const source = `oci:${requireImage('repeated')}`;
        const run = await runAction({ source, tags, 'registry-auth': auth });
        expect(run).toMatchObject({ code: 0 });
        expect(run.outputs['tags']).toBe(tags);
      } finally {
        await second.stop();
      }
    });
  });

  describe('wrong', () => {
    it('password in the inputs: code 2 and where it came from', async () => {
      const run = await runAction({
        source: `oci:${requireImage('repeated')}`,
        tags: `${registry.host}/logins/app:wrong`,
        username: user,
        password: 'another one',
      });
      expect(run.code).toBe(2);
      expect(run.outputs['exit-code']).toBe('2');
      expect(run.stdout).toContain(`wrong user name or password for ${registry.host}`);
      expect(run.stdout).toContain('the inputs');
      expect(await reader.digest(`${registry.host}/logins/app:wrong`)).toBeUndefined();
    });

    it('password in a Docker config: code 2 and the file', async () => {
      const env = await freshHome();
      const file = join(env['HOME'] ?? '', '.docker', 'config.json');
      await mkdir(dirname(file));
      await writeFile(file, dockerConfig(registry.host, { user, password: 'another one' }));
      const run = await pushAs(env);
      expect(run.code).toBe(2);
      expect(run.stderr).toContain(`wrong user name or password for ${registry.host}`);
      expect(run.stderr).toContain(file);
    });

    it('nothing at all: code 2 and the way out', async () => {
      const run = await pushAs(await freshHome());
      expect(run.code).toBe(2);
      expect(run.stderr).toContain(`${registry.host} wants credentials and none were found`);
      expect(run.stderr).toContain('Set username and password');
    });
  });

  describe('a token server', () => {
    let tokens: TokenServer;
    let guarded: Service;

    beforeAll(async () => {
      tokens = await startTokenServer({ login: LOGIN, signer: await signedByOwnCa(folder) });
      guarded = await startDistribution({ token: tokens.auth });
    });

    afterAll(async () => {
      await guarded?.stop();
      await tokens?.stop();
    });

    const pushGuarded = async (auth: object, tag: string): Promise<RunResult> => {
      const env = await freshHome();
      const file = join(env['HOME'] ?? '', '.docker', 'config.json');
      await mkdir(dirname(file));
      await writeFile(file, JSON.stringify({ auths: { [guarded.host]: auth } }));
      const reference = `${guarded.host}/guarded/app:${tag}`;
      return runCli([`oci:${requireImage('repeated')}`, reference], { env });
    };

    it('takes name and password', async () => {
      const auth = Buffer.from(`${user}:${password}`).toString('base64');
      expect(await pushGuarded({ auth }, 'password')).toMatchObject({ code: 0 });
    });

    it('takes an identity token', async () => {
      const identity = { identitytoken: tokens.refreshToken };
      expect(await pushGuarded(identity, 'identity')).toMatchObject({ code: 0 });
    });

    it('refuses a wrong password: code 2', async () => {
      const auth = Buffer.from(`${user}:another one`).toString('base64');
      const run = await pushGuarded({ auth }, 'refused');
      expect(run.code).toBe(2);
      expect(run.stderr).toContain(`wrong user name or password for ${guarded.host}`);
    });
  });
});
