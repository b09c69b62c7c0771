/** A workflow, under a runner: what the Actions cache does for it, and that it needs none. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  startCacheServer,
  type CacheEntry,
  type CacheFault,
  type CacheServer,
} from '../support/services/cache-server.ts';
import { describeWith } from '../support/services/describe-with.ts';
import {
  removeFolder,
  startDistribution,
  temporaryFolder,
  type Service,
} from '../support/services/index.ts';
import {
  isShareable,
  replaceFile,
  runWorkflow,
  startWorkflow,
  type WorkflowEnd,
  type WorkflowRun,
} from './support/cached-workflow.ts';
import { afterBytes } from './support/kill.ts';
import { makeImage, type TestImage } from './support/resume-image.ts';
import {
  createPlace,
  layerBytes,
  TWICE_AT_MOST,
  type ResumePlace,
} from './support/resume-place.ts';
import { startRoundLine } from './support/round-line.ts';

jest.setTimeout(300_000);

const MIB = 1024 * 1024;
const LARGE = 96 * MIB;
/** The cache may take ten seconds; what the push itself takes comes on top, on a busy machine. */
const LIMIT_MS = 10_000 + 5000;

describeWith(['act', 'git', 'distribution', 'tar'], 'a workflow with the Actions cache', () => {
  let folder: string;
  let registry: Service;
  let place: ResumePlace;
  let cache: CacheServer;
  let small: TestImage;

  beforeAll(async () => {
    folder = await temporaryFolder('cached-workflow');
    small = await makeImage(join(folder, 'small'), [24 * MIB, MIB], 21);
    registry = await startDistribution();
  });

  afterAll(async () => {
    await registry?.stop();
    if (folder) await removeFolder(folder);
  });

  beforeEach(async () => {
    place = await createPlace({ upstream: registry.url });
    cache = await startCacheServer();
  });

  afterEach(async () => {
    await place?.stop();
    await cache?.stop();
  });

  const workflow = (
    { source }: TestImage,
    repository: string,
    more: Partial<WorkflowRun> = {},
  ): WorkflowRun => ({
    source,
    target: `${place.proxy.host}/workflow/${repository}:1`,
    cache: cache.url,
    ...more,
  });

  /**
   * The first attempt, cancelled where the line stands. act ends the step's process outright, which
   * is what GitHub's runner comes to when SIGINT and SIGTERM have not helped, and runs the post step.
   */
  const cancelled = async (image: TestImage, repository: string, sent: number): Promise<string> => {
    const halted = place.proxy.haltWhere(afterBytes(sent));
    const running = await startWorkflow(folder, workflow(image, repository));
    const ended = async (): Promise<void> => {
      while (!running.ended()) await sleep(50);
      throw new Error(`it ended before it was cancelled:\n${running.output()}`);
    };
    try {
      await Promise.race([halted, ended()]);
      // Whether the upload's address may be shared is asked while it is under way, if at all.
      for (let wait = 0; wait < 100 && !(await isShareable(running)); wait += 1) await sleep(50);
    } finally {
      await running.cancel();
      await place.proxy.cut();
    }
    return running.output();
  };

  const entryOf = (kind: 'state' | 'record'): CacheEntry => {
    const found = cache.entries.findLast(
      ({ key, finished }) => finished && key.includes(`-${kind}-`),
    );
    if (!found) throw new Error(`no ${kind} is kept`);
    return found;
  };

  it('that is cancelled goes on in the next attempt, on another runner', async () => {
    const image = await makeImage(join(folder, 'large'), [LARGE], 22);
    const sent = 64 * MIB;
    const first = await cancelled(image, 'cancelled', sent);
    expect(first).toContain('Failure - Main ./');
    expect(first).toMatch(/Kept \S+ MiB of progress for the next run/);
    expect(first).toMatch(/Success - Post \.\//);

    const before = place.proxy.exchanges.length;
    const second = await runWorkflow(folder, workflow(image, 'cancelled', { attempt: 2 }));

    expect(second.outcome).toBe('success');
    expect(second.log).toContain('(from the Actions cache)');
    const [, saved = '0'] = /saved (\d+(?:\.\d+)?) MiB\)/.exec(second.log) ?? [];
    expect(Number(saved) * MIB).toBeGreaterThanOrEqual(sent - TWICE_AT_MOST);
    expect(second.report.bytesResumed).toBeGreaterThanOrEqual(sent - TWICE_AT_MOST);
    const again = layerBytes(image, place.proxy.exchanges.slice(before));
    expect(again).toBeLessThanOrEqual(LARGE - sent + TWICE_AT_MOST);
    expect(second.warnings).toEqual([]);
    expect(await place.problems(image, 'workflow/cancelled')).toEqual([]);
  });

  it('that pushes an unchanged image again sends nothing and keeps nothing', async () => {
    const line = await startRoundLine(Number(new URL(`http://${place.proxy.host}`).port));
    try {
      const target = `${line.host}/workflow/unchanged:1`;
      const first = await runWorkflow(folder, workflow(small, 'unchanged', { target, run: 1 }));
      expect(first.report.bytesUploaded).toBeGreaterThan(25 * MIB);
      expect(line.rounds()).toBeGreaterThan(3);
      const kept = cache.entries.map(({ key }) => key);
      expect(kept).toHaveLength(1);
      const [exchanges, requests] = [place.proxy.exchanges.length, cache.requests.length];

      const second = await runWorkflow(folder, workflow(small, 'unchanged', { target, run: 2 }));

      expect(second).toMatchObject({ outcome: 'success', warnings: [] });
      const asked = place.proxy.exchanges.slice(exchanges);
      expect(asked.map(({ sent }) => sent)).toEqual(asked.map(() => 0));
      expect(asked.filter(({ method }) => method !== 'GET' && method !== 'HEAD')).toEqual([]);
      // One of them is the question whether this port of the machine itself speaks TLS.
      expect(line.rounds()).toBeLessThanOrEqual(3);
      expect(cache.entries.map(({ key }) => key)).toEqual(kept);
      // What is there need not be looked up.
      expect(cache.requests.slice(requests)).toEqual([]);
    } finally {
      await line.stop();
    }
  });

  const expectPushed = async (
    { log, outcome, report, warnings }: WorkflowEnd,
    repository: string,
  ): Promise<void> => {
    if (outcome !== 'success') throw new Error(`it failed:\n${log}`);
    expect(await place.problems(small, `workflow/${repository}`)).toEqual([]);
    expect(warnings.length).toBeLessThanOrEqual(1);
    expect(report.durationMs).toBeLessThan(LIMIT_MS);
    expect(log).toMatch(/Success - Post \.\//);
  };

  const poisons: readonly (readonly [string, string, () => Promise<void>])[] = [
    [
      'a record and a state that are garbage',
      'garbage',
      async () => {
        await replaceFile(entryOf('record'), randomBytes(20_000));
        await replaceFile(entryOf('state'), randomBytes(20_000));
      },
    ],
    [
      'a record that only begins like one, and a state of another schema',
      'schema',
      async () => {
        const record = Buffer.concat([Buffer.from('SQLite format 3\0'), randomBytes(20_000)]);
        await replaceFile(entryOf('record'), record);
        const state = { SchemaVersion: 99, Places: { everything: 'there' } };
        await replaceFile(entryOf('state'), JSON.stringify(state));
      },
    ],
    [
      'archives that are none',
      'archives',
      async () => {
        for (const kind of ['record', 'state'] as const) entryOf(kind).data = randomBytes(20_000);
      },
    ],
  ];

  it.each(poisons)('that finds %s pushes all the same', async (_title, repository, poison) => {
    await cancelled(small, repository, 20 * MIB);
    await poison();
    const before = cache.requests.length;

    const second = await runWorkflow(folder, workflow(small, repository, { attempt: 2 }));

    await expectPushed(second, repository);
    expect(second.report.bytesResumed).toBe(0);
    // It has really got both of them.
    const got = cache.requests.slice(before).filter((what) => what === 'GET /blob/ID');
    expect(got).toHaveLength(2);
  });

  it('that may not use the cache pushes without', async () => {
    const msg = 'cache read denied: token has no readable cache scopes';
    cache.faults.push({ match: /./, status: 403, body: { code: 'permission_denied', msg } });
    await expectPushed(await runWorkflow(folder, workflow(small, 'denied')), 'denied');
    expect(cache.requests).not.toEqual([]);
  });

  it('whose cache is overloaded, gone or silent pushes without, and soon', async () => {
    const faults: Readonly<Record<string, CacheFault>> = {
      busy: { match: /./, status: 429, headers: { 'retry-after': '60' } },
      silent: { match: /./, hang: true },
      gone: { match: /./ },
    };
    // At the same time: they do little but wait.
    const ends = Object.entries(faults).map(async ([name, fault]) => {
      const server = await startCacheServer();
      server.faults.push(fault);
      if (name === 'gone') await server.stop();
      const end = await runWorkflow(folder, workflow(small, name, { cache: server.url }));
      if (name !== 'gone') await server.stop();
      return [name, end, server.requests.length] as const;
    });
    for (const [name, end, asked] of await Promise.all(ends)) {
      await expectPushed(end, name);
      expect(end.warnings).toHaveLength(1);
      expect(asked > 0).toBe(name !== 'gone');
    }
  });
});
