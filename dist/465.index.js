export const id = 465;
export const ids = [465];
export const modules = {

/***/ 88846:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  publishFailure: () => (/* binding */ publishFailure),
  publishProbe: () => (/* binding */ publishProbe),
  publishResults: () => (/* binding */ publishResults)
});

// EXTERNAL MODULE: ./node_modules/@actions/core/lib/core.js + 7 modules
var core = __webpack_require__(33838);
// EXTERNAL MODULE: ./lib/app/plan-view.js
var plan_view = __webpack_require__(98492);
// EXTERNAL MODULE: ./lib/app/report-file.js
var report_file = __webpack_require__(62332);
// EXTERNAL MODULE: ./lib/report/collector.js + 4 modules
var report_collector = __webpack_require__(38314);
// EXTERNAL MODULE: ./lib/util/text.js
var util_text = __webpack_require__(28805);
;// CONCATENATED MODULE: ./lib/report/markdown.js

const ENTITIES = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
};
// Everything that starts a Markdown construct inside a line. Entities and not backslashes: they
// also hold inside HTML (`<summary>`, `<code>`) and a table row cannot be split at one.
const SPECIAL = /[&<>"'\\`*_~[\]|$]/g;
// GitHub looks for these in the finished page, where an entity is a plain character again, so the
// word itself is interrupted by a character without width: @name, #12, GH-12, https://, www.
const AUTOLINK = /@|#|\bGH(?=-\d)|:(?=\/\/)|\bwww(?=\.)|\b(?:mailto|xmpp)(?=:)/gi;
/** One line that may be shown: without control characters, but otherwise as it was. */
function cleanLine(text, maximum) {
    // The runner reads no commands in a summary, and what is copied from it must be exact.
    return (0,util_text/* printable */.g$)(text, maximum).replaceAll('\u200a', '');
}
/** Text from anywhere as text in Markdown or HTML: no link, mention, markup or second line. */
function escapeText(text, maximum) {
    return cleanLine(text, maximum)
        .replace(AUTOLINK, (found) => `${found}\u200b`)
        .replace(SPECIAL, (char) => ENTITIES[char] ?? `&#${char.charCodeAt(0)};`);
}
/** Text as inline code, safe in tables too: a code span where its characters allow one. */
function code(text, maximum) {
    const line = cleanLine(text, maximum);
    if (/^[\w.:/@+,-]+$/.test(line))
        return `\`${line}\``;
    return line === '' ? '' : `<code>${escapeText(line, maximum)}</code>`;
}
/** Lines as a code block whose fence is longer than any row of backticks in it. */
function codeBlock(lines, language = '') {
    const body = lines.map((line) => cleanLine(line, 2000));
    const longest = Math.max(2, ...body.flatMap((line) => line.match(/`+/g) ?? []).map(lengthOf));
    const fence = '`'.repeat(longest + 1);
    return [`${fence}${language}`, ...body, fence].join('\n');
}
function lengthOf(text) {
    return text.length;
}
/** A table; cells must be escaped already. A column named `>Bytes` is aligned to the right. */
function table(columns, rows, maximumRows = Number.POSITIVE_INFINITY) {
    const right = columns.map((column) => column.startsWith('>'));
    const lines = [
        columns.map((column, index) => (right[index] ? column.slice(1) : column)),
        right.map((isRight) => (isRight ? '--:' : '---')),
        ...rows.slice(0, maximumRows),
    ].map((cells) => `| ${cells.join(' | ')} |`);
    const more = rows.length - maximumRows;
    return lines.join('\n') + (more > 0 ? `\n\n… and ${more} more` : '');
}
/** A section that is folded until somebody opens it. `title` is text from anywhere. */
function details(title, body) {
    return `<details>\n<summary>${escapeText(title)}</summary>\n\n${body}\n\n</details>`;
}
function count(text, part) {
    return text.split(part).length - 1;
}
/** Cuts Markdown at the end of a line so that its UTF-8 form has at most `maximum` bytes. */
function limitBytes(markdown, maximum) {
    const bytes = Buffer.from(markdown, 'utf8');
    if (bytes.length <= maximum)
        return markdown;
    const closing = '\n\n</details>';
    const ending = '\n\n… shortened: the report holds everything.\n';
    const room = Math.max(0, maximum - Buffer.byteLength(closing + ending));
    // A line feed is one byte that occurs in no longer character: a cut there is always whole.
    const cut = bytes.subarray(0, Math.max(0, bytes.lastIndexOf(0x0a, room))).toString('utf8');
    const open = count(cut, '<details>') > count(cut, '</details>');
    return cut + (open ? closing : '') + ending;
}

;// CONCATENATED MODULE: ./lib/report/outputs.js
/** A tag that could not be taken back names the image, too. */
const NAMES_THE_IMAGE = new Set([
    'published',
    'unchanged',
    'planned',
    'left',
]);
function placeOutput(place) {
    const { registry, repository, status, digest, tags, error } = place;
    return {
        registry,
        repository,
        status,
        ...(digest ? { digest } : {}),
        tags,
        ...(error === undefined ? {} : { error }),
    };
}
/** The action's outputs, by the names they have in action.yml. */
function toOutputs(report) {
    const digest = report.image?.digest ?? '';
    const place = report.places.find(({ status }) => status === 'pushed' || status === 'partial');
    const tags = report.places.flatMap(({ registry, repository, tags }) => tags
        .filter((tag) => NAMES_THE_IMAGE.has(tag.status))
        .map((tag) => `${registry}/${repository}:${tag.tag}`));
    return {
        digest,
        image: report.status === 'success' && digest && place
            ? `${place.registry}/${place.repository}@${digest}`
            : '',
        tags: tags.join('\n'),
        registries: JSON.stringify(report.places.map(placeOutput)),
        'bytes-uploaded': String(report.bytesUploaded),
        'bytes-skipped': String(report.bytesSkipped),
        'bytes-resumed': String(report.bytesResumed),
        'exit-code': String(report.exitCode),
    };
}

// EXTERNAL MODULE: ./lib/report/plan-text.js
var plan_text = __webpack_require__(82367);
// EXTERNAL MODULE: ./lib/oci/digest.js
var oci_digest = __webpack_require__(9501);
// EXTERNAL MODULE: ./lib/report/counts.js
var counts = __webpack_require__(35836);
// EXTERNAL MODULE: ./lib/report/resume-text.js
var resume_text = __webpack_require__(70731);
;// CONCATENATED MODULE: ./lib/report/summary-saved.js



const SAVED_WORDS = {
    exists: counts/* OUTCOME_WORDS */.nx.exists,
    mounted: counts/* OUTCOME_WORDS */.nx.mounted,
    record: counts/* HINT_WORDS */.W9.record,
    resumed: counts/* OUTCOME_WORDS */.nx.resumed,
};
const ORDER = ['exists', 'mounted', 'resumed', 'record'];
/** Bytes that a place got without this push sending them. */
function notSentTo({ bytesSkipped, bytesResumed }) {
    return bytesSkipped + bytesResumed;
}
/** How a blob came to be there, and who knew that it need not be sent. */
function outcomeCell({ outcome, resumedBytes = 0, hint }) {
    const word = counts/* OUTCOME_WORDS */.nx[outcome];
    if (resumedBytes > 0)
        return `${word} at ${(0,util_text/* formatBytes */.z3)(resumedBytes)}`;
    return hint ? `${word} (${counts/* HINT_WORDS */.W9[hint]})` : word;
}
/** `Not sent again: 1.20 GiB (800.0 MiB already there, 200.0 MiB mounted)`, without the zeros. */
function notSentLine({ saved, resume }) {
    const kinds = ORDER.filter((kind) => saved[kind] > 0);
    if (kinds.length === 0)
        return [];
    const total = kinds.reduce((sum, kind) => sum + saved[kind], 0);
    // All of it is what the interrupted push had sent: the line above says so.
    if (total === resume?.bytesSaved)
        return [];
    const parts = kinds.map((kind) => `${(0,util_text/* formatBytes */.z3)(saved[kind])} ${SAVED_WORDS[kind]}`);
    const [only] = kinds.length === 1 ? kinds : [];
    const from = only ? SAVED_WORDS[only] : parts.join(', ');
    return [`- ♻️ Not sent again: ${(0,util_text/* formatBytes */.z3)(total)} (${from})`];
}
/** What came of an interrupted push that was found. */
function resumeLine({ resume, status, bytesUploaded }) {
    if (!resume)
        return [];
    const interrupted = `interrupted ${(0,resume_text/* formatAgo */.n4)(resume.ageMs)}`;
    if (resume.bytesSaved > 0) {
        const saved = `saved ${(0,util_text/* formatBytes */.z3)(resume.bytesSaved)}`;
        return [`- ⏩ Went on with the push that was ${interrupted}: ${saved}`];
    }
    // Of a push that has failed nobody knows what it would still have used, and one that found
    // everything there had no use for it.
    if (status !== 'success' || !(0,resume_text/* hadSent */.WO)(resume) || bytesUploaded === 0)
        return [];
    return [`- ⏩ A push was ${interrupted}, but nothing it had sent could be used`];
}
/** What did not have to be sent, and why, as items of a list. */
function savedLines(report) {
    return [...resumeLine(report), ...notSentLine(report)];
}

;// CONCATENATED MODULE: ./lib/report/summary-sections.js





const MAX_ROWS = 50;
const MAX_TAGS = 20;
const MAX_PLACES = 50;
function nameOf(place) {
    return `${place.registry}/${place.repository}`;
}
// A number and its unit belong on one line, however narrow the column.
function together(text) {
    return text.replaceAll(' ', '\u00a0');
}
/** One `docker pull` line per place, to be copied. */
function pullCommands(report) {
    const digest = report.image?.digest;
    if (!digest || report.places.length === 0)
        return undefined;
    // Only what has platforms is an image; of an artifact the name is all that helps.
    const pull = (report.image?.platforms.length ?? 0) > 0 ? 'docker pull ' : '';
    const places = report.places.filter(({ status }) => status !== 'failed');
    if (places.length === 0)
        return undefined;
    const lines = places.map((place) => `${pull}${nameOf(place)}@${digest}`);
    return codeBlock(lines.slice(0, MAX_PLACES), 'sh');
}
/** Digest, platforms, size, source and time. */
function facts(report, withSize = true) {
    const { image } = report;
    const platforms = (image?.platforms ?? []).map((platform) => escapeText(platform, 100));
    const size = image && withSize && `${(0,counts/* plural */.LS)(image.blobs, 'blob')}, ${(0,util_text/* formatBytes */.z3)(image.size)}`;
    const parts = [
        // First our own words: a platform named "- x" would make the line a list.
        `${size ? `${size} from` : 'From'} ${code(report.source)}`,
        ...(platforms.length > 0 ? [(0,counts/* firstOf */.Ku)(platforms, MAX_TAGS, ', ')] : []),
        (0,util_text/* formatDuration */.a3)(report.durationMs),
    ];
    const digest = image?.digest ? [`Digest ${code(image.digest)}`] : [];
    return [...digest, parts.join(' · ')].join('\n\n');
}
/** True when at least one tag was pointed at the image and may be so now. */
function anyPublished(report) {
    return report.places.some(({ tags }) => tags.some(({ status }) => status === 'published' || status === 'left' || status === 'unknown'));
}
function tagsCell(tags, mixed) {
    if (tags.length === 0)
        return 'by digest only';
    // Where no tag was moved one sentence says so for all of them.
    const cells = tags.map(({ tag, status }) => {
        const word = status === 'not-moved' && !mixed ? undefined : (0,counts/* tagWord */.Nz)(status);
        return word === undefined ? code(tag) : `${code(tag)} (${word})`;
    });
    return (0,counts/* firstOf */.Ku)(cells, MAX_TAGS, ' ');
}
function blobsCell({ blobs, manifests }) {
    if (blobs.length > 0)
        return (0,counts/* formatOutcomes */.z_)(blobs.map((blob) => blob.outcome));
    return (manifests?.existing ?? 0) > 0 ? 'all already there' : '–';
}
const PLACE_WORDS = {
    pushed: '✅ pushed',
    partial: '⚠️ in part',
    failed: '❌ failed',
    planned: 'planned',
};
/** True when a push has succeeded without some of its places, or some of their tags. */
function isIncomplete(report) {
    return report.places.some(({ status }) => status === 'partial' || status === 'failed');
}
/** What is where now; of a dry run: where it would go. */
function placesTable(report) {
    if (report.places.length === 0)
        return undefined;
    const planned = report.status === 'planned';
    const mixed = anyPublished(report);
    // A first push sends everything: a column of zeros would tell nobody anything.
    const withSaved = report.places.some((place) => notSentTo(place) > 0);
    // Where all places fared alike, the title has said it.
    const withResult = new Set(report.places.map(({ status }) => status)).size > 1;
    const columns = ['Registry', 'Repository', 'Tags', ...(withResult ? ['Result'] : [])];
    const more = ['Blobs', '>Sent', ...(withSaved ? ['>Not sent again'] : []), '>Time'];
    const rows = report.places.map((place) => {
        const result = withResult ? [PLACE_WORDS[place.status]] : [];
        const tags = tagsCell(place.tags, mixed);
        const name = [code(place.registry), code(place.repository), tags, ...result];
        if (planned)
            return name;
        const time = place.durationMs === undefined ? '–' : together((0,util_text/* formatDuration */.a3)(place.durationMs));
        const saved = withSaved ? [together((0,util_text/* formatBytes */.z3)(notSentTo(place)))] : [];
        const sent = together((0,util_text/* formatBytes */.z3)(place.bytesUploaded));
        return [...name, blobsCell(place), sent, ...saved, time];
    });
    return table(planned ? columns : [...columns, ...more], rows, MAX_PLACES);
}
function layersOf(place) {
    const rows = [...place.blobs]
        .sort((left, right) => right.size - left.size)
        .map((blob) => [
        code((0,oci_digest/* shortDigest */.VK)(blob.digest)),
        together((0,util_text/* formatBytes */.z3)(blob.size)),
        outcomeCell(blob),
        together((0,util_text/* formatDuration */.a3)(blob.durationMs)),
    ]);
    return details(`Layers and configs in ${nameOf(place)} (${rows.length})`, table(['Digest', '>Size', 'Outcome', '>Time'], rows, MAX_ROWS));
}
/** One folded table of layers per place, largest first. */
function summary_sections_layers(report) {
    const places = report.places.filter((place) => place.blobs.length > 0);
    return places.slice(0, MAX_PLACES).map(layersOf).join('\n\n') || undefined;
}
/** The layers that a dry run would have pushed. */
function plannedLayers(plan) {
    const rows = [...plan.blobs]
        .sort((left, right) => right.size - left.size)
        .map(({ digest, size, mediaType }) => [
        digest ? code((0,oci_digest/* shortDigest */.VK)(digest)) : 'to be compressed',
        together((0,util_text/* formatBytes */.z3)(size)),
        code(mediaType, 100),
    ]);
    return details(`Layers and configs (${rows.length})`, table(['Digest', '>Size', 'Media type'], rows, MAX_ROWS));
}
function waitLines(report) {
    const registries = [...new Set((report.waits ?? []).map((wait) => wait.registry))];
    return registries.map((registry) => {
        const waitedMs = report.places.find((place) => place.registry === registry)?.waitedMs;
        const reasons = (report.waits ?? [])
            .filter((wait) => wait.registry === registry)
            .map(({ reason, times }) => `${escapeText(reason)}${times > 1 ? `, ${times} times` : ''}`);
        const time = waitedMs === undefined ? '' : ` ${(0,util_text/* formatDuration */.a3)(waitedMs)}`;
        return `- ⏳ waited${time} for ${code(registry)}: ${(0,counts/* firstOf */.Ku)(reasons, 5, '; ')}`;
    });
}
/** What was saved, waits and warnings, and of a dry run what it saw, as a list. */
function notes(report) {
    const warnings = report.warnings.map((warning) => `- ⚠️ ${escapeText(warning, 500)}`);
    const seen = report.status === 'planned' ? (report.notes ?? []) : [];
    const found = seen.map((note) => `- 🔎 ${escapeText(note, 500)}`);
    return ([...found, ...savedLines(report), ...waitLines(report), ...warnings].join('\n') || undefined);
}

;// CONCATENATED MODULE: ./lib/report/summary.js




/**
 * GitHub skips a step's summary that is larger than 1 MiB; other parts of the step may write to
 * the same file, so we stay well below.
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
 */
const MAX_SUMMARY_BYTES = 900 * 1024;
const TITLES = {
    success: '✅ Image pushed',
    planned: '📝 Dry run: nothing was written',
    failed: '❌ Push failed',
    cancelled: '⏹️ Push cancelled',
};
const NOT_EVERYWHERE = '⚠️ Image pushed, but not everywhere';
function success(report) {
    return [pullCommands(report), facts(report), placesTable(report), notes(report), summary_sections_layers(report)];
}
function planned(report, plan) {
    return [
        facts(report, plan === undefined),
        plan ? `Would push ${(0,plan_text/* describePlan */.d)(plan)} to` : 'Would be pushed to',
        placesTable(report),
        notes(report),
        plan ? plannedLayers(plan) : undefined,
    ];
}
function failure(report) {
    const { error, exitCode } = report;
    const stage = error?.stage ? ` in stage ${error.stage}` : '';
    const kind = error ? ` (${error.code.toLowerCase()})` : '';
    return [
        error ? `**${escapeText(error.message, 2000)}**` : undefined,
        error?.hint ? `→ ${escapeText(error.hint, 2000)}` : undefined,
        `Exit code ${exitCode}${kind}${stage}, after ${(0,util_text/* formatDuration */.a3)(report.durationMs)}, from ${code(report.source)}`,
        report.places.length > 0 && !anyPublished(report) ? 'No tag was moved.' : undefined,
        placesTable(report),
        notes(report),
        summary_sections_layers(report),
    ];
}
/**
 * The job summary in GitHub's Markdown. Text from images, registries and people is shown as text.
 * @param plan what a dry run would push, to be listed with it
 * @returns at most MAX_SUMMARY_BYTES bytes of UTF-8
 */
function renderSummary(report, plan) {
    const notEverywhere = report.status === 'success' && isIncomplete(report);
    const title = notEverywhere ? NOT_EVERYWHERE : TITLES[report.status];
    const markdown = [`## ${title}`, ...sectionsOf(report, plan)]
        .filter((section) => section !== undefined)
        .join('\n\n');
    return limitBytes(`${markdown}\n`, MAX_SUMMARY_BYTES);
}
function sectionsOf(report, plan) {
    if (report.status === 'success')
        return success(report);
    return report.status === 'planned' ? planned(report, plan) : failure(report);
}

// EXTERNAL MODULE: ./lib/util/errors.js
var errors = __webpack_require__(99661);
;// CONCATENATED MODULE: ./lib/action/results.js








async function attempt(what, warn, work) {
    try {
        await work();
    }
    catch (error) {
        // The push itself is done; telling about it is not worth failing it.
        warn(`${what} could not be written: ${(0,errors/* messageOf */.bD)(error)}`);
    }
}
/** The outputs, as far as the runner takes them. */
function setOutputs(outputs, warn) {
    return attempt('The outputs', warn, async () => {
        for (const [name, value] of Object.entries(outputs))
            (0,core/* setOutput */.uH)(name, value);
    });
}
/** Tells how it ended: step outputs, the report's file, the job summary. */
async function publishResults({ report, plan }, tempDirectory, redact, warn) {
    await setOutputs(toOutputs(report), warn);
    await attempt('The report', warn, async () => {
        (0,core/* setOutput */.uH)('report', await (0,report_file/* writeReport */.u)(report, tempDirectory, redact));
    });
    await attempt('The job summary', warn, async () => {
        const markdown = renderSummary(report, plan ? (0,plan_view/* planView */.h)(plan) : undefined);
        await core/* summary */.z.addRaw(redact(markdown), true).write();
    });
}
/**
 * Tells of a step that failed before it had anything to push.
 * @returns the exit code
 */
async function publishFailure(error, redact, warn) {
    const collector = (0,report_collector/* createCollector */.Y)({ source: '', places: [], now: () => Date.now(), redact });
    const report = collector.report('failed', error);
    await setOutputs(toOutputs(report), warn);
    await attempt('The job summary', warn, () => core/* summary */.z.addRaw(redact(renderSummary(report)), true).write());
    return report.exitCode;
}
/** Tells what a probe has found out. */
async function publishProbe(repository, findings, warn) {
    (0,core/* setOutput */.uH)('exit-code', '0');
    const rows = findings.map(({ what, answer }) => [escapeText(what), escapeText(answer)]);
    const markdown = `## What ${code(repository)} can do\n\n${table(['Question', 'Answer'], rows)}\n`;
    await attempt('The job summary', warn, () => core/* summary */.z.addRaw(markdown, true).write());
}


/***/ }),

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
