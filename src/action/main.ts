import { appendFileSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { EXIT_CODES, messageOf, systemCode } from '../util/errors.ts';
import { runProgram } from '../util/run-program.ts';
import { cancelOnSignals } from '../util/signals.ts';
import { annotation, TITLE } from './commands.ts';
import { runStep } from './step.ts';

/** The name under which the main step leaves its spool folder to the post step. */
const SPOOL_STATE = 'spool';
/** What the post step needs to keep what this step remembers. */
const CACHE_STATE = 'cache';

/** Keeps a value for the post step. Names and values are ours: one line each, nothing to escape. */
function saveState(name: string, value: string): void {
  const file = process.env['GITHUB_STATE'];
  if (file) appendFileSync(file, `${name}=${value}\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A folder for large files; undefined where there can be none, which has been said then. */
function makeSpool(tempDirectory: string): string | undefined {
  try {
    return mkdtempSync(path.join(tempDirectory, 'idpbuilder-push-spool-'));
  } catch (error) {
    const why = systemCode(error) ?? messageOf(error);
    print(
      annotation(
        'error',
        TITLE,
        `The temporary folder ${tempDirectory} cannot be written (${why}). → Let RUNNER_TEMP name a folder that this user may write, with some space left.`,
      ),
    );
    process.exitCode = EXIT_CODES.GENERAL;
    return undefined;
  }
}

async function runMain(): Promise<void> {
  const { env } = process;
  const tempDirectory = env['RUNNER_TEMP'] || tmpdir();
  const spoolDirectory = makeSpool(tempDirectory);
  if (spoolDirectory === undefined) return;
  // Early: a job that is killed leaves its files to the post step.
  saveState(SPOOL_STATE, spoolDirectory);
  const { signal, stop } = cancelOnSignals();
  try {
    process.exitCode = await runStep({
      env,
      home: env['HOME'] || env['USERPROFILE'] || homedir(),
      uid: process.getuid?.(),
      tempDirectory,
      spoolDirectory,
      entryFile: process.argv[1] ?? '',
      keepForPost: (line) => saveState(CACHE_STATE, line),
      write: print,
      cancel: signal,
    });
  } finally {
    stop();
    await rm(spoolDirectory, { recursive: true, force: true });
  }
}

/** Puts away what a killed main step could not, and keeps what it remembers. */
async function runPost(spoolDirectory: string): Promise<void> {
  await rm(spoolDirectory, { recursive: true, force: true });
  const { env } = process;
  const kept = env[`STATE_${CACHE_STATE}`];
  if (!kept) return;
  const { keepAfterwards } = await import('./post.ts');
  const entryFile = process.argv[1] ?? '';
  await keepAfterwards({ env, entryFile, kept, run: runProgram, write: print });
}

/** Main and post step are one bundle: the state that main saves tells them apart. */
export async function startAction(): Promise<void> {
  const spoolDirectory = process.env[`STATE_${SPOOL_STATE}`];
  await (spoolDirectory ? runPost(spoolDirectory) : runMain());
}

/**
 * True when a runner has started us as a step of an action, rather than somebody in a shell: there
 * are inputs (github-token has a default, so there is always one) and no arguments.
 */
export function isActionStep(): boolean {
  const names = Object.keys(process.env);
  const called = names.some((name) => name.startsWith('INPUT_') || name === `STATE_${SPOOL_STATE}`);
  return called && process.argv.length <= 2;
}
