export const id = 616;
export const ids = [616,934];
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

/***/ 60616:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  ResumeLedger: () => (/* binding */ ResumeLedger)
});

// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __webpack_require__(73024);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(76760);
// EXTERNAL MODULE: external "node:timers/promises"
var promises_ = __webpack_require__(58500);
// EXTERNAL MODULE: ./lib/util/atomic-file.js
var atomic_file = __webpack_require__(9311);
// EXTERNAL MODULE: ./lib/util/errors.js
var errors = __webpack_require__(48946);
// EXTERNAL MODULE: ./lib/state/lock.js
var state_lock = __webpack_require__(59431);
// EXTERNAL MODULE: ./lib/state/resume-schema.js + 1 modules
var resume_schema = __webpack_require__(30532);
;// CONCATENATED MODULE: ./lib/state/resume-book.js

const EVERY_MS = 2000;
const EVERY_BYTES = 16 * 1024 * 1024;
function isDue(entry, { bytes, location }, now) {
    const ahead = bytes - entry.bytes;
    const elapsed = now - entry.time;
    if (ahead < 0 || ahead >= EVERY_BYTES || elapsed < 0 || elapsed >= EVERY_MS)
        return true;
    // The blob has started over, and not come further than it was.
    return ahead === 0 && location !== entry.location;
}
/** @returns true when what was written down is no longer right */
function agreeOnSharing(entry, { location, shareable }) {
    if (entry.shareable === shareable)
        return false;
    // A yes is about this address alone, and a no about all of them.
    if (shareable && entry.location !== location)
        return false;
    entry.shareable = shareable;
    return true;
}
/** @returns undefined for what nobody could read again */
function entryAt({ size }, at, now) {
    const { bytes, location, shareable } = at;
    if (!(0,resume_schema/* isVisible */.zN)(location, resume_schema/* RESUME_LIMITS */.DM.locationLength))
        return undefined;
    if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > size)
        return undefined;
    return { total: size, bytes, checksum: at.checksum(), location, shareable, time: now };
}
/** What has arrived and what is on its way, in memory; within `RESUME_LIMITS`. */
class ResumeBook {
    #places = new Map();
    /** the same, by the object: looked up for every piece of every blob */
    #known = new WeakMap();
    #layers = 0;
    #manifests = 0;
    /** @param places what an earlier run has left */
    constructor(places = []) {
        for (const { Registry, Repository, UploadedLayers, Manifests } of places) {
            const place = { registry: Registry, repository: Repository };
            for (const layer of Object.values(UploadedLayers))
                this.#load(place, layer);
            for (const digest of Manifests)
                this.addManifest(place, digest);
        }
    }
    hasFinished(place, digest) {
        const entry = this.#entriesOf(place)?.layers.get(digest);
        return entry !== undefined && entry.location === undefined;
    }
    /** The blob's upload; undefined when none is under way. */
    session(place, digest) {
        const entry = this.#entriesOf(place)?.layers.get(digest);
        return entry?.location === undefined ? undefined : { ...entry, location: entry.location };
    }
    /** The blob's upload has come so far. */
    reach(place, descriptor, at, now) {
        const old = this.#entriesOf(place)?.layers.get(descriptor.digest);
        const goesOn = old?.location !== undefined;
        if (goesOn && !isDue(old, at, now))
            return agreeOnSharing(old, at) ? 'later' : undefined;
        const entry = entryAt(descriptor, at, now);
        if (!entry || !this.#set(place, descriptor.digest, entry))
            return undefined;
        return goesOn && (at.bytes > old.bytes || at.location === old.location) ? 'further' : 'session';
    }
    /** @returns true when that is news */
    addBlob(place, { digest, size }, now) {
        if (this.hasFinished(place, digest))
            return false;
        const entry = { total: size, bytes: size, checksum: digest, location: undefined, time: now };
        return this.#set(place, digest, { ...entry, shareable: false });
    }
    hasManifest(place, digest) {
        return this.#entriesOf(place)?.manifests.has(digest) ?? false;
    }
    /** What another run could go on with: uploads that are under way, and their bytes. */
    unfinished() {
        let blobs = 0;
        let sum = 0;
        for (const { layers } of this.#places.values()) {
            for (const { location, bytes } of layers.values()) {
                if (location === undefined)
                    continue;
                blobs += 1;
                sum += bytes;
            }
        }
        return { blobs, bytes: sum };
    }
    /** @returns true when that is news */
    addManifest(place, digest) {
        const entries = this.#entriesOf(place, true);
        if (!entries || entries.manifests.has(digest))
            return false;
        if (this.#manifests >= resume_schema/* RESUME_LIMITS */.DM.manifests)
            return false;
        entries.manifests.add(digest);
        this.#manifests += 1;
        return true;
    }
    /** Forgets the blob in this place; true when there was something to forget. */
    drop(place, digest) {
        const dropped = this.#entriesOf(place)?.layers.delete(digest) ?? false;
        if (dropped)
            this.#layers -= 1;
        return dropped;
    }
    /** All of it, as it is written down. */
    places() {
        return Array.from(this.#places.values(), ({ place, layers, manifests }) => ({
            Registry: place.registry,
            Repository: place.repository,
            UploadedLayers: Object.fromEntries(Array.from(layers, ([digest, entry]) => [
                digest,
                {
                    Digest: digest,
                    BytesWritten: entry.bytes,
                    TotalBytes: entry.total,
                    Checksum: entry.checksum,
                    ...(entry.location === undefined
                        ? {}
                        : { Location: entry.location, Shareable: entry.shareable }),
                },
            ])),
            Manifests: [...manifests],
        }));
    }
    #load(place, layer) {
        const { Digest: digest, BytesWritten, TotalBytes, Checksum, Location, Shareable } = layer;
        // Without an address nobody can go on with it.
        if (Location === undefined && !(0,resume_schema/* isFinished */.$g)(layer))
            return;
        this.#set(place, digest, {
            total: TotalBytes,
            bytes: BytesWritten,
            checksum: Checksum,
            location: Location,
            shareable: Shareable ?? false,
            // Long ago: the first word of this run is written down.
            time: Number.NEGATIVE_INFINITY,
        });
    }
    #set(place, digest, entry) {
        const entries = this.#entriesOf(place, true);
        if (!entries)
            return false;
        if (!entries.layers.has(digest)) {
            if (this.#layers >= resume_schema/* RESUME_LIMITS */.DM.layers)
                return false;
            this.#layers += 1;
        }
        entries.layers.set(digest, entry);
        return true;
    }
    /** @param create makes an entry for the place unless there are too many */
    #entriesOf(place, create = false) {
        const known = this.#known.get(place);
        if (known)
            return known;
        const { registry, repository } = place;
        const key = `${registry}/${repository}`;
        let entries = this.#places.get(key);
        if (!entries && create && this.#isWritable(place)) {
            entries = { place: { registry, repository }, layers: new Map(), manifests: new Set() };
            this.#places.set(key, entries);
        }
        if (entries)
            this.#known.set(place, entries);
        return entries;
    }
    #isWritable({ registry, repository }) {
        const { places, nameLength } = resume_schema/* RESUME_LIMITS */.DM;
        return (this.#places.size < places &&
            (0,resume_schema/* isVisible */.zN)(registry, nameLength) &&
            (0,resume_schema/* isVisible */.zN)(repository, nameLength));
    }
}

// EXTERNAL MODULE: ./lib/state/resume-file.js
var resume_file = __webpack_require__(38798);
// EXTERNAL MODULE: ./lib/oci/digest.js
var digest = __webpack_require__(56648);
// EXTERNAL MODULE: ./lib/state/resume-sweep.js
var resume_sweep = __webpack_require__(88934);
;// CONCATENATED MODULE: ./lib/state/resume-found.js




const DAY_MS = 24 * 3_600_000;
function layersOf(places) {
    return places.flatMap(({ UploadedLayers }) => Object.values(UploadedLayers));
}
function uploadsOf(places) {
    return places.flatMap(({ Registry: registry, Repository: repository, UploadedLayers }) => Object.values(UploadedLayers).flatMap(({ Location: location }) => location === undefined ? [] : [{ registry, repository, location }]));
}
function summary(places, since) {
    const layers = layersOf(places).filter((layer) => layer.Location !== undefined || (0,resume_schema/* isFinished */.$g)(layer));
    if (layers.length === 0)
        return undefined;
    return {
        since,
        blobs: layers.filter(resume_schema/* isFinished */.$g).length,
        bytes: layers.reduce((sum, { BytesWritten }) => sum + BytesWritten, 0),
    };
}
/** Why a state of that time is not used; undefined: it is. */
function timeNote(since, now) {
    const age = now - since;
    if (age >= -DAY_MS && age <= resume_sweep/* RESUME_MAX_AGE_MS */.aS)
        return undefined;
    const days = Math.floor(age / DAY_MS);
    const when = age < 0 ? 'of a time that is still to come' : `${days} days old`;
    return `The resume state is ${when}: starting over.`;
}
function otherNote(image) {
    const short = `${(0,digest/* algorithmOf */.Hy)(image)}:${(0,digest/* shortDigest */.VK)(image)}…`;
    return `The interrupted push was of another image (${short}): its state is not used. Layers in common are found in the registry.`;
}
/**
 * Reads a resume file and decides what a push of this image makes of it. Never throws.
 * @param now ms since 1970
 */
async function judgeResumeFile(file, image, now) {
    const { state, reason } = await (0,resume_file/* readResumeFile */.yA)(file);
    if (!state) {
        const note = `The resume state ${file} cannot be used: ${reason}; starting over.`;
        return { places: [], abandoned: [], ...(reason === undefined ? {} : { note }) };
    }
    const { ImageDigest: other, LastCheckpoint, Places: places } = state;
    const since = Date.parse(LastCheckpoint);
    const note = other === image ? timeNote(since, now) : otherNote(other);
    if (note !== undefined)
        return { places: [], abandoned: uploadsOf(places), note };
    const found = summary(places, since);
    return { places, abandoned: [], ...(found ? { found } : {}) };
}

// EXTERNAL MODULE: ./lib/state/resume-name.js
var resume_name = __webpack_require__(11271);
// EXTERNAL MODULE: external "node:fs/promises"
var external_node_fs_promises_ = __webpack_require__(51455);
;// CONCATENATED MODULE: ./lib/state/resume-writer.js



const GAP_MS = 100;
/** Pushes that are shorter, and have no large blobs, leave no trace. */
const QUIET_MS = 250;
const LONGEST_MS = 1000;
/** Putting the text together may take one part in so many of the process's time. */
const SHARE = 20;
/** Writes a text that changes all the time: always the latest, one at a time, and never in the way. */
class ResumeWriter {
    #options;
    #opened;
    #lastStart = Number.NEGATIVE_INFINITY;
    #pauseEnd = Number.NEGATIVE_INFINITY;
    /** when the next write is to start; undefined when nobody has asked for one */
    #due;
    #timer;
    #running;
    #waiting = [];
    #pending;
    #failed = false;
    #closed = false;
    constructor(options) {
        this.#options = options;
        this.#opened = options.now();
        this.#pending = options.outdated;
    }
    /** False when nothing is going to be written any more. */
    get isActive() {
        return !this.#failed && !this.#closed;
    }
    /** The text has changed, and whichever write comes next is early enough. */
    later() {
        this.#pending = true;
    }
    /** The text has changed, and the next regular write is early enough. */
    soon() {
        this.#ask(Math.max(this.#lastStart + GAP_MS, this.#opened + QUIET_MS));
    }
    /** The text has changed, and what is new in it would be lost in a moment. */
    atOnce() {
        this.#ask(Number.NEGATIVE_INFINITY);
    }
    /** Resolves when what was asked for at once is in the file, or cannot be written. */
    settled() {
        if (!this.isActive || (this.#due === undefined && !this.#running))
            return Promise.resolve();
        return new Promise((resolve) => this.#waiting.push(resolve));
    }
    /**
     * Brings the file up to date for the last time. Never throws.
     * @param remove the file is of no use any more
     */
    async close(remove) {
        this.#closed = true;
        clearTimeout(this.#timer);
        await this.#running;
        for (const resolve of this.#waiting.splice(0))
            resolve();
        // What is left behind then says nothing that is wrong.
        if (remove)
            await (0,external_node_fs_promises_.rm)(this.#options.file, { force: true }).catch(() => undefined);
        else if (this.#pending && !this.#failed)
            await this.#write();
    }
    #ask(time) {
        if (!this.isActive)
            return;
        this.#pending = true;
        const due = Math.max(time, this.#pauseEnd);
        if (this.#due !== undefined && this.#due <= due)
            return;
        this.#due = due;
        if (!this.#running)
            this.#arm(due);
    }
    #arm(due) {
        clearTimeout(this.#timer);
        // A clock that was set back must not put it off for an hour.
        const wait = Math.min(LONGEST_MS, Math.max(0, due - this.#options.now()));
        this.#timer = setTimeout(() => {
            this.#running = this.#write().finally(() => {
                this.#running = undefined;
                if (this.#due !== undefined && this.isActive)
                    this.#arm(this.#due);
                // What was asked for while this was being written is in the next one.
                else
                    for (const resolve of this.#waiting.splice(0))
                        resolve();
            });
        }, wait).unref();
    }
    async #write() {
        const { file, now, text, onWritten, onFailed } = this.#options;
        this.#due = undefined;
        this.#pending = false;
        try {
            this.#lastStart = now();
            const began = performance.now();
            const latest = text();
            this.#pauseEnd = now() + SHARE * (performance.now() - began);
            if (latest === undefined) {
                await (0,external_node_fs_promises_.rm)(file, { force: true });
                return;
            }
            if (Buffer.byteLength(latest) > resume_schema/* RESUME_LIMITS */.DM.fileBytes) {
                throw new Error('it has grown too large');
            }
            await (0,atomic_file/* writeFileAtomically */.lo)(file, latest);
            onWritten();
        }
        catch (error) {
            if (this.#failed)
                return;
            this.#failed = true;
            onFailed(error);
        }
    }
}

// EXTERNAL MODULE: ./lib/util/make-folder.js
var make_folder = __webpack_require__(17612);
;// CONCATENATED MODULE: ./lib/state/resume-ledger.js














/** What a finished or cancelled push waits for old files to be tidied up. */
const SWEEP_MS = 200;
/** @throws Error where it is a link: whoever filled the folder above it chose where that leads */
function makeOwnFolder(directory) {
    (0,make_folder/* makeFolder */.f)(directory, 0o700);
    // Without a slash at its end, which would have it followed.
    if ((0,external_node_fs_.lstatSync)((0,external_node_path_.resolve)(directory)).isSymbolicLink())
        throw new Error('it is a link');
}
/** What happened: the system's code, for the path is in the sentence already, or what was said. */
function reasonOf(error) {
    const code = (0,errors/* systemCode */.xU)(error) ?? '';
    return /^E[A-Z0-9]+$/.test(code) ? code : (0,errors/* messageOf */.bD)(error);
}
/** How much another machine could make use of. */
function progressOf(state) {
    let bytes = 0;
    let left = 0;
    for (const { UploadedLayers } of state.Places) {
        for (const { BytesWritten, TotalBytes, Shareable } of Object.values(UploadedLayers)) {
            bytes += BytesWritten;
            if (Shareable)
                left += TotalBytes - BytesWritten;
        }
    }
    return { bytes, left };
}
/**
 * Writes down how far a push has come, so that another process can go on with it, and knows what an
 * earlier one has written. One file per image, held by one process at a time. After `open` nothing
 * in here throws or waits: what fails is one warning, and the push goes on without.
 */
class ResumeLedger {
    /** the state file */
    file;
    /** what an earlier run of this same image has left */
    found;
    /** uploads nobody goes on with: those of another image's state */
    abandoned;
    #options;
    #opened;
    #earlier;
    #book;
    #writer;
    #progress = { bytes: 0, left: 0 };
    #closed;
    /**
     * Opens the state of an image.
     * @returns undefined when another process has it or the folder cannot be used, which a note or a
     *   warning has said then
     */
    static async open(options) {
        const { directory, name, image, now, onNote, onWarning } = options;
        const file = (0,external_node_path_.join)(directory, (0,resume_name/* resumeFileName */.z)(name));
        let lock;
        try {
            makeOwnFolder(directory);
            lock = await (0,state_lock/* acquireLock */.I)((0,resume_sweep/* resumeLockFile */.PG)(file));
            if (!lock) {
                onNote(`Another process is pushing ${name}: going on without resume.`);
                return undefined;
            }
            await (0,atomic_file/* removeTemporaries */.AH)(file);
            const judgement = await judgeResumeFile(file, image, now());
            if (judgement.note !== undefined)
                onNote(judgement.note);
            const sweep = (0,resume_sweep/* sweepResumeFiles */.JB)(directory, now());
            return new ResumeLedger(options, judgement, { file, lock, sweep });
        }
        catch (error) {
            lock?.release();
            onWarning(`No state can be kept in ${directory} (${reasonOf(error)}); going on without resume.`);
            return undefined;
        }
    }
    constructor(options, { places, found, abandoned }, opened) {
        this.file = opened.file;
        this.found = found;
        this.abandoned = abandoned;
        this.#options = options;
        this.#opened = opened;
        this.#earlier = new ResumeBook(places);
        this.#book = new ResumeBook(places);
        this.#writer = new ResumeWriter({
            file: opened.file,
            now: options.now,
            text: () => this.#text(),
            onWritten: () => options.onWritten?.(this.#progress),
            onFailed: (error) => options.onWarning(`The resume state ${opened.file} cannot be written (${reasonOf(error)}); going on without resume.`),
            outdated: found === undefined,
        });
    }
    /** Uploads of this run that another one could go on with. */
    get unfinished() {
        return this.#book.unfinished();
    }
    /** True when the blob or manifest had arrived in an earlier run. */
    finished(place, digest) {
        return this.#earlier.hasFinished(place, digest) || this.#earlier.hasManifest(place, digest);
    }
    /** How far an earlier run had come with the blob; undefined after `forgetUpload`. */
    earlier(place, digest) {
        const session = this.#earlier.session(place, digest);
        if (!session)
            return undefined;
        return {
            location: session.location,
            bytesWritten: session.bytes,
            checksum: session.checksum,
        };
    }
    /** The blob's upload has come so far. To be called with every piece: mostly it costs nothing. */
    reached(place, descriptor, at) {
        if (!this.#writer.isActive)
            return;
        let reached;
        try {
            reached = this.#book.reach(place, descriptor, at, this.#options.now());
        }
        catch {
            // There is no checksum: there is nothing to write down either.
        }
        if (reached === 'later')
            this.#writer.later();
        if (reached === 'further')
            this.#writer.soon();
        if (reached !== 'session')
            return;
        this.#writer.atOnce();
        // The blob begins anew, whatever had become of it.
        this.#earlier.drop(place, descriptor.digest);
    }
    /** Resolves when what is known is in the file, as far as it can be written. */
    written() {
        return this.#writer.settled();
    }
    /** The blob's upload is of no use any more. */
    forgetUpload(place, digest) {
        if (this.#earlier.session(place, digest))
            this.#earlier.drop(place, digest);
        if (!this.#book.session(place, digest))
            return;
        if (this.#book.drop(place, digest))
            this.#writer.soon();
    }
    /** The blob was said to have arrived, and is not there. */
    forgetBlob(place, digest) {
        if (this.#earlier.hasFinished(place, digest))
            this.#earlier.drop(place, digest);
        if (!this.#book.hasFinished(place, digest))
            return;
        if (this.#book.drop(place, digest))
            this.#writer.soon();
    }
    /** The blob is in the repository. */
    blobArrived(place, descriptor) {
        if (this.#earlier.session(place, descriptor.digest)) {
            this.#earlier.drop(place, descriptor.digest);
        }
        if (this.#book.addBlob(place, descriptor, this.#options.now()))
            this.#writer.soon();
    }
    /** The manifest is in the repository. */
    manifestArrived(place, digest) {
        if (this.#book.addManifest(place, digest))
            this.#writer.soon();
    }
    /**
     * Writes down the last state, or removes the file when the push is finished, and lets others have
     * it. Never throws; later calls wait for the first one.
     */
    close(finished) {
        this.#closed ??= this.#close(finished);
        return this.#closed;
    }
    async #close(finished) {
        const { lock, sweep } = this.#opened;
        await this.#writer.close(finished);
        lock.release();
        // The folder may be a slow one, and full; what is left is for the next push.
        const patience = new AbortController();
        const { signal } = patience;
        await Promise.race([sweep, (0,promises_.setTimeout)(SWEEP_MS, undefined, { signal }).catch(() => undefined)]);
        patience.abort();
    }
    #text() {
        const { name, image, now, shareableOnly } = this.#options;
        const state = {
            SchemaVersion: 1,
            Image: (0,resume_schema/* isVisible */.zN)(name, resume_schema/* RESUME_LIMITS */.DM.nameLength) ? name : 'unnamed',
            ImageDigest: image,
            LastCheckpoint: new Date(now()).toISOString(),
            Places: this.#book.places(),
        };
        const kept = shareableOnly === true ? (0,resume_file/* shareableState */.TJ)(state) : state;
        this.#progress = progressOf(kept);
        const layers = kept.Places.flatMap(({ UploadedLayers }) => Object.keys(UploadedLayers));
        return layers.length > 0 ? (0,resume_file/* formatResumeState */.A4)(kept) : undefined;
    }
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
