export const id = 604;
export const ids = [604];
export const modules = {

/***/ 67604:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

__webpack_require__.r(__webpack_exports__);
/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   CompressedLayers: () => (/* binding */ CompressedLayers)
/* harmony export */ });
/* harmony import */ var node_crypto__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(77598);
/* harmony import */ var zod_mini__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(64924);
/* harmony import */ var zod_mini__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(52433);
/* harmony import */ var zod_mini__WEBPACK_IMPORTED_MODULE_6__ = __webpack_require__(67905);
/* harmony import */ var _oci_digest_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(56648);
/* harmony import */ var _database_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(39066);
/* harmony import */ var _integer_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(30588);





const KIND = {
    name: 'memory of compressed layers',
    without: 'compressed layers are not remembered',
    applicationId: 0x69_64_70_6c, // idpl
    version: 1,
    schema: `
CREATE TABLE layer (
  diff_id TEXT NOT NULL,
  compressor TEXT NOT NULL,
  media_type TEXT NOT NULL,
  digest TEXT NOT NULL,
  size INTEGER NOT NULL,
  used INTEGER NOT NULL,
  checksum BLOB NOT NULL,
  PRIMARY KEY (diff_id, compressor)
) STRICT, WITHOUT ROWID`,
    trusted: true,
};
const MAX_ENTRIES = 10_000;
/** Ten thousand rows take less than half of it. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Room for what comes next, so that not every layer has to make some. */
const ENTRIES_KEPT = 0.95;
const REFRESH_SECONDS = 24 * 60 * 60;
const LONGEST_VERSION = 200;
const described = zod_mini__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({
    mediaType: zod_mini__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP().check(zod_mini__WEBPACK_IMPORTED_MODULE_5__/* ._regex */ .Fk(/^[\w.+-]+\/[\w.+-]+$/), zod_mini__WEBPACK_IMPORTED_MODULE_5__/* ._maxLength */ .Eb(255)),
    digest: zod_mini__WEBPACK_IMPORTED_MODULE_4__/* .custom */ .IeY(_oci_digest_js__WEBPACK_IMPORTED_MODULE_1__/* .isDigest */ .Bc),
    size: zod_mini__WEBPACK_IMPORTED_MODULE_4__/* .int */ .Whr().check(zod_mini__WEBPACK_IMPORTED_MODULE_5__/* ._gte */ .qm(0)),
});
const layerRow = zod_mini__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({
    ...described.shape,
    size: _integer_js__WEBPACK_IMPORTED_MODULE_3__/* .integer */ .n,
    used: _integer_js__WEBPACK_IMPORTED_MODULE_3__/* .integer */ .n,
    checksum: zod_mini__WEBPACK_IMPORTED_MODULE_4__/* ["instanceof"] */ .Nlp(Uint8Array),
});
/** Finds out what the disk has made of a row: a wrong digest would end in a manifest. */
function checksumOf(diffId, compressor, layer) {
    const { mediaType, digest, size } = layer;
    const row = JSON.stringify([diffId, compressor, mediaType, digest, size]);
    return (0,node_crypto__WEBPACK_IMPORTED_MODULE_0__.createHash)('sha256').update(row).digest();
}
/**
 * Remembers across runs what layers were compressed to: by their diff ID and the compressor's
 * version. Nothing here throws; what fails is told once, and then nothing is remembered.
 */
class CompressedLayers {
    #database;
    #options;
    constructor(database, options) {
        this.#database = database;
        this.#options = options;
    }
    /**
     * Never throws; undefined when the file cannot be used, or when others may have written it, of
     * which `onProblem` was told.
     */
    static async open(options) {
        const database = await _database_js__WEBPACK_IMPORTED_MODULE_2__/* .Database */ .W.open(KIND, { ...options, maxBytes: MAX_BYTES });
        return database && new CompressedLayers(database, options);
    }
    /** What the layer was compressed to by this version of a compressor. */
    async get(diffId, compressorVersion) {
        if (compressorVersion.length > LONGEST_VERSION)
            return undefined;
        const found = this.#database.read(undefined, (database) => find(database, diffId, compressorVersion));
        if (!found)
            return undefined;
        const { used, ...layer } = found;
        if (Math.abs(this.#now() - used) >= REFRESH_SECONDS)
            this.#write(diffId, compressorVersion, layer);
        return layer;
    }
    /** Remembers it, in place of what was remembered before. */
    async put(diffId, compressorVersion, layer) {
        const { data } = zod_mini__WEBPACK_IMPORTED_MODULE_6__/* .safeParse */ .xL(described, layer);
        if (!data || compressorVersion.length > LONGEST_VERSION)
            return;
        this.#write(diffId, compressorVersion, data);
    }
    /** Closes the file. Safe to call twice. */
    close() {
        this.#database.close();
    }
    #now() {
        return Math.floor(this.#options.now() / 1000);
    }
    #write(diffId, compressor, layer) {
        const { mediaType, digest, size } = layer;
        const { maxEntries = MAX_ENTRIES } = this.#options;
        const checksum = checksumOf(diffId, compressor, layer);
        this.#database.write((database) => {
            database
                .prepare('INSERT OR REPLACE INTO layer VALUES (?, ?, ?, ?, ?, ?, ?)')
                .run(diffId, compressor, mediaType, digest, size, this.#now(), checksum);
            return trim(database, maxEntries);
        });
    }
}
function find(database, diffId, compressor) {
    const select = database.prepare(`SELECT media_type AS mediaType, digest, size, used, checksum
    FROM layer WHERE diff_id = ? AND compressor = ?`);
    select.setReadBigInts(true);
    const { data } = zod_mini__WEBPACK_IMPORTED_MODULE_6__/* .safeParse */ .xL(layerRow, select.get(diffId, compressor));
    if (!data)
        return undefined;
    const { checksum, ...layer } = data;
    return checksumOf(diffId, compressor, layer).equals(checksum) ? layer : undefined;
}
/** Removes the least recently used beyond `maxEntries`; returns how many. */
function trim(database, maxEntries) {
    const count = Number(database.prepare('SELECT count(*) AS n FROM layer').get()?.['n']);
    if (count <= maxEntries)
        return 0;
    const remove = database.prepare(`DELETE FROM layer WHERE (diff_id, compressor) IN
    (SELECT diff_id, compressor FROM layer ORDER BY used LIMIT ?)`);
    return Number(remove.run(count - Math.floor(maxEntries * ENTRIES_KEPT)).changes);
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
