/** Somebody presses Ctrl-C, or the runner cancels the job, in the middle of a slow upload. */
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWith } from '../support/services/describe-with.ts';
import {
  removeFolder,
  requireImage,
  startDistribution,
  temporaryFolder,
  type Service,
} from '../support/services/index.ts';
import { createReader, type Reader } from './support/reader.ts';
import { parseCommandFile, start, type Running } from './support/run.ts';
import { startSilentHost, startSlowLink, type SlowLink } from './support/slow-link.ts';

jest.setTimeout(120_000);

const BYTES_PER_SECOND = 1024 * 1024;
/** The promise is one second; the machine may be busy. */
const PATIENCE_MS = 3_000;

describeWith(['distribution', 'crane', 'image:debian.docker.tar'], 'cancelled by', () => {
  let folder: string;
  let registry: Service;
  let link: SlowLink;
  let reader: Reader;

  beforeAll(async () => {
    folder = await temporaryFolder('cancel');
    registry = await startDistribution();
    reader = await createReader(folder, registry.host);
  });

  // One for each test: the system's buffers go on flowing when their sender is gone.
  beforeEach(async () => {
    link = await startSlowLink(registry.port, BYTES_PER_SECOND);
  });

  afterEach(() => link?.stop());

  afterAll(async () => {
    await registry?.stop();
    if (folder) await removeFolder(folder);
  });

  /** Its layers are compressed, so that there is something in the temporary folder, too. */
  const source = (): string => requireImage('debian.docker.tar');

  const untilBytesFlow = async (running: Running): Promise<void> => {
    const deadline = Date.now() + 60_000;
    while (link.passed() < 512 * 1024) {
      if (Date.now() > deadline) throw new Error(`nothing is sent:\n${running.output()}`);
      await sleep(50);
    }
  };

  const signals = ['SIGINT', 'SIGTERM'] as const;

  it.each(signals)('%s: the command ends, says so, and leaves nothing', async (signal) => {
    const name = signal.toLowerCase();
    const temporary = join(folder, name);
    await mkdir(temporary);
    const running = await start([source(), `${link.host}/cancel/${name}:1`], {
      env: { TMPDIR: temporary },
    });
    await untilBytesFlow(running);
    expect(await readdir(temporary)).toHaveLength(1);
    const asked = Date.now();
    running.kill(signal);
    const run = await running.finished;
    expect(Date.now() - asked).toBeLessThan(PATIENCE_MS);
    expect(run.code).toBeGreaterThan(0);
    expect(run.stderr).toContain('The push was cancelled.');
    expect(run.stderr).not.toMatch(/^\s+at /m);
    expect(run.stdout).toBe('');
    expect(run.leftovers).toEqual([]);
    expect(await reader.tags(`${registry.host}/cancel/${name}`)).toEqual([]);
  });

  describe('the runner', () => {
    const begin = async (name: string): Promise<{ running: Running; at: string }> => {
      const at = join(folder, name);
      await mkdir(join(at, 'temp'), { recursive: true });
      const env = {
        GITHUB_ACTIONS: 'true',
        RUNNER_TEMP: join(at, 'temp'),
        GITHUB_STATE: join(at, 'state'),
        GITHUB_OUTPUT: join(at, 'output'),
        GITHUB_STEP_SUMMARY: join(at, 'summary'),
        INPUT_SOURCE: source(),
        INPUT_TAGS: `${link.host}/cancel/${name}:1`,
      };
      for (const file of [env.GITHUB_STATE, env.GITHUB_OUTPUT, env.GITHUB_STEP_SUMMARY]) {
        await appendFile(file, '');
      }
      const running = await start([], { env });
      await untilBytesFlow(running);
      return { running, at };
    };

    it('with SIGINT: the step tells it in outputs and summary', async () => {
      const { running, at } = await begin('step');
      const asked = Date.now();
      running.kill('SIGINT');
      const run = await running.finished;
      expect(Date.now() - asked).toBeLessThan(PATIENCE_MS);
      expect(run.code).toBeGreaterThan(0);
      expect(run.stdout).toContain('::error title=idpbuilder push::The push was cancelled.');
      const outputs = parseCommandFile(await readFile(join(at, 'output'), 'utf8'));
      expect(outputs).toMatchObject({ 'exit-code': String(run.code), image: '', tags: '' });
      expect(await readFile(join(at, 'summary'), 'utf8')).toContain('Push cancelled');
      const report = await readFile(outputs['report'] ?? '', 'utf8');
      expect(JSON.parse(report)).toMatchObject({ status: 'cancelled' });
      const left = await readdir(join(at, 'temp'));
      expect(left.filter((entry) => entry.includes('spool'))).toEqual([]);
      expect(await reader.tags(`${registry.host}/cancel/step`)).toEqual([]);
    });

    it('with SIGKILL: the post step puts away what was left', async () => {
      const { running, at } = await begin('killed');
      running.kill('SIGKILL');
      expect((await running.finished).code).toBeUndefined();
      const left = await readdir(join(at, 'temp'));
      const spool = left.find((entry) => entry.includes('spool')) ?? '';
      expect(await readdir(join(at, 'temp', spool))).not.toEqual([]);
      const state = parseCommandFile(await readFile(join(at, 'state'), 'utf8'));
      const env = Object.fromEntries(
        Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]),
      );
      const post = await start([], {
        env: { ...env, RUNNER_TEMP: join(at, 'temp'), INPUT_SOURCE: source() },
      });
      // What it remembers stays as long as the job: a later step of it may go on.
      const leftovers = ['idpbuilder-push'];
      expect(await post.finished).toMatchObject({ code: 0, output: '', leftovers });
    });
  });

  it('SIGINT: a host that takes connections and says nothing holds nobody up', async () => {
    const silent = await startSilentHost();
    try {
      const running = await start([source(), `${silent.host}/cancel/silent:1`]);
      await silent.connected;
      const asked = Date.now();
      running.kill('SIGINT');
      const run = await running.finished;
      expect(Date.now() - asked).toBeLessThan(PATIENCE_MS);
      expect(run.code).toBeGreaterThan(0);
      expect(run.stderr).toContain('The push was cancelled.');
    } finally {
      await silent.stop();
    }
  });

  it('its timeout: as much in time', async () => {
    const running = await start(['--timeout=2s', source(), `${link.host}/cancel/timeout:1`]);
    const run = await running.finished;
    expect(run.code).toBe(6);
    expect(run.stderr).toContain('did not finish within its timeout of 2.0 s');
    expect(run.leftovers).toEqual([]);
    expect(await reader.tags(`${registry.host}/cancel/timeout`)).toEqual([]);
  });

  it('nobody: the same line is only slow', async () => {
    // What was cancelled is no obstacle: the layers that have arrived are not sent again.
    const file = join(folder, 'report.json');
    await writeFile(file, '');
    const image = `oci:${requireImage('repeated')}`;
    const running = await start(['--report', file, image, `${link.host}/cancel/patient:1`]);
    expect(await running.finished).toMatchObject({ code: 0 });
    expect(await reader.tags(`${registry.host}/cancel/patient`)).toEqual(['1']);
  });
});
