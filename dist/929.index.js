export const id = 929;
export const ids = [929];
export const modules = {

/***/ 5929:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   keepAfterwards: () => (/* binding */ keepAfterwards)
/* harmony export */ });
/* harmony import */ var _util_errors_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(48946);
/* harmony import */ var _util_redactor_js__WEBPACK_IMPORTED_MODULE_9__ = __webpack_require__(92709);
/* harmony import */ var _util_text_js__WEBPACK_IMPORTED_MODULE_11__ = __webpack_require__(89598);
/* harmony import */ var _cache_environment_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(49897);
/* harmony import */ var _cache_folder_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(61034);
/* harmony import */ var _cache_keys_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(61274);
/* harmony import */ var _cache_kept_js__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(26078);
/* harmony import */ var _cache_process_js__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(3278);
/* harmony import */ var _cache_record_js__WEBPACK_IMPORTED_MODULE_6__ = __webpack_require__(83711);
/* harmony import */ var _cache_save_js__WEBPACK_IMPORTED_MODULE_7__ = __webpack_require__(26339);
/* harmony import */ var _cache_session_js__WEBPACK_IMPORTED_MODULE_8__ = __webpack_require__(58144);
/* harmony import */ var _commands_js__WEBPACK_IMPORTED_MODULE_10__ = __webpack_require__(50517);












const LIMIT_MS = 10_000;
const MAX_ANNOTATION = 1000;
const CONSEQUENCE = 'nothing is kept for the next run';
function sayTo({ env, write }) {
    const { add, redact } = (0,_util_redactor_js__WEBPACK_IMPORTED_MODULE_9__/* .createRedactor */ .l)();
    // Every other secret was masked for the whole job by the main step.
    add(env['ACTIONS_RUNTIME_TOKEN'] ?? '');
    const line = (text) => write(redact(text));
    return {
        line,
        warn: (message) => line((0,_commands_js__WEBPACK_IMPORTED_MODULE_10__/* .annotation */ .w7)('warning', _commands_js__WEBPACK_IMPORTED_MODULE_10__/* .TITLE */ .ly, (0,_util_text_js__WEBPACK_IMPORTED_MODULE_11__/* .printable */ .g$)(message, MAX_ANNOTATION))),
    };
}
async function recordEntry(files, kept, env, { warn }) {
    const changed = kept.record ? await (0,_cache_record_js__WEBPACK_IMPORTED_MODULE_6__/* .changedRecord */ .an)(files) : undefined;
    if (!changed)
        return undefined;
    if (changed.size > _cache_record_js__WEBPACK_IMPORTED_MODULE_6__/* .MAX_RECORD_BYTES */ .xR) {
        const [size, most] = [changed.size, _cache_record_js__WEBPACK_IMPORTED_MODULE_6__/* .MAX_RECORD_BYTES */ .xR].map(_util_text_js__WEBPACK_IMPORTED_MODULE_11__/* .formatBytes */ .z3);
        warn(`The record of what is where has ${size}: more than ${most} are not kept (cache-max-size makes it smaller).`);
        return undefined;
    }
    const { path, base } = (0,_cache_keys_js__WEBPACK_IMPORTED_MODULE_3__/* .recordKeys */ .IH)(kept, env);
    return { path, key: `${base}.` };
}
function tell({ kept, state, record }, { keys }, { line }) {
    const [stateKey, recordKey] = [state ? keys[0] : undefined, record ? keys.at(-1) : undefined];
    if (stateKey !== undefined && state?.state.fingerprint && kept.verbosity !== 'quiet') {
        const bytes = (0,_util_text_js__WEBPACK_IMPORTED_MODULE_11__/* .formatBytes */ .z3)(state.state.bytes);
        line(`Kept ${bytes} of progress for the next run (key ${stateKey}).`);
    }
    if (recordKey !== undefined && kept.verbosity === 'verbose') {
        line(`Kept the record of what is where (key ${recordKey}).`);
    }
}
function send({ kept, state, record }, outside, say) {
    const { env, entryFile, run, limitMs = LIMIT_MS } = outside;
    const process = {
        env,
        entryFile,
        tempDirectory: env['RUNNER_TEMP'] ?? '',
        folder: (0,_cache_keys_js__WEBPACK_IMPORTED_MODULE_3__/* .cacheFolder */ .nF)(kept),
        run,
        onLine: kept.verbosity === 'verbose' ? say.line : undefined,
    };
    const entries = [state?.entry, record].filter((entry) => entry !== undefined);
    return (0,_cache_process_js__WEBPACK_IMPORTED_MODULE_5__/* .runCacheProcess */ .n)({ kind: 'save', entries }, process, { timeoutMs: limitMs });
}
/** The main step may have said that the cache does not work; then it is the consequence that counts. */
function complain({ session, state, kept }, problem, say) {
    if (!session.warned)
        say.warn((0,_cache_save_js__WEBPACK_IMPORTED_MODULE_7__/* .unusable */ ._P)(problem, CONSEQUENCE));
    else if (state?.state.fingerprint && kept.verbosity !== 'quiet') {
        const bytes = (0,_util_text_js__WEBPACK_IMPORTED_MODULE_11__/* .formatBytes */ .z3)(state.state.bytes);
        say.line(`${bytes} of progress could not be kept in the Actions cache: in a new job, unfinished layers start over.`);
    }
}
async function save(work, outside, say) {
    const { files, session: before, state, record } = work;
    if (state)
        await (0,_cache_session_js__WEBPACK_IMPORTED_MODULE_8__/* .writeSession */ .K)(files.session, state.session);
    const outcome = await send(work, outside, say);
    tell(work, outcome, say);
    if (record && outcome.keys.at(-1) !== undefined)
        await (0,_cache_record_js__WEBPACK_IMPORTED_MODULE_6__/* .markRecordKept */ .jd)(files);
    const session = state ? (0,_cache_save_js__WEBPACK_IMPORTED_MODULE_7__/* .sessionAfter */ .FT)(state, before, outcome) : before;
    const { problem } = outcome;
    const bad = problem !== undefined && problem.kind !== 'exists';
    if (bad)
        complain(work, problem, say);
    await (0,_cache_session_js__WEBPACK_IMPORTED_MODULE_8__/* .writeSession */ .K)(files.session, { ...session, warned: session.warned || bad });
}
async function workFor({ env, kept: left }, say) {
    const kept = (0,_cache_kept_js__WEBPACK_IMPORTED_MODULE_4__/* .parseKept */ .M)(left);
    const tempDirectory = env['RUNNER_TEMP'];
    if (!kept || !tempDirectory || !(0,_cache_environment_js__WEBPACK_IMPORTED_MODULE_1__/* .cacheAccess */ .n)(env)?.writable)
        return undefined;
    const files = (0,_cache_folder_js__WEBPACK_IMPORTED_MODULE_2__/* .folderOf */ .yS)(tempDirectory, kept);
    const session = await (0,_cache_session_js__WEBPACK_IMPORTED_MODULE_8__/* .readSession */ .l)(files.session, (0,_cache_keys_js__WEBPACK_IMPORTED_MODULE_3__/* .runName */ .rt)(env));
    const options = { names: kept, files, env };
    const state = kept.resume ? await (0,_cache_save_js__WEBPACK_IMPORTED_MODULE_7__/* .prepareState */ .VE)(options, session, true) : undefined;
    const record = await recordEntry(files, kept, env, say);
    return { kept, files, session, state, record };
}
/**
 * Keeps what the main step has left in the Actions cache: how far an unfinished push has come, and
 * the record, if it has changed. It knows of the main step only what that wrote down, for it may
 * have been killed. It never throws, and where there is nothing new it loads and sends nothing.
 */
async function keepAfterwards(outside) {
    const say = sayTo(outside);
    try {
        const work = await workFor(outside, say);
        if (!work || !(work.state || work.record))
            return;
        // Worth another try for a push that has not come to its end, and for nothing else.
        if (work.session.down && !work.state?.state.fingerprint)
            return;
        await save(work, outside, say);
    }
    catch (error) {
        say.warn((0,_cache_save_js__WEBPACK_IMPORTED_MODULE_7__/* .unusable */ ._P)({ kind: 'service', reason: (0,_util_text_js__WEBPACK_IMPORTED_MODULE_11__/* .printable */ .g$)((0,_util_errors_js__WEBPACK_IMPORTED_MODULE_0__/* .messageOf */ .bD)(error), 200) }, CONSEQUENCE));
    }
}


/***/ })

};
