export const id = 74;
export const ids = [74,101];
export const modules = {

/***/ 98492:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   h: () => (/* binding */ planView)
/* harmony export */ });
/** A plan as the report's texts want it. */
function planView({ root, ...plan }) {
    return { ...plan, ...(root ? { digest: root.digest } : {}) };
}


/***/ }),

/***/ 62332:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   U: () => (/* binding */ reportText),
/* harmony export */   u: () => (/* binding */ writeReport)
/* harmony export */ });
/* harmony import */ var node_fs_promises__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(51455);
/* harmony import */ var node_path__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(76760);


/** The report as people and programs read it. */
function reportText(report, redact) {
    return `${redact(JSON.stringify(report, undefined, 2))}\n`;
}
/**
 * Writes the report into a new folder below `directory`, so that two pushes of one job don't meet.
 * @returns the file's path
 */
async function writeReport(report, directory, redact) {
    const folder = await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.mkdtemp)(node_path__WEBPACK_IMPORTED_MODULE_1__.join(directory, 'idpbuilder-push-'));
    const file = node_path__WEBPACK_IMPORTED_MODULE_1__.join(folder, 'report.json');
    await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.writeFile)(file, reportText(report, redact));
    return file;
}


/***/ }),

/***/ 68101:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  findingLines: () => (/* binding */ findingLines),
  runProbe: () => (/* binding */ runProbe)
});

// EXTERNAL MODULE: ./lib/http/transport.js
var transport = __webpack_require__(33005);
// EXTERNAL MODULE: ./lib/oci/digest.js
var oci_digest = __webpack_require__(9501);
// EXTERNAL MODULE: ./lib/util/errors.js
var errors = __webpack_require__(99661);
// EXTERNAL MODULE: ./lib/util/text.js
var util_text = __webpack_require__(28805);
// EXTERNAL MODULE: ./lib/registry/connection.js
var connection = __webpack_require__(1383);
// EXTERNAL MODULE: ./lib/registry/location.js
var registry_location = __webpack_require__(36436);
// EXTERNAL MODULE: ./lib/registry/upload/start.js
var start = __webpack_require__(95461);
// EXTERNAL MODULE: ./lib/registry/error.js
var registry_error = __webpack_require__(5249);
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
var clock = __webpack_require__(58394);
// EXTERNAL MODULE: ./lib/util/events.js
var events = __webpack_require__(93319);
// EXTERNAL MODULE: ./lib/app/wire.js + 33 modules
var wire = __webpack_require__(44682);
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


/***/ }),

/***/ 56074:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  startCli: () => (/* binding */ startCli)
});

// EXTERNAL MODULE: external "node:os"
var external_node_os_ = __webpack_require__(48161);
// EXTERNAL MODULE: external "node:stream/consumers"
var consumers_ = __webpack_require__(38321);
// EXTERNAL MODULE: ./lib/util/signals.js
var signals = __webpack_require__(37909);
// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(51455);
// EXTERNAL MODULE: ./lib/app/create-push.js + 60 modules
var create_push = __webpack_require__(33994);
// EXTERNAL MODULE: ./lib/app/run-probe.js + 1 modules
var run_probe = __webpack_require__(68101);
// EXTERNAL MODULE: ./lib/app/plan-view.js
var plan_view = __webpack_require__(98492);
// EXTERNAL MODULE: ./lib/app/report-file.js
var report_file = __webpack_require__(62332);
// EXTERNAL MODULE: ./lib/app/state-places.js
var state_places = __webpack_require__(65675);
// EXTERNAL MODULE: ./lib/app/version.js
var version = __webpack_require__(81271);
// EXTERNAL MODULE: ./lib/config/resolve.js + 12 modules
var resolve = __webpack_require__(98626);
// EXTERNAL MODULE: ./lib/report/error-text.js
var error_text = __webpack_require__(48006);
// EXTERNAL MODULE: ./lib/report/plan-text.js
var plan_text = __webpack_require__(82367);
// EXTERNAL MODULE: ./lib/util/errors.js
var errors = __webpack_require__(99661);
// EXTERNAL MODULE: ./lib/util/redactor.js
var util_redactor = __webpack_require__(34514);
// EXTERNAL MODULE: ./lib/util/text.js
var util_text = __webpack_require__(28805);
// EXTERNAL MODULE: external "node:util"
var external_node_util_ = __webpack_require__(57975);
// EXTERNAL MODULE: ./lib/config/nearest.js
var nearest = __webpack_require__(90948);
// EXTERNAL MODULE: ./lib/config/options.js + 6 modules
var config_options = __webpack_require__(54439);
;// CONCATENATED MODULE: ./lib/cli/args.js





/** Flags that are on or off are those without a placeholder. */
function isSwitch(name) {
    return !('placeholder' in config_options/* OPTIONS */.lw[name]);
}
function parserOptions() {
    const options = {};
    for (const [name, option] of (0,config_options/* optionEntries */.Eb)()) {
        if (!option.cli)
            continue;
        options[name] = {
            type: isSwitch(name) ? 'boolean' : 'string',
            ...(option.short === undefined ? {} : { short: option.short }),
        };
    }
    return options;
}
/** Shows the flag only: what stands behind the = may be a password. */
function unknownFlag(rawName) {
    const names = (0,config_options/* optionNames */.W6)('cli');
    const bare = rawName.replace(/^-+/, '');
    const negated = bare.startsWith('no-')
        ? (0,nearest/* didYouMean */.au)(bare.slice(3), names.filter(isSwitch), '--no-')
        : '';
    const help = negated || (0,nearest/* didYouMean */.au)(bare, names, '--') || ' (see --help)';
    return (0,errors/* configError */.Fj)(`unknown option ${(0,util_text/* printable */.g$)(rawName, 80)}${help}`);
}
/** `--push`, `--push=false`, `--no-push`, as the text of the input. */
function switchValue({ name, rawName, value }, negated) {
    if (value === undefined)
        return String(!negated);
    if (!negated && /^(?:true|false)$/i.test(value))
        return value.toLowerCase();
    throw (0,errors/* configError */.Fj)(`${rawName}: "${(0,util_text/* printable */.g$)(value, 80)}" is not true or false (expected --${name} or --no-${name})`);
}
/** The option a flag names, and what it says. */
function readFlag(flag) {
    const { name, rawName, value, inlineValue } = flag;
    if ((0,config_options/* isOptionName */.RR)(name) && config_options/* OPTIONS */.lw[name].cli) {
        if (isSwitch(name))
            return [name, switchValue(flag, false)];
        if (value === undefined || value === '')
            throw (0,errors/* configError */.Fj)(`${rawName}: the value is missing`);
        if (inlineValue !== true && value.startsWith('--')) {
            throw (0,errors/* configError */.Fj)(`${rawName}: the value is missing (write ${rawName}=VALUE for one that starts with --)`);
        }
        return [name, value];
    }
    const positive = name.startsWith('no-') ? name.slice(3) : '';
    if ((0,config_options/* isOptionName */.RR)(positive) && isSwitch(positive)) {
        return [positive, switchValue({ ...flag, name: positive }, true)];
    }
    throw unknownFlag(rawName);
}
function addFlag(given, flag) {
    const [name, value] = readFlag(flag);
    const option = config_options/* OPTIONS */.lw[name];
    const earlier = 'repeatable' in option ? given.get(name) : undefined;
    given.set(name, earlier === undefined ? value : `${earlier}\n${value}`);
}
/** What can be nothing but a source: no tag begins like that. */
const SOURCE_PREFIX = /^(?:(?:oci|oci-archive|docker-archive|docker-daemon):|docker:\/\/)/i;
/**
 * `probe HOST/REPO`, or `SOURCE… TAG…`: the first argument is a source, and those after it that name
 * a transport are, too; with --source, every argument is a tag.
 */
function addArguments(given, args) {
    const rest = [...args];
    if (rest[0] === 'probe' && rest.length === 2 && rest[1] !== undefined) {
        given.set('probe', rest[1]);
        return;
    }
    if (!given.has('source') && rest.length > 0) {
        const first = rest.findIndex((text, at) => at > 0 && !SOURCE_PREFIX.test(text));
        given.set('source', rest.splice(0, first < 0 ? rest.length : first).join('\n'));
    }
    const tags = [given.get('tags'), ...rest].filter((tag) => tag !== undefined);
    if (tags.length > 0)
        given.set('tags', tags.join('\n'));
}
/** `--dry-run` is another word for `--no-push`. */
function applyDryRun(given) {
    const dryRun = given.get('dry-run');
    if (dryRun === undefined)
        return;
    const push = dryRun === 'true' ? 'false' : 'true';
    if ((given.get('push') ?? push) !== push) {
        throw (0,errors/* configError */.Fj)('--dry-run: contradicts --push (expected only one of the two)');
    }
    given.set('push', push);
}
function checkPassword(given) {
    if (!given.has('password'))
        return [];
    if (given.get('password-stdin') === 'true') {
        throw (0,errors/* configError */.Fj)('--password-stdin: given together with --password (expected only one of the two)');
    }
    return ['--password is visible in the list of processes; --password-stdin is not'];
}
/**
 * Reads `idpbuilder-push SOURCE… TAG…` with its flags.
 * @param argv without the program's own name
 * @throws PushError with code GENERAL and one sentence
 */
function parseCommandLine(argv) {
    const { tokens } = (0,external_node_util_.parseArgs)({
        args: [...argv],
        options: parserOptions(),
        allowPositionals: true,
        strict: false,
        tokens: true,
    });
    const given = new Map();
    const args = [];
    for (const token of tokens) {
        if (token.kind === 'option')
            addFlag(given, token);
        else if (token.kind === 'positional')
            args.push(token.value);
    }
    addArguments(given, args);
    applyDryRun(given);
    const warnings = checkPassword(given);
    const isOn = (name) => given.get(name) === 'true';
    const report = given.get('report');
    return {
        inputs: Object.fromEntries([...given].filter(([name]) => config_options/* OPTIONS */.lw[name].action)),
        help: isOn('help'),
        version: isOn('version'),
        passwordStdin: isOn('password-stdin'),
        ...(report === undefined ? {} : { report }),
        warnings,
    };
}

;// CONCATENATED MODULE: ./lib/config/documentation.js
/** What the action gives to later steps, in order. */
const OUTPUTS = {
    digest: 'The digest of the manifest or index that was pushed; empty while unknown, and where each platform has its own.',
    image: 'The image as name@digest, by the name of the first tag that has it; empty when nothing was pushed.',
    tags: 'The references that were published, one per line; of a dry run those that would be.',
    registries: 'What became of the image in each registry, as a JSON list of registry, repository, status (pushed, partial, failed or planned), digest, tags (tag, status, digest, reason) and error.',
    report: 'The path of the JSON report.',
    'bytes-uploaded': 'Bytes of blobs that were sent.',
    'bytes-skipped': 'Bytes of blobs that were already there or were mounted.',
    'bytes-resumed': 'Bytes that an interrupted push had sent, of blobs that this one finished.',
    'exit-code': 'The exit code, 0 for success; set on failure too.',
};
/** What each kind of failure means; the numbers are those of EXIT_CODES. */
const EXIT_CODE_MEANINGS = {
    GENERAL: 'An option, a file or something unforeseen is wrong, or the push was cancelled.',
    AUTHENTICATION: 'The registry refused the login, or wants one.',
    NETWORK: 'The registry could not be reached.',
    IMAGE: 'The source is missing, damaged or not an image.',
    REGISTRY: 'The registry answered with an error.',
    TIMEOUT: 'The push took too long or stood still.',
    POLICY: 'A policy refused the image.',
};
/** Environment variables that stand for no single option. */
const OTHER_VARIABLES = [
    [
        'RUNNER_DEBUG',
        'With 1, the same as verbose; GitHub sets it when a job is re-run for debugging.',
    ],
    ['HTTPS_PROXY, HTTP_PROXY, NO_PROXY', 'The proxy to use, and for which hosts not to.'],
    ['DOCKER_CONFIG, REGISTRY_AUTH_FILE', 'Where the logins of docker, podman and skopeo are.'],
    ['DOCKER_HOST', 'The daemon of a docker-daemon: source.'],
];
/** Commands for `--help`. */
const EXAMPLES = [
    [
        'Push an OCI layout',
        'idpbuilder-push oci:./image ghcr.io/octo/app:1.2.3 ghcr.io/octo/app:latest',
    ],
    [
        'See what a push would do',
        'idpbuilder-push --dry-run image.tar registry.example/octo/app:1.2.3',
    ],
    [
        'Copy from one registry to another',
        'idpbuilder-push docker://docker.io/library/alpine:3.22 localhost:5000/alpine:3.22',
    ],
    [
        'Merge two images into one of two platforms',
        'idpbuilder-push docker-archive:amd64.tar oci:./arm64 ghcr.io/octo/app:1.2.3',
    ],
    [
        'Log in with a password that no process list shows',
        'idpbuilder-push -u octo --password-stdin app.tar gitea.example:8443/octo/app:1 < password.txt',
    ],
];

;// CONCATENATED MODULE: ./lib/cli/help.js



const WIDTH = 100;
const GROUPS = ['Image', 'Registry', 'Push', 'Output'];
function wrap(text, width) {
    const lines = [''];
    for (const word of text.split(' ')) {
        const line = lines[lines.length - 1] ?? '';
        if (line !== '' && line.length + 1 + word.length > width)
            lines.push(word);
        else
            lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
    }
    return lines;
}
/** Two columns; a left side that is too long gets a line of its own. */
function row(left, right, column) {
    const lines = wrap(right, WIDTH - column).map((line) => ' '.repeat(column) + line);
    if (left.length + 1 < column) {
        return [left.padEnd(column) + (lines[0] ?? '').trimStart(), ...lines.slice(1)];
    }
    return [left, ...lines];
}
function flagText(name, option) {
    const short = option.short === undefined ? '    ' : `-${option.short}, `;
    return `  ${short}--${name}${option.placeholder === undefined ? '' : ` ${option.placeholder}`}`;
}
function groupRows(group) {
    const rows = (0,config_options/* optionEntries */.Eb)()
        .filter(([, option]) => option.cli && option.group === group)
        .flatMap(([name, option]) => {
        const initial = option.default === undefined ? '' : ` Default: ${option.default}.`;
        return row(flagText(name, option), option.help + initial, 30);
    });
    return ['', `${group}:`, ...rows];
}
function variableRows() {
    const own = (0,config_options/* optionEntries */.Eb)().flatMap(([name, option]) => option.env === undefined ? [] : [[option.env, `The same as --${name}.`]]);
    return [...own, ...OTHER_VARIABLES].flatMap(([name, help]) => row(`  ${name}`, help, 38));
}
function exitCodeRows() {
    const failures = Object.entries(errors/* EXIT_CODES */.ai).map(([code, number]) => row(`  ${number}`, EXIT_CODE_MEANINGS[code], 6));
    return [...row('  0', 'Everything was pushed, or was there already.', 6), ...failures.flat()];
}
/** The text of `--help`, at most 100 columns wide. */
function helpText() {
    return [
        'Usage: idpbuilder-push [OPTIONS] SOURCE… TAG…',
        '',
        'Pushes the container image SOURCE to every TAG (registry/repository:tag).',
        ...GROUPS.flatMap(groupRows),
        '',
        'A flag without a value is switched off by --no-NAME or --NAME=false. Flags win over environment',
        'variables, these over the config, the config over the defaults.',
        '',
        'Environment:',
        ...variableRows(),
        '',
        'Exit codes:',
        ...exitCodeRows(),
        '',
        'Examples:',
        ...EXAMPLES.flatMap(([title, command]) => [`  ${title}:`, `    ${command}`]),
        '',
    ].join('\n');
}

// EXTERNAL MODULE: ./lib/oci/digest.js
var oci_digest = __webpack_require__(9501);
// EXTERNAL MODULE: ./lib/report/log-progress.js + 3 modules
var log_progress = __webpack_require__(65044);
// EXTERNAL MODULE: ./lib/report/progress-text.js
var progress_text = __webpack_require__(4687);
// EXTERNAL MODULE: ./lib/report/progress.js + 1 modules
var report_progress = __webpack_require__(99045);
;// CONCATENATED MODULE: ./lib/cli/terminal-progress.js





const REDRAW_MS = 100;
const WIDE_BAR = 24;
const NARROW_BAR = 12;
const WIDE_COLUMNS = 110;
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_BELOW = '\r\u001b[J';
/** `[=====>    ]`: plain characters, because every terminal on every system has them. */
function bar(done, total, width) {
    const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : 0;
    const filled = Math.floor(share * width);
    const tip = filled > 0 && filled < width ? '>' : '';
    return `[${('='.repeat(filled - tip.length) + tip).padEnd(width)}]`;
}
function blobLine(blob, width, withPlace) {
    const { digest, bytes, size } = blob;
    const place = withPlace ? `  ${(0,util_text/* printable */.g$)(placeOf(blob))}` : '';
    const amount = `${(0,util_text/* formatBytes */.z3)(bytes)} of ${(0,util_text/* formatBytes */.z3)(size)}`;
    return `  ${(0,oci_digest/* shortDigest */.VK)(digest)} ${bar(bytes, size, width)} ${amount}${place}`;
}
function placeOf({ registry, repository }) {
    return `${registry}/${repository}`;
}
function linesOf(progress, options) {
    const snapshot = progress.snapshot();
    const { columns = DEFAULT_COLUMNS, rows = DEFAULT_ROWS } = options.terminal;
    const width = columns < WIDE_COLUMNS ? NARROW_BAR : WIDE_BAR;
    const active = progress.active();
    const severalPlaces = new Set(active.map(placeOf)).size > 1;
    // One row for the total, one for what follows, one for the cursor.
    const room = Math.max(0, Math.min(options.maximumBlobs ?? 8, rows - 3));
    const more = active.length - room;
    const lines = [
        `${bar((0,progress_text/* percentOf */.pR)(snapshot), 100, width)} ${(0,progress_text/* formatProgress */.Vu)(snapshot)}`,
        ...active.slice(0, room).map((blob) => blobLine(blob, width, severalPlaces)),
    ];
    if (more > 0)
        lines.push(`  … and ${more} more`);
    // A line that wraps would be two lines, and the next drawing would start one too low.
    const cut = lines.map((line) => line.slice(0, Math.max(1, columns - 1)));
    return options.color ? cut.map(paint) : cut;
}
function paint(line) {
    return line.replace(/[=>]+/, (filled) => `\u001b[32m${filled}\u001b[39m`);
}
/** Draws lines at the bottom of the terminal and takes them away again. */
function createCanvas(terminal) {
    let drawn = 0;
    let last = '';
    const erase = () => (drawn > 0 ? `\u001b[${drawn}A${CLEAR_BELOW}` : '');
    return {
        draw: (lines) => {
            const picture = lines.map((line) => `${line}\n`).join('');
            if (drawn > 0 && picture === last)
                return;
            // In one write: between two, the terminal would show half a picture.
            terminal.write(`${drawn === 0 ? HIDE_CURSOR : erase()}${picture}`);
            drawn = lines.length;
            last = picture;
        },
        clear: () => {
            if (drawn > 0)
                terminal.write(`${erase()}${SHOW_CURSOR}`);
            drawn = 0;
        },
    };
}
/**
 * Progress for a terminal: a bar for everything, one for each blob under way, and lines above
 * them for what is finished. Where there is no terminal it writes log lines instead.
 * `stop` takes the bars away and shows the cursor again: call it on every way out.
 */
function createTerminalProgress(options) {
    const { terminal } = options;
    if (options.verbosity === 'quiet' || !terminal.isTTY) {
        return (0,log_progress/* createLogProgress */.w)({ ...options, write: (line) => terminal.write(`${line}\n`) });
    }
    const canvas = createCanvas(terminal);
    const progress = (0,report_progress/* createProgress */.m)(options.now);
    const above = (write) => {
        canvas.clear();
        write();
    };
    const { warn } = options;
    const log = (0,log_progress/* createLogProgress */.w)({
        ...options,
        aggregate: false,
        write: (line) => above(() => terminal.write(`${line}\n`)),
        ...(warn ? { warn: (message) => above(() => warn(message)) } : {}),
    });
    let timer;
    const stopBars = () => {
        clearInterval(timer);
        timer = undefined;
        canvas.clear();
    };
    const startBars = () => {
        timer ??= setInterval(() => canvas.draw(linesOf(progress, options)), REDRAW_MS).unref();
    };
    return {
        sink: (event) => {
            progress.sink(event);
            if (event.type === 'stage-finished' && event.stage === 'upload')
                stopBars();
            log.sink(event);
            if (event.type === 'stage-started' && event.stage === 'upload')
                startBars();
        },
        stop: () => {
            stopBars();
            log.stop();
        },
    };
}

;// CONCATENATED MODULE: ./lib/cli/session.js
















async function withPassword(line, outside) {
    if (!line.passwordStdin)
        return line;
    const [password = ''] = (await outside.readInput()).split(/\r?\n/);
    if (password === '') {
        throw (0,errors/* configError */.Fj)('--password-stdin: standard input is empty (expected the password in its first line)');
    }
    return { ...line, inputs: { ...line.inputs, password } };
}
/** A host for the time of `work`, with progress that is put away on every way out. */
async function withHost(config, outside, redactor, work) {
    const { env, home, uid, tempDirectory, terminal } = outside;
    const progress = createTerminalProgress({
        terminal,
        color: !env['NO_COLOR'],
        verbosity: config.verbosity,
        now: () => Date.now(),
        redact: redactor.redact,
    });
    try {
        return await work({
            env,
            home,
            uid,
            workspace: env['GITHUB_WORKSPACE'],
            tempDirectory,
            mask: redactor.add,
            redact: redactor.redact,
            sinks: [progress.sink],
            state: (asked) => (0,state_places/* placesIn */.y)(asked.cacheDirectory ?? (0,state_places/* ownFolder */.v)(home), asked, home),
            kind: 'cli',
        });
    }
    finally {
        progress.stop();
    }
}
function printResult({ report, plan }, verbose, outside) {
    if (report.status === 'planned' && plan) {
        for (const line of (0,plan_text/* planLines */.H)((0,plan_view/* planView */.h)(plan), verbose))
            outside.print(line);
    }
    if (report.status !== 'success')
        return;
    const digest = report.image?.digest;
    for (const { registry, repository, tags } of report.places) {
        const name = `${registry}/${repository}`;
        // Platforms that were pushed separately have no digest in common.
        if (digest)
            outside.print(`${name}@${digest}`);
        else
            tags.forEach(({ tag }) => outside.print(`${name}:${tag}`));
    }
}
function unwritable(file, error) {
    return (0,errors/* configError */.Fj)(`--report: ${file} cannot be written (${(0,errors/* messageOf */.bD)(error)})`, undefined, error);
}
/** Before the push: nobody should learn afterwards that the report had no place to go. */
async function checkReportFile(file) {
    if (file === undefined)
        return;
    try {
        await (await (0,promises_.open)(file, 'a')).close();
    }
    catch (error) {
        throw unwritable(file, error);
    }
}
async function saveReport(finished, file, redact) {
    if (file === undefined)
        return;
    try {
        await (0,promises_.writeFile)(file, (0,report_file/* reportText */.U)(finished.report, redact));
    }
    catch (error) {
        throw unwritable(file, error);
    }
}
async function pushFor(line, outside, redactor, complain) {
    const { inputs, warnings, report } = await withPassword(line, outside);
    const warn = (message) => complain(`warning: ${(0,util_text/* printable */.g$)(message, 1000)}`);
    warnings.forEach(warn);
    const { env } = outside;
    const config = await (0,resolve/* resolveConfig */.p)({
        inputs,
        env,
        workspace: env['GITHUB_WORKSPACE'],
        onSecret: redactor.add,
        onWarning: warn,
    });
    const verbose = config.verbosity === 'verbose';
    const { probe } = config;
    if (probe) {
        const findings = await withHost(config, outside, redactor, (host) => (0,run_probe.runProbe)(probe, config, host, outside.cancel));
        (0,run_probe.findingLines)(findings).forEach((text) => outside.print(redactor.redact(text)));
        return 0;
    }
    await checkReportFile(report);
    const finished = await withHost(config, outside, redactor, (host) => (0,create_push/* runPush */.e)(config, host, outside.cancel));
    if (finished.error)
        (0,error_text/* errorLines */.S)(finished.error, { verbose, redact: redactor.redact }).forEach(complain);
    printResult(finished, verbose, outside);
    await saveReport(finished, report, redactor.redact);
    return finished.report.exitCode;
}
/**
 * One run of `idpbuilder-push`.
 * @returns the exit code
 */
async function runCli(outside) {
    const redactor = (0,util_redactor/* createRedactor */.l)();
    const complain = (line) => {
        outside.terminal.write(`${redactor.redact(line)}\n`);
    };
    try {
        const line = parseCommandLine(outside.argv);
        if (line.help || line.version) {
            outside.print(line.help ? helpText() : version/* VERSION */.x);
            return 0;
        }
        return await pushFor(line, outside, redactor, complain);
    }
    catch (thrown) {
        const error = (0,errors/* asPushError */.jh)(thrown);
        (0,error_text/* errorLines */.S)(error, {
            verbose: outside.argv.includes('--verbose'),
            redact: redactor.redact,
        }).forEach(complain);
        return errors/* EXIT_CODES */.ai[error.code];
    }
}

;// CONCATENATED MODULE: ./lib/cli/main.js




/** Binds the command line to this process. */
async function startCli() {
    const { argv, env, stderr, stdin, stdout } = process;
    const { signal, stop } = (0,signals/* cancelOnSignals */.d)();
    try {
        process.exitCode = await runCli({
            argv: argv.slice(2),
            env,
            home: (0,external_node_os_.homedir)(),
            uid: process.getuid?.(),
            tempDirectory: (0,external_node_os_.tmpdir)(),
            terminal: stderr,
            print: (line) => stdout.write(`${line}\n`),
            readInput: () => (0,consumers_.text)(stdin),
            cancel: signal,
        });
    }
    finally {
        stop();
    }
}


/***/ }),

/***/ 82367:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   H: () => (/* binding */ planLines),
/* harmony export */   d: () => (/* binding */ describePlan)
/* harmony export */ });
/* harmony import */ var _oci_digest_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(9501);
/* harmony import */ var _util_text_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(28805);
/* harmony import */ var _counts_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(35836);



const MAX_BLOBS = 50;
/** The content of a plan in one line: `3 manifests, 12 blobs (98.2 MiB), 2 layers to be compressed (1.10 GiB)`. */
function describePlan(plan) {
    const ready = plan.blobs.filter((blob) => blob.digest !== undefined);
    const pending = plan.blobs.filter((blob) => blob.digest === undefined);
    const parts = [
        (0,_counts_js__WEBPACK_IMPORTED_MODULE_1__/* .plural */ .LS)(plan.manifests, 'manifest'),
        `${(0,_counts_js__WEBPACK_IMPORTED_MODULE_1__/* .plural */ .LS)(ready.length, 'blob')} (${(0,_util_text_js__WEBPACK_IMPORTED_MODULE_2__/* .formatBytes */ .z3)(sizeOf(ready))})`,
    ];
    if (pending.length > 0) {
        parts.push(`${(0,_counts_js__WEBPACK_IMPORTED_MODULE_1__/* .plural */ .LS)(pending.length, 'layer')} to be compressed (${(0,_util_text_js__WEBPACK_IMPORTED_MODULE_2__/* .formatBytes */ .z3)(sizeOf(pending))})`);
    }
    const foreign = plan.foreign?.length ?? 0;
    if (foreign > 0)
        parts.push(`without ${(0,_counts_js__WEBPACK_IMPORTED_MODULE_1__/* .plural */ .LS)(foreign, 'foreign layer')}`);
    return parts.join(', ');
}
function sizeOf(blobs) {
    return blobs.reduce((sum, blob) => sum + blob.size, 0);
}
function blobLine(blob) {
    const name = blob.digest ? (0,_oci_digest_js__WEBPACK_IMPORTED_MODULE_0__/* .shortDigest */ .VK)(blob.digest) : 'to compress ';
    return `  ${name}  ${(0,_util_text_js__WEBPACK_IMPORTED_MODULE_2__/* .formatBytes */ .z3)(blob.size).padStart(10)}  ${(0,_util_text_js__WEBPACK_IMPORTED_MODULE_2__/* .printable */ .g$)(blob.mediaType, 100)}`;
}
function placeLines(place) {
    const name = (0,_util_text_js__WEBPACK_IMPORTED_MODULE_2__/* .printable */ .g$)(`${place.registry}/${place.repository}`);
    if (place.tags.length === 0)
        return [`  ${name}  (by digest only)`];
    return place.tags.map((tag) => `  ${name}:${(0,_util_text_js__WEBPACK_IMPORTED_MODULE_2__/* .printable */ .g$)(tag)}`);
}
/** Why a plan has no digest. */
function unknownDigest({ blobs }) {
    const pending = blobs.some(({ digest }) => digest === undefined);
    return pending ? 'known once the layers are compressed' : 'each platform has its own';
}
/**
 * A dry run's plan as lines for people. All names come out printable.
 * @param verbose also lists the blobs, largest first
 */
function planLines(plan, verbose = false) {
    const lines = [
        `would push ${(0,_util_text_js__WEBPACK_IMPORTED_MODULE_2__/* .printable */ .g$)(plan.source, 1000)}`,
        `  digest     ${plan.digest ?? unknownDigest(plan)}`,
    ];
    if (plan.platforms.length > 0)
        lines.push(`  platforms  ${(0,_util_text_js__WEBPACK_IMPORTED_MODULE_2__/* .printable */ .g$)(plan.platforms.join(', '), 1000)}`);
    lines.push(`  content    ${describePlan(plan)}`);
    if (verbose) {
        const blobs = [...plan.blobs].sort((left, right) => right.size - left.size);
        lines.push('blobs', ...blobs.slice(0, MAX_BLOBS).map(blobLine));
        if (blobs.length > MAX_BLOBS)
            lines.push(`  … and ${blobs.length - MAX_BLOBS} more`);
    }
    lines.push('to', ...plan.places.flatMap(placeLines), 'nothing was written');
    return lines;
}


/***/ })

};
