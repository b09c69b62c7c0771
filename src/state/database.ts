import type { DatabaseSync } from 'node:sqlite';
import { messageOf, systemCode } from '../util/errors.ts';
import { printable } from '../util/text.ts';
import { beginAnew, deleteDatabase, notOurs, PAGE_SIZE, prepareFile } from './database-file.ts';
import { loadSqlite } from './sqlite.ts';

/** A kind of database: what its files are known by. */
export interface DatabaseKind {
  /** for people: `record` */
  readonly name: string;
  /** what comes of not having it: `layers are not mounted from other repositories` */
  readonly without: string;
  readonly applicationId: number;
  readonly version: number;
  /** CREATE statements */
  readonly schema: string;
  /**
   * What it says is believed: its file must be of this user alone, and survive a loss of power.
   * Another one may come from a stranger, so it has no journal on the disk: one that came with it
   * could have SQLite delete any file. A process that is killed while it writes may damage it then.
   */
  readonly trusted: boolean;
}

export interface DatabaseOptions {
  readonly file: string;
  /** bytes it should have at most; a file that is a quarter larger, and than 4 MiB, is not ours */
  readonly maxBytes: number;
  /** what went wrong, in one sentence; called once at most */
  readonly onProblem: (message: string) => void;
}

type SqliteModule = Awaited<ReturnType<typeof loadSqlite>>;

const SMALLEST_LIMIT = 4 * 1024 * 1024;
const BUSY_MS = 200;
/** No value of ours is longer, and none of somebody else's is read that is. Bytes. */
const LONGEST_VALUE = 64 * 1024;

/** Error numbers of https://www.sqlite.org/rescode.html; their low byte is the kind. */
const BUSY: ReadonlySet<number> = new Set([5, 6]);
/** The system's: the file may be all right. PERM to IOERR, FULL, CANTOPEN, PROTOCOL, NOLFS, AUTH. */
const SYSTEM: ReadonlySet<number> = new Set([3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 22, 23]);

function kindOf(error: unknown): number | undefined {
  return Error.isError(error) && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
}

/** The file is a database, but not one that we have written; the message is half a sentence. */
class ForeignDatabase extends Error {}

function settings(limit: number, { trusted }: DatabaseKind): string {
  return `
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA mmap_size = 0;
    PRAGMA temp_store = MEMORY;
    PRAGMA journal_mode = ${trusted ? 'DELETE' : 'MEMORY'};
    PRAGMA synchronous = ${trusted ? 'NORMAL' : 'OFF'};
    PRAGMA max_page_count = ${Math.floor(limit / PAGE_SIZE)};
  `;
}

function schemaOf(database: DatabaseSync): string {
  const rows = database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema');
  return JSON.stringify(rows.all());
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}

/** Makes the tables, unless another process is faster. */
function create(database: DatabaseSync, { applicationId, version, schema }: DatabaseKind): void {
  database.exec(`PRAGMA page_size = ${PAGE_SIZE}; PRAGMA auto_vacuum = INCREMENTAL`);
  database.exec('BEGIN IMMEDIATE');
  if (isEmpty(database)) {
    database.exec(`
      PRAGMA application_id = ${applicationId};
      PRAGMA user_version = ${version};
      ${schema};
    `);
  }
  database.exec('COMMIT');
}

/** What SQLite says of the schema of a database that has just been made. */
function expectedSchema({ DatabaseSync }: SqliteModule, kind: DatabaseKind): string {
  const model = new DatabaseSync(':memory:');
  create(model, kind);
  const schema = schemaOf(model);
  model.close();
  return schema;
}

function connect(
  sqlite: SqliteModule,
  kind: DatabaseKind,
  file: string,
  limit: number,
): DatabaseSync {
  const database = new sqlite.DatabaseSync(file, {
    timeout: BUSY_MS,
    allowExtension: false,
    defensive: true,
    enableForeignKeyConstraints: false,
    limits: { length: LONGEST_VALUE, sqlLength: LONGEST_VALUE, attach: 1 }, // VACUUM attaches one
  });
  try {
    database.exec(settings(limit, kind));
    if (isEmpty(database)) create(database, kind);
    if (schemaOf(database) !== expectedSchema(sqlite, kind)) {
      throw new ForeignDatabase(notOurs(kind));
    }
    // Pages that lead in circles would keep a query busy for ever; this finds them, and ends.
    const [found] = database.prepare('PRAGMA quick_check(1)').all();
    if (found?.['quick_check'] !== 'ok') throw new ForeignDatabase('is damaged');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Whether it is the file's own fault: our statements are all right. */
function isFlaw(error: unknown): boolean {
  const kind = kindOf(error);
  return error instanceof ForeignDatabase || (kind !== undefined && !SYSTEM.has(kind));
}

/** What is wrong with such a file, as half a sentence. */
function flawIn(error: unknown): string {
  if (error instanceof ForeignDatabase) return error.message;
  return `is damaged (${messageOf(error)})`;
}

/** `EACCES`, or SQLite's own words: its code is the same for everything. */
function reasonOf(error: unknown): string {
  const code = kindOf(error) === undefined ? systemCode(error) : undefined;
  return code ?? messageOf(error);
}

interface Opened {
  readonly file: string;
  readonly tell: (problem: string) => void;
  readonly begunAnew: boolean;
}

/**
 * A database that is of use while it works and no loss when it does not: what fails is told once,
 * and from then on nothing is read or written. The file may come from a stranger.
 */
export class Database {
  readonly #kind: DatabaseKind;
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #tell: (problem: string) => void;
  /** the file that was found could not be used: this is another one */
  readonly begunAnew: boolean;

  private constructor(kind: DatabaseKind, database: DatabaseSync, opened: Opened) {
    this.#kind = kind;
    this.#file = opened.file;
    this.#database = database;
    this.#tell = opened.tell;
    this.begunAnew = opened.begunAnew;
  }

  /** Never throws; undefined when there is nothing to be used. */
  static async open(kind: DatabaseKind, options: DatabaseOptions): Promise<Database | undefined> {
    const { file, maxBytes, onProblem } = options;
    let told = false;
    const tell = (problem: string): void => {
      if (told) return;
      told = true;
      // SQLite's own words may quote what somebody has put into the file.
      onProblem(`${file} ${printable(problem)}.`);
    };
    try {
      const sqlite = await loadSqlite();
      const limit = Math.max(SMALLEST_LIMIT, Math.floor(maxBytes * 1.25));
      let flaw = prepareFile({ ...kind, file, limit });
      let database: DatabaseSync;
      try {
        database = connect(sqlite, kind, file, limit);
      } catch (error) {
        if (!isFlaw(error)) throw error;
        flaw = flawIn(error);
        beginAnew(file);
        database = connect(sqlite, kind, file, limit);
      }
      if (flaw !== undefined) tell(`${flaw}: a new one was begun`);
      return new Database(kind, database, { file, tell, begunAnew: flaw !== undefined });
    } catch (error) {
      tell(`cannot be used (${reasonOf(error)}): ${kind.without}`);
      return undefined;
    }
  }

  /** False once something has failed, and after `close`. */
  get usable(): boolean {
    return this.#database.isOpen;
  }

  /** Does something with the database; `otherwise` is the answer when it cannot be used. */
  read<T>(otherwise: T, work: (database: DatabaseSync) => T): T {
    if (!this.usable) return otherwise;
    try {
      return work(this.#database);
    } catch (error) {
      this.#fail(error);
      return otherwise;
    }
  }

  /** One transaction; undefined when it was not done, as while another process writes. */
  write<T>(work: (database: DatabaseSync) => T): T | undefined {
    return this.read(undefined, (database) => {
      try {
        database.exec('BEGIN IMMEDIATE');
        const result = work(database);
        database.exec('COMMIT');
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        if (BUSY.has(kindOf(error) ?? 0)) return undefined;
        throw error;
      }
    });
  }

  /** Writes the whole file anew, without gaps; false when it was not done. */
  compact(): boolean {
    return this.read(false, (database) => {
      try {
        database.exec('VACUUM');
        return true;
      } catch (error) {
        if (BUSY.has(kindOf(error) ?? 0)) return false;
        throw error;
      }
    });
  }

  /** Size of the file. */
  get bytes(): number {
    return this.read(0, (database) => {
      const count = database.prepare('PRAGMA page_count').get()?.['page_count'];
      return Number(count) * PAGE_SIZE;
    });
  }

  /** Safe to call twice. */
  close(): void {
    if (this.usable) this.read(undefined, (database) => database.close());
  }

  #fail(error: unknown): void {
    this.#tell(`cannot be used any more (${reasonOf(error)}): ${this.#kind.without}`);
    try {
      if (this.usable) this.#database.close();
      if (isFlaw(error)) deleteDatabase(this.#file);
    } catch {
      // What cannot be deleted now is found out, and told, the next time it is opened.
    }
  }
}
