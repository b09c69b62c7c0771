import { setTimeout as delay } from 'node:timers/promises';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Digest } from '../../../src/oci/digest.ts';
import { TestRecord, blob, DAY, digest, HOUR, MIB, START } from './cas-support.ts';

let record: TestRecord;
beforeEach(() => {
  record = new TestRecord();
});
afterEach(() => {
  expect(record.problems).toEqual([]);
  record.close();
});

describe('the record', () => {
  test('knows what was seen where, before and after it was written', async () => {
    let index = await record.open();
    index.seen('ghcr.io', 'team/app', blob('a'));
    const look = () => [
      index.has('ghcr.io', 'team/app', digest('a')),
      index.has('ghcr.io', 'team/other', digest('a')),
      index.has('docker.io', 'team/app', digest('a')),
      index.has('ghcr.io', 'team/app', digest('b')),
    ];
    expect(look()).toEqual([true, false, false, false]);
    expect(index.close()).toBe(true);
    index = await record.open();
    expect(look()).toEqual([true, false, false, false]);
    expect(index.size.entries).toBe(1);
    expect(index.close()).toBe(false);
  });

  test('is written a second later, without anybody closing it', async () => {
    const index = await record.open();
    index.seen('ghcr.io', 'team/app', blob('a'));
    const other = await record.open();
    expect(other.has('ghcr.io', 'team/app', digest('a'))).toBe(false);
    const until = Date.now() + 10_000;
    while (!other.has('ghcr.io', 'team/app', digest('a')) && Date.now() < until) await delay(50);
    expect(other.has('ghcr.io', 'team/app', digest('a'))).toBe(true);
    index.close();
    other.close();
  });

  test('is written when there is much to write', async () => {
    const index = await record.open();
    const other = await record.open();
    for (let at = 0; at < 200; at += 1) index.seen('ghcr.io', 'team/app', blob(at));
    expect(other.size.entries).toBe(200);
    index.close();
    other.close();
  });

  test('names eight repositories of one registry, the latest used first', async () => {
    const index = await record.open();
    for (let at = 0; at < 12; at += 1) {
      record.now += HOUR;
      index.seen('ghcr.io', `team/app${at}`, blob('a'));
      index.seen('docker.io', `library/app${at}`, blob('a'));
    }
    const latest = [11, 10, 9, 8, 7, 6, 5, 4].map((at) => `team/app${at}`);
    expect(index.repositoriesWith('ghcr.io', digest('a'))).toEqual(latest);
    index.close();

    const again = await record.open();
    expect(again.repositoriesWith('ghcr.io', digest('a'))).toEqual(latest);
    record.now += 2 * DAY;
    again.seen('ghcr.io', 'team/app9', blob('a'));
    again.drop('ghcr.io', 'team/app11', digest('a'));
    const changed = [9, 10, 8, 7, 6, 5, 4, 3].map((at) => `team/app${at}`);
    expect(again.repositoriesWith('ghcr.io', digest('a'))).toEqual(changed);
    expect(again.repositoriesWith('quay.io', digest('a'))).toEqual([]);
    again.close();
    const last = await record.open();
    expect(last.repositoriesWith('ghcr.io', digest('a'))).toEqual(changed);
    last.close();
  });

  test('forgets what is not there', async () => {
    let index = await record.open();
    index.seen('ghcr.io', 'team/app', blob('a'));
    index.seen('ghcr.io', 'team/other', blob('a'));
    index.drop('ghcr.io', 'team/app', digest('a'));
    const look = () => index.repositoriesWith('ghcr.io', digest('a'));
    expect(look()).toEqual(['team/other']);
    index.close();
    index = await record.open();
    expect(look()).toEqual(['team/other']);
    index.drop('ghcr.io', 'team/other', digest('a'));
    expect(look()).toEqual([]);
    expect(index.close()).toBe(true);
    index = await record.open();
    expect(look()).toEqual([]);
    expect(index.size.entries).toBe(0);
    index.drop('ghcr.io', 'team/other', digest('a'));
    expect(index.close()).toBe(false);
  });

  test('takes nothing that has no place in it', async () => {
    const index = await record.open();
    const other = `sha512:${'0'.repeat(128)}` as Digest;
    index.seen('ghcr.io', 'team/app', { digest: other, size: 1 });
    index.seen('not a registry', 'team/app', blob('a'));
    index.seen('ghcr.io', 'Team/App:latest', blob('a'));
    index.seen('ghcr.io', 'a/'.repeat(200), blob('a'));
    index.seen('ghcr.io', 'team/app', blob('a', -1));
    index.seen('ghcr.io', 'team/app', blob('a', Number.NaN));
    index.seen('ghcr.io', 'team/app', blob('a', 2 ** 60));
    expect(index.has('ghcr.io', 'team/app', other)).toBe(false);
    expect(index.repositoriesWith('ghcr.io', other)).toEqual([]);
    expect(index.size.entries).toBe(0);
    expect(index.close()).toBe(false);
  });

  test('knows nothing after it was closed, and does not mind', async () => {
    const index = await record.open();
    index.seen('ghcr.io', 'team/app', blob('a'));
    expect(index.close()).toBe(true);
    index.seen('ghcr.io', 'team/app', blob('b'));
    index.drop('ghcr.io', 'team/app', digest('a'));
    expect(index.has('ghcr.io', 'team/app', digest('b'))).toBe(false);
    expect(index.repositoriesWith('ghcr.io', digest('a'))).toEqual([]);
    expect(index.size).toEqual({ entries: 0, bytes: 0 });
    expect(index.close()).toBe(false);
  });

  test('makes its folder and its file for this user alone', async () => {
    const file = path.join(record.folder, 'deep', 'down', 'record.db');
    const index = await record.open({ file });
    index.seen('ghcr.io', 'team/app', blob('a'));
    index.close();
    expect(statSync(path.dirname(file)).mode & 0o077).toBe(0);
    expect(statSync(file).mode & 0o077).toBe(0);
  });
});

describe('an unchanged push', () => {
  const push = async () => {
    const index = await record.open();
    for (let at = 0; at < 500; at += 1) {
      index.seen('ghcr.io', 'team/app', blob(at));
      index.repositoriesWith('ghcr.io', digest(at));
    }
    return index.close();
  };

  test('leaves the file as it is, for a day', async () => {
    expect(await push()).toBe(true);
    const bytes = readFileSync(record.file);
    record.now += DAY - HOUR;
    expect(await push()).toBe(false);
    expect(readFileSync(record.file).equals(bytes)).toBe(true);
    record.now += 2 * HOUR;
    expect(await push()).toBe(true);
    expect(readFileSync(record.file).equals(bytes)).toBe(false);
    expect(await push()).toBe(false);
  });

  test('writes a size that was another one', async () => {
    expect(await push()).toBe(true);
    const index = await record.open();
    index.seen('ghcr.io', 'team/app', blob(0, 7));
    expect(index.close()).toBe(true);
  });
});

describe('the limits', () => {
  test('keep what was used last, by number', async () => {
    await record.fill(1000, { maxEntries: 1000 });
    const index = await record.open({ maxEntries: 1000 });
    expect(index.size.entries).toBe(1000);
    record.now += 2 * DAY;
    // The oldest of all is used once more, in another place: it is the digest that is kept.
    index.seen('ghcr.io', 'team/app1', blob(0));
    for (let at = 1000; at < 1200; at += 1) index.seen('ghcr.io', 'team/app', blob(at));
    expect(index.close()).toBe(true);

    const after = await record.open({ maxEntries: 1000 });
    expect(after.size.entries).toBeLessThanOrEqual(1000);
    expect(after.size.entries).toBeGreaterThan(950);
    const kept = Array.from({ length: 1200 }, (_, at) =>
      after.has('ghcr.io', at < 1000 ? `team/app${at % 10}` : 'team/app', digest(at)),
    );
    expect(kept[0]).toBe(true);
    const first = kept.indexOf(true, 1);
    expect(kept.slice(1, first)).not.toContain(true);
    expect(kept.slice(first)).not.toContain(false);
    after.close();
  });

  test('are kept while it is written, with some room', async () => {
    const index = await record.open({ maxEntries: 1000 });
    let most = 0;
    for (let at = 0; at < 5000; at += 1) {
      record.now += 1000;
      index.seen('ghcr.io', 'team/app', blob(at));
      if (at % 100 === 99) most = Math.max(most, index.size.entries);
    }
    expect(most).toBeLessThanOrEqual(1000);
    expect(index.size.entries).toBeGreaterThan(900);
    index.close();
  });

  test('keep what was used last, by size', async () => {
    const index = await record.open({ maxBytes: MIB });
    let most = 0;
    for (let at = 0; at < 30_000; at += 1) {
      record.now += 1000;
      index.seen('ghcr.io', `team/app${at % 10}`, blob(at));
      if (at % 1000 === 999) most = Math.max(most, index.size.bytes);
    }
    expect(index.close()).toBe(true);
    expect(most).toBeLessThanOrEqual(MIB);
    expect(statSync(record.file).size).toBeLessThanOrEqual(MIB);

    const after = await record.open({ maxBytes: MIB });
    expect(after.size.entries).toBeGreaterThan(10_000);
    const kept = Array.from({ length: 30_000 }, (_, at) =>
      after.has('ghcr.io', `team/app${at % 10}`, digest(at)),
    );
    const first = kept.indexOf(true);
    expect(kept.slice(first)).not.toContain(false);
    after.close();
    expect(record.check()).toBe('ok');
  });

  test('hold for a record that was made with higher ones', async () => {
    await record.fill(20_000);
    const before = statSync(record.file).size;
    expect(before).toBeGreaterThan(MIB);
    const index = await record.open({ maxBytes: MIB / 2 });
    expect(index.has('ghcr.io', 'team/app9', digest(19_999))).toBe(true);
    expect(index.has('ghcr.io', 'team/app0', digest(0))).toBe(false);
    expect(index.close()).toBe(true);
    expect(statSync(record.file).size).toBeLessThanOrEqual(MIB / 2);
    // Rows that are not there any more take their places' names with them.
    record.now = START + 30 * DAY;
    const tiny = await record.open({ maxBytes: 1 });
    expect(tiny.size.entries).toBe(0);
    tiny.seen('ghcr.io', 'team/app', blob('a'));
    expect(tiny.close()).toBe(true);
  });

  test('have room for 100,000 blobs, each in one to four places, in 16 MiB', async () => {
    const index = await record.open();
    for (let at = 0; at < 100_000; at += 1) {
      if (at % 100 === 0) record.now += 60_000;
      const places = at % 20 < 15 ? 1 : at % 20 < 19 ? 2 : 4;
      for (let place = 0; place < places; place += 1) {
        const repository = `some-organisation/some-product/service-${(at + 31 * place) % 300}`;
        index.seen('registry.example.com:5000', repository, blob(at, (at * 7919) % 90_000_000));
      }
    }
    expect(index.size.entries).toBe(100_000);
    index.close();
    expect(statSync(record.file).size).toBeLessThanOrEqual(16 * MIB);
  }, 60_000);
});
