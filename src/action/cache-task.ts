import { text } from 'node:stream/consumers';
import { runProgram } from '../util/run-program.ts';
import { otherTar } from './cache-tar.ts';

/** One entry to restore: its files, and the keys or beginnings of keys it may have. */
export interface RestoreEntry {
  readonly path: string;
  readonly key: string;
  readonly restoreKeys: readonly string[];
}

/** One entry to save. */
export interface SaveEntry {
  readonly path: string;
  readonly key: string;
}

export type CacheWork =
  | { readonly kind: 'restore'; readonly entries: readonly RestoreEntry[] }
  | { readonly kind: 'save'; readonly entries: readonly SaveEntry[] };

/** What the process is told on its standard input. */
export interface CacheTask {
  /** a random word that marks the line of the answer: the toolkit prints, too */
  readonly token: string;
  /** the process ends itself after so many milliseconds, should nobody else do it */
  readonly limitMs: number;
  readonly work: CacheWork;
}

/** How it went with one entry. */
export interface EntryAnswer {
  /** the key it was found or is kept under; undefined when it was not */
  readonly key?: string;
  /** what was thrown; most failures are only printed */
  readonly error?: string;
}

/** The first argument of the process. */
export const CACHE_TASK = '__actions-cache';

const LOOK_EVERY_MS = 250;

/** Ends this process and the `tar` it may have started. */
function endAll(): void {
  try {
    process.kill(process.platform === 'win32' ? process.pid : -process.pid, 'SIGKILL');
  } catch {
    process.exit(1); // nobody's group but our parent's
  }
}

/** A step that is killed cannot end this process; what it would save then is of no more use. */
function endWithParent(limitMs: number): void {
  const parent = process.ppid;
  setTimeout(endAll, limitMs).unref();
  setInterval(() => process.ppid === parent || endAll(), LOOK_EVERY_MS).unref();
}

async function attempt(work: () => Promise<string | undefined>): Promise<EntryAnswer> {
  try {
    const key = await work();
    return key === undefined ? {} : { key };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** Nothing is restored where nobody keeps an archive in its place; that is no fault of anybody's. */
async function isSafe(): Promise<boolean> {
  const { platform, env } = process;
  const other = await otherTar(runProgram, { platform, programs: env['PROGRAMFILES'] });
  if (other === undefined) return true;
  process.stdout.write(`Nothing is restored: that takes GNU tar, and the tar here is ${other}.\n`);
  return false;
}

async function perform(work: CacheWork): Promise<readonly EntryAnswer[]> {
  if (work.kind === 'restore' && !(await isSafe())) return work.entries.map(() => ({}));
  const { restoreCache, saveCache } = await import('@actions/cache');
  if (work.kind === 'restore') {
    return Promise.all(
      work.entries.map(({ path, key, restoreKeys }) =>
        attempt(() => restoreCache([path], key, [...restoreKeys])),
      ),
    );
  }
  return Promise.all(
    work.entries.map(({ path, key }) =>
      // It does not throw when an entry cannot be saved, but returns a number below zero.
      attempt(async () => ((await saveCache([path], key)) < 0 ? undefined : key)),
    ),
  );
}

/** @returns undefined for what only a person can have written */
function taskIn(input: string): CacheTask | undefined {
  try {
    const { token, limitMs, work } = JSON.parse(input) as Partial<CacheTask>;
    if (typeof token !== 'string' || typeof limitMs !== 'number') return undefined;
    return Array.isArray(work?.entries) ? { token, limitMs, work } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The process in which the toolkit runs, see `cache-process.ts`. Reads a task from standard input
 * and prints one line with the answer, in JSON, between whatever the toolkit prints.
 */
export async function startCacheTask(): Promise<void> {
  const task = taskIn(await text(process.stdin));
  if (!task) {
    process.stderr.write(`${CACHE_TASK} is for idpbuilder-push itself, not for people.\n`);
    process.exitCode = 1;
    return;
  }
  const { token, limitMs, work } = task;
  endWithParent(limitMs);
  const answer = await perform(work);
  process.stdout.write(`\n${token} ${JSON.stringify(answer)}\n`, () => process.exit(0));
}
