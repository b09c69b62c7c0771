/** The variables of the old `idpbuilder push` command, against idpbuilder's own registry. */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { describeWith } from '../support/services/describe-with.ts';
import {
  removeFolder,
  requireImage,
  startGitea,
  temporaryFolder,
  type Gitea,
} from '../support/services/index.ts';
import { layoutRoot } from './support/image-facts.ts';
import { createReader, type Reader } from './support/reader.ts';
import { runAction, runCli, type RunResult } from './support/run.ts';

jest.setTimeout(120_000);

describeWith(['gitea', 'git', 'openssl', 'crane', 'image:repeated'], 'IDPBUILDER_*', () => {
  let folder: string;
  let gitea: Gitea;
  let reader: Reader;
  let image: string;

  beforeAll(async () => {
    folder = await temporaryFolder('environment');
    gitea = await startGitea();
    reader = await createReader(folder, gitea.host, gitea);
    image = `oci:${requireImage('repeated')}`;
  });

  afterAll(async () => {
    await gitea?.stop();
    if (folder) await removeFolder(folder);
  });

  const variables = (): Record<string, string> => ({
    IDPBUILDER_REGISTRY_URL: gitea.url,
    IDPBUILDER_REGISTRY_USER: gitea.user,
    IDPBUILDER_REGISTRY_PASSWORD: gitea.password,
    IDPBUILDER_REGISTRY_INSECURE: 'true',
  });

  const repository = (name: string): string => `${gitea.user.toLowerCase()}/${name}`;

  const arrived = async (run: RunResult, reference: string): Promise<void> => {
    expect(run).toMatchObject({ code: 0 });
    expect(await reader.digest(reference)).toBe(await layoutRoot(requireImage('repeated')));
  };

  it('say where, who and that its certificate is accepted', async () => {
    const name = repository('by-environment');
    const run = await runCli([image, `${name}:1`], { env: variables() });
    await arrived(run, `${gitea.host}/${name}:1`);
    expect(run.output).not.toContain(gitea.password);
  });

  it('accept 1 for true', async () => {
    const name = repository('by-one');
    const env = { ...variables(), IDPBUILDER_REGISTRY_INSECURE: '1' };
    await arrived(await runCli([image, `${name}:1`], { env }), `${gitea.host}/${name}:1`);
  });

  it('hold for the step, too', async () => {
    const name = repository('by-step');
    const run = await runAction({ source: image, tags: `${name}:1` }, { env: variables() });
    await arrived(run, `${gitea.host}/${name}:1`);
    expect(run.outputs['tags']).toBe(`${gitea.host}/${name}:1`);
  });

  it('are overruled by flags', async () => {
    const env = { ...variables(), IDPBUILDER_REGISTRY_PASSWORD: 'not this one' };
    const flags = ['--username', gitea.user, '--password-stdin'];
    const name = repository('by-flags');
    const options = { env, input: `${gitea.password}\n` };
    const run = await runCli([...flags, image, `${name}:1`], options);
    await arrived(run, `${gitea.host}/${name}:1`);
  });

  it('make it quiet, or tell everything', async () => {
    const name = repository('by-volume');
    const quiet = { ...variables(), IDPBUILDER_PUSH_QUIET: 'true' };
    const silent = await runCli([image, `${name}:1`], { env: quiet });
    expect(silent).toMatchObject({ code: 0, stderr: '' });
    expect(silent.stdout).toMatch(/@sha256:[0-9a-f]{64}\n$/);
    const verbose = { ...variables(), IDPBUILDER_PUSH_VERBOSE: 'true' };
    const loud = await runCli([image, `${name}:2`], { env: verbose });
    expect(loud.stderr).toContain('/v2/');
    expect(loud.output).not.toContain(gitea.password);
  });

  it('end a push that may not take any time', async () => {
    const env = { ...variables(), IDPBUILDER_PUSH_TIMEOUT: '1ms' };
    const run = await runCli([image, `${repository('by-timeout')}:1`], { env });
    expect(run.code).toBe(6);
    expect(run.stderr).toContain('timeout');
  });

  it('are named when one of them is wrong', async () => {
    const env = { ...variables(), IDPBUILDER_PUSH_RETRY_ATTEMPTS: 'often' };
    const run = await runCli([image, `${repository('by-mistake')}:1`], { env });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('IDPBUILDER_PUSH_RETRY_ATTEMPTS: "often"');
  });

  it('are named when the password is missing', async () => {
    const env = { ...variables(), IDPBUILDER_REGISTRY_PASSWORD: '' };
    const run = await runCli([image, `${repository('by-half')}:1`], { env });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('IDPBUILDER_REGISTRY_USER');
    expect(run.stderr).toContain('IDPBUILDER_REGISTRY_PASSWORD');
  });

  it('without the certificate accepted: code 3 and the way out', async () => {
    const env = { ...variables(), IDPBUILDER_REGISTRY_INSECURE: undefined };
    const run = await runCli([image, `${repository('by-trust')}:1`], { env });
    expect(run.code).toBe(3);
    expect(run.stderr).toContain('insecure');
  });
});
