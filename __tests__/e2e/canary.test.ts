/** A password appears nowhere: not at verbose level, not when it is wrong, not in any file. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWith } from '../support/services/describe-with.ts';
import {
  removeFolder,
  requireImage,
  signedByOwnCa,
  startDistribution,
  startTokenServer,
  temporaryFolder,
  type Service,
  type TokenServer,
} from '../support/services/index.ts';
import { CANARY, leaksOf, WRONG_CANARY } from './support/canary.ts';
import { dockerFolder } from './support/reader.ts';
import { runAction, runCli, type StepResult } from './support/run.ts';

jest.setTimeout(120_000);

/** A token as the token server signs it: header, claims and signature. */
const TOKEN = /eyJ[\w-]{8,}\.[\w-]{8,}/;

const KINDS = ['Basic', 'Bearer'] as const;
const LOGINS = [
  ['right', CANARY, 0],
  ['wrong', WRONG_CANARY, 2],
] as const;

describeWith(['distribution', 'openssl', 'image:repeated'], 'a password of every character', () => {
  let folder: string;
  let tokens: TokenServer;
  let registries: Record<(typeof KINDS)[number], Service>;
  let source: string;
  let count = 0;

  beforeAll(async () => {
    folder = await temporaryFolder('canary');
    source = `oci:${requireImage('repeated')}`;
    tokens = await startTokenServer({ login: CANARY, signer: await signedByOwnCa(folder) });
    registries = {
      Basic: await startDistribution({ login: CANARY }),
      Bearer: await startDistribution({ token: tokens.auth }),
    };
  });

  afterAll(async () => {
    for (const service of Object.values(registries ?? {})) await service.stop();
    await tokens?.stop();
    if (folder) await removeFolder(folder);
  });

  const target = (kind: (typeof KINDS)[number]): string => {
    count += 1;
    return `${registries[kind].host}/canary/app:${count}`;
  };

  describe.each(KINDS)('with %s authentication', (kind) => {
    describe.each(LOGINS)('%s', (_title, login, code) => {
      const clean = (text: string): void => {
        expect(leaksOf(login, text)).toEqual([]);
        expect(text).not.toMatch(TOKEN);
      };

      it('on the command line, from standard input', async () => {
        const report = join(folder, `report-${count}.json`);
        const flags = ['--verbose', '--report', report, '--username', login.user];
        const run = await runCli([...flags, '--password-stdin', source, target(kind)], {
          env: { GITHUB_ACTIONS: 'true' },
          input: `${login.password}\n`,
        });
        expect(run.code).toBe(code);
        expect(run.output).not.toContain('::add-mask::');
        expect(run.stderr).toContain('/v2/');
        clean(run.output);
        clean(await readFile(report, 'utf8'));
      });

      it('on the command line, from a Docker config', async () => {
        const reference = target(kind);
        const config = join(folder, `docker-${count}`);
        await dockerFolder(config, registries[kind].host, login);
        const env = { GITHUB_ACTIONS: 'true', DOCKER_CONFIG: config };
        const run = await runCli(['--verbose', source, reference], { env });
        expect(run.code).toBe(code);
        expect(run.output).not.toContain('::add-mask::');
        clean(run.output);
      });

      /** What is in the step's log is masked by the runner; nothing may need that. */
      const cleanStep = (run: StepResult): void => {
        expect(run.code).toBe(code);
        const lines = run.stdout.split('\n');
        const masks = lines.filter((line) => line.startsWith('::add-mask::'));
        expect(masks.length).toBeGreaterThan(0);
        clean(lines.filter((line) => !masks.includes(line)).join('\n'));
        for (const text of [run.stderr, run.summary, run.report]) clean(text);
        clean(JSON.stringify([run.outputs, run.state]));
        expect(run.summary).not.toBe('');
        expect(run.report).not.toBe('');
      };

      it('in a step, from its inputs', async () => {
        const inputs = { source, tags: target(kind), verbose: 'true' };
        const { user: username, password } = login;
        cleanStep(await runAction({ ...inputs, username, password }));
      });

      it('in a step, from registry-auth', async () => {
        const inputs = { source, tags: target(kind), verbose: 'true' };
        const { user: username, password } = login;
        const auth = JSON.stringify([{ registry: registries[kind].host, username, password }]);
        cleanStep(await runAction({ ...inputs, 'registry-auth': auth }));
      });

      it('in a step, from a Docker config', async () => {
        const reference = target(kind);
        const config = join(folder, `docker-${count}`);
        await dockerFolder(config, registries[kind].host, login);
        const inputs = { source, tags: reference, verbose: 'true' };
        cleanStep(await runAction(inputs, { env: { DOCKER_CONFIG: config } }));
      });
    });
  });
});
