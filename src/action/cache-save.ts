import type { CacheFolder } from './cache-folder.ts';
import { stateKeys, type CacheNames } from './cache-keys.ts';
import type { CacheProblem } from './cache-output.ts';
import type { CacheOutcome } from './cache-process.ts';
import type { CacheSession } from './cache-session.ts';
import { readShareable, writeShared, type SharedState } from './cache-shared.ts';
import type { SaveEntry } from './cache-task.ts';

/** An entry of the state that is ready to be saved. */
export interface PreparedState {
  readonly entry: SaveEntry;
  readonly state: SharedState;
  /** to be written down before it is saved: its number is used up then, however that ends */
  readonly session: CacheSession;
}

export interface SaveOptions {
  readonly names: CacheNames;
  readonly files: CacheFolder;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Puts the state where it is saved from; undefined when the newest entry says the same.
 * @param whenFinished whether to save that there is nothing to go on with
 * @throws the system's error
 */
export async function prepareState(
  { names, files, env }: SaveOptions,
  session: CacheSession,
  whenFinished: boolean,
): Promise<PreparedState | undefined> {
  const state = await readShareable(files, names.resumeFile);
  const { fingerprint } = state;
  if (fingerprint === session.kept || (fingerprint === '' && !whenFinished)) return undefined;
  await writeShared(files, names.resumeFile, state);
  const { path, base } = stateKeys(names, env);
  const sequence = session.sequence + 1;
  return {
    entry: { path, key: `${base}${sequence}.` },
    state,
    session: { ...session, sequence, kept: undefined },
  };
}

/** What is known after an entry was saved, or was not. */
export function sessionAfter(
  { session, state }: PreparedState,
  before: CacheSession,
  { keys, problem }: CacheOutcome,
): CacheSession {
  if (keys[0] !== undefined) return { ...session, kept: state.fingerprint };
  // Refused, it has changed nothing; of anything else nobody knows how far it came.
  const refused = problem?.kind === 'denied' || problem?.kind === 'exists';
  return refused ? { ...session, kept: before.kept } : session;
}

/**
 * The sentence about a cache that does not work; the steps of a job say it once in all.
 * @param consequence the end of the sentence
 */
export function unusable({ kind, reason }: CacheProblem, consequence: string): string {
  const what = kind === 'entry' ? 'What the Actions cache held' : 'The Actions cache';
  return `${what} cannot be used (${reason}): ${consequence}.`;
}
