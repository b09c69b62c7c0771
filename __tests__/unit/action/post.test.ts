import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { folderOf, type CacheFolder } from '../../../src/action/cache-folder.ts';
import { formatKept, type KeptForPost } from '../../../src/action/cache-kept.ts';
import { recordKeys, stateKeys } from '../../../src/action/cache-keys.ts';
import { MAX_RECORD_BYTES } from '../../../src/action/cache-record.ts';
import { writeSession } from '../../../src/action/cache-session.ts';
import { FINISHED, readShareable } from '../../../src/action/cache-shared.ts';
import { keepAfterwards } from '../../../src/action/post.ts';
import type { ProgramResult } from '../../../src/util/run-program.ts';
import {
  answered,
  fakeProcess,
  HALF,
  NAMES,
  runnerEnv,
  runnerTemp,
  willing,
  writeState,
  type Asked,
  type Environment,
} from './cache-support.ts';

const TOKEN = 'runtime-token-CANARY';
const RUN = '12-1';

let temp: string;
let files: CacheFolder;

beforeEach(async () => {
  temp = await runnerTemp();
  files = folderOf(temp, NAMES);
});

afterEach(() => rm(temp, { recursive: true, force: true }));

interface Given {
  readonly kept?: Partial<KeptForPost>;
  readonly line?: string;
  readonly more?: Environment;
  readonly behave?: (asked: Asked) => Promise<ProgramResult> | ProgramResult;
}

/** Runs the post step; returns what it printed and the keys it saved. */
async function post({ kept, line, more, behave = willing }: Given = {}) {
  const { run, asked } = fakeProcess(behave);
  const lines: string[] = [];
  const whole = { ...NAMES, resume: true, record: true, verbosity: 'normal' as const, ...kept };
  await keepAfterwards({
    env: runnerEnv('https://results.example/', TOKEN, { RUNNER_TEMP: temp, ...more }),
    entryFile: '/action/dist/index.js',
    kept: line ?? formatKept(whole),
    run,
    write: (text) => lines.push(text),
  });
  const keys = asked.flatMap(({ task }) => task.work.entries.map(({ key }) => key));
  return { lines, keys, asked };
}

async function writeRecord(content = 'SQLite format 3\0'): Promise<void> {
  await mkdir(files.record, { recursive: true });
  await writeFile(files.recordFile, content);
}

const ENV = runnerEnv('', '');
const STATE_KEY = `${stateKeys(NAMES, ENV).base}1.`;
const RECORD_KEY = `${recordKeys(NAMES, ENV).base}.`;

describe('the post step', () => {
  test('does nothing and starts nothing when nothing was left', async () => {
    expect(await post()).toEqual({ lines: [], keys: [], asked: [] });
  });

  test('keeps the state of an unfinished push, and says so', async () => {
    await writeState(files, HALF);
    const { lines, keys } = await post();
    expect(keys).toEqual([STATE_KEY]);
    expect(lines).toEqual([`Kept 4.00 MiB of progress for the next run (key ${STATE_KEY}).`]);
    expect(await readdir(files.shared)).toEqual([NAMES.resumeFile]);
    // A second step of the same action comes to the same files.
    expect(await post()).toMatchObject({ keys: [], lines: [] });
  });

  test('keeps both in one process', async () => {
    await writeState(files, HALF);
    await writeRecord();
    const { asked, keys, lines } = await post({ kept: { verbosity: 'verbose' } });
    expect(asked).toHaveLength(1);
    expect(keys).toEqual([STATE_KEY, RECORD_KEY]);
    expect(lines).toEqual([
      expect.stringContaining('Kept 4.00 MiB'),
      `Kept the record of what is where (key ${RECORD_KEY}).`,
    ]);
    expect((await post()).keys).toEqual([]);
    await writeRecord('SQLite format 3\0 and more');
    expect((await post()).keys).toEqual([RECORD_KEY]);
  });

  test('says nothing when quiet, and of the record only when verbose', async () => {
    await writeState(files, HALF);
    await writeRecord();
    const { keys, lines } = await post({ kept: { verbosity: 'quiet' } });
    expect(keys).toHaveLength(2);
    expect(lines).toEqual([]);
    await writeRecord('SQLite format 3\0 and more');
    expect((await post()).lines).toEqual([]);
  });

  test('replaces a state that was kept in this run and is of no more use', async () => {
    const { fingerprint } = await readShareable(files, NAMES.resumeFile);
    expect(fingerprint).toBe('');
    await mkdir(files.root, { recursive: true });
    await writeSession(files.session, {
      run: RUN,
      sequence: 4,
      kept: 'abc',
      warned: false,
      down: false,
    });
    const { keys, lines } = await post();
    expect(keys).toEqual([`${stateKeys(NAMES, ENV).base}5.`]);
    expect(lines).toEqual([]);
    expect(await readdir(files.shared)).toEqual([FINISHED]);
    expect((await post()).keys).toEqual([]);
  });

  test('also after a save that was cut off', async () => {
    await mkdir(files.root, { recursive: true });
    await writeSession(files.session, { run: RUN, sequence: 1, warned: false, down: false });
    expect((await post()).keys).toEqual([`${stateKeys(NAMES, ENV).base}2.`]);
  });

  test('does not care about what another run has left on this machine', async () => {
    await mkdir(files.root, { recursive: true });
    await writeSession(files.session, {
      run: '11-1',
      sequence: 4,
      kept: 'abc',
      warned: false,
      down: false,
    });
    expect((await post()).keys).toEqual([]);
  });

  test.each([
    ['resume: false', { kept: { resume: false } }, [RECORD_KEY]],
    ['cache-mode: read', { more: { ACTIONS_CACHE_MODE: 'read' } }, []],
    ['cache-mode: none', { more: { ACTIONS_CACHE_MODE: 'none' } }, []],
    ['no service', { more: { ACTIONS_RUNTIME_TOKEN: undefined } }, []],
    ['nothing left by the main step', { line: '' }, []],
    ['another name than a push can have', { line: '{"places":"..","resumeFile":"x"}' }, []],
  ])('keeps with %s only what it may, in silence', async (_title, given, expected) => {
    await writeState(files, HALF);
    await writeRecord();
    const { keys, lines } = await post(given);
    expect(keys).toEqual(expected);
    expect(lines).toEqual([]);
  });

  test('does not keep a record that is too large, and says what helps', async () => {
    await writeRecord();
    await truncate(files.recordFile, MAX_RECORD_BYTES + 1);
    const { keys, lines } = await post();
    expect(keys).toEqual([]);
    expect(lines).toEqual([
      expect.stringMatching(
        /^::warning title=idpbuilder push::The record .* 50\.0 MiB .*cache-max-size/,
      ),
    ]);
  });

  test('warns once when it cannot be kept, and not after the main step has', async () => {
    const behave = (asked: Asked) =>
      answered(
        asked,
        asked.task.work.entries.map(() => ({})),
        [`::warning::Failed to save: reserveCache failed: 500 ${TOKEN}`],
      );
    await writeState(files, HALF);
    const { lines } = await post({ behave });
    expect(lines).toEqual([
      '::warning title=idpbuilder push::The Actions cache cannot be used (reserveCache failed: 500 ***): nothing is kept for the next run.',
    ]);
    await writeRecord();
    // It has been said that it does not work; what follows from it has not.
    expect((await post({ behave })).lines).toEqual([
      expect.stringMatching(/^4\.00 MiB of progress could not be kept/),
    ]);
  });

  test('does not wait for a service again that was down, unless there is progress to keep', async () => {
    await mkdir(files.root, { recursive: true });
    await writeSession(files.session, { run: RUN, sequence: 1, warned: true, down: true });
    await writeRecord();
    expect((await post()).asked).toEqual([]);
    await writeState(files, HALF);
    expect((await post()).keys).toEqual([`${stateKeys(NAMES, ENV).base}2.`, RECORD_KEY]);
  });

  test('shows what the toolkit prints to those who want to see everything, and no commands', async () => {
    await writeState(files, HALF);
    const behave = (asked: Asked) =>
      answered(
        asked,
        [{ key: STATE_KEY }],
        ['::set-output name=a::b', '::add-mask::x', '::warning::slow', `sending ${TOKEN}`],
      );
    const { lines } = await post({ behave, kept: { verbosity: 'verbose' } });
    expect(lines.filter((line) => line.startsWith('::'))).toEqual([]);
    expect(lines).toEqual(['b', 'slow', 'sending ***', expect.stringMatching(/^Kept /)]);
  });

  test.each([
    ['what the main step left is cut off', { line: '{"places' }, /cannot be used \(.*JSON/],
    [
      'no process can be started',
      { behave: () => Promise.reject(new Error('spawn EAGAIN')) },
      /cannot be used \(spawn EAGAIN\)/,
    ],
  ])('does not fail when %s', async (_title, given, warning) => {
    await writeState(files, HALF);
    expect((await post(given)).lines).toEqual([expect.stringMatching(warning)]);
  });
});
