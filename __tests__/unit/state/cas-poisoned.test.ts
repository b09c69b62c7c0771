import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CasIndex } from '../../../src/state/cas-index.ts';
import { blob, DAY, digest, MIB, START, superJournal, TestRecord } from './cas-support.ts';

let record: TestRecord;
beforeEach(() => {
  record = new TestRecord();
});
afterEach(() => record.close());

const APP = 'team/app0';
const FILLED = 200;

/** Does everything there is to do; returns what was known of what `fill` had written. */
async function useIt(): Promise<number> {
  const index = await CasIndex.open(record.options());
  if (!index) return -1;
  let known = 0;
  for (let at = 0; at < FILLED; at += 1) {
    if (index.has('ghcr.io', `team/app${at % 10}`, digest(at))) known += 1;
    const places = index.repositoriesWith('ghcr.io', digest(at));
    expect(places.every((place) => /^[a-z0-9/._-]{1,255}$/.test(place))).toBe(true);
  }
  for (let at = 0; at < 20; at += 1) index.seen('ghcr.io', 'team/new', blob(`new ${at}`));
  index.drop('ghcr.io', APP, digest(0));
  expect(index.size.bytes).toBeLessThanOrEqual(20 * MIB);
  index.close();
  return known;
}

/** The file was replaced, one problem was told, and the new one works. */
async function expectBegunAnew(why: RegExp): Promise<void> {
  const index = await record.open();
  expect(record.problems).toEqual([expect.stringMatching(why)]);
  const [problem = ''] = record.problems;
  expect(problem.startsWith(`${record.file} is `)).toBe(true);
  expect(problem).toMatch(/: a new one was begun\.$/);
  expect(index.size.entries).toBe(0);
  index.seen('ghcr.io', APP, blob('a'));
  expect(index.close()).toBe(true);
  const again = await record.open();
  expect(again.has('ghcr.io', APP, digest('a'))).toBe(true);
  expect(again.close()).toBe(false);
  expect(record.problems).toHaveLength(1);
  expect(record.check()).toBe('ok');
}

describe('a file that is none of ours', () => {
  test.each([
    ['a text', 'digest,registry,repository\n'.repeat(1000)],
    ['a single byte', '!'],
    ['half a header', 'SQLite format 3\0'],
    ['the header of an empty database', `SQLite format 3\0${'\0'.repeat(4080)}`],
  ])('%s is replaced', async (_, content) => {
    writeFileSync(record.file, content);
    await expectBegunAnew(/is not a record of ours/);
  });

  test('somebody else’s database is replaced', async () => {
    record.tamper('CREATE TABLE mail (subject TEXT)');
    await expectBegunAnew(/is not a record of ours/);
  });

  test('an empty file is filled', async () => {
    writeFileSync(record.file, '');
    const index = await record.open();
    index.seen('ghcr.io', APP, blob('a'));
    expect(index.close()).toBe(true);
    expect(record.problems).toEqual([]);
  });

  test('a file larger than its limit is not even opened', async () => {
    await record.fill(10);
    truncateSync(record.file, 20 * MIB + 1);
    await expectBegunAnew(/is too large \(more than 20\.0 MiB\)/);
  });

  test('a link is not followed', async () => {
    const target = `${record.file}.precious`;
    writeFileSync(target, 'precious');
    symlinkSync(target, record.file);
    await expectBegunAnew(/is not a plain file/);
    expect(readFileSync(target, 'utf8')).toBe('precious');
  });

  test('a folder stays where it is', async () => {
    mkdirSync(record.file);
    expect(await CasIndex.open(record.options())).toBeUndefined();
    expect(record.problems).toEqual([
      expect.stringMatching(
        /cannot be used \(it is a folder\): layers are not mounted from other repositories\.$/,
      ),
    ]);
    expect(statSync(record.file).isDirectory()).toBe(true);
  });

  test('a folder that cannot be made switches it off', async () => {
    writeFileSync(record.file, 'a file');
    const file = `${record.file}/record.db`;
    expect(await CasIndex.open(record.options({ file }))).toBeUndefined();
    expect(record.problems).toEqual([
      expect.stringMatching(/cannot be used \(E(NOTDIR|EXIST)\): layers/),
    ]);
  });
});

describe('a database that somebody has prepared', () => {
  beforeEach(() => record.fill(FILLED));

  test.each([
    ['a trigger', 'CREATE TRIGGER t AFTER INSERT ON seen BEGIN DELETE FROM place; END'],
    ['a view', 'CREATE VIEW v AS SELECT * FROM seen'],
    ['a table', 'CREATE TABLE more (x)'],
    ['an index', 'CREATE INDEX i ON seen (used)'],
    ['a virtual table', 'CREATE VIRTUAL TABLE v USING fts5(x)'],
    ['a column', 'ALTER TABLE seen ADD COLUMN more INTEGER'],
    ['no tables', 'DROP TABLE seen'],
    ['statistics for the planner', 'ANALYZE'],
    [
      'a view in place of a table',
      'DROP TABLE seen; CREATE VIEW seen AS SELECT 1 AS digest, 2 AS place, 3 AS size, 4 AS used',
    ],
    [
      'a schema that says something else',
      `PRAGMA writable_schema = ON;
       UPDATE sqlite_schema SET sql = replace(sql, 'size INTEGER', 'size INTEGER CHECK (1)')`,
    ],
  ])('with %s is replaced', async (_, sql) => {
    record.tamper(sql);
    await expectBegunAnew(/is not a record of ours/);
  });

  test.each([
    ['application ID', 'PRAGMA application_id = 1'],
    ['version', 'PRAGMA user_version = 2'],
    ['way of writing', 'PRAGMA journal_mode = WAL'],
    ['page size', 'PRAGMA page_size = 512; VACUUM'],
    ['way of shrinking', 'PRAGMA auto_vacuum = NONE; VACUUM'],
  ])('with another %s is replaced', async (_, sql) => {
    record.tamper(sql);
    await expectBegunAnew(/is not a record of ours/);
  });

  test('with rows that nobody can have meant: they are not there', async () => {
    record.tamper(`
      UPDATE place SET repository = '../../' || repository WHERE id = 1;
      UPDATE place SET repository = 'TEAM/app' WHERE id = 2;
      UPDATE place SET repository = 'team/app' || char(10) || '::error::' WHERE id = 3;
      UPDATE seen SET size = -1 WHERE place = 4;
      UPDATE seen SET size = 9223372036854775807 WHERE place = 5;
      UPDATE seen SET used = 9223372036854775807 WHERE place = 6;
      UPDATE seen SET used = ${START / 1000 + 1_000_000} WHERE place = 7;
      UPDATE seen SET used = -1 WHERE place = 8;
      UPDATE seen SET place = 9223372036854775807 WHERE place = 9;
      INSERT INTO seen VALUES (zeroblob(5), 10, 1, 1), (zeroblob(60000), 10, 1, 1);
    `);
    const index = await record.open();
    for (let place = 0; place < 9; place += 1) {
      const repository = `team/app${place}`;
      expect(index.repositoriesWith('ghcr.io', digest(place))).toEqual([]);
      expect(index.has('ghcr.io', repository, digest(place))).toBe(false);
      // What is really there can be written all the same.
      index.seen('ghcr.io', repository, blob(place));
      expect(index.has('ghcr.io', repository, digest(place))).toBe(true);
    }
    expect(index.has('ghcr.io', 'team/app9', digest(9))).toBe(true);
    expect(index.close()).toBe(true);
    const again = await record.open({ maxEntries: FILLED / 2 });
    expect(again.repositoriesWith('ghcr.io', digest(3))).toEqual(['team/app3']);
    // The first to go are those that were invented.
    again.seen('ghcr.io', 'team/new', blob('new'));
    again.close();
    expect(record.problems).toEqual([]);
    const database = new DatabaseSync(record.file);
    const odd = 'SELECT count(*) AS n FROM seen WHERE length(digest) <> 32 OR used > 1e10';
    expect(database.prepare(odd).get()).toEqual({ n: 0 });
    database.close();
  });

  test('with an enormous place does no harm', async () => {
    record.tamper(`
      INSERT INTO place VALUES (9223372036854775807, 'ghcr.io', 'team/huge');
      INSERT INTO place VALUES (11, 'ghcr.io', hex(zeroblob(1000000)));
    `);
    const index = await record.open();
    index.seen('ghcr.io', 'team/huge', blob('a'));
    expect(index.close()).toBe(true);
    const again = await record.open();
    expect(again.has('ghcr.io', 'team/huge', digest('a'))).toBe(true);
    again.close();
    expect(record.problems).toEqual([]);
  });

  test('with a name that is too long to be read is deleted when it turns up', async () => {
    record.tamper(`
      INSERT INTO place VALUES (11, 'ghcr.io', hex(zeroblob(100000)));
      UPDATE seen SET place = 11 WHERE place = 2;
    `);
    const index = await record.open();
    expect(index.repositoriesWith('ghcr.io', digest(0))).toEqual([APP]);
    expect(index.repositoriesWith('ghcr.io', digest(1))).toEqual([]);
    expect(index.repositoriesWith('ghcr.io', digest(0))).toEqual([]);
    expect(index.close()).toBe(false);
    expect(record.problems).toEqual([
      expect.stringMatching(/cannot be used any more \(.*too big\): layers/),
    ]);
    expect(existsSync(record.file)).toBe(false);
  });

  test('with words for the log in it: they are no command there', async () => {
    record.tamper(`PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET name = char(10) || '::error::' || char(10), sql = 'CREATE nothing'
      WHERE name = 'seen'`);
    const index = await record.open();
    expect(index.size.entries).toBe(0);
    index.close();
    expect(record.problems).toEqual([
      expect.stringMatching(/is damaged \(malformed database schema.*\): a new one was begun\.$/),
    ]);
    expect(record.problems[0]).toContain('error');
    expect(record.problems[0]).not.toMatch(/\n|::/);
  });

  test('with a log of another kind beside it: that is deleted unread', async () => {
    const wal = new DatabaseSync(`${record.file}.other`);
    wal.exec('PRAGMA journal_mode = WAL; CREATE TABLE mail (subject TEXT)');
    writeFileSync(`${record.file}-wal`, readFileSync(`${record.file}.other-wal`));
    writeFileSync(`${record.file}-shm`, readFileSync(`${record.file}.other-shm`));
    wal.close();
    expect(await useIt()).toBe(FILLED);
    expect(record.problems).toEqual([]);
    expect(existsSync(`${record.file}-wal`)).toBe(false);
  });

  test('with a journal that names a file: nobody deletes that', async () => {
    const precious = `${record.file}.precious`;
    const journal = superJournal(record.file, precious);
    // So it is one that SQLite believes.
    writeFileSync(precious, 'precious');
    const copy = `${record.file}.copy`;
    copyFileSync(record.file, copy);
    writeFileSync(`${copy}-journal`, journal);
    const database = new DatabaseSync(copy);
    database.exec('SELECT * FROM seen');
    database.close();
    expect(existsSync(precious)).toBe(false);

    writeFileSync(precious, 'precious');
    writeFileSync(`${record.file}-journal`, journal);
    expect(await useIt()).toBe(FILLED);
    writeFileSync(`${record.file}-journal`, journal);
    writeFileSync(record.file, 'damaged, so that it is begun anew');
    expect(await useIt()).toBe(0);
    expect(readFileSync(precious, 'utf8')).toBe('precious');
    expect(existsSync(`${record.file}-journal`)).toBe(false);
  });

  test('with a folder in the place of its journal: it is not used, and told of', async () => {
    mkdirSync(`${record.file}-journal`);
    expect(await useIt()).toBe(-1);
    expect(record.problems).toEqual([expect.stringMatching(/cannot be used \(/)]);
  });
});

describe('a damaged record', () => {
  /** A generator of numbers that are the same in every run (mulberry32). */
  function numbers(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
    };
  }

  let whole: Buffer;
  beforeEach(async () => {
    await record.fill(FILLED);
    whole = readFileSync(record.file);
    record.now += 2 * DAY;
  });

  /** Uses the damaged file, and then what has become of it: that has to be in order again. */
  async function survives(bytes: Uint8Array): Promise<readonly string[]> {
    writeFileSync(record.file, bytes);
    record.problems.splice(0);
    await useIt();
    const problems = record.problems.splice(0);
    expect(problems.length).toBeLessThanOrEqual(1);
    const index = await record.open();
    index.seen('ghcr.io', 'team/last', blob('last'));
    index.close();
    const last = await record.open();
    expect(last.has('ghcr.io', 'team/last', digest('last'))).toBe(true);
    last.close();
    return problems;
  }

  test('that was cut off is replaced', async () => {
    const next = numbers(1);
    const lengths = [1, 99, 100, 4095, 4096, 4097, whole.length - 4096, whole.length - 1];
    for (let at = 0; at < 40; at += 1) lengths.push(1 + next(whole.length - 1));
    for (const length of lengths) {
      await survives(whole.subarray(0, length));
      expect(record.check()).toBe('ok');
    }
  });

  test('with any other byte in it does no harm', async () => {
    const next = numbers(2);
    const problems = new Set<string>();
    for (let round = 0; round < 200; round += 1) {
      const bytes = Buffer.from(whole);
      // Every third time in the header or the schema, where it matters most.
      const at = next(round % 3 === 0 ? 1500 : bytes.length);
      bytes[at] = bytes.readUInt8(at) ^ (1 + next(255));
      for (const problem of await survives(bytes))
        problems.add(problem.replace(`${record.file} `, ''));
    }
    expect(problems).toContain('is not a record of ours: a new one was begun.');
    expect(problems).toContain('is damaged: a new one was begun.');
  });

  test('with whole pages of something else does no harm', async () => {
    const next = numbers(3);
    for (let round = 0; round < 60; round += 1) {
      const bytes = Buffer.from(whole);
      const pages = bytes.length / 4096;
      const [from, to] = [next(pages), 1 + next(pages - 1)];
      bytes.copy(bytes, to * 4096, from * 4096, (from + 1) * 4096);
      await survives(bytes);
    }
  });

  test('that breaks while it is used is told of once, and deleted', async () => {
    await record.fill(20_000);
    const index = await record.open();
    expect(index.has('ghcr.io', APP, digest(0))).toBe(true);
    // The size stays, and the first page, by which SQLite would notice another writer.
    const bytes = readFileSync(record.file);
    bytes.fill(0xff, 4096);
    bytes.writeUInt32BE(bytes.readUInt32BE(24) + 1, 24);
    writeFileSync(record.file, bytes);
    for (let at = 0; at < 1000; at += 1) {
      index.has('ghcr.io', `team/app${at % 10}`, digest(at));
      index.seen('ghcr.io', 'team/new', blob(`new ${at}`));
    }
    expect(index.has('ghcr.io', 'team/new', digest('new 1'))).toBe(false);
    expect(index.close()).toBe(false);
    expect(record.problems).toEqual([
      expect.stringMatching(/cannot be used any more \(.*malformed/),
    ]);
    expect(existsSync(record.file)).toBe(false);
  });
});
