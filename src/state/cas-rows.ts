import type { DatabaseSync, StatementSync } from 'node:sqlite';
import * as z from 'zod/mini';
import { hexOf, type Digest } from '../oci/digest.ts';
import { parseReference, parseRegistryHost } from '../oci/reference.ts';
import type { DatabaseKind } from './database.ts';
import { integer } from './integer.ts';

/** Tables of the record. A digest is 32 bytes in it, and its places are numbers: that keeps it small. */
export const CAS_DATABASE: DatabaseKind = {
  name: 'record',
  without: 'layers are not mounted from other repositories',
  applicationId: 0x69_64_70_63, // idpc
  version: 1,
  schema: `
CREATE TABLE place (
  id INTEGER PRIMARY KEY,
  registry TEXT NOT NULL,
  repository TEXT NOT NULL,
  UNIQUE (registry, repository)
) STRICT;
CREATE TABLE seen (
  digest BLOB NOT NULL,
  place INTEGER NOT NULL,
  size INTEGER NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (digest, place)
) STRICT, WITHOUT ROWID`,
  trusted: false,
};

/** A blob in a repository, or (without `seen`) that it is not there any more. */
export interface Change {
  readonly registry: string;
  readonly repository: string;
  readonly digest: Digest;
  /** its size in bytes, and when it was last used, in seconds since 1970 */
  readonly seen?: { readonly size: number; readonly used: number };
}

/** A repository in which a blob was seen. */
export interface SeenPlace {
  readonly repository: string;
  readonly size: number;
  readonly used: number;
}

/** So many of a blob's places are looked at, of one registry. */
const PLACES_READ = 64;
const LONGEST_HOST = 300;
/** Clocks differ; what is further in the future than this is invented. Seconds. */
export const CLOCK_SKEW = 24 * 60 * 60;

function accepts(parse: () => boolean): boolean {
  try {
    return parse();
  } catch {
    return false;
  }
}

/** Whether this can be the name of a registry. */
export function isRegistry(name: string): boolean {
  return name.length <= LONGEST_HOST && accepts(() => parseRegistryHost(name) !== '');
}

/** Whether this can be the name of a repository. */
export function isRepository(name: string): boolean {
  return accepts(() => parseReference(`any.host/${name}`).repository === name);
}

/** What the SQL says, once, on one connection. All of it may throw SQLite's errors. */
export class CasRows {
  readonly #find: StatementSync;
  readonly #places: StatementSync;
  readonly #placeId: StatementSync;
  readonly #addPlace: StatementSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #now: () => number;

  /** @param now seconds since 1970 */
  constructor(database: DatabaseSync, now: () => number) {
    this.#now = now;
    const select = `SELECT repository, size, used FROM seen JOIN place ON id = place
      WHERE digest = ? AND registry = ?`;
    this.#find = database.prepare(`${select} AND repository = ?`);
    this.#places = database.prepare(`${select} ORDER BY used DESC LIMIT ${PLACES_READ}`);
    this.#placeId = database.prepare('SELECT id FROM place WHERE registry = ? AND repository = ?');
    // For `integer`.
    for (const query of [this.#find, this.#places, this.#placeId]) query.setReadBigInts(true);
    this.#addPlace = database.prepare('INSERT INTO place (registry, repository) VALUES (?, ?)');
    this.#put = database.prepare(`INSERT INTO seen (digest, place, size, used) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET size = excluded.size, used = excluded.used`);
    this.#remove = database.prepare('DELETE FROM seen WHERE digest = ? AND place = ?');
  }

  /** The blob in this repository; undefined also for a row that nobody can have meant. */
  find(registry: string, repository: string, digest: Digest): SeenPlace | undefined {
    return this.#valid(this.#find.get(bytesOf(digest), registry, repository));
  }

  /** Where the blob is in this registry, the latest used first. */
  places(registry: string, digest: Digest): readonly SeenPlace[] {
    const rows = this.#places.all(bytesOf(digest), registry);
    return rows.flatMap((row) => this.#valid(row) ?? []);
  }

  /** To be called within a transaction; returns how many rows it changed. */
  apply(changes: Iterable<Change>): number {
    let count = 0;
    for (const { registry, repository, digest, seen } of changes) {
      const place = this.#placeId.get(registry, repository)?.['id'];
      if (seen) {
        const id = place ?? this.#addPlace.run(registry, repository).lastInsertRowid;
        count += Number(this.#put.run(bytesOf(digest), id, seen.size, seen.used).changes);
      } else if (place !== undefined) {
        count += Number(this.#remove.run(bytesOf(digest), place).changes);
      }
    }
    return count;
  }

  #valid(row: unknown): SeenPlace | undefined {
    const { data } = z.safeParse(seenPlace, row);
    return data && data.used <= this.#now() + CLOCK_SKEW ? data : undefined;
  }
}

const seenPlace = z.object({
  repository: z.string().check(z.refine(isRepository)),
  size: integer,
  used: integer,
});

function bytesOf(digest: Digest): Buffer {
  return Buffer.from(hexOf(digest), 'hex');
}
