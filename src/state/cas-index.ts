import { algorithmOf, type Digest } from '../oci/digest.ts';
import { Pending } from './cas-pending.ts';
import { CAS_DATABASE, CasRows, isRegistry, isRepository, type Change } from './cas-rows.ts';
import { countDigests, countRows, trim, type Limits } from './cas-trim.ts';
import { Database, type DatabaseOptions } from './database.ts';

export interface CasIndexOptions extends DatabaseOptions, Limits {
  /** milliseconds since 1970 */
  readonly now: () => number;
}

/** A blob is known by its content: its name and its size in bytes. */
interface Blob {
  readonly digest: Digest;
  readonly size: number;
}

/** A blob that was used today need not be written down again, so that most pushes write nothing. */
const REFRESH_SECONDS = 24 * 60 * 60;
const FLUSH_COUNT = 200;
const FLUSH_MS = 1000;
const PLACES_TOLD = 8;

function isRecorded(digest: Digest): boolean {
  return algorithmOf(digest) === 'sha256';
}

/**
 * Remembers which blob was seen in which repository. All of it is a hint: it may be out of date,
 * and whoever wrote it may have lied. Nothing here throws; what fails is told once, and then
 * nothing is known and nothing is written.
 */
export class CasIndex {
  readonly #database: Database;
  readonly #rows: CasRows;
  readonly #options: CasIndexOptions;
  readonly #pending = new Pending();
  #timer: NodeJS.Timeout | undefined;
  #failedOnce = false;
  #changed: boolean;
  /** not fewer digests than there are; undefined before they were counted */
  #atMost: number | undefined;

  private constructor(database: Database, rows: CasRows, options: CasIndexOptions) {
    this.#database = database;
    this.#rows = rows;
    this.#options = options;
    this.#changed = database.begunAnew;
  }

  /** Never throws; undefined when it cannot be used, of which `onProblem` was told. */
  static async open(options: CasIndexOptions): Promise<CasIndex | undefined> {
    const database = await Database.open(CAS_DATABASE, options);
    const now = (): number => Math.floor(options.now() / 1000);
    const rows = database?.read(undefined, (connection) => new CasRows(connection, now));
    if (!database || !rows) return undefined;
    const index = new CasIndex(database, rows, options);
    // The limit may have been a higher one.
    if (database.bytes > options.maxBytes) index.#trim();
    return index;
  }

  /** Whether the blob was seen in the repository. */
  has(registry: string, repository: string, digest: Digest): boolean {
    return this.#find(registry, repository, digest) !== undefined;
  }

  /** Repositories of the registry in which the blob was seen: the latest used first, at most 8. */
  repositoriesWith(registry: string, digest: Digest): readonly string[] {
    if (!isRecorded(digest)) return [];
    const pending = this.#pending.of(registry, digest);
    const fresh = pending.filter(({ seen }) => seen).map(({ repository }) => repository);
    const hidden = new Set(pending.map(({ repository }) => repository));
    const known = this.#database
      .read([], () => this.#rows.places(registry, digest))
      .map(({ repository }) => repository)
      .filter((repository) => !hidden.has(repository));
    return [...fresh, ...known].slice(0, PLACES_TOLD);
  }

  /** The blob is in the repository; written a little later. */
  seen(registry: string, repository: string, { digest, size }: Blob): void {
    if (!isRecorded(digest) || !Number.isSafeInteger(size) || size < 0) return;
    const used = Math.floor(this.#options.now() / 1000);
    const known = this.#find(registry, repository, digest);
    if (known?.size === size && Math.abs(used - known.used) < REFRESH_SECONDS) return;
    if (isRegistry(registry) && isRepository(repository)) {
      this.#put({ registry, repository, digest, seen: { size, used } });
    }
  }

  /** The blob is not in the repository, whoever said so. */
  drop(registry: string, repository: string, digest: Digest): void {
    if (this.has(registry, repository, digest)) this.#put({ registry, repository, digest });
  }

  /**
   * Writes what is left to write, keeps the limits, and closes the file. Safe to call twice.
   * @returns true when the contents are others than those that were opened
   */
  close(): boolean {
    this.#flush();
    this.#flush(); // once more, if somebody else was writing
    const changed = this.#changed && this.#database.usable;
    this.#database.close();
    clearTimeout(this.#timer);
    return changed;
  }

  /** Digests, and bytes of the file, with all that was seen so far. */
  get size(): { readonly entries: number; readonly bytes: number } {
    this.#flush();
    return { entries: this.#count(), bytes: this.#database.bytes };
  }

  #find(registry: string, repository: string, digest: Digest): Change['seen'] {
    if (!isRecorded(digest)) return undefined;
    const pending = this.#pending.find({ registry, repository }, digest);
    if (pending) return pending.seen;
    return this.#database.read(undefined, () => this.#rows.find(registry, repository, digest));
  }

  #put(change: Change): void {
    if (!this.#database.usable) return;
    this.#pending.put(change);
    if (this.#pending.size >= FLUSH_COUNT) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.size === 0) return;
    const count = this.#database.write(() => this.#rows.apply(this.#pending.all()));
    const tryAgain = count === undefined && !this.#failedOnce && this.#database.usable;
    this.#failedOnce = tryAgain;
    if (tryAgain) {
      this.#timer = setTimeout(() => this.#flush(), FLUSH_MS).unref();
      return;
    }
    // What could not be written twice is only a hint.
    this.#pending.clear();
    if (count !== undefined && count > 0) this.#wrote(count);
  }

  #wrote(count: number): void {
    this.#changed = true;
    if (this.#atMost !== undefined) this.#atMost += count;
    this.#trim();
  }

  #trim(): void {
    const { maxEntries, maxBytes, now } = this.#options;
    this.#atMost ??= this.#database.read(0, countRows);
    if (this.#atMost <= maxEntries && this.#database.bytes <= maxBytes) return;
    this.#atMost = this.#count();
    const seconds = Math.floor(now() / 1000);
    if (trim(this.#database, this.#atMost, this.#options, seconds) > 0) this.#changed = true;
  }

  #count(): number {
    return this.#database.read(0, countDigests);
  }
}
