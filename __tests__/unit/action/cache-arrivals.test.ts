/** What is taken of the files that an archive has left; some `tar`s extract them where they say. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import {
  link,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import {
  clearArrivals,
  prepareArrivals,
  takeRecord,
  takeState,
} from '../../../src/action/cache-arrivals.ts';
import { folderOf, type CacheFolder } from '../../../src/action/cache-folder.ts';
import { changedRecord, MAX_RECORD_BYTES } from '../../../src/action/cache-record.ts';
import { FINISHED } from '../../../src/action/cache-shared.ts';
import { formatResumeState, readResumeFile } from '../../../src/state/resume-file.ts';
import { RESUME_LIMITS } from '../../../src/state/resume-schema.ts';
import { HALF, layer, MIB, NAMES, runnerTemp, stateOf, writeState } from './cache-support.ts';

const SQLITE = Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(4080, 1)]);
const { resumeFile } = NAMES;

let temp: string;
let files: CacheFolder;

beforeEach(async () => {
  temp = await runnerTemp();
  files = folderOf(temp, NAMES);
  await prepareArrivals(files, true);
});

afterEach(() => rm(temp, { recursive: true, force: true }));

/** Puts a file where an archive could have put it. */
async function put(folder: string, name: string, content: string | Buffer): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, name);
  await writeFile(file, content, { mode: 0o666 });
  return file;
}

const ownState = () => readResumeFile(path.join(files.resume, resumeFile));

describe.each(['arrived', 'shared'] as const)('a state that was extracted to %s', (place) => {
  test('is taken', async () => {
    await put(files[place], resumeFile, formatResumeState(HALF));
    expect(await takeState(files, resumeFile)).toBeUndefined();
    expect((await ownState()).state).toEqual(HALF);
  });

  test('is not, beside the word that the push has finished', async () => {
    await put(files[place], resumeFile, formatResumeState(HALF));
    await put(files[place], FINISHED, '');
    expect(await takeState(files, resumeFile)).toBeUndefined();
    expect(await ownState()).toEqual({});
  });

  test('loses the addresses that nobody else may have', async () => {
    const text = formatResumeState(
      stateOf(layer('a'), layer('b', { bytes: MIB, shareable: false })),
    );
    await put(files[place], resumeFile, text);
    await takeState(files, resumeFile);
    expect((await ownState()).state).toEqual(stateOf(layer('a')));
  });

  test.each([
    ['is cut off', formatResumeState(HALF).slice(0, 40), 'it is cut off'],
    ['is something else', '{"SchemaVersion":1}', 'it has no valid Image'],
    ['is of the first form', '{"ImageDigest":"x","UploadedLayers":{}}', 'it is empty'],
  ])('%s: it is not taken', async (_title, content, reason) => {
    await put(files[place], resumeFile, content);
    expect(await takeState(files, resumeFile)).toBe(reason);
    expect(await ownState()).toEqual({});
  });

  test('is too large: it is not even read', async () => {
    const file = await put(files[place], resumeFile, formatResumeState(HALF));
    await truncate(file, RESUME_LIMITS.fileBytes + 1);
    expect(await takeState(files, resumeFile)).toBe('it is not in it');
  });

  test('is a link, a second name of a file or a folder: it is not taken', async () => {
    const other = await put(temp, 'other.json', formatResumeState(HALF));
    await mkdir(files[place]);
    const file = path.join(files[place], resumeFile);
    for (const make of [symlink, link]) {
      await make(other, file);
      expect(await takeState(files, resumeFile)).toBe('it is not in it');
      await rm(file);
    }
    await mkdir(file);
    expect(await takeState(files, resumeFile)).toBe('it is not in it');
  });
});

describe('a state that comes', () => {
  beforeEach(() => put(files.arrived, resumeFile, formatResumeState(HALF)));

  test('does not replace one that is there, whatever that is', async () => {
    const own = await writeState(files, stateOf(layer('mine')));
    await takeState(files, resumeFile);
    expect((await ownState()).state).toEqual(stateOf(layer('mine')));
    await writeFile(own, 'not even a state');
    await takeState(files, resumeFile);
    expect(await readFile(own, 'utf8')).toBe('not even a state');
  });

  test('is not written through a link to another folder or file', async () => {
    const elsewhere = path.join(temp, 'elsewhere');
    await mkdir(elsewhere);
    await symlink(elsewhere, files.resume);
    await takeState(files, resumeFile);
    expect(await readdir(elsewhere)).toEqual([]);
    expect((await ownState()).state).toEqual(HALF);
    await rm(path.join(files.resume, resumeFile));
    await symlink(path.join(elsewhere, 'victim'), path.join(files.resume, resumeFile));
    await takeState(files, resumeFile);
    expect(existsSync(path.join(elsewhere, 'victim'))).toBe(false);
    expect((await ownState()).state).toEqual(HALF);
  });

  test('leaves nothing behind', async () => {
    await put(files.shared, 'x', 'x');
    await takeState(files, resumeFile);
    await clearArrivals(files);
    expect(await readdir(files.root)).toEqual(['resume']);
    expect((await stat(files.resume)).mode & 0o777).toBe(0o700);
  });
});

describe.each(['arrived', 'record'] as const)('a record that was extracted to %s', (place) => {
  test('is taken, and is nothing new then', async () => {
    await put(files[place], 'record.sqlite', SQLITE);
    expect(await takeRecord(files)).toBeUndefined();
    expect((await readFile(files.recordFile)).equals(SQLITE)).toBe(true);
    expect((await stat(files.recordFile)).mode & 0o777).toBe(0o600);
    expect(await changedRecord(files)).toBeUndefined();
    await writeFile(files.recordFile, SQLITE.toReversed());
    expect(await changedRecord(files)).toMatchObject({ size: SQLITE.length });
  });

  test('comes without a journal', async () => {
    for (const suffix of ['', '-journal', '-wal', '-shm']) {
      await put(files[place], `record.sqlite${suffix}`, SQLITE);
    }
    await mkdir(path.join(files[place], 'folder'));
    expect(await takeRecord(files)).toBeUndefined();
    expect(await readdir(files.record)).toEqual(['record.sqlite']);
  });

  test('is not, when it is something else', async () => {
    await put(files[place], 'record.sqlite', 'SQLite format 4\0 and so on');
    expect(await takeRecord(files)).toBe('it is something else');
    expect(existsSync(files.record)).toBe(false);
  });

  test('is not, when it is too large', async () => {
    const file = await put(files[place], 'record.sqlite', SQLITE);
    await truncate(file, MAX_RECORD_BYTES + 1);
    expect(await takeRecord(files)).toBe('it is not in it');
    expect(existsSync(files.record)).toBe(false);
  });

  test('is not, when it is a link', async () => {
    const other = await put(temp, 'other.sqlite', SQLITE);
    await mkdir(files[place], { recursive: true });
    await symlink(other, path.join(files[place], 'record.sqlite'));
    expect(await takeRecord(files)).toBe('it is not in it');
    expect(existsSync(files.record)).toBe(false);
    expect(existsSync(other)).toBe(true);
  });
});

describe('before anything comes', () => {
  test('a folder that is a link is replaced', async () => {
    const elsewhere = path.join(temp, 'elsewhere');
    await mkdir(elsewhere);
    await rm(files.root, { recursive: true });
    await symlink(elsewhere, files.root);
    await prepareArrivals(files, true);
    await put(files.arrived, 'x', 'x');
    expect(await readdir(elsewhere)).toEqual([]);
  });

  test('what was left by an earlier step is gone, but its record', async () => {
    for (const folder of [files.arrived, files.shared, files.record]) await put(folder, 'x', 'x');
    await prepareArrivals(files, false);
    expect(await readdir(files.root)).toEqual([]);
    expect(await readdir(files.record)).toEqual(['x']);
    await prepareArrivals(files, true);
    expect(existsSync(files.record)).toBe(false);
  });
});

test('a record with a journal was not closed: it is not worth keeping', async () => {
  await put(files.record, 'record.sqlite', SQLITE);
  expect(await changedRecord(files)).toMatchObject({ size: SQLITE.length });
  await put(files.record, 'record.sqlite-journal', 'x');
  expect(await changedRecord(files)).toBeUndefined();
});
