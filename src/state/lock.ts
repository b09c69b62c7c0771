import { closeSync, lstatSync, openSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCode } from '../util/errors.ts';
import { loadSqlite } from './sqlite.ts';

/** Says that this process alone works on something. */
export interface Lock {
  /** Lets others have it, and removes the file. Never throws; safe to call twice. */
  release(): void;
}

const SQLITE_BUSY = 5;
const ATTEMPTS = 4;
const LONGEST_WAIT_MS = 15;

// Nothing is kept in it, so nothing has to survive; and a journal would be one more file.
const LOCK = 'PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN EXCLUSIVE';
/** Says to everybody who has the file open that its name is gone. */
const RETIRE = 'PRAGMA user_version = 1; COMMIT';

function isBusy(error: unknown): boolean {
  // The low byte is the kind of error, the others are details.
  return (
    Error.isError(error) && 'errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY
  );
}

/**
 * Which file has this name now; undefined: none.
 * @throws Error where it is no lock: a lock is empty and has one name, and what is not must not be
 *   removed either. SQLite would follow a link, and make or fill a file somewhere else.
 */
function identityOf(file: string): string | undefined {
  const found = lstatSync(file, { bigint: true, throwIfNoEntry: false });
  if (!found) return undefined;
  if (!found.isFile() || found.size > 0n || found.nlink > 1n)
    throw new Error(`${file} is not a lock file`);
  return `${found.dev}:${found.ino}`;
}

class FileLock implements Lock {
  /** of the file that had the name when it was locked */
  readonly identity: string | undefined;
  readonly #file: string;
  readonly #database: DatabaseSync;

  constructor(file: string, database: DatabaseSync) {
    this.#file = file;
    this.identity = identityOf(file);
    this.#database = database;
  }

  release(): void {
    if (!this.#database.isOpen) return;
    // The name goes while nobody else can have the lock. Whoever has opened the file by then would
    // lock what has no name any more: it is told so in the file itself.
    if (this.#remove()) {
      try {
        this.#database.exec(RETIRE);
      } catch {
        // A full disk, for example; then it takes a coincidence to do harm.
      }
    }
    this.#database.close();
    // Windows removes only what nobody has open, which makes it safe to do so afterwards.
    if (process.platform === 'win32') this.#remove();
  }

  /** True when the file has lost its name. */
  #remove(): boolean {
    try {
      if (identityOf(this.#file) !== this.identity) return false;
      rmSync(this.#file);
      return true;
    } catch {
      return false;
    }
  }
}

/**
 * Makes the file with a mode of its own choosing: SQLite would let everybody read it.
 * @returns its identity
 */
function createPrivate(file: string): string | undefined {
  const found = identityOf(file);
  if (found !== undefined) return found;
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    // Somebody else was faster. (It must not be opened then: to close it would drop its locks.)
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  return identityOf(file);
}

/** @returns undefined when somebody has it, or when the file has lost its name meanwhile */
function tryLock(Database: typeof DatabaseSync, file: string): FileLock | undefined {
  const identity = createPrivate(file);
  const database = new Database(file, { timeout: 0 });
  try {
    database.exec(LOCK);
    const retired = database.prepare('PRAGMA user_version').get()?.['user_version'] !== 0;
    if (!retired) {
      const lock = new FileLock(file, database);
      if (identity !== undefined && lock.identity === identity) return lock;
      lock.release(); // SQLite has opened, or made, another file than the one that was looked at
      return undefined;
    }
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  database.close();
  return undefined;
}

/**
 * Locks a file, between processes and also between containers that share its folder. The system
 * itself lets go of it when the owner dies, whatever it dies of.
 *
 * It is an empty SQLite database, because that is the file locking which Node brings with it.
 * @param file the lock itself, not what it protects; it is made, and removed with the release
 * @returns undefined while somebody else has it
 * @throws the system's error, or SQLite's, where no lock can be had at all
 */
export async function acquireLock(file: string): Promise<Lock | undefined> {
  const { DatabaseSync } = await loadSqlite();
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    try {
      const lock = tryLock(DatabaseSync, file);
      if (lock) return lock;
    } catch (error) {
      // SQLite fails in other ways, too, when the file is removed under its hands.
      if (attempt === ATTEMPTS) throw error;
    }
    // Two who come at the very same moment turn each other away: each asks again at its own time.
    if (attempt < ATTEMPTS) await delay(Math.random() * LONGEST_WAIT_MS);
  }
  return undefined;
}
