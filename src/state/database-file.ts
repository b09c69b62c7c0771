import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  type Stats,
} from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../util/errors.ts';
import { formatBytes } from '../util/text.ts';
import { makeFolder } from '../util/make-folder.ts';

/** What a database file must look like before SQLite gets to see it. */
export interface FileRules {
  readonly file: string;
  /** what it is, for people: `record` */
  readonly name: string;
  /** the most bytes it may have */
  readonly limit: number;
  /** `application_id` and `user_version` of its header */
  readonly applicationId: number;
  readonly version: number;
  /** what it says is believed: nobody else may be able to write it */
  readonly trusted: boolean;
}

/** Bytes of a page of all our databases. */
export const PAGE_SIZE = 4096;

const HEADER_SIZE = 100;
const JOURNAL = '-journal';
/** Of a database that is written in another way than ours. */
const FOREIGN = ['-wal', '-shm'];
const JOURNALS = [JOURNAL, ...FOREIGN];
const OTHERS_MAY_WRITE = 0o022;
/** Where the system has no such flags, there are no such files. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** @throws the system's error; the file must not be used then */
function discard(file: string, suffixes: readonly string[]): void {
  for (const suffix of suffixes) rmSync(`${file}${suffix}`, { force: true });
}

function createFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error; // another process was faster
  }
}

/** Deletes a database. @throws the system's error */
export function deleteDatabase(file: string): void {
  rmSync(file, { force: true });
  discard(file, JOURNALS);
}

/** Leaves an empty file, for this user only. @throws the system's error */
export function beginAnew(file: string): void {
  deleteDatabase(file);
  createFile(file);
}

/**
 * Header of a file as we write it: rollback journal, pages of 4 KiB, UTF-8, auto_vacuum incremental.
 * @see https://www.sqlite.org/fileformat2.html#the_database_header
 */
function isOurHeader(header: Buffer, { applicationId, version }: FileRules): boolean {
  return (
    header.length === HEADER_SIZE &&
    header.toString('latin1', 0, 16) === 'SQLite format 3\0' &&
    header.readUInt16BE(16) === PAGE_SIZE &&
    header.readUInt16BE(18) === 0x0101 &&
    header.readUInt32BE(20) === 0x00_40_20_20 &&
    header.readUInt32BE(52) !== 0 &&
    header.readUInt32BE(56) === 1 &&
    header.readUInt32BE(60) === version &&
    header.readUInt32BE(64) === 1 &&
    header.readUInt32BE(68) === applicationId
  );
}

/** @throws Error when somebody else could have written it */
function checkOwner({ uid, mode }: Stats, what: string, owners: readonly number[]): void {
  if (!owners.includes(uid)) throw new Error(`${what} belongs to another user`);
  if ((mode & OTHERS_MAY_WRITE) !== 0) {
    throw new Error(`other users may write ${what}; chmod go-w helps`);
  }
}

/**
 * What is wrong with the journal of a trusted database; undefined where there is none, too.
 * @throws Error when somebody else could have written it
 */
function journalFlaw(file: string, me: number | undefined): string | undefined {
  const found = lstatSync(`${file}${JOURNAL}`, { throwIfNoEntry: false });
  if (!found) return undefined;
  if (!found.isFile() || found.nlink > 1) return 'has a journal that is not a plain file';
  if (me !== undefined) checkOwner(found, 'its journal', [me]);
  return undefined;
}

/** Half a sentence: `is not a record of ours`. */
export function notOurs({ name }: Pick<FileRules, 'name'>): string {
  return `is not a ${name} of ours`;
}

/** Why the file cannot be one of ours; undefined where it can. An empty one is about to become one. */
function flawOf(rules: FileRules, me: number | undefined): string | undefined {
  const handle = openSync(rules.file, OPEN_FLAGS);
  try {
    const stats = fstatSync(handle);
    if (rules.trusted && me !== undefined) checkOwner(stats, 'the file', [me]);
    if (stats.size > rules.limit) return `is too large (more than ${formatBytes(rules.limit)})`;
    if (stats.size === 0) return undefined;
    const header = Buffer.alloc(HEADER_SIZE);
    const length = readSync(handle, header, 0, HEADER_SIZE, 0);
    return isOurHeader(header.subarray(0, length), rules) ? undefined : notOurs(rules);
  } finally {
    closeSync(handle);
  }
}

/**
 * Sees to it that there is a file to be opened, in a folder of this user: what cannot be one of our
 * databases is deleted and begun anew.
 *
 * All of it at once: to close a file drops the locks that SQLite has on it in this process, and
 * between two calls of ours it has none.
 * @returns what was wrong with a file that was deleted, as half a sentence: `is not a plain file`
 * @throws Error when there cannot be one, or when it is not to be trusted
 */
export function prepareFile(rules: FileRules): string | undefined {
  const { file, trusted } = rules;
  const folder = dirname(file);
  const me = process.geteuid?.(); // Windows has access lists instead
  makeFolder(folder, 0o700);
  if (trusted && me !== undefined) checkOwner(statSync(folder), 'its folder', [me, 0]);
  // What we never write SQLite would believe all the same, and delete any file that a journal names.
  discard(file, trusted ? FOREIGN : JOURNALS);
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw new Error('it is a folder');
  if (!found) {
    createFile(file);
    return undefined;
  }
  let flaw = found.isFile() ? flawOf(rules, me) : 'is not a plain file';
  if (trusted) flaw ??= journalFlaw(file, me);
  if (flaw !== undefined) beginAnew(file);
  return flaw;
}
