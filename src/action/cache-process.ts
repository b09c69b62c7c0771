import { randomUUID } from 'node:crypto';
import { realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../util/errors.ts';
import type { ProgramResult, runProgram } from '../util/run-program.ts';
import { printable } from '../util/text.ts';
import { toolkitEnvironment } from './cache-environment.ts';
import { problemIn, toolkitLines, type CacheProblem } from './cache-output.ts';
import { CACHE_TASK, type CacheTask, type CacheWork, type EntryAnswer } from './cache-task.ts';
import { runLimited, tarOptions } from './cache-tar.ts';
import { makeFolder } from '../util/make-folder.ts';

/** How the toolkit is run. */
export interface CacheProcessOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** the program's own file: the same bundle, with another first argument */
  readonly entryFile: string;
  /** RUNNER_TEMP */
  readonly tempDirectory: string;
  /** the folder of this push below it, relative, with slashes */
  readonly folder: string;
  readonly run: typeof runProgram;
  /** receives what the toolkit prints: one line, printable, not yet redacted */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** What became of some work. */
export interface CacheOutcome {
  /** the key of each entry, in their order; undefined where it was not found or not kept */
  readonly keys: readonly (string | undefined)[];
  /** what went wrong, if anything did */
  readonly problem?: CacheProblem;
}

const MAX_OUTPUT = 4 * 1024 * 1024;
const MAX_REASON = 160;

function answersIn(stdout: string, token: string): readonly EntryAnswer[] | undefined {
  const line = stdout.split('\n').findLast((text) => text.startsWith(`${token} `));
  // Whoever knows the token is the process that was started.
  if (line === undefined) return undefined;
  return JSON.parse(line.slice(token.length + 1)) as EntryAnswer[];
}

function withoutAnswer(stdout: string, token: string): string {
  return stdout
    .split('\n')
    .filter((line) => !line.startsWith(token))
    .join('\n');
}

/** A process that was killed, or ended without an answer. */
function unanswered({ code, stdout, stderr }: ProgramResult, timeoutMs: number): CacheProblem {
  if (code !== undefined) {
    const last = printable(stderr.trim().split('\n').at(-1) ?? '', MAX_REASON);
    return { kind: 'service', reason: last || `it ended with code ${code}` };
  }
  const why = `no answer within ${Math.round(timeoutMs / 1000)} s`;
  const told = problemIn(stdout)?.reason;
  return { kind: 'service', reason: told === undefined ? why : `${why}, ${told}` };
}

/** Why not all of it was done; undefined also when something was looked for and is not there. */
function problemOf(
  answers: readonly EntryAnswer[],
  stdout: string,
  kind: CacheWork['kind'],
): CacheProblem | undefined {
  const thrown = answers.find(({ error }) => error !== undefined)?.error;
  if (thrown !== undefined) return { kind: 'service', reason: printable(thrown, MAX_REASON) };
  const told = problemIn(stdout);
  if (kind === 'restore') return told;
  const { reason = 'it says no more' } = told ?? {};
  return told && told.kind !== 'entry' ? told : { kind: 'service', reason };
}

function outcomeOf(
  result: ProgramResult,
  { token, work }: CacheTask,
  timeoutMs: number,
): CacheOutcome {
  const answers = answersIn(result.stdout, token);
  const keys = work.entries.map((_, index) => answers?.[index]?.key);
  if (!answers) return { keys, problem: unanswered(result, timeoutMs) };
  const problem = keys.includes(undefined)
    ? problemOf(answers, result.stdout, work.kind)
    : undefined;
  return { keys, ...(problem ? { problem } : {}) };
}

/**
 * Runs the toolkit's cache client in a process of its own. It cannot be cancelled and repeats
 * requests for half a minute, it prints what a runner would take for commands, its version of an
 * entry depends on the working folder, and loading it takes longer than a small push: none of this
 * shall be ours. It does not throw.
 * @param limits milliseconds after which the process is killed; aborted, it is killed at once
 */
export async function runCacheProcess(
  work: CacheWork,
  options: CacheProcessOptions,
  limits: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<CacheOutcome> {
  const { env, entryFile, tempDirectory, folder, run, onLine } = options;
  const { timeoutMs, signal } = limits;
  const task: CacheTask = { token: randomUUID(), limitMs: timeoutMs + 1000, work };
  const own = path.join(tempDirectory, folder, `toolkit-${task.token}`);
  try {
    makeFolder(own, 0o700);
    // The toolkit's names are relative to the real path of its working folder.
    const root = await realpath(tempDirectory);
    const restoring = work.kind === 'restore';
    const programOptions = {
      input: JSON.stringify(task),
      cwd: root,
      env: {
        ...toolkitEnvironment(env),
        RUNNER_TEMP: await realpath(own), // it leaves folders there
        GITHUB_WORKSPACE: root,
        ...(restoring ? { TAR_OPTIONS: tarOptions(folder) } : {}),
      },
      timeoutMs,
      maxOutputBytes: MAX_OUTPUT,
      group: true,
      ...(signal ? { signal } : {}),
    };
    const args = [entryFile, CACHE_TASK];
    const result = restoring
      ? await runLimited(run, args, programOptions)
      : await run(process.execPath, args, programOptions);
    if (onLine) toolkitLines(withoutAnswer(result.stdout, task.token)).forEach(onLine);
    return outcomeOf(result, task, timeoutMs);
  } catch (error) {
    const reason = printable(messageOf(error), MAX_REASON);
    return { keys: work.entries.map(() => undefined), problem: { kind: 'service', reason } };
  } finally {
    await rm(own, { recursive: true, force: true }).catch(() => undefined);
  }
}
