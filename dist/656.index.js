export const id = 656;
export const ids = [656];
export const modules = {

/***/ 77656:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  findingLines: () => (/* binding */ findingLines),
  runProbe: () => (/* binding */ runProbe)
});

// EXTERNAL MODULE: ./lib/http/transport.js
var transport = __webpack_require__(84492);
// EXTERNAL MODULE: ./lib/oci/digest.js
var oci_digest = __webpack_require__(56648);
// EXTERNAL MODULE: ./lib/util/errors.js
var errors = __webpack_require__(48946);
// EXTERNAL MODULE: ./lib/util/text.js
var util_text = __webpack_require__(89598);
// EXTERNAL MODULE: ./lib/registry/connection.js
var connection = __webpack_require__(72804);
// EXTERNAL MODULE: ./lib/registry/location.js
var registry_location = __webpack_require__(44407);
// EXTERNAL MODULE: ./lib/registry/upload/start.js
var start = __webpack_require__(97422);
// EXTERNAL MODULE: ./lib/registry/error.js
var registry_error = __webpack_require__(79100);
;// CONCATENATED MODULE: ./lib/registry/probe.js








/** The empty JSON object: two bytes that half the artifacts of the world have for a config. */
const EMPTY = Buffer.from('{}');
const CHUNK = 1024;
/** Asks one question after another; what fails is an answer, too. */
class Probe {
    findings = [];
    #connection;
    #repository;
    #signal;
    constructor(connection, repository, signal) {
        this.#connection = connection;
        this.#repository = repository;
        this.#signal = signal;
    }
    note(what, answer) {
        this.findings.push({ what, answer });
    }
    async ask(what, question) {
        try {
            const answer = await question();
            if (answer !== undefined)
                this.note(what, answer);
        }
        catch (error) {
            this.#signal.throwIfAborted();
            this.note(what, `failed: ${(0,errors/* messageOf */.bD)(error)}`);
        }
    }
    send(options) {
        const scopes = [(0,connection/* pushScope */.Xu)(this.#repository)];
        return (0,connection/* call */.T1)(this.#connection, { ...options, scopes, retry: 'never', signal: this.#signal });
    }
    /** The first question, whose failure ends everything: may we write there at all? */
    async singlePost() {
        const digest = (0,oci_digest/* digestOf */.ol)(EMPTY);
        const body = (0,transport/* bodyOf */.E)(EMPTY);
        const stored = await (0,start/* postWhole */.qn)(this.#connection, this.#repository, digest, body, this.#signal);
        if (stored === 'stored')
            return this.note('a blob in one POST (?digest=)', 'yes');
        this.note('a blob in one POST (?digest=)', 'no: it opens an upload instead');
        try {
            await stored.putWhole(digest, body, this.#signal);
        }
        finally {
            await stored.cancel(this.#signal);
        }
    }
    /** Two chunks, and what GET on the session says between them. */
    async chunks() {
        const session = await (0,start/* startUpload */.aH)(this.#connection, this.#repository, this.#signal);
        try {
            const minimum = this.#connection.capabilities.announcedMinimum;
            this.note('smallest chunk', minimum > 0 ? (0,util_text/* formatBytes */.z3)(minimum) : 'does not say');
            const first = await this.#patch(session, 0);
            this.note('chunks (PATCH)', first);
            if (first === 'yes')
                await this.#session(session);
        }
        finally {
            await session.cancel(this.#signal);
        }
        return undefined;
    }
    async #session(session) {
        const told = await session.offset(this.#signal);
        const meaning = told === CHUNK ? 'exact' : told === CHUNK + 1 ? 'counts one byte too many' : 'not usable';
        this.note('offset of a session (GET)', told === undefined ? 'does not say' : `${meaning} (${told} of ${CHUNK})`);
        this.note('a second chunk', await this.#patch(session, CHUNK));
    }
    async #patch(session, start) {
        const range = { start, end: start + CHUNK };
        try {
            await session.patch(range, (0,transport/* bodyOf */.E)(Buffer.alloc(CHUNK)), this.#signal);
            return 'yes';
        }
        catch (error) {
            if (!(error instanceof registry_error/* RegistryError */.gl))
                throw error;
            return `no (${error.status})`;
        }
    }
    /** Without `from`, a registry may look for the blob itself. */
    async anonymousMount() {
        const uploads = (0,connection/* apiUrl */.y0)(this.#connection, `${this.#repository}/blobs/uploads/`);
        const url = (0,registry_location/* withQuery */.V)(uploads, { mount: (0,oci_digest/* digestOf */.ol)(EMPTY) });
        const response = await this.send({ method: 'POST', url });
        if (response.status === 201)
            return 'yes';
        if (response.status !== 202)
            return `no (${response.status})`;
        const { registry, origin, resolve } = this.#connection;
        const { location } = response.headers;
        const session = await (0,registry_location/* resolveLocation */.K)(location, url, origin, registry, resolve);
        await this.send({ method: 'DELETE', url: session, urgent: true });
        return 'no: it opens an upload instead';
    }
    async referrers() {
        const url = (0,connection/* apiUrl */.y0)(this.#connection, `${this.#repository}/referrers/${(0,oci_digest/* digestOf */.ol)(EMPTY)}`);
        const scopes = [(0,connection/* pullScope */.iH)(this.#repository)];
        const response = await (0,connection/* call */.T1)(this.#connection, {
            method: 'GET',
            url,
            scopes,
            signal: this.#signal,
        });
        return response.status === 200 ? 'yes' : `no (${response.status})`;
    }
}
/**
 * Finds out what a registry can do, by asking it. It leaves one blob of two bytes in the repository,
 * and no upload.
 * @throws PushError when one may not write there
 */
async function probeRegistry(connection, repository, signal) {
    const probe = new Probe(connection, repository, signal);
    await probe.singlePost();
    await probe.ask('chunks (PATCH)', () => probe.chunks());
    await probe.ask('mount without from', () => probe.anonymousMount());
    await probe.ask('referrers API', () => probe.referrers());
    const { profile } = connection.capabilities;
    return [{ what: 'profile', answer: `${profile.name} (${profile.title})` }, ...probe.findings];
}

// EXTERNAL MODULE: ./lib/util/clock.js
var clock = __webpack_require__(29791);
// EXTERNAL MODULE: ./lib/util/events.js
var events = __webpack_require__(72272);
// EXTERNAL MODULE: ./lib/app/wire.js + 33 modules
var wire = __webpack_require__(38131);
;// CONCATENATED MODULE: ./lib/app/run-probe.js




/**
 * Asks a registry what it can do.
 * @throws PushError when it cannot be reached, or one may not write there
 */
async function runProbe({ registry, repository }, config, host, signal) {
    const emit = (0,events/* createEmitter */.z)(host.sinks, () => clock/* systemClock */.m.now());
    const network = (0,wire/* wireNetwork */.E)(config, host, emit);
    try {
        return await probeRegistry(await network.connect(registry, signal), repository, signal);
    }
    finally {
        await network.close();
    }
}
/** Findings as aligned lines. */
function findingLines(findings) {
    const width = Math.max(...findings.map(({ what }) => what.length));
    return findings.map(({ what, answer }) => `${what.padEnd(width)}  ${answer}`);
}


/***/ })

};
