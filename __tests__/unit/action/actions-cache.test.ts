import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheAccess } from '../../../src/action/cache-environment.ts';
import { stateKeys, recordKeys } from '../../../src/action/cache-keys.ts';
import { readSession } from '../../../src/action/cache-session.ts';
import type { ProgramResult } from '../../../src/util/run-program.ts';
import {
  answered,
  createCache,
  fakeProcess,
  HALF,
  interrupt,
  layer,
  MIB,
  NAMES,
  runnerEnv,
  runnerTemp,
  stateOf,
  until,
  willing,
  writeState,
  type Asked,
  type Watched,
} from './cache-support.ts';

const ENV = runnerEnv('https://results.example/', 'token');
const NEVER = new AbortController().signal;
const UPLOADING = { bytes: MIB, left: MIB };

let temp: string;

beforeEach(async () => {
  temp = await runnerTemp();
});

afterEach(() => rm(temp, { recursive: true, force: true }));

type Behave = (asked: Asked) => Promise<ProgramResult> | ProgramResult;
type Options = Partial<Parameters<typeof createCache>[0]>;

async function cacheWith(
  behave: Behave,
  options: Options = {},
): Promise<Watched & { readonly asked: readonly Asked[] }> {
  const { run, asked } = fakeProcess(behave);
  return { ...(await createCache({ run, env: ENV, tempDirectory: temp, ...options })), asked };
}

const keysOf = (asked: readonly Asked[]): string[] =>
  asked.flatMap(({ task }) => task.work.entries.map(({ key }) => key));

const failing =
  (line: string): Behave =>
  (asked) =>
    answered(
      asked,
      asked.task.work.entries.map(() => ({})),
      [line],
    );

/** A process that runs until it is killed or told to end. */
function endless(): { behave: Behave; finish: () => void; readonly killed: () => boolean } {
  let finish = (): void => undefined;
  let killed = false;
  const behave: Behave = (asked) =>
    new Promise((resolve, reject) => {
      let ended = false;
      finish = () => {
        ended = true;
        resolve(willing(asked));
      };
      asked.options.signal?.addEventListener('abort', () => {
        killed = !ended;
        reject(new DOMException('aborted', 'AbortError'));
      });
    });
  return { behave, finish: () => finish(), killed: () => killed };
}

describe('restoring', () => {
  test('asks for both in one process, this run first', async () => {
    const { cache, asked } = await cacheWith(willing);
    await cache.restore(NEVER);
    expect(asked).toHaveLength(1);
    const [state, record] = [stateKeys(NAMES, ENV), recordKeys(NAMES, ENV)];
    expect(asked[0]?.task.work).toEqual({
      kind: 'restore',
      entries: [state, record].map(({ path, prefixes: [key, ...restoreKeys] }) => ({
        path,
        key,
        restoreKeys,
      })),
    });
    expect(asked[0]?.options.timeoutMs).toBe(10_000);
  });

  test.each([
    ['with resume: false only for the record', { resume: false }, ['record']],
    ['without a record only for the state', { record: false }, ['state']],
    ['for nothing when nothing is kept', { resume: false, record: false }, []],
    [
      'for nothing where it may not be read',
      { access: cacheAccess({ ...ENV, ACTIONS_CACHE_MODE: 'write-only' })! },
      [],
    ],
  ])('asks %s', async (_title, options, kinds) => {
    const { cache, asked, warnings } = await cacheWith(willing, options);
    await cache.restore(NEVER);
    expect(keysOf(asked).map((key) => /-(state|record)-/.exec(key)?.[1])).toEqual(kinds);
    expect(warnings).toEqual([]);
  });

  test('does not ask for a record that this machine has', async () => {
    const { cache, asked, files } = await cacheWith(willing);
    await mkdir(files.record, { recursive: true });
    await writeFile(files.recordFile, 'mine');
    await cache.restore(NEVER);
    expect(keysOf(asked)).toEqual([expect.stringContaining('-state-')]);
    expect(await readFile(files.recordFile, 'utf8')).toBe('mine');
  });

  test('says why what it found is not used, to those who want to know everything', async () => {
    const { cache, lines, warnings, files } = await cacheWith(async (asked) => {
      await mkdir(files.arrived);
      await writeFile(path.join(files.arrived, 'record.sqlite'), 'nonsense');
      return answered(asked, [{ key: 'a' }, { key: 'b' }]);
    });
    await cache.restore(NEVER);
    expect(lines).toEqual([
      'The state in the Actions cache is not used: it is not in it.',
      'The record in the Actions cache is not used: it is something else.',
    ]);
    expect(warnings).toEqual([]);
    // The post step shall replace it by something better.
    expect((await readSession(files.session, '12-1')).kept).toBeUndefined();
  });

  test('takes only what was found: a process that was killed has left half of something', async () => {
    const { cache, files } = await cacheWith(async () => {
      await mkdir(files.arrived);
      await writeFile(path.join(files.arrived, NAMES.resumeFile), JSON.stringify(HALF));
      return { code: undefined, stdout: '', stderr: '' };
    });
    await cache.restore(NEVER);
    expect(await readdir(files.root)).toEqual([`session-${NAMES.resumeFile}`]);
  });

  test('leaves nothing behind when it fails in the midst of it', async () => {
    const { cache, files, warnings } = await cacheWith(async (asked) => {
      await mkdir(files.arrived);
      await writeFile(path.join(files.arrived, NAMES.resumeFile), JSON.stringify(HALF));
      await mkdir(path.join(files.session, 'in the way'), { recursive: true });
      return answered(asked, [{ key: 'a' }, {}]);
    });
    await cache.restore(NEVER);
    expect((await readdir(files.root)).toSorted()).toEqual([
      'resume',
      path.basename(files.session),
    ]);
    expect(warnings).toHaveLength(1);
  });

  test('does not fail where there is no folder to restore to', async () => {
    await writeFile(path.join(temp, 'idpbuilder-push'), 'in the way');
    const { cache, warnings, asked } = await cacheWith(willing);
    await cache.restore(NEVER);
    expect(asked).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/cannot be used \(.*(EEXIST|ENOTDIR)/)]);
  });
});

describe('saving', () => {
  test('counts up, also over the steps of a job', async () => {
    const first = await cacheWith(willing);
    await writeState(first.files, HALF);
    await interrupt(first);
    await writeState(first.files, stateOf(layer('more')));
    await interrupt(first);
    const second = await cacheWith(willing);
    await writeState(second.files, stateOf(layer('still more')));
    await interrupt(second);
    const { base } = stateKeys(NAMES, ENV);
    expect(keysOf([...first.asked, ...second.asked])).toEqual([1, 2, 3].map((n) => `${base}${n}.`));
  });

  test('starts with 1 in the next attempt, on a machine that remembers this one', async () => {
    const first = await cacheWith(willing);
    await writeState(first.files, HALF);
    await interrupt(first);
    const env = { ...ENV, GITHUB_RUN_ATTEMPT: '2' };
    const next = await cacheWith(willing, { env });
    await interrupt(next);
    expect(keysOf(next.asked)).toEqual([`${stateKeys(NAMES, env).base}1.`]);
  });

  test('sends only what may be known to others', async () => {
    let sent = '';
    const watched = await cacheWith(async (asked) => {
      const names = await readdir(watched.files.shared);
      expect(names).toEqual([NAMES.resumeFile]);
      sent = await readFile(path.join(watched.files.shared, NAMES.resumeFile), 'utf8');
      return willing(asked);
    });
    await writeState(
      watched.files,
      stateOf(
        layer('a', { bytes: 5, shareable: true }),
        layer('b', { bytes: 7, shareable: false }),
      ),
    );
    await interrupt(watched);
    expect(JSON.parse(sent)).toEqual(stateOf(layer('a', { bytes: 5, shareable: true })));
  });

  test('does nothing when nothing has changed, or there is nothing', async () => {
    const watched = await cacheWith(willing);
    await interrupt(watched);
    expect(watched.asked).toEqual([]);
    await writeState(watched.files, HALF);
    await interrupt(watched);
    await interrupt(watched);
    expect(watched.asked).toHaveLength(1);
  });

  test('is one process at a time', async () => {
    const { behave, finish } = endless();
    const watched = await cacheWith(behave);
    await writeState(watched.files, HALF);
    const saving = interrupt(watched);
    watched.clock.time += 120_000;
    watched.cache.changed(UPLOADING);
    await until(() => watched.asked.length > 0);
    watched.cache.changed(UPLOADING);
    finish();
    await saving;
    expect(watched.asked).toHaveLength(1);
  });

  test.each([
    ['resume: false', { resume: false }],
    ['cache-mode: read', { access: cacheAccess({ ...ENV, ACTIONS_CACHE_MODE: 'read' })! }],
  ])('is not done with %s, and nobody complains', async (_title, options) => {
    const watched = await cacheWith(willing, options);
    await writeState(watched.files, HALF);
    await interrupt(watched);
    expect(watched.asked).toEqual([]);
    expect(watched.warnings).toEqual([]);
  });

  test('goes on after a key that exists', async () => {
    const exists =
      '::debug::Failed to reserve cache: Error: Failed to CreateCacheEntry: Failed request: (409) Conflict: x';
    const watched = await cacheWith(failing(exists));
    await writeState(watched.files, HALF);
    await interrupt(watched);
    await interrupt(watched);
    expect(keysOf(watched.asked).map((key) => key.slice(-3))).toEqual(['-1.', '-2.']);
    expect(watched.warnings).toEqual([]);
  });

  test('warns once in a job, whatever fails', async () => {
    const line = '::warning::Failed to save: reserveCache failed: connect ECONNREFUSED';
    for (const restoring of [true, false, false]) {
      const watched = await cacheWith(failing(line));
      if (restoring) await watched.cache.restore(NEVER);
      await writeState(watched.files, HALF);
      await interrupt(watched);
      await interrupt(watched);
      expect(watched.asked).toHaveLength(1);
      expect(watched.warnings).toHaveLength(restoring ? 1 : 0);
    }
  });
});

describe('the end of a push', () => {
  test('does not wait for anything when nothing is under way', async () => {
    const { cache, asked } = await cacheWith(willing);
    await cache.close();
    cache.changed(UPLOADING);
    expect(asked).toEqual([]);
  });

  async function underWay(): Promise<
    Watched & { readonly killed: () => boolean; readonly finish: () => void }
  > {
    const { behave, killed, finish } = endless();
    const watched = await cacheWith((asked) =>
      asked.task.work.kind === 'save' ? behave(asked) : willing(asked),
    );
    await writeState(watched.files, HALF);
    const { asked } = watched;
    watched.cache.changed(UPLOADING);
    watched.clock.time += 10_000;
    watched.cache.changed(UPLOADING);
    await until(() => asked.length > 0);
    return { ...watched, killed, finish };
  }

  test('lets a save come to its end', async () => {
    const { cache, finish, files, killed } = await underWay();
    setTimeout(finish, 100);
    await cache.close();
    expect(killed()).toBe(false);
    expect((await readSession(files.session, '12-1')).kept).toMatch(/^[0-9a-f]{64}$/);
  });

  test('but not for long; what became of it is unknown then', async () => {
    const { cache, files, killed, warnings } = await underWay();
    await cache.close();
    expect(killed()).toBe(true);
    expect(await readSession(files.session, '12-1')).toMatchObject({ sequence: 1 });
    expect((await readSession(files.session, '12-1')).kept).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  test('and not at all when nothing is left to go on with', async () => {
    const { cache, files, killed } = await underWay();
    await rm(path.join(files.resume, NAMES.resumeFile));
    const started = performance.now();
    await cache.close();
    expect(killed()).toBe(true);
    expect(performance.now() - started).toBeLessThan(900);
  });
});
