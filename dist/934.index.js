export const id = 934;
export const ids = [934];
export const modules = {

/***/ 59431:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   I: () => (/* binding */ acquireLock)
/* harmony export */ });
/* harmony import */ var node_fs__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(73024);
/* harmony import */ var node_timers_promises__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(58500);
/* harmony import */ var _util_errors_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(48946);
/* harmony import */ var _sqlite_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(26200);




const SQLITE_BUSY = 5;
const ATTEMPTS = 4;
const LONGEST_WAIT_MS = 15;
// Nothing is kept in it, so nothing has to survive; and a journal would be one more file.
const LOCK = 'PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN EXCLUSIVE';
/** Says to everybody who has the file open that its name is gone. */
const RETIRE = 'PRAGMA user_version = 1; COMMIT';
function isBusy(error) {
    // The low byte is the kind of error, the others are details.
    return (Error.isError(error) && 'errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY);
}
/**
 * Which file has this name now; undefined: none.
 * @throws Error where it is no lock: a lock is empty and has one name, and what is not must not be
 *   removed either. SQLite would follow a link, and make or fill a file somewhere else.
 */
function identityOf(file) {
    const found = (0,node_fs__WEBPACK_IMPORTED_MODULE_0__.lstatSync)(file, { bigint: true, throwIfNoEntry: false });
    if (!found)
        return undefined;
    if (!found.isFile() || found.size > 0n || found.nlink > 1n)
        throw new Error(`${file} is not a lock file`);
    return `${found.dev}:${found.ino}`;
}
class FileLock {
    /** of the file that had the name when it was locked */
    identity;
    #file;
    #database;
    constructor(file, database) {
        this.#file = file;
        this.identity = identityOf(file);
        this.#database = database;
    }
    release() {
        if (!this.#database.isOpen)
            return;
        // The name goes while nobody else can have the lock. Whoever has opened the file by then would
        // lock what has no name any more: it is told so in the file itself.
        if (this.#remove()) {
            try {
                this.#database.exec(RETIRE);
            }
            catch {
                // A full disk, for example; then it takes a coincidence to do harm.
            }
        }
        this.#database.close();
        // Windows removes only what nobody has open, which makes it safe to do so afterwards.
        if (process.platform === 'win32')
            this.#remove();
    }
    /** True when the file has lost its name. */
    #remove() {
        try {
            if (identityOf(this.#file) !== this.identity)
                return false;
            (0,node_fs__WEBPACK_IMPORTED_MODULE_0__.rmSync)(this.#file);
            return true;
        }
        catch {
            return false;
        }
    }
}
/**
 * Makes the file with a mode of its own choosing: SQLite would let everybody read it.
 * @returns its identity
 */
function createPrivate(file) {
    const found = identityOf(file);
    if (found !== undefined)
        return found;
    try {
        (0,node_fs__WEBPACK_IMPORTED_MODULE_0__.closeSync)((0,node_fs__WEBPACK_IMPORTED_MODULE_0__.openSync)(file, 'wx', 0o600));
    }
    catch (error) {
        // Somebody else was faster. (It must not be opened then: to close it would drop its locks.)
        if ((0,_util_errors_js__WEBPACK_IMPORTED_MODULE_2__/* .systemCode */ .xU)(error) !== 'EEXIST')
            throw error;
    }
    return identityOf(file);
}
/** @returns undefined when somebody has it, or when the file has lost its name meanwhile */
function tryLock(Database, file) {
    const identity = createPrivate(file);
    const database = new Database(file, { timeout: 0 });
    try {
        database.exec(LOCK);
        const retired = database.prepare('PRAGMA user_version').get()?.['user_version'] !== 0;
        if (!retired) {
            const lock = new FileLock(file, database);
            if (identity !== undefined && lock.identity === identity)
                return lock;
            lock.release(); // SQLite has opened, or made, another file than the one that was looked at
            return undefined;
        }
    }
    catch (error) {
        database.close();
        if (isBusy(error))
            return undefined;
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
async function acquireLock(file) {
    const { DatabaseSync } = await (0,_sqlite_js__WEBPACK_IMPORTED_MODULE_3__/* .loadSqlite */ .T)();
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        try {
            const lock = tryLock(DatabaseSync, file);
            if (lock)
                return lock;
        }
        catch (error) {
            // SQLite fails in other ways, too, when the file is removed under its hands.
            if (attempt === ATTEMPTS)
                throw error;
        }
        // Two who come at the very same moment turn each other away: each asks again at its own time.
        if (attempt < ATTEMPTS)
            await (0,node_timers_promises__WEBPACK_IMPORTED_MODULE_1__.setTimeout)(Math.random() * LONGEST_WAIT_MS);
    }
    return undefined;
}


/***/ }),

/***/ 88934:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   JB: () => (/* binding */ sweepResumeFiles),
/* harmony export */   PG: () => (/* binding */ resumeLockFile),
/* harmony export */   aS: () => (/* binding */ RESUME_MAX_AGE_MS),
/* harmony export */   removeResumeFile: () => (/* binding */ removeResumeFile)
/* harmony export */ });
/* harmony import */ var node_fs_promises__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(51455);
/* harmony import */ var node_path__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(76760);
/* harmony import */ var _util_atomic_file_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(9311);
/* harmony import */ var _lock_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(59431);
/* harmony import */ var _resume_file_js__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(38798);





/** A state that is older is not used, and deleted in passing. Registries forget uploads sooner. */
const RESUME_MAX_AGE_MS = 7 * 24 * 3_600_000;
/** A folder with more is tidied up in several pushes. */
const MOST_ENTRIES = 2000;
/** The lock that belongs to a resume file. */
function resumeLockFile(file) {
    return `${file}.lock`;
}
async function isOld(file, now) {
    const { mtimeMs } = await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.stat)(file);
    return now - mtimeMs > RESUME_MAX_AGE_MS;
}
async function removeState(file, now) {
    const lock = await (0,_lock_js__WEBPACK_IMPORTED_MODULE_3__/* .acquireLock */ .I)(resumeLockFile(file));
    if (!lock)
        return;
    try {
        // The folder may be shared with other things: only what can be read as ours is deleted.
        const { state } = await (0,_resume_file_js__WEBPACK_IMPORTED_MODULE_4__/* .readResumeFile */ .yA)(file);
        if (state && (await isOld(file, now)))
            await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.rm)(file, { force: true });
    }
    finally {
        lock.release();
    }
}
/** Removes a resume file, unless another process holds it. Never throws. */
async function removeResumeFile(file) {
    try {
        const lock = await (0,_lock_js__WEBPACK_IMPORTED_MODULE_3__/* .acquireLock */ .I)(resumeLockFile(file));
        if (!lock)
            return;
        try {
            await (0,_util_atomic_file_js__WEBPACK_IMPORTED_MODULE_2__/* .removeTemporaries */ .AH)(file);
            await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.rm)(file, { force: true });
        }
        finally {
            lock.release();
        }
    }
    catch {
        // It is swept in a week.
    }
}
async function sweepEntry(directory, name, now) {
    const file = (0,node_path__WEBPACK_IMPORTED_MODULE_1__.join)(directory, name);
    const temporary = (0,_util_atomic_file_js__WEBPACK_IMPORTED_MODULE_2__/* .temporaryFor */ .vM)(name)?.endsWith('.json') ?? false;
    const lock = name.endsWith(resumeLockFile('.json'));
    if (!(temporary || lock || name.endsWith('.json')) || !(await isOld(file, now)))
        return;
    if (temporary)
        await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.rm)(file, { force: true });
    // To have a lock and let go of it removes it, and a push that takes weeks keeps its own.
    else if (lock)
        (await (0,_lock_js__WEBPACK_IMPORTED_MODULE_3__/* .acquireLock */ .I)(file))?.release();
    else
        await removeState(file, now);
}
/**
 * Deletes resume files that nobody has touched for a week, and what belongs to them. Whatever
 * cannot be deleted stays; it never throws.
 * @param now ms since 1970
 */
async function sweepResumeFiles(directory, now) {
    try {
        let left = MOST_ENTRIES;
        for await (const entry of await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.opendir)(directory)) {
            if ((left -= 1) < 0)
                return;
            if (entry.isFile())
                await sweepEntry(directory, entry.name, now).catch(() => undefined);
        }
    }
    catch {
        // There is no such folder, or it cannot be listed.
    }
}


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
