/** A job is interrupted, and the next attempt runs on another machine: between them, the cache. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  cacheToken,
  startCacheServer,
  type CacheServer,
} from '../support/services/cache-server.ts';
import { describeWith } from '../support/services/describe-with.ts';
import {
  removeFolder,
  runAct,
  runProgram,
  startDistribution,
  startProcess,
  temporaryFolder,
  type Service,
} from '../support/services/index.ts';
import { afterBytes } from './support/kill.ts';
import { makeImage, type TestImage } from './support/resume-image.ts';
import {
  createPlace,
  layerBytes,
  TWICE_AT_MOST,
  type ResumePlace,
} from './support/resume-place.ts';
import { BUNDLE, parseCommandFile, ROOT } from './support/run.ts';

jest.setTimeout(300_000);

const MIB = 1024 * 1024;
const LARGE = 96 * MIB;
/** What has arrived when the job is interrupted. */
const SENT = 64 * MIB;
const TOKEN = cacheToken(['refs/heads/main', 3]);
/** For trying out what is not built yet: another entry than the committed bundle. */
const ENTRY = process.env['IDPBUILDER_PUSH_TEST_ENTRY'] || BUNDLE;

/** A runner: the folders and variables of one attempt of a job. */
interface Attempt {
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
}

let registry: Service;
let place: ResumePlace;
let image: TestImage;
let folder: string;
let cache: CacheServer;

async function setUp(): Promise<void> {
  folder = await temporaryFolder('actions-cache');
  image = await makeImage(join(folder, 'image'), [LARGE], 11);
  registry = await startDistribution();
}

async function tearDown(): Promise<void> {
  await registry?.stop();
  if (folder) await removeFolder(folder);
}

/** A place of its own for each test: what has gone over its line is counted. */
async function connect(): Promise<void> {
  place = await createPlace({ upstream: registry.url });
  cache = await startCacheServer();
}

async function disconnect(): Promise<void> {
  await place?.stop();
  await cache?.stop();
}

function cacheVariables(attempt: number): Record<string, string> {
  return {
    GITHUB_RUN_ID: '4711',
    GITHUB_RUN_ATTEMPT: String(attempt),
    ACTIONS_CACHE_SERVICE_V2: '1',
    ACTIONS_RESULTS_URL: cache.url,
    ACTIONS_RUNTIME_TOKEN: TOKEN,
  };
}

/** Whether there is a resume file that another machine can go on with. */
async function isShareable(temp: string): Promise<boolean> {
  const names = await readdir(temp, { recursive: true });
  const files = names.filter((name) => /resume[/\\][^/\\]+\.json$/.test(name));
  const texts = await Promise.all(files.map((name) => readFile(join(temp, name), 'utf8')));
  return texts.some((text) => text.includes('"Shareable":true'));
}

async function report(file: string): Promise<{ status: string; bytesResumed?: number }> {
  return JSON.parse(await readFile(file, 'utf8')) as { status: string; bytesResumed?: number };
}

describeWith(['distribution', 'tar'], 'a job that is killed', () => {
  beforeAll(setUp);
  afterAll(tearDown);
  beforeEach(connect);
  afterEach(disconnect);

  const attempt = async (
    number: number,
    repository: string,
    inputs: Readonly<Record<string, string>> = {},
  ): Promise<Attempt> => {
    const home = join(folder, `${repository}-${number}`);
    const names = ['RUNNER_TEMP', 'GITHUB_WORKSPACE', 'HOME'];
    const folders = Object.fromEntries(names.map((name) => [name, join(home, name)]));
    await Promise.all(Object.values(folders).map((path) => mkdir(path, { recursive: true })));
    const files = ['GITHUB_STATE', 'GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY'];
    const paths = Object.fromEntries(files.map((name) => [name, join(home, name)]));
    await Promise.all(Object.values(paths).map((path) => writeFile(path, '')));
    const given = {
      source: image.source,
      tags: `${place.proxy.host}/team/${repository}:1`,
      'plain-http': 'true',
      ...inputs,
    };
    const variables = Object.entries(given).map(([name, value]) => [
      `INPUT_${name.toUpperCase()}`,
      value,
    ]);
    const env = {
      ...folders,
      ...paths,
      ...cacheVariables(number),
      ...(Object.fromEntries(variables) as Record<string, string>),
      GITHUB_ACTIONS: 'true',
      RUNNER_OS: 'Linux',
    };
    return { env, folder: home };
  };

  /** The main step, killed where the line stands. */
  const killMain = async ({ env }: Attempt): Promise<string> => {
    const halted = place.proxy.haltWhere(afterBytes(SENT));
    const main = startProcess(process.execPath, [ENTRY], { env });
    const ended = (async (): Promise<string> => {
      while (!main.ended()) await sleep(20);
      return main.log();
    })();
    const early = await Promise.race([halted, ended]);
    if (early !== undefined) throw new Error(`it ended before it was killed:\n${early}`);
    // Whether the upload's address may be shared is asked while it is under way, if at all.
    const temp = env['RUNNER_TEMP'] ?? '';
    for (let wait = 0; wait < 100 && !(await isShareable(temp)); wait += 1) await sleep(20);
    await main.stop('SIGKILL');
    await place.proxy.cut();
    return main.log();
  };

  const main = ({ env }: Attempt) => runProgram(process.execPath, [ENTRY], { env });

  /** The post step, with what the main step has left. */
  const post = async ({ env }: Attempt) => {
    const state = parseCommandFile(await readFile(env['GITHUB_STATE'] ?? '', 'utf8'));
    const entries = Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]);
    const variables = Object.fromEntries(entries) as Record<string, string>;
    return runProgram(process.execPath, [ENTRY], { env: { ...env, ...variables } });
  };

  const outputs = async ({ env }: Attempt) =>
    parseCommandFile(await readFile(env['GITHUB_OUTPUT'] ?? '', 'utf8'));

  const finishedKeys = (): string[] =>
    cache.entries.flatMap(({ finished, key }) => (finished ? [key] : []));

  it('goes on in the next attempt, on another machine', async () => {
    const first = await attempt(1, 'killed');
    await killMain(first);
    const kept = await post(first);
    expect(kept).toMatchObject({ code: 0, stderr: '' });
    expect(kept.stdout).toMatch(
      /^Kept \S+ [KM]iB of progress for the next run \(key \S+-4711-1-\d+\.\)\.$/m,
    );
    await removeFolder(first.folder);

    const before = place.proxy.exchanges.length;
    const second = await attempt(2, 'killed');
    const { code, stdout } = await main(second);
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(stdout).toContain('the Actions cache');
    const { report: file = '' } = await outputs(second);
    expect((await report(file)).bytesResumed).toBeGreaterThan(SENT - TWICE_AT_MOST);
    const again = layerBytes(image, place.proxy.exchanges.slice(before));
    expect(again).toBeLessThanOrEqual(LARGE - SENT + TWICE_AT_MOST);
    expect(await place.problems(image, 'team/killed')).toEqual([]);

    // Nothing is left to go on with, which is an entry as well, and the record has grown.
    expect(await post(second)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const last = (kind: string) => finishedKeys().findLast((key) => key.includes(`-${kind}-`));
    expect(last('state')).toMatch(/-4711-2-\d+\.$/);
    expect(last('record')).toMatch(/-4711-2[-.]/);
  });

  it('is not the business of the Actions cache with cache: false', async () => {
    const first = await attempt(1, 'without', { cache: 'false' });
    await killMain(first);
    const kept = await post(first);
    expect(kept).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(cache.requests).toEqual([]);
  });

  it('loses nothing but its progress when the service is down', async () => {
    cache.faults.push({ match: /./, status: 503, body: { msg: 'maintenance' } });
    const first = await attempt(1, 'down');
    const { code, stdout } = await main(first);
    expect(code).toBe(0);
    expect(stdout.match(/::warning .*The Actions cache cannot be used/g)).toHaveLength(1);
    expect(await place.problems(image, 'team/down')).toEqual([]);
    const asked = cache.requests.length;
    expect(await post(first)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(cache.requests).toHaveLength(asked);
  });
});

describeWith(['act', 'git', 'distribution', 'tar'], 'a workflow that runs out of time', () => {
  beforeAll(setUp);
  afterAll(tearDown);
  beforeEach(connect);
  afterEach(disconnect);

  const runAttempt = async (number: number, env: Readonly<Record<string, string>>) => {
    const eventFile = join(folder, `event-${number}.json`);
    const tags = `${place.proxy.host}/team/workflow:1`;
    await writeFile(eventFile, JSON.stringify({ inputs: { source: image.source, tags } }));
    const { output } = await runAct({
      repository: ROOT,
      workflow: '.github/workflows/e2e-act.yml',
      event: 'workflow_dispatch',
      eventFile,
      env: { ...cacheVariables(number), ...env },
    });
    return output;
  };

  it('goes on in the next attempt', async () => {
    void place.proxy.haltWhere(afterBytes(SENT));
    const first = await runAttempt(1, { IDPBUILDER_PUSH_TIMEOUT: '8s' });
    await place.proxy.cut();
    expect(first).toContain('| outcome=failure');
    expect(first).toMatch(/Kept \S+ [KM]iB of progress for the next run/);
    expect(first).toMatch(/Success - Post \.\//);
    const before = place.proxy.exchanges.length;
    const second = await runAttempt(2, {});
    expect(second).toContain('| outcome=success');
    const again = layerBytes(image, place.proxy.exchanges.slice(before));
    const most = LARGE - SENT + TWICE_AT_MOST;
    if (again > most) throw new Error(`${again} bytes were sent again:\n${first}\n${second}`);
    expect(await place.problems(image, 'team/workflow')).toEqual([]);
  });
});
