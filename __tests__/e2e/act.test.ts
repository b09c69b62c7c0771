/** The action in a workflow of this repository, under a runner. */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWith } from '../support/services/describe-with.ts';
import {
  removeFolder,
  requireImage,
  runAct,
  startDistribution,
  temporaryFolder,
  type Login,
  type Service,
} from '../support/services/index.ts';
import { CANARY, leaksOf, WRONG_CANARY } from './support/canary.ts';
import { layoutRoot } from './support/image-facts.ts';
import { createReader, dockerFolder, type Reader } from './support/reader.ts';
import { ROOT } from './support/run.ts';

jest.setTimeout(300_000);

/** What the workflow's last step says. */
interface Told {
  readonly log: string;
  readonly outcome: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly report: { readonly status?: string; readonly exitCode?: number };
}

describeWith(['act', 'git', 'distribution', 'crane', 'image:repeated'], 'as uses: ./', () => {
  let folder: string;
  let registry: Service;
  let reader: Reader;
  let count = 0;

  beforeAll(async () => {
    folder = await temporaryFolder('workflow');
    registry = await startDistribution({ login: CANARY });
    reader = await createReader(folder, registry.host, CANARY);
  });

  afterAll(async () => {
    await registry?.stop();
    if (folder) await removeFolder(folder);
  });

  interface Given {
    readonly tags: string;
    /** as docker/login-action leaves it */
    readonly dockerConfig?: Login;
    /** as inputs, the password as a secret of the repository */
    readonly login?: Login;
    readonly verbose?: boolean;
  }

  const run = async ({ tags, dockerConfig, login, verbose = false }: Given): Promise<Told> => {
    count += 1;
    const eventFile = join(folder, `event-${count}.json`);
    const source = `oci:${requireImage('repeated')}`;
    const inputs = { source, tags, username: login?.user ?? '', verbose: String(verbose) };
    await writeFile(eventFile, JSON.stringify({ inputs }));
    const config = join(folder, `docker-${count}`);
    if (dockerConfig) await dockerFolder(config, registry.host, dockerConfig);
    const { output } = await runAct({
      repository: ROOT,
      workflow: '.github/workflows/e2e-act.yml',
      event: 'workflow_dispatch',
      eventFile,
      env: { DOCKER_CONFIG: config },
      ...(login ? { secrets: { E2E_PASSWORD: login.password } } : {}),
    });
    const line = (name: string): string =>
      new RegExp(`\\| ${name}=(.*)$`, 'm').exec(output)?.[1] ?? `no ${name} in:\n${output}`;
    return {
      log: output,
      outcome: line('outcome'),
      outputs: JSON.parse(line('outputs')) as Told['outputs'],
      report: JSON.parse(line('report')) as Told['report'],
    };
  };

  it('pushes with the login of a Docker config, and says what it did', async () => {
    const tags = [`${registry.host}/workflow/app:1.2.3`, `${registry.host}/workflow/app:latest`];
    const { outcome, outputs, report, log } = await run({
      tags: tags.join('\n'),
      dockerConfig: CANARY,
    });
    expect(outcome).toBe('success');
    const digest = await layoutRoot(requireImage('repeated'));
    expect(outputs).toMatchObject({
      digest,
      image: `${registry.host}/workflow/app@${digest}`,
      tags: tags.join('\n'),
      'bytes-skipped': '0',
      'exit-code': '0',
    });
    expect(Number(outputs['bytes-uploaded'])).toBeGreaterThan(1024 * 1024);
    expect(outputs['report']).toMatch(/report\.json$/);
    expect(report).toMatchObject({ status: 'success', exitCode: 0 });
    expect(log).toMatch(/Summary - .*\n?[^]*Image pushed/);
    expect(log).toMatch(/Success - Post \.\//);
    expect(leaksOf(CANARY, log)).toEqual([]);
    for (const tag of tags) expect(await reader.digest(tag)).toBe(digest);
  });

  it('fails with a wrong login, and says why', async () => {
    const tags = `${registry.host}/workflow/refused:1`;
    const { outcome, outputs, report, log } = await run({ tags, dockerConfig: WRONG_CANARY });
    expect(outcome).toBe('failure');
    expect(outputs).toMatchObject({ image: '', tags: '', 'exit-code': '2' });
    expect(report).toMatchObject({ status: 'failed', exitCode: 2 });
    expect(log).toContain(`wrong user name or password for ${registry.host}`);
    expect(log).toMatch(/Summary - .*\n?[^]*Push failed/);
    expect(log).toMatch(/Success - Post \.\//);
    expect(await reader.digest(tags)).toBeUndefined();
  });

  it.each([
    ['a right password from a Docker config', { dockerConfig: CANARY }, 'success'],
    ['a wrong password from a Docker config', { dockerConfig: WRONG_CANARY }, 'failure'],
    ['a right password from a secret', { login: CANARY }, 'success'],
    ['a wrong password from a secret', { login: WRONG_CANARY }, 'failure'],
  ])('no line of the log shows %s at verbose level', async (_title, login, expected) => {
    const tags = `${registry.host}/workflow/verbose:${count}`;
    const { outcome, log } = await run({ tags, verbose: true, ...login });
    expect(outcome).toBe(expected);
    expect(log).toContain('/v2/workflow/verbose/');
    for (const canary of [CANARY, WRONG_CANARY]) expect(leaksOf(canary, log)).toEqual([]);
  });
});
