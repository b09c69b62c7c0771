import { messageOf } from '../util/errors.ts';
import { createRedactor } from '../util/redactor.ts';
import type { runProgram } from '../util/run-program.ts';
import { formatBytes, printable } from '../util/text.ts';
import { cacheAccess } from './cache-environment.ts';
import { folderOf, type CacheFolder } from './cache-folder.ts';
import { cacheFolder, recordKeys, runName } from './cache-keys.ts';
import { parseKept, type KeptForPost } from './cache-kept.ts';
import { runCacheProcess, type CacheOutcome, type CacheProcessOptions } from './cache-process.ts';
import { changedRecord, markRecordKept, MAX_RECORD_BYTES } from './cache-record.ts';
import type { CacheProblem } from './cache-output.ts';
import { prepareState, sessionAfter, unusable, type PreparedState } from './cache-save.ts';
import { readSession, writeSession, type CacheSession } from './cache-session.ts';
import type { SaveEntry } from './cache-task.ts';
import { annotation, TITLE } from './commands.ts';

/** What the post step does to the outside; `main` binds it to the process. */
export interface PostOutside {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** this program's own file */
  readonly entryFile: string;
  /** what the main step has left, as it wrote it */
  readonly kept: string | undefined;
  readonly run: typeof runProgram;
  /** prints one line to the job's log */
  readonly write: (line: string) => void;
  /** the most that saving may take, milliseconds (default 10 s) */
  readonly limitMs?: number;
}

const LIMIT_MS = 10_000;
const MAX_ANNOTATION = 1000;
const CONSEQUENCE = 'nothing is kept for the next run';

/** What is said, redacted. */
interface Say {
  readonly line: (line: string) => void;
  readonly warn: (message: string) => void;
}

function sayTo({ env, write }: PostOutside): Say {
  const { add, redact } = createRedactor();
  // Every other secret was masked for the whole job by the main step.
  add(env['ACTIONS_RUNTIME_TOKEN'] ?? '');
  const line = (text: string): void => write(redact(text));
  return {
    line,
    warn: (message) => line(annotation('warning', TITLE, printable(message, MAX_ANNOTATION))),
  };
}

/** What there is to save, and of what. */
interface Work {
  readonly kept: KeptForPost;
  readonly files: CacheFolder;
  readonly session: CacheSession;
  readonly state: PreparedState | undefined;
  readonly record: SaveEntry | undefined;
}

async function recordEntry(
  files: CacheFolder,
  kept: KeptForPost,
  env: PostOutside['env'],
  { warn }: Say,
): Promise<SaveEntry | undefined> {
  const changed = kept.record ? await changedRecord(files) : undefined;
  if (!changed) return undefined;
  if (changed.size > MAX_RECORD_BYTES) {
    const [size, most] = [changed.size, MAX_RECORD_BYTES].map(formatBytes);
    warn(
      `The record of what is where has ${size}: more than ${most} are not kept (cache-max-size makes it smaller).`,
    );
    return undefined;
  }
  const { path, base } = recordKeys(kept, env);
  return { path, key: `${base}.` };
}

function tell({ kept, state, record }: Work, { keys }: CacheOutcome, { line }: Say): void {
  const [stateKey, recordKey] = [state ? keys[0] : undefined, record ? keys.at(-1) : undefined];
  if (stateKey !== undefined && state?.state.fingerprint && kept.verbosity !== 'quiet') {
    const bytes = formatBytes(state.state.bytes);
    line(`Kept ${bytes} of progress for the next run (key ${stateKey}).`);
  }
  if (recordKey !== undefined && kept.verbosity === 'verbose') {
    line(`Kept the record of what is where (key ${recordKey}).`);
  }
}

function send(
  { kept, state, record }: Work,
  outside: PostOutside,
  say: Say,
): Promise<CacheOutcome> {
  const { env, entryFile, run, limitMs = LIMIT_MS } = outside;
  const process: CacheProcessOptions = {
    env,
    entryFile,
    tempDirectory: env['RUNNER_TEMP'] ?? '',
    folder: cacheFolder(kept),
    run,
    onLine: kept.verbosity === 'verbose' ? say.line : undefined,
  };
  const entries = [state?.entry, record].filter((entry) => entry !== undefined);
  return runCacheProcess({ kind: 'save', entries }, process, { timeoutMs: limitMs });
}

/** The main step may have said that the cache does not work; then it is the consequence that counts. */
function complain({ session, state, kept }: Work, problem: CacheProblem, say: Say): void {
  if (!session.warned) say.warn(unusable(problem, CONSEQUENCE));
  else if (state?.state.fingerprint && kept.verbosity !== 'quiet') {
    const bytes = formatBytes(state.state.bytes);
    say.line(
      `${bytes} of progress could not be kept in the Actions cache: in a new job, unfinished layers start over.`,
    );
  }
}

async function save(work: Work, outside: PostOutside, say: Say): Promise<void> {
  const { files, session: before, state, record } = work;
  if (state) await writeSession(files.session, state.session);
  const outcome = await send(work, outside, say);
  tell(work, outcome, say);
  if (record && outcome.keys.at(-1) !== undefined) await markRecordKept(files);
  const session = state ? sessionAfter(state, before, outcome) : before;
  const { problem } = outcome;
  const bad = problem !== undefined && problem.kind !== 'exists';
  if (bad) complain(work, problem, say);
  await writeSession(files.session, { ...session, warned: session.warned || bad });
}

async function workFor({ env, kept: left }: PostOutside, say: Say): Promise<Work | undefined> {
  const kept = parseKept(left);
  const tempDirectory = env['RUNNER_TEMP'];
  if (!kept || !tempDirectory || !cacheAccess(env)?.writable) return undefined;
  const files = folderOf(tempDirectory, kept);
  const session = await readSession(files.session, runName(env));
  const options = { names: kept, files, env };
  const state = kept.resume ? await prepareState(options, session, true) : undefined;
  const record = await recordEntry(files, kept, env, say);
  return { kept, files, session, state, record };
}

/**
 * Keeps what the main step has left in the Actions cache: how far an unfinished push has come, and
 * the record, if it has changed. It knows of the main step only what that wrote down, for it may
 * have been killed. It never throws, and where there is nothing new it loads and sends nothing.
 */
export async function keepAfterwards(outside: PostOutside): Promise<void> {
  const say = sayTo(outside);
  try {
    const work = await workFor(outside, say);
    if (!work || !(work.state || work.record)) return;
    // Worth another try for a push that has not come to its end, and for nothing else.
    if (work.session.down && !work.state?.state.fingerprint) return;
    await save(work, outside, say);
  } catch (error) {
    say.warn(unusable({ kind: 'service', reason: printable(messageOf(error), 200) }, CONSEQUENCE));
  }
}
