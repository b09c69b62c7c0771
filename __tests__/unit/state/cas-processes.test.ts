import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CasIndex } from '../../../src/state/cas-index.ts';
import { blob, digest, TestRecord } from './cas-support.ts';

const WRITER = path.join(import.meta.dirname, 'cas-writer.ts');
const NEVER_REFUSED = process.platform === 'win32' || process.geteuid?.() === 0;

let record: TestRecord;
const children = new Set<ChildProcess>();
beforeEach(() => {
  record = new TestRecord();
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  record.close();
});

interface Writer {
  readonly child: ChildProcess;
  /** everything it says, when it has ended */
  readonly ended: Promise<string>;
  begin(): void;
}

/** Starts a process that writes `count` blobs (0: for ever) as soon as it is told to. */
async function startWriter(name: string, count = 0): Promise<Writer> {
  const child = spawn(process.execPath, ['--no-warnings', WRITER, record.file, name, `${count}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.add(child);
  let said = '';
  const ended = new Promise<string>((resolve) => child.once('close', () => resolve(said)));
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`the writer has ended: ${said}`)));
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      said += more;
      if (said.includes('ready')) resolve();
    });
  });
  return { child, ended, begin: () => child.stdin.write('go\n') };
}

describe('a process that is killed while it writes', () => {
  test('leaves a record that opens again or is begun anew, time after time', async () => {
    let known = 0;
    let begunAnew = 0;
    for (let round = 0; round < 12; round += 1) {
      const writer = await startWriter(`round${round}`);
      writer.begin();
      await delay(20 + 15 * round);
      writer.child.kill('SIGKILL');
      expect(await writer.ended).toBe('ready\n');
      // No journal: nobody could tell it from one that a stranger has left.
      expect(readdirSync(record.folder)).toEqual(['record.db']);

      const index = await record.open();
      const { entries } = index.size;
      if (record.problems.splice(0).length > 0) {
        begunAnew += 1;
        expect(entries).toBe(0);
      } else {
        expect(entries).toBeGreaterThanOrEqual(known);
      }
      known = entries;
      // No blob is anywhere but where it was seen.
      for (let other = 0; other <= round; other += 1) {
        const places = index.repositoriesWith('ghcr.io', digest(`round${other} 0`));
        expect([[], [`team/round${other}`]]).toContainEqual(places);
      }
      index.close();
      expect(record.check()).toBe('ok');
    }
    expect(begunAnew).toBeLessThan(12);
  });

  test('in the midst of it leaves a record that says nothing wrong', async () => {
    await record.fill(1000);
    // A transaction that has already written into the file, because its cache is too small for it.
    const script = `
      const database = new (require('node:sqlite').DatabaseSync)(process.argv[1]);
      database.exec('PRAGMA journal_mode = MEMORY; PRAGMA cache_size = 1; BEGIN IMMEDIATE; DELETE FROM seen; DELETE FROM place');
      process.kill(process.pid, 'SIGKILL');`;
    const before = statSync(record.file).mtimeMs;
    const child = spawn(process.execPath, ['--no-warnings', '-e', script, record.file]);
    children.add(child);
    await new Promise((resolve) => child.once('close', resolve));
    expect(statSync(record.file).mtimeMs).toBeGreaterThan(before);

    const index = await record.open();
    for (let at = 0; at < 1000; at += 1) {
      const places = index.repositoriesWith('ghcr.io', digest(at));
      expect([[], [`team/app${at % 10}`]]).toContainEqual(places);
    }
    index.seen('ghcr.io', 'team/last', blob('last'));
    index.close();
    const again = await record.open();
    expect(again.has('ghcr.io', 'team/last', digest('last'))).toBe(true);
    again.close();
    expect(readdirSync(record.folder)).toEqual(['record.db']);
    expect(record.check()).toBe('ok');
  });
});

describe('two processes', () => {
  test('write into one record', async () => {
    const writers = await Promise.all(['one', 'two'].map((name) => startWriter(name, 4000)));
    for (const writer of writers) writer.begin();
    for (const writer of writers) expect(await writer.ended).toBe('ready\nchanged: true\n');
    const index = await record.open();
    // What was in the way twice is given up, because these are hints; but nobody is kept out.
    expect(index.size.entries).toBeGreaterThan(4000);
    index.close();
    expect(record.problems).toEqual([]);
    expect(record.check()).toBe('ok');
  });

  test('may make it at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const more = { file: path.join(record.folder, `${round}.db`) };
      const opened = await Promise.all([1, 2, 3, 4].map(() => CasIndex.open(record.options(more))));
      for (const [at, index] of opened.entries()) index?.seen('ghcr.io', 'team/app', blob(at));
      expect(opened.map((index) => index?.close())).toEqual([true, true, true, true]);
    }
    expect(record.problems).toEqual([]);
  });

  test('do not wait for each other for ever', async () => {
    await record.fill(10);
    const index = await record.open();
    const other = new DatabaseSync(record.file);
    other.exec('BEGIN IMMEDIATE');
    index.seen('ghcr.io', 'team/app', blob('a'));
    expect(index.has('ghcr.io', 'team/app0', digest(0))).toBe(true);
    expect(index.size.entries).toBe(10); // it could not be written
    other.exec('COMMIT');
    expect(index.size.entries).toBe(11); // the second time it could
    other.exec('BEGIN IMMEDIATE');
    index.seen('ghcr.io', 'team/app', blob('b'));
    expect(index.close()).toBe(true);
    other.exec('COMMIT');
    other.close();
    expect(record.problems).toEqual([]);
    const again = await record.open();
    expect(again.has('ghcr.io', 'team/app', digest('a'))).toBe(true);
    expect(again.has('ghcr.io', 'team/app', digest('b'))).toBe(false);
    again.close();
  });

  test('a record that somebody has locked is not used, and stays', async () => {
    await record.fill(10);
    const used = await record.open();
    const other = new DatabaseSync(record.file);
    other.exec('BEGIN EXCLUSIVE');
    expect(await CasIndex.open(record.options())).toBeUndefined();
    expect(record.problems.splice(0)).toEqual([
      expect.stringMatching(/cannot be used \(database is locked\): layers/),
    ]);
    expect(used.has('ghcr.io', 'team/app0', digest(0))).toBe(false);
    expect(used.has('ghcr.io', 'team/app1', digest(1))).toBe(false);
    expect(record.problems.splice(0)).toEqual([
      expect.stringMatching(/cannot be used any more \(database is locked\): layers/),
    ]);
    other.exec('COMMIT');
    other.close();
    used.seen('ghcr.io', 'team/app', blob('a'));
    expect(used.close()).toBe(false);
    const again = await record.open();
    expect(again.size.entries).toBe(10);
    again.close();
  });

  test('one of them does not find the file replaced: it harms nobody', async () => {
    await record.fill(10);
    const first = await record.open();
    writeFileSync(`${record.file}.new`, 'damaged');
    // As somebody who finds it damaged does it.
    renameSync(`${record.file}.new`, record.file);
    const second = await record.open();
    record.problems.splice(0);
    second.seen('ghcr.io', 'team/app', blob('second'));
    first.seen('ghcr.io', 'team/app', blob('first'));
    expect(second.close()).toBe(true);
    first.close();
    expect(record.problems).toEqual([]);
    // What was written into the file without a name is gone with it.
    const again = await record.open();
    expect(again.has('ghcr.io', 'team/app', digest('second'))).toBe(true);
    expect(again.has('ghcr.io', 'team/app', digest('first'))).toBe(false);
    again.close();
    expect(record.check()).toBe('ok');
  });
});

describe('what cannot be written', () => {
  const writable = NEVER_REFUSED ? test.skip : test;

  writable('in a folder that is read-only, there is none (not as root)', async () => {
    chmodSync(record.folder, 0o500);
    expect(await CasIndex.open(record.options())).toBeUndefined();
    expect(record.problems).toEqual([expect.stringMatching(/cannot be used \(EACCES\): layers/)]);
    chmodSync(record.folder, 0o700);
  });

  writable('a record in such a folder is read all the same (not as root)', async () => {
    await record.fill(10);
    chmodSync(record.folder, 0o500);
    const index = await record.open();
    expect(index.has('ghcr.io', 'team/app0', digest(0))).toBe(true);
    expect(record.problems).toEqual([]);
    index.seen('ghcr.io', 'team/app', blob('a'));
    expect(index.close()).toBe(false);
    expect(record.problems).toHaveLength(1);
    chmodSync(record.folder, 0o700);
  });

  test('because there can be no journal: that is told of once', async () => {
    await record.fill(100);
    // A folder in the place of the journal: SQLite cannot begin to write.
    const index = await record.open();
    mkdirSync(`${record.file}-journal`);
    for (let at = 0; at < 500; at += 1) index.seen('ghcr.io', 'team/app', blob(at));
    expect(index.has('ghcr.io', 'team/app0', digest(0))).toBe(false);
    expect(index.close()).toBe(false);
    expect(record.problems).toEqual([expect.stringMatching(/cannot be used any more \(/)]);
  });
});
