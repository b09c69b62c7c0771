import { link, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { acquireLock } from '../../../src/state/lock.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';
import { superJournal } from './cas-support.ts';
import { killPrograms, sourceUrl, startProgram } from './resume-support.ts';

let space: Workspace;
let folder: string;
let file: string;
beforeEach(async () => {
  space = await createWorkspace();
  folder = space.path('locks');
  file = `${folder}/a.lock`;
  await mkdir(folder);
});
afterEach(async () => {
  killPrograms();
  await space.close();
});

/** Takes the lock, says so, and keeps it until it is killed. */
function owner(): string {
  return `
    import { acquireLock } from '${sourceUrl('state/lock.ts')}';
    const lock = await acquireLock(${JSON.stringify(file)});
    console.log(lock ? 'mine' : 'held');
    setInterval(() => lock, 1000);`;
}

describe('a lock', () => {
  test('belongs to one at a time, in one process too', async () => {
    const lock = await acquireLock(file);
    expect(lock).toBeDefined();
    expect(await acquireLock(file)).toBeUndefined();
    // Having asked in vain has not loosened it.
    expect(await acquireLock(file)).toBeUndefined();
    lock?.release();
    const next = await acquireLock(file);
    expect(next).toBeDefined();
    lock?.release();
    expect(await acquireLock(file)).toBeUndefined();
    next?.release();
  });

  test('leaves no file behind', async () => {
    const lock = await acquireLock(file);
    expect(await readdir(folder)).toEqual(['a.lock']);
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
    lock?.release();
    lock?.release();
    expect(await readdir(folder)).toEqual([]);
  });

  const canDelete = process.platform !== 'win32';
  (canDelete ? test : test.skip)(
    'that was deleted by hand is not mistaken for the next one',
    async () => {
      const lock = await acquireLock(file);
      await rm(file);
      const next = await acquireLock(file);
      expect(next).toBeDefined();
      lock?.release();
      expect(await acquireLock(file)).toBeUndefined();
      next?.release();
      expect(await readdir(folder)).toEqual([]);
    },
  );

  test('is held against other processes, and theirs against us', async () => {
    const theirs = startProgram(owner());
    expect(await theirs.line()).toBe('mine');
    expect(await acquireLock(file)).toBeUndefined();
    const third = startProgram(owner());
    expect(await third.line()).toBe('held');
    await Promise.all([theirs.kill(), third.kill()]);
    const lock = await acquireLock(file);
    const fourth = startProgram(owner());
    expect(await fourth.line()).toBe('held');
    await fourth.kill();
    lock?.release();
  });

  test('of a killed owner is free at once, though its file is still there', async () => {
    const theirs = startProgram(owner());
    expect(await theirs.line()).toBe('mine');
    await theirs.kill();
    expect(await readdir(folder)).toEqual(['a.lock']);
    const lock = await acquireLock(file);
    expect(lock).toBeDefined();
    lock?.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('is never had by two, however many come and go', async () => {
    const guard = `${folder}/guard`;
    const code = `
      import { closeSync, openSync, unlinkSync } from 'node:fs';
      import { acquireLock } from '${sourceUrl('state/lock.ts')}';
      let had = 0;
      while (had < 150) {
        const lock = await acquireLock(${JSON.stringify(file)});
        if (!lock) continue;
        closeSync(openSync(${JSON.stringify(guard)}, 'wx'));
        if (had % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        unlinkSync(${JSON.stringify(guard)});
        lock.release();
        had += 1;
      }`;
    const programs = Array.from({ length: 4 }, () => startProgram(code));
    const ends = await Promise.all(programs.map((program) => program.ended()));
    expect(ends).toEqual(programs.map(() => ({ code: 0, stderr: '' })));
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('what is no lock', () => {
  test.each([
    ['a text', 'left-pad@1.3.0'],
    ['a database', 'SQLite format 3\0'.padEnd(4096, '\0')],
  ])('%s is left alone', async (_, content) => {
    await writeFile(file, content);
    await expect(acquireLock(file)).rejects.toThrow(`${file} is not a lock file`);
    expect(await readFile(file, 'utf8')).toBe(content);
  });

  test('a folder is left alone', async () => {
    await mkdir(file);
    await expect(acquireLock(file)).rejects.toThrow('is not a lock file');
  });

  test.each([
    ['a link to nothing', 'none', undefined],
    ['a link to an empty file', 'empty', ''],
    ['a link to a file', 'full', 'precious'],
  ])('%s is not followed', async (_, name, content) => {
    const target = space.path(name);
    if (content !== undefined) await writeFile(target, content);
    await symlink(target, file);
    await expect(acquireLock(file)).rejects.toThrow('is not a lock file');
    const now = await readFile(target, 'utf8').catch(() => undefined);
    expect(now).toBe(content);
    expect(await readdir(folder)).toEqual(['a.lock']);
  });

  test('another name of an empty file is left alone', async () => {
    const target = space.path('empty');
    await writeFile(target, '');
    await link(target, file);
    await expect(acquireLock(file)).rejects.toThrow('is not a lock file');
    expect(await readFile(target, 'utf8')).toBe('');
    expect(await readdir(folder)).toEqual(['a.lock']);
  });

  test('a journal beside it has nothing deleted but itself', async () => {
    const [model, precious] = [space.path('model'), space.path('precious')];
    await writeFile(model, Buffer.alloc(8192));
    await writeFile(precious, 'precious');
    await writeFile(`${file}-journal`, superJournal(model, precious));
    const lock = await acquireLock(file);
    expect(lock).toBeDefined();
    lock?.release();
    expect(await readFile(precious, 'utf8')).toBe('precious');
    expect(await readdir(folder)).not.toContain('a.lock');
  });

  test('there is none where no file can be made', async () => {
    await expect(acquireLock(`${folder}/none/a.lock`)).rejects.toThrow('ENOENT');
  });
});

describe('SQLite', () => {
  test('is loaded without a word', async () => {
    const { code, stderr } = await startProgram(`
      import { loadSqlite } from '${sourceUrl('state/sqlite.ts')}';
      const [one, two] = await Promise.all([loadSqlite(), loadSqlite()]);
      if (one !== two) process.exit(1);`).ended();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
