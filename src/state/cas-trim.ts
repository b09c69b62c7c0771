import type { DatabaseSync } from 'node:sqlite';
import { CLOCK_SKEW } from './cas-rows.ts';
import type { Database } from './database.ts';

export interface Limits {
  /** digests */
  readonly maxEntries: number;
  /** of the file */
  readonly maxBytes: number;
}

/**
 * Room for what comes next, so that not every write has to make some. With more of it the one that
 * does would take longer than 50 ms, of 100,000 digests.
 */
const ENTRIES_KEPT = 0.99;
/** Digests go everywhere in the file: pages that are full are soon two that are half empty. */
const BYTES_KEPT = 0.7;
/** More than a row of ours takes in a full page. */
const ROW_BYTES = 56;

/** SQL for when something was last used. What nobody can have meant is the oldest. */
function latest(used: string): string {
  return `iif(length(digest) = 32 AND ${used} <= :soon, ${used}, -1)`;
}

/** The number of rows, which are at least as many as the digests: that is known at once. */
export function countRows(database: DatabaseSync): number {
  return Number(database.prepare('SELECT count(*) AS n FROM seen').get()?.['n']);
}

/** The number of digests: reads the whole table. */
export function countDigests(database: DatabaseSync): number {
  return Number(database.prepare('SELECT count(DISTINCT digest) AS n FROM seen').get()?.['n']);
}

function removeOldestDigests(database: DatabaseSync, count: number, soon: number): number {
  const remove = database.prepare(`DELETE FROM seen WHERE digest IN
    (SELECT digest FROM seen GROUP BY digest ORDER BY ${latest('max(used)')} LIMIT :count)`);
  const { changes } = remove.run({ count, soon });
  database.exec('PRAGMA incremental_vacuum');
  return Number(changes);
}

function keepLatestRows(database: DatabaseSync, keep: number, soon: number): number {
  const remove = database.prepare(`DELETE FROM seen WHERE (digest, place) IN
    (SELECT digest, place FROM seen ORDER BY ${latest('used')} DESC LIMIT -1 OFFSET :keep)`);
  const { changes } = remove.run({ keep, soon });
  database.exec('DELETE FROM place WHERE id NOT IN (SELECT place FROM seen)');
  return Number(changes);
}

function trimBytes(database: Database, maxBytes: number, soon: number): number {
  let removed = 0;
  let keep = Math.floor((maxBytes * BYTES_KEPT) / ROW_BYTES);
  while (database.bytes > maxBytes) {
    const count = database.write((connection) => keepLatestRows(connection, keep, soon));
    if (count === undefined || !database.compact() || keep === 0) break;
    removed += count;
    keep = Math.floor(keep / 2); // only where the rows are not like ours
  }
  return removed;
}

/**
 * Removes the least recently used until the record is within its limits.
 * @param entries how many digests there are
 * @param now seconds since 1970
 * @returns how many rows it removed
 */
export function trim(database: Database, entries: number, limits: Limits, now: number): number {
  const { maxEntries, maxBytes } = limits;
  const soon = now + CLOCK_SKEW;
  let removed = 0;
  if (entries > maxEntries) {
    const surplus = entries - Math.floor(maxEntries * ENTRIES_KEPT);
    removed += database.write((connection) => removeOldestDigests(connection, surplus, soon)) ?? 0;
  }
  return removed + trimBytes(database, maxBytes, soon);
}
