/** The toolkit's own client, in its process, against a service on this machine. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { recordKeys, stateKeys } from '../../../src/action/cache-keys.ts';
import { readSession } from '../../../src/action/cache-session.ts';
import { FINISHED } from '../../../src/action/cache-shared.ts';
import { keepAfterwards } from '../../../src/action/post.ts';
import { formatKept } from '../../../src/action/cache-kept.ts';
import { readResumeFile, shareableState } from '../../../src/state/resume-file.ts';
import { runProgram } from '../../../src/util/run-program.ts';
import {
  cacheToken,
  startCacheServer,
  type CacheServer,
} from '../../support/services/cache-server.ts';
import { startProcess } from '../../support/services/process.ts';
import {
  createCache,
  ENTRY,
  HALF,
  interrupt,
  layer,
  MIB,
  NAMES,
  PROGRAM,
  runnerEnv,
  runnerTemp,
  stateOf,
  until,
  writeState,
  type Environment,
  type Watched,
} from './cache-support.ts';

jest.setTimeout(60_000);

const MAIN = cacheToken(['refs/heads/main', 3]);
const NEVER = new AbortController().signal;

let server: CacheServer;
const temps: string[] = [];

beforeEach(async () => {
  server = await startCacheServer();
});

afterEach(async () => {
  await server.stop();
  await Promise.all(temps.splice(0).map((temp) => rm(temp, { recursive: true, force: true })));
});

type Given = Partial<Parameters<typeof createCache>[0]> & { readonly more?: Environment };

/** A store on a runner of its own. */
async function cacheOn(token: string, { more, ...options }: Given = {}): Promise<Watched> {
  const tempDirectory = options.tempDirectory ?? (await runnerTemp());
  temps.push(tempDirectory);
  const env = runnerEnv(server.url, token, more);
  return createCache({ run: runProgram, env, ...options, tempDirectory });
}

/** A run on another runner that was interrupted after it had saved its state. */
async function interruptedOn(token: string, given: Given = {}, state = HALF): Promise<Watched> {
  const watched = await cacheOn(token, given);
  await writeState(watched.files, state, given.names);
  await interrupt(watched);
  return watched;
}

/** What a runner has after restoring. */
async function restoredOn(token: string, given: Given = {}): Promise<Watched> {
  const watched = await cacheOn(token, given);
  await watched.cache.restore(NEVER);
  return watched;
}

function stateIn({ files }: Watched, names = NAMES) {
  return readResumeFile(path.join(files.resume, names.resumeFile));
}

const finishedKeys = (): string[] =>
  server.entries.filter(({ finished }) => finished).map(({ key }) => key);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a state in the Actions cache', () => {
  test('is found by the next attempt, on another runner', async () => {
    const first = await interruptedOn(MAIN, { entryFile: PROGRAM });
    expect(first.warnings).toEqual([]);
    expect(finishedKeys()).toEqual([`${stateKeys(NAMES, runnerEnv('', '')).base}1.`]);
    const next = await restoredOn(MAIN, { more: { GITHUB_RUN_ATTEMPT: '2' } });
    expect(next.warnings).toEqual([]);
    expect(await stateIn(next)).toEqual({ state: HALF });
    const { mode } = await stat(path.join(next.files.resume, NAMES.resumeFile));
    expect(mode & 0o777).toBe(0o600);
    expect((await readdir(next.files.root)).toSorted()).toEqual([
      'resume',
      `session-${NAMES.resumeFile}`,
    ]);
  });

  test('has no address of an upload that would let a stranger write', async () => {
    const secret = stateOf(layer('base'), layer('big', { bytes: MIB, shareable: false }));
    const first = await interruptedOn(MAIN, {}, secret);
    expect((await stateIn(first)).state).toEqual(secret);
    const { state } = await stateIn(await restoredOn(MAIN));
    expect(state).toEqual(shareableState(secret));
    expect(JSON.stringify(state)).not.toContain('SECRET');
  });

  test('is of this run, rather than the newest', async () => {
    await interruptedOn(MAIN, { more: { GITHUB_RUN_ID: '12' } }, stateOf(layer('run 12')));
    await interruptedOn(MAIN, { more: { GITHUB_RUN_ID: '122' } }, stateOf(layer('run 122')));
    const found = async (run: string) => {
      const more = { GITHUB_RUN_ID: run, GITHUB_RUN_ATTEMPT: '2' };
      return (await stateIn(await restoredOn(MAIN, { more }))).state;
    };
    expect(await found('12')).toEqual(stateOf(layer('run 12')));
    expect(await found('13')).toEqual(stateOf(layer('run 122')));
  });

  test('of the default branch is found on another one, not the other way round', async () => {
    const feature = cacheToken(['refs/heads/feature', 3], ['refs/heads/main', 1]);
    await interruptedOn(feature);
    expect(server.entries.map(({ scope }) => scope)).toEqual(['refs/heads/feature']);
    expect(await stateIn(await restoredOn(MAIN))).toEqual({});
    await interruptedOn(MAIN, {}, stateOf(layer('of main')));
    const other = cacheToken(['refs/heads/other', 3], ['refs/heads/main', 1]);
    expect((await stateIn(await restoredOn(other))).state).toEqual(stateOf(layer('of main')));
    expect((await stateIn(await restoredOn(feature))).state).toEqual(HALF);
  });

  test('does not replace one that this machine has', async () => {
    await interruptedOn(MAIN);
    const watched = await cacheOn(MAIN);
    await writeState(watched.files, stateOf(layer('mine')));
    await watched.cache.restore(NEVER);
    expect((await stateIn(watched)).state).toEqual(stateOf(layer('mine')));
    // An earlier step of this job left it: it is not what the cache has, and will be kept.
    expect((await readSession(watched.files.session, '12-1')).kept).toBeUndefined();
  });
});

describe('an entry that exists', () => {
  test('is left alone without a word, and the next one has another number', async () => {
    const first = await interruptedOn(MAIN);
    const again = await interruptedOn(MAIN, { tempDirectory: await runnerTemp() });
    expect(again.warnings).toEqual([]);
    expect(server.requests.filter((each) => each.endsWith('/CreateCacheEntry'))).toHaveLength(2);
    expect(finishedKeys()).toHaveLength(1);
    await writeState(again.files, stateOf(layer('more')));
    await interrupt(again);
    expect(finishedKeys().map((key) => key.slice(-3))).toEqual(['-1.', '-2.']);
    expect(first.warnings).toEqual([]);
  });
});

describe('a service that does not do what it should', () => {
  const SAVE = /CreateCacheEntry/;
  const FIND = /GetCacheEntryDownloadURL/;

  test.each([
    [
      'is overloaded',
      { match: SAVE, status: 429, body: { msg: 'slow down' } },
      '(429) Too Many Requests: slow down',
    ],
    ['cuts the connection', { match: SAVE, cut: true }, 'ECONNRESET'],
    [
      'does not finish an entry',
      { match: /Finalize/, status: 400, body: { msg: 'no' } },
      '(400) Bad Request: no',
    ],
    [
      'has no room',
      { match: SAVE, status: 403, body: { msg: 'insufficient usage to reserve' } },
      'Cache storage quota has been hit',
    ],
    [
      'does not take the archive',
      { match: /PUT \/blob/, status: 403, body: { msg: 'expired' } },
      'expired',
    ],
  ])('%s: it is one warning, and nothing is saved any more', async (_title, fault, reason) => {
    server.faults.push(fault);
    const watched = await interruptedOn(MAIN);
    const asked = server.requests.length;
    await writeState(watched.files, stateOf(layer('more')));
    await interrupt(watched);
    expect(server.requests).toHaveLength(asked);
    expect(watched.warnings).toEqual([expect.stringContaining(reason)]);
    expect(watched.warnings[0]).toMatch(
      /^The Actions cache cannot be used \(.+\): the push goes on without it\.$/,
    );
    expect(finishedKeys()).toEqual([]);
  });

  test.each([
    [
      'answers 500',
      { match: FIND, status: 500, body: { msg: 'oops' } },
      '(500) Internal Server Error: oops',
    ],
    ['says nothing', { match: FIND, hang: true }, 'no answer within 2 s'],
  ])('%s: restoring ends in time', async (_title, fault, reason) => {
    server.faults.push(fault);
    const started = performance.now();
    const watched = await restoredOn(MAIN, { limitMs: 2000 });
    // It repeats its requests for half a minute.
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(watched.warnings).toEqual([expect.stringContaining('no answer within 2 s')]);
    expect(watched.warnings[0]).toContain(reason);
    await writeState(watched.files, HALF);
    await interrupt(watched);
    expect(server.requests.filter((each) => SAVE.test(each))).toEqual([]);
  });

  test('is not there: restoring warns at once, saving does not again', async () => {
    const watched = await cacheOn(MAIN);
    await server.stop();
    await watched.cache.restore(NEVER);
    await writeState(watched.files, HALF);
    await interrupt(watched);
    expect(watched.warnings).toEqual([
      'The Actions cache cannot be used (ECONNREFUSED): the push goes on without it.',
    ]);
    server = await startCacheServer();
  });

  test('denies to read: what can be saved is saved', async () => {
    const watched = await restoredOn(cacheToken(['refs/pull/1/merge', 2]));
    expect(watched.warnings).toEqual([
      'The Actions cache cannot be used (cache read denied: token has no readable cache scopes): the push goes on without it.',
    ]);
    await writeState(watched.files, HALF);
    await interrupt(watched);
    expect(watched.warnings).toHaveLength(1);
    expect(finishedKeys()).toHaveLength(1);
  });

  test('denies to write: that is said once, also when the post step tries again', async () => {
    const token = cacheToken(['refs/heads/main', 1]);
    const watched = await interruptedOn(token);
    await writeState(watched.files, stateOf(layer('more')));
    await interrupt(watched);
    expect(watched.warnings).toEqual([
      'The Actions cache cannot be used (cache write denied: token has no writable cache scopes): the push goes on without it.',
    ]);
    const lines: string[] = [];
    const kept = formatKept({ ...NAMES, resume: true, record: true, verbosity: 'normal' });
    const RUNNER_TEMP = temps.at(-1);
    const env = runnerEnv(server.url, token, { RUNNER_TEMP });
    await keepAfterwards({
      env,
      entryFile: ENTRY,
      kept,
      run: runProgram,
      write: (line) => lines.push(line),
    });
    expect(lines).toEqual([
      expect.stringMatching(/^3\.00 MiB of progress could not be kept in the Actions cache:/),
    ]);
  });

  test('gives an archive that ends too early: what comes next is saved all the same', async () => {
    await interruptedOn(MAIN);
    server.faults.push({ match: /GET \/blob/, truncateAt: 20 });
    const watched = await restoredOn(MAIN, { more: { GITHUB_RUN_ATTEMPT: '2' } });
    expect(watched.warnings).toEqual([
      expect.stringMatching(/^What the Actions cache held cannot be used \(.+\): the push goes on/),
    ]);
    expect(await stateIn(watched)).toEqual({});
    await writeState(watched.files, HALF);
    await interrupt(watched);
    expect(finishedKeys()).toHaveLength(2);
  });

  test('is told to stop: nothing is left running, and nothing is said', async () => {
    server.faults.push({ match: FIND, hang: true });
    const cancel = new AbortController();
    const watched = await cacheOn(MAIN);
    const restoring = watched.cache.restore(cancel.signal);
    await until(() => server.requests.length > 0);
    cancel.abort();
    await restoring;
    await watched.cache.close();
    expect(watched.warnings).toEqual([]);
    expect(await readdir(watched.files.root)).toEqual([]);
  });
});

test('where tar is none that keeps an archive in its place, nothing is restored', async () => {
  await interruptedOn(MAIN);
  const folder = await runnerTemp();
  temps.push(folder);
  const tar = path.join(folder, 'tar');
  await writeFile(tar, '#!/bin/sh\necho "bsdtar 3.5.3 - libarchive 3.5.3"\n', { mode: 0o755 });
  const asked = server.requests.length;
  const PATH = `${folder}${path.delimiter}${process.env['PATH']}`;
  const watched = await restoredOn(MAIN, { more: { PATH } });
  expect(server.requests).toHaveLength(asked);
  expect(await stateIn(watched)).toEqual({});
  expect(watched.warnings).toEqual([]);
  expect(watched.lines).toEqual([
    'Nothing is restored: that takes GNU tar, and the tar here is bsdtar 3.5.3 - libarchive 3.5.3.',
  ]);
});

test('a step that is killed leaves no process behind', async () => {
  server.faults.push({ match: /GetCacheEntry/, hang: true });
  const entries = [{ path: 'a', key: 'k', restoreKeys: [] }];
  const task = { token: 't', limitMs: 50_000, work: { kind: 'restore', entries } };
  const step = `const { spawn } = require('node:child_process');
    const options = { detached: true, stdio: ['pipe', 'ignore', 'ignore'] };
    const child = spawn(process.execPath, [${JSON.stringify(ENTRY)}], options);
    child.stdin.end(${JSON.stringify(JSON.stringify(task))});
    console.log(child.pid);
    setInterval(() => undefined, 1000);`;
  const env = { ...runnerEnv(server.url, MAIN), RUNNER_TEMP: await runnerTemp() };
  temps.push(env.RUNNER_TEMP);
  const running = startProcess(process.execPath, ['-e', step], { env });
  await until(() => server.requests.length > 0);
  await running.stop('SIGKILL');
  const pid = Number(running.log());
  expect(pid).toBeGreaterThan(0);
  // It looks four times a second, and says goodbye to nobody.
  await until(() => !isAlive(pid));
});

describe('what the post step keeps', () => {
  const SQLITE = Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(4096, 7)]);
  const post = async (RUNNER_TEMP: string, more: Environment = {}): Promise<string[]> => {
    const lines: string[] = [];
    const kept = formatKept({ ...NAMES, resume: true, record: true, verbosity: 'verbose' });
    const env = runnerEnv(server.url, MAIN, { RUNNER_TEMP, ...more });
    const write = (line: string): void => void lines.push(line);
    await keepAfterwards({ env, entryFile: ENTRY, kept, run: runProgram, write });
    return lines;
  };

  test('the state of a push that was killed, and the record, come to the next run', async () => {
    const { files } = await cacheOn(MAIN);
    await writeState(files, HALF);
    await mkdir(files.record, { recursive: true });
    await writeFile(files.recordFile, SQLITE);
    const lines = await post(temps.at(-1) ?? '');
    const env = runnerEnv('', '');
    const [stateKey, recordKey] = [
      `${stateKeys(NAMES, env).base}1.`,
      `${recordKeys(NAMES, env).base}.`,
    ];
    expect(lines).toContain(`Kept 4.00 MiB of progress for the next run (key ${stateKey}).`);
    expect(lines).toContain(`Kept the record of what is where (key ${recordKey}).`);
    expect(lines.filter((line) => line.includes('::'))).toEqual([]);
    expect(finishedKeys().toSorted()).toEqual([recordKey, stateKey].toSorted());

    const next = await restoredOn(MAIN, { more: { GITHUB_RUN_ID: '13' } });
    expect((await stateIn(next)).state).toEqual(HALF);
    expect((await readFile(next.files.recordFile)).equals(SQLITE)).toBe(true);
    expect((await stat(next.files.recordFile)).mode & 0o777).toBe(0o600);
    const asked = server.requests.length;
    // Nothing has changed: another step of the same job, or a push that did nothing.
    expect(await post(temps.at(-1) ?? '', { GITHUB_RUN_ID: '13' })).toEqual([]);
    expect(server.requests).toHaveLength(asked);
  });

  test('a push that went on and finished takes its state out of circulation', async () => {
    await interruptedOn(MAIN);
    const next = await restoredOn(MAIN, { more: { GITHUB_RUN_ATTEMPT: '2' } });
    await rm(path.join(next.files.resume, NAMES.resumeFile));
    await post(temps.at(-1) ?? '', { GITHUB_RUN_ATTEMPT: '2' });
    expect(finishedKeys()).toHaveLength(2);
    const third = await restoredOn(MAIN, { more: { GITHUB_RUN_ID: '13' } });
    expect(await stateIn(third)).toEqual({});
    expect(third.warnings).toEqual([]);
    expect(existsSync(path.join(third.files.shared, FINISHED))).toBe(false);
    expect((await readSession(third.files.session, '13-1')).kept).toBe('');
  });
});
