/** What the tests of the record and of the compressed layers have in common. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CasIndex, type CasIndexOptions } from '../../../src/state/cas-index.ts';
import type { Digest } from '../../../src/oci/digest.ts';

export const MIB = 1024 * 1024;
export const HOUR = 60 * 60 * 1000;
export const DAY = 24 * HOUR;
/** Some time in 2026, in milliseconds. */
export const START = 1_790_000_000_000;

/** The digest of a made-up blob. */
export function digest(of: string | number): Digest {
  return `sha256:${createHash('sha256').update(String(of)).digest('hex')}` as Digest;
}

export function blob(of: string | number, size = 1000): { digest: Digest; size: number } {
  return { digest: digest(of), size };
}

/**
 * A journal that restores nothing, and has SQLite delete `victim` afterwards: the trailer is said to
 * be the name of the journal of a transaction over several files.
 * @see https://www.sqlite.org/fileformat2.html#the_rollback_journal
 */
export function superJournal(database: string, victim: string): Buffer {
  const magic = Buffer.from('d9d505f920a163d7', 'hex');
  const pageSize = 4096;
  const header = Buffer.alloc(512);
  magic.copy(header);
  for (const [at, value] of [0, 1, statSync(database).size / pageSize, 512, pageSize].entries()) {
    header.writeUInt32BE(value, 8 + 4 * at);
  }
  const name = Buffer.from(victim);
  const numbers = Buffer.alloc(12);
  numbers.writeUInt32BE(0x4000_0000 / pageSize + 1); // the page of the locks
  numbers.writeUInt32BE(name.length, 4);
  numbers.writeUInt32BE(
    name.reduce((sum, byte) => sum + byte, 0),
    8,
  );
  return Buffer.concat([header, numbers.subarray(0, 4), name, numbers.subarray(4), magic]);
}

/** A folder for one test, a clock that stands, and the problems that were told. */
export class TestRecord {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'idpbuilder-test-'));
  readonly file = path.join(this.folder, 'record.db');
  readonly problems: string[] = [];
  now = START;

  options(more: Partial<CasIndexOptions> = {}): CasIndexOptions {
    return {
      file: this.file,
      maxBytes: 16 * MIB,
      maxEntries: 100_000,
      now: () => this.now,
      onProblem: (message) => this.problems.push(message),
      ...more,
    };
  }

  /** Fails the test when there is none. */
  async open(more: Partial<CasIndexOptions> = {}): Promise<CasIndex> {
    const index = await CasIndex.open(this.options(more));
    if (!index) throw new Error(`not opened: ${this.problems.join(' ')}`);
    return index;
  }

  /** Writes a record of `count` blobs, the later ones used later, and closes it. */
  async fill(count: number, more: Partial<CasIndexOptions> = {}): Promise<void> {
    const index = await this.open(more);
    for (let at = 0; at < count; at += 1) {
      this.now += 1000;
      index.seen('ghcr.io', `team/app${at % 10}`, blob(at));
    }
    index.close();
  }

  /** Changes the file behind the record's back, with a connection that may do anything. */
  tamper(sql: string): void {
    const database = new DatabaseSync(this.file, { defensive: false });
    database.exec(sql);
    database.close();
  }

  /** What SQLite itself says of the file: `ok`, or what is wrong with it. */
  check(): unknown {
    const database = new DatabaseSync(this.file);
    const found = database.prepare('PRAGMA integrity_check').get()?.['integrity_check'];
    database.close();
    return found;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
