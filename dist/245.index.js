export const id = 245;
export const ids = [245];
export const modules = {

/***/ 39245:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  CasIndex: () => (/* binding */ CasIndex)
});

// EXTERNAL MODULE: ./lib/oci/digest.js
var oci_digest = __webpack_require__(56648);
;// CONCATENATED MODULE: ./lib/state/cas-pending.js
function keyOf({ registry, repository }) {
    return `${registry}/${repository}`;
}
/** What is still to be written: of several changes to one blob in one place, the last. */
class Pending {
    #changes = new Map();
    #size = 0;
    get size() {
        return this.#size;
    }
    put(change) {
        let places = this.#changes.get(change.digest);
        if (!places)
            this.#changes.set(change.digest, (places = new Map()));
        const key = keyOf(change);
        if (!places.delete(key))
            this.#size += 1;
        places.set(key, change); // to the end: the latest
    }
    find(place, digest) {
        return this.#changes.get(digest)?.get(keyOf(place));
    }
    /** The changes to one blob in one registry, the latest first. */
    of(registry, digest) {
        const places = this.#changes.get(digest)?.values() ?? [];
        return [...places].filter((change) => change.registry === registry).toReversed();
    }
    all() {
        return [...this.#changes.values()].flatMap((places) => Array.from(places.values()));
    }
    clear() {
        this.#changes.clear();
        this.#size = 0;
    }
}

// EXTERNAL MODULE: ../../work/main/node_modules/zod/v4/core/parse.js + 1 modules
var parse = __webpack_require__(67905);
// EXTERNAL MODULE: ../../work/main/node_modules/zod/v4/mini/schemas.js
var schemas = __webpack_require__(64924);
// EXTERNAL MODULE: ./lib/oci/reference.js
var reference = __webpack_require__(87967);
// EXTERNAL MODULE: ./lib/state/integer.js
var integer = __webpack_require__(30588);
;// CONCATENATED MODULE: ./lib/state/cas-rows.js




/** Tables of the record. A digest is 32 bytes in it, and its places are numbers: that keeps it small. */
const CAS_DATABASE = {
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
/** So many of a blob's places are looked at, of one registry. */
const PLACES_READ = 64;
const LONGEST_HOST = 300;
/** Clocks differ; what is further in the future than this is invented. Seconds. */
const CLOCK_SKEW = 24 * 60 * 60;
function accepts(parse) {
    try {
        return parse();
    }
    catch {
        return false;
    }
}
/** Whether this can be the name of a registry. */
function isRegistry(name) {
    return name.length <= LONGEST_HOST && accepts(() => (0,reference/* parseRegistryHost */.TZ)(name) !== '');
}
/** Whether this can be the name of a repository. */
function isRepository(name) {
    return accepts(() => (0,reference/* parseReference */.F2)(`any.host/${name}`).repository === name);
}
/** What the SQL says, once, on one connection. All of it may throw SQLite's errors. */
class CasRows {
    #find;
    #places;
    #placeId;
    #addPlace;
    #put;
    #remove;
    #now;
    /** @param now seconds since 1970 */
    constructor(database, now) {
        this.#now = now;
        const select = `SELECT repository, size, used FROM seen JOIN place ON id = place
      WHERE digest = ? AND registry = ?`;
        this.#find = database.prepare(`${select} AND repository = ?`);
        this.#places = database.prepare(`${select} ORDER BY used DESC LIMIT ${PLACES_READ}`);
        this.#placeId = database.prepare('SELECT id FROM place WHERE registry = ? AND repository = ?');
        // For `integer`.
        for (const query of [this.#find, this.#places, this.#placeId])
            query.setReadBigInts(true);
        this.#addPlace = database.prepare('INSERT INTO place (registry, repository) VALUES (?, ?)');
        this.#put = database.prepare(`INSERT INTO seen (digest, place, size, used) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET size = excluded.size, used = excluded.used`);
        this.#remove = database.prepare('DELETE FROM seen WHERE digest = ? AND place = ?');
    }
    /** The blob in this repository; undefined also for a row that nobody can have meant. */
    find(registry, repository, digest) {
        return this.#valid(this.#find.get(bytesOf(digest), registry, repository));
    }
    /** Where the blob is in this registry, the latest used first. */
    places(registry, digest) {
        const rows = this.#places.all(bytesOf(digest), registry);
        return rows.flatMap((row) => this.#valid(row) ?? []);
    }
    /** To be called within a transaction; returns how many rows it changed. */
    apply(changes) {
        let count = 0;
        for (const { registry, repository, digest, seen } of changes) {
            const place = this.#placeId.get(registry, repository)?.['id'];
            if (seen) {
                const id = place ?? this.#addPlace.run(registry, repository).lastInsertRowid;
                count += Number(this.#put.run(bytesOf(digest), id, seen.size, seen.used).changes);
            }
            else if (place !== undefined) {
                count += Number(this.#remove.run(bytesOf(digest), place).changes);
            }
        }
        return count;
    }
    #valid(row) {
        const { data } = parse/* safeParse */.xL(seenPlace, row);
        return data && data.used <= this.#now() + CLOCK_SKEW ? data : undefined;
    }
}
const seenPlace = schemas/* object */.Ikc({
    repository: schemas/* string */.YjP().check(schemas/* refine */.YPB(isRepository)),
    size: integer/* integer */.n,
    used: integer/* integer */.n,
});
function bytesOf(digest) {
    return Buffer.from((0,oci_digest/* hexOf */.ZD)(digest), 'hex');
}

;// CONCATENATED MODULE: ./lib/state/cas-trim.js

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
function latest(used) {
    return `iif(length(digest) = 32 AND ${used} <= :soon, ${used}, -1)`;
}
/** The number of rows, which are at least as many as the digests: that is known at once. */
function countRows(database) {
    return Number(database.prepare('SELECT count(*) AS n FROM seen').get()?.['n']);
}
/** The number of digests: reads the whole table. */
function countDigests(database) {
    return Number(database.prepare('SELECT count(DISTINCT digest) AS n FROM seen').get()?.['n']);
}
function removeOldestDigests(database, count, soon) {
    const remove = database.prepare(`DELETE FROM seen WHERE digest IN
    (SELECT digest FROM seen GROUP BY digest ORDER BY ${latest('max(used)')} LIMIT :count)`);
    const { changes } = remove.run({ count, soon });
    database.exec('PRAGMA incremental_vacuum');
    return Number(changes);
}
function keepLatestRows(database, keep, soon) {
    const remove = database.prepare(`DELETE FROM seen WHERE (digest, place) IN
    (SELECT digest, place FROM seen ORDER BY ${latest('used')} DESC LIMIT -1 OFFSET :keep)`);
    const { changes } = remove.run({ keep, soon });
    database.exec('DELETE FROM place WHERE id NOT IN (SELECT place FROM seen)');
    return Number(changes);
}
function trimBytes(database, maxBytes, soon) {
    let removed = 0;
    let keep = Math.floor((maxBytes * BYTES_KEPT) / ROW_BYTES);
    while (database.bytes > maxBytes) {
        const count = database.write((connection) => keepLatestRows(connection, keep, soon));
        if (count === undefined || !database.compact() || keep === 0)
            break;
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
function trim(database, entries, limits, now) {
    const { maxEntries, maxBytes } = limits;
    const soon = now + CLOCK_SKEW;
    let removed = 0;
    if (entries > maxEntries) {
        const surplus = entries - Math.floor(maxEntries * ENTRIES_KEPT);
        removed += database.write((connection) => removeOldestDigests(connection, surplus, soon)) ?? 0;
    }
    return removed + trimBytes(database, maxBytes, soon);
}

// EXTERNAL MODULE: ./lib/state/database.js + 1 modules
var state_database = __webpack_require__(39066);
;// CONCATENATED MODULE: ./lib/state/cas-index.js





/** A blob that was used today need not be written down again, so that most pushes write nothing. */
const REFRESH_SECONDS = 24 * 60 * 60;
const FLUSH_COUNT = 200;
const FLUSH_MS = 1000;
const PLACES_TOLD = 8;
function isRecorded(digest) {
    return (0,oci_digest/* algorithmOf */.Hy)(digest) === 'sha256';
}
/**
 * Remembers which blob was seen in which repository. All of it is a hint: it may be out of date,
 * and whoever wrote it may have lied. Nothing here throws; what fails is told once, and then
 * nothing is known and nothing is written.
 */
class CasIndex {
    #database;
    #rows;
    #options;
    #pending = new Pending();
    #timer;
    #failedOnce = false;
    #changed;
    /** not fewer digests than there are; undefined before they were counted */
    #atMost;
    constructor(database, rows, options) {
        this.#database = database;
        this.#rows = rows;
        this.#options = options;
        this.#changed = database.begunAnew;
    }
    /** Never throws; undefined when it cannot be used, of which `onProblem` was told. */
    static async open(options) {
        const database = await state_database/* Database */.W.open(CAS_DATABASE, options);
        const now = () => Math.floor(options.now() / 1000);
        const rows = database?.read(undefined, (connection) => new CasRows(connection, now));
        if (!database || !rows)
            return undefined;
        const index = new CasIndex(database, rows, options);
        // The limit may have been a higher one.
        if (database.bytes > options.maxBytes)
            index.#trim();
        return index;
    }
    /** Whether the blob was seen in the repository. */
    has(registry, repository, digest) {
        return this.#find(registry, repository, digest) !== undefined;
    }
    /** Repositories of the registry in which the blob was seen: the latest used first, at most 8. */
    repositoriesWith(registry, digest) {
        if (!isRecorded(digest))
            return [];
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
    seen(registry, repository, { digest, size }) {
        if (!isRecorded(digest) || !Number.isSafeInteger(size) || size < 0)
            return;
        const used = Math.floor(this.#options.now() / 1000);
        const known = this.#find(registry, repository, digest);
        if (known?.size === size && Math.abs(used - known.used) < REFRESH_SECONDS)
            return;
        if (isRegistry(registry) && isRepository(repository)) {
            this.#put({ registry, repository, digest, seen: { size, used } });
        }
    }
    /** The blob is not in the repository, whoever said so. */
    drop(registry, repository, digest) {
        if (this.has(registry, repository, digest))
            this.#put({ registry, repository, digest });
    }
    /**
     * Writes what is left to write, keeps the limits, and closes the file. Safe to call twice.
     * @returns true when the contents are others than those that were opened
     */
    close() {
        this.#flush();
        this.#flush(); // once more, if somebody else was writing
        const changed = this.#changed && this.#database.usable;
        this.#database.close();
        clearTimeout(this.#timer);
        return changed;
    }
    /** Digests, and bytes of the file, with all that was seen so far. */
    get size() {
        this.#flush();
        return { entries: this.#count(), bytes: this.#database.bytes };
    }
    #find(registry, repository, digest) {
        if (!isRecorded(digest))
            return undefined;
        const pending = this.#pending.find({ registry, repository }, digest);
        if (pending)
            return pending.seen;
        return this.#database.read(undefined, () => this.#rows.find(registry, repository, digest));
    }
    #put(change) {
        if (!this.#database.usable)
            return;
        this.#pending.put(change);
        if (this.#pending.size >= FLUSH_COUNT)
            this.#flush();
        else
            this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
    }
    #flush() {
        clearTimeout(this.#timer);
        this.#timer = undefined;
        if (this.#pending.size === 0)
            return;
        const count = this.#database.write(() => this.#rows.apply(this.#pending.all()));
        const tryAgain = count === undefined && !this.#failedOnce && this.#database.usable;
        this.#failedOnce = tryAgain;
        if (tryAgain) {
            this.#timer = setTimeout(() => this.#flush(), FLUSH_MS).unref();
            return;
        }
        // What could not be written twice is only a hint.
        this.#pending.clear();
        if (count !== undefined && count > 0)
            this.#wrote(count);
    }
    #wrote(count) {
        this.#changed = true;
        if (this.#atMost !== undefined)
            this.#atMost += count;
        this.#trim();
    }
    #trim() {
        const { maxEntries, maxBytes, now } = this.#options;
        this.#atMost ??= this.#database.read(0, countRows);
        if (this.#atMost <= maxEntries && this.#database.bytes <= maxBytes)
            return;
        this.#atMost = this.#count();
        const seconds = Math.floor(now() / 1000);
        if (trim(this.#database, this.#atMost, this.#options, seconds) > 0)
            this.#changed = true;
    }
    #count() {
        return this.#database.read(0, countDigests);
    }
}


/***/ }),

/***/ 39066:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  W: () => (/* binding */ Database)
});

// EXTERNAL MODULE: ./lib/util/errors.js
var errors = __webpack_require__(48946);
// EXTERNAL MODULE: ./lib/util/text.js
var util_text = __webpack_require__(89598);
// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __webpack_require__(73024);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(76760);
// EXTERNAL MODULE: ./lib/util/make-folder.js
var make_folder = __webpack_require__(17612);
;// CONCATENATED MODULE: ./lib/state/database-file.js





/** Bytes of a page of all our databases. */
const PAGE_SIZE = 4096;
const HEADER_SIZE = 100;
const JOURNAL = '-journal';
/** Of a database that is written in another way than ours. */
const FOREIGN = ['-wal', '-shm'];
const JOURNALS = [JOURNAL, ...FOREIGN];
const OTHERS_MAY_WRITE = 0o022;
/** Where the system has no such flags, there are no such files. */
const OPEN_FLAGS = external_node_fs_.constants.O_RDONLY | (external_node_fs_.constants.O_NOFOLLOW ?? 0) | (external_node_fs_.constants.O_NONBLOCK ?? 0);
/** @throws the system's error; the file must not be used then */
function discard(file, suffixes) {
    for (const suffix of suffixes)
        (0,external_node_fs_.rmSync)(`${file}${suffix}`, { force: true });
}
function createFile(file) {
    try {
        (0,external_node_fs_.closeSync)((0,external_node_fs_.openSync)(file, 'wx', 0o600));
    }
    catch (error) {
        if ((0,errors/* systemCode */.xU)(error) !== 'EEXIST')
            throw error; // another process was faster
    }
}
/** Deletes a database. @throws the system's error */
function deleteDatabase(file) {
    (0,external_node_fs_.rmSync)(file, { force: true });
    discard(file, JOURNALS);
}
/** Leaves an empty file, for this user only. @throws the system's error */
function beginAnew(file) {
    deleteDatabase(file);
    createFile(file);
}
/**
 * Header of a file as we write it: rollback journal, pages of 4 KiB, UTF-8, auto_vacuum incremental.
 * @see https://www.sqlite.org/fileformat2.html#the_database_header
 */
function isOurHeader(header, { applicationId, version }) {
    return (header.length === HEADER_SIZE &&
        header.toString('latin1', 0, 16) === 'SQLite format 3\0' &&
        header.readUInt16BE(16) === PAGE_SIZE &&
        header.readUInt16BE(18) === 0x0101 &&
        header.readUInt32BE(20) === 0x00_40_20_20 &&
        header.readUInt32BE(52) !== 0 &&
        header.readUInt32BE(56) === 1 &&
        header.readUInt32BE(60) === version &&
        header.readUInt32BE(64) === 1 &&
        header.readUInt32BE(68) === applicationId);
}
/** @throws Error when somebody else could have written it */
function checkOwner({ uid, mode }, what, owners) {
    if (!owners.includes(uid))
        throw new Error(`${what} belongs to another user`);
    if ((mode & OTHERS_MAY_WRITE) !== 0) {
        throw new Error(`other users may write ${what}; chmod go-w helps`);
    }
}
/**
 * What is wrong with the journal of a trusted database; undefined where there is none, too.
 * @throws Error when somebody else could have written it
 */
function journalFlaw(file, me) {
    const found = (0,external_node_fs_.lstatSync)(`${file}${JOURNAL}`, { throwIfNoEntry: false });
    if (!found)
        return undefined;
    if (!found.isFile() || found.nlink > 1)
        return 'has a journal that is not a plain file';
    if (me !== undefined)
        checkOwner(found, 'its journal', [me]);
    return undefined;
}
/** Half a sentence: `is not a record of ours`. */
function notOurs({ name }) {
    return `is not a ${name} of ours`;
}
/** Why the file cannot be one of ours; undefined where it can. An empty one is about to become one. */
function flawOf(rules, me) {
    const handle = (0,external_node_fs_.openSync)(rules.file, OPEN_FLAGS);
    try {
        const stats = (0,external_node_fs_.fstatSync)(handle);
        if (rules.trusted && me !== undefined)
            checkOwner(stats, 'the file', [me]);
        if (stats.size > rules.limit)
            return `is too large (more than ${(0,util_text/* formatBytes */.z3)(rules.limit)})`;
        if (stats.size === 0)
            return undefined;
        const header = Buffer.alloc(HEADER_SIZE);
        const length = (0,external_node_fs_.readSync)(handle, header, 0, HEADER_SIZE, 0);
        return isOurHeader(header.subarray(0, length), rules) ? undefined : notOurs(rules);
    }
    finally {
        (0,external_node_fs_.closeSync)(handle);
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
function prepareFile(rules) {
    const { file, trusted } = rules;
    const folder = (0,external_node_path_.dirname)(file);
    const me = process.geteuid?.(); // Windows has access lists instead
    (0,make_folder/* makeFolder */.f)(folder, 0o700);
    if (trusted && me !== undefined)
        checkOwner((0,external_node_fs_.statSync)(folder), 'its folder', [me, 0]);
    // What we never write SQLite would believe all the same, and delete any file that a journal names.
    discard(file, trusted ? FOREIGN : JOURNALS);
    const found = (0,external_node_fs_.lstatSync)(file, { throwIfNoEntry: false });
    if (found?.isDirectory())
        throw new Error('it is a folder');
    if (!found) {
        createFile(file);
        return undefined;
    }
    let flaw = found.isFile() ? flawOf(rules, me) : 'is not a plain file';
    if (trusted)
        flaw ??= journalFlaw(file, me);
    if (flaw !== undefined)
        beginAnew(file);
    return flaw;
}

// EXTERNAL MODULE: ./lib/state/sqlite.js
var state_sqlite = __webpack_require__(26200);
;// CONCATENATED MODULE: ./lib/state/database.js




const SMALLEST_LIMIT = 4 * 1024 * 1024;
const BUSY_MS = 200;
/** No value of ours is longer, and none of somebody else's is read that is. Bytes. */
const LONGEST_VALUE = 64 * 1024;
/** Error numbers of https://www.sqlite.org/rescode.html; their low byte is the kind. */
const BUSY = new Set([5, 6]);
/** The system's: the file may be all right. PERM to IOERR, FULL, CANTOPEN, PROTOCOL, NOLFS, AUTH. */
const SYSTEM = new Set([3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 22, 23]);
function kindOf(error) {
    return Error.isError(error) && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
}
/** The file is a database, but not one that we have written; the message is half a sentence. */
class ForeignDatabase extends Error {
}
function settings(limit, { trusted }) {
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
function schemaOf(database) {
    const rows = database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema');
    return JSON.stringify(rows.all());
}
function isEmpty(database) {
    return database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}
/** Makes the tables, unless another process is faster. */
function create(database, { applicationId, version, schema }) {
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
function expectedSchema({ DatabaseSync }, kind) {
    const model = new DatabaseSync(':memory:');
    create(model, kind);
    const schema = schemaOf(model);
    model.close();
    return schema;
}
function connect(sqlite, kind, file, limit) {
    const database = new sqlite.DatabaseSync(file, {
        timeout: BUSY_MS,
        allowExtension: false,
        defensive: true,
        enableForeignKeyConstraints: false,
        limits: { length: LONGEST_VALUE, sqlLength: LONGEST_VALUE, attach: 1 }, // VACUUM attaches one
    });
    try {
        database.exec(settings(limit, kind));
        if (isEmpty(database))
            create(database, kind);
        if (schemaOf(database) !== expectedSchema(sqlite, kind)) {
            throw new ForeignDatabase(notOurs(kind));
        }
        // Pages that lead in circles would keep a query busy for ever; this finds them, and ends.
        const [found] = database.prepare('PRAGMA quick_check(1)').all();
        if (found?.['quick_check'] !== 'ok')
            throw new ForeignDatabase('is damaged');
        return database;
    }
    catch (error) {
        database.close();
        throw error;
    }
}
/** Whether it is the file's own fault: our statements are all right. */
function isFlaw(error) {
    const kind = kindOf(error);
    return error instanceof ForeignDatabase || (kind !== undefined && !SYSTEM.has(kind));
}
/** What is wrong with such a file, as half a sentence. */
function flawIn(error) {
    if (error instanceof ForeignDatabase)
        return error.message;
    return `is damaged (${(0,errors/* messageOf */.bD)(error)})`;
}
/** `EACCES`, or SQLite's own words: its code is the same for everything. */
function reasonOf(error) {
    const code = kindOf(error) === undefined ? (0,errors/* systemCode */.xU)(error) : undefined;
    return code ?? (0,errors/* messageOf */.bD)(error);
}
/**
 * A database that is of use while it works and no loss when it does not: what fails is told once,
 * and from then on nothing is read or written. The file may come from a stranger.
 */
class Database {
    #kind;
    #file;
    #database;
    #tell;
    /** the file that was found could not be used: this is another one */
    begunAnew;
    constructor(kind, database, opened) {
        this.#kind = kind;
        this.#file = opened.file;
        this.#database = database;
        this.#tell = opened.tell;
        this.begunAnew = opened.begunAnew;
    }
    /** Never throws; undefined when there is nothing to be used. */
    static async open(kind, options) {
        const { file, maxBytes, onProblem } = options;
        let told = false;
        const tell = (problem) => {
            if (told)
                return;
            told = true;
            // SQLite's own words may quote what somebody has put into the file.
            onProblem(`${file} ${(0,util_text/* printable */.g$)(problem)}.`);
        };
        try {
            const sqlite = await (0,state_sqlite/* loadSqlite */.T)();
            const limit = Math.max(SMALLEST_LIMIT, Math.floor(maxBytes * 1.25));
            let flaw = prepareFile({ ...kind, file, limit });
            let database;
            try {
                database = connect(sqlite, kind, file, limit);
            }
            catch (error) {
                if (!isFlaw(error))
                    throw error;
                flaw = flawIn(error);
                beginAnew(file);
                database = connect(sqlite, kind, file, limit);
            }
            if (flaw !== undefined)
                tell(`${flaw}: a new one was begun`);
            return new Database(kind, database, { file, tell, begunAnew: flaw !== undefined });
        }
        catch (error) {
            tell(`cannot be used (${reasonOf(error)}): ${kind.without}`);
            return undefined;
        }
    }
    /** False once something has failed, and after `close`. */
    get usable() {
        return this.#database.isOpen;
    }
    /** Does something with the database; `otherwise` is the answer when it cannot be used. */
    read(otherwise, work) {
        if (!this.usable)
            return otherwise;
        try {
            return work(this.#database);
        }
        catch (error) {
            this.#fail(error);
            return otherwise;
        }
    }
    /** One transaction; undefined when it was not done, as while another process writes. */
    write(work) {
        return this.read(undefined, (database) => {
            try {
                database.exec('BEGIN IMMEDIATE');
                const result = work(database);
                database.exec('COMMIT');
                return result;
            }
            catch (error) {
                if (database.isTransaction)
                    database.exec('ROLLBACK');
                if (BUSY.has(kindOf(error) ?? 0))
                    return undefined;
                throw error;
            }
        });
    }
    /** Writes the whole file anew, without gaps; false when it was not done. */
    compact() {
        return this.read(false, (database) => {
            try {
                database.exec('VACUUM');
                return true;
            }
            catch (error) {
                if (BUSY.has(kindOf(error) ?? 0))
                    return false;
                throw error;
            }
        });
    }
    /** Size of the file. */
    get bytes() {
        return this.read(0, (database) => {
            const count = database.prepare('PRAGMA page_count').get()?.['page_count'];
            return Number(count) * PAGE_SIZE;
        });
    }
    /** Safe to call twice. */
    close() {
        if (this.usable)
            this.read(undefined, (database) => database.close());
    }
    #fail(error) {
        this.#tell(`cannot be used any more (${reasonOf(error)}): ${this.#kind.without}`);
        try {
            if (this.usable)
                this.#database.close();
            if (isFlaw(error))
                deleteDatabase(this.#file);
        }
        catch {
            // What cannot be deleted now is found out, and told, the next time it is opened.
        }
    }
}


/***/ }),

/***/ 30588:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   n: () => (/* binding */ integer)
/* harmony export */ });
/* harmony import */ var zod_mini__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(64924);
/* harmony import */ var zod_mini__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(52433);

/**
 * An integer of a database that anybody may have written, as a number from 0 on. It is read as a
 * bigint (`setReadBigInts`), because Node throws where a number cannot hold it.
 */
const integer = zod_mini__WEBPACK_IMPORTED_MODULE_0__/* .pipe */ .FsL(zod_mini__WEBPACK_IMPORTED_MODULE_0__/* .bigint */ .oad().check(zod_mini__WEBPACK_IMPORTED_MODULE_1__/* ._gte */ .qm(0n), zod_mini__WEBPACK_IMPORTED_MODULE_1__/* ._lte */ .Zm(BigInt(Number.MAX_SAFE_INTEGER))), zod_mini__WEBPACK_IMPORTED_MODULE_0__/* .transform */ .pdi(Number));


/***/ }),

/***/ 26200:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   T: () => (/* binding */ loadSqlite)
/* harmony export */ });
/**
 * Node's own SQLite, loaded when it is first asked for; later calls return the same module.
 * @throws Error where this Node was built without SQLite
 */
async function loadSqlite() {
    // Not import(): test runners and bundlers do not all know what `node:sqlite` is.
    const sqlite = process.getBuiltinModule('node:sqlite');
    if (sqlite)
        return sqlite;
    throw new Error('this Node has no SQLite');
}


/***/ })

};
