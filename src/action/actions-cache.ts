import { lstat } from 'node:fs/promises';
import path from 'node:path';
import type { StateProgress, StateStore } from '../state/store.ts';
import { messageOf } from '../util/errors.ts';
import { printable } from '../util/text.ts';
import { clearArrivals, prepareArrivals, takeRecord, takeState } from './cache-arrivals.ts';
import type { CacheAccess } from './cache-environment.ts';
import type { CacheFolder } from './cache-folder.ts';
import { recordKeys, runName, stateKeys, type CacheKeys, type CacheNames } from './cache-keys.ts';
import type { CacheProblem } from './cache-output.ts';
import { runCacheProcess, type CacheOutcome, type CacheProcessOptions } from './cache-process.ts';
import { prepareState, sessionAfter, unusable } from './cache-save.ts';
import { SaveSchedule } from './cache-schedule.ts';
import { readSession, writeSession, type CacheSession } from './cache-session.ts';
import { readShareable } from './cache-shared.ts';
import type { CacheWork } from './cache-task.ts';

export interface ActionsCacheOptions extends CacheProcessOptions {
  readonly names: CacheNames;
  readonly files: CacheFolder;
  readonly access: CacheAccess;
  /** whether interrupted pushes are gone on with, and whether there is a record */
  readonly resume: boolean;
  readonly record: boolean;
  /** milliseconds */
  readonly now: () => number;
  /** receives a sentence for people: once for the steps of a job */
  readonly warn: (message: string) => void;
  /** the most that restoring or saving may take, milliseconds (default 10 s) */
  readonly limitMs?: number;
}

const LIMIT_MS = 10_000;
/** What the end of a push waits for a save that is under way. */
const CLOSE_MS = 1000;
const CONSEQUENCE = 'the push goes on without it';

async function isMissing(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => undefined)) === undefined;
}

/** Keeps the resume file of a push in the Actions cache, and brings it and the record from there. */
export class ActionsCache implements StateStore {
  readonly name = 'the Actions cache';
  readonly keepsProgress: boolean;
  readonly #options: ActionsCacheOptions;
  readonly #schedule: SaveSchedule;
  readonly #closing = new AbortController();
  #saving: Promise<void> | undefined;
  #cancel: AbortSignal | undefined;
  #usable = true;

  constructor(options: ActionsCacheOptions) {
    this.keepsProgress = options.resume && options.access.writable;
    this.#options = options;
    this.#schedule = new SaveSchedule(options.now);
  }

  async restore(signal: AbortSignal): Promise<void> {
    this.#cancel = signal;
    const { access, files, resume } = this.#options;
    try {
      const record = this.#options.record && (await isMissing(files.recordFile));
      if (!access.readable || !(resume || record)) return;
      const outcome = await this.#bring(record, signal);
      const { problem } = outcome;
      if (!problem) return;
      await this.#complain(problem);
      // A bad archive, or one that may not be read, does not say that none can be saved.
      if (problem.kind === 'service') this.#usable = false;
      else if (problem.kind === 'entry') await this.#keptIs(undefined);
    } catch (error) {
      await this.#complain({ kind: 'service', reason: messageOf(error) });
    }
  }

  changed(progress: StateProgress): void {
    const { resume, access } = this.#options;
    if (!resume || !access.writable || !this.#usable || this.#saving) return;
    if (this.#closing.signal.aborted || !this.#schedule.isDue(progress)) return;
    this.#schedule.saved(progress);
    this.#saving = this.#save().finally(() => {
      this.#saving = undefined;
    });
  }

  /** Resolves when the save that is under way has come to its end, if there is one. Never rejects. */
  async idle(): Promise<void> {
    await this.#saving;
  }

  /**
   * A save that does not come to an end soon is ended. Left to itself it could finish after the
   * post step's, which knows more, and be taken for the newer one. Where nothing is left to go on
   * with, and after a cancellation, it is not waited for at all.
   */
  async close(): Promise<void> {
    if (this.#saving) {
      const { files, names } = this.#options;
      const over = await isMissing(path.join(files.resume, names.resumeFile));
      if (!over && !this.#cancel?.aborted) {
        let timer: NodeJS.Timeout | undefined;
        const patience = new Promise<void>((done) => {
          timer = setTimeout(done, CLOSE_MS);
        });
        await Promise.race([this.#saving, patience]);
        clearTimeout(timer);
      }
    }
    this.#closing.abort();
    await this.idle();
  }

  /** Restores, and takes what can be used: nothing else is left behind, whatever happens. */
  async #bring(record: boolean, signal: AbortSignal): Promise<CacheOutcome> {
    const { files, names, env, resume } = this.#options;
    try {
      await prepareArrivals(files, record);
      const wanted = [
        ...(resume ? [stateKeys(names, env)] : []),
        ...(record ? [recordKeys(names, env)] : []),
      ];
      const outcome = await this.#restore(wanted, signal);
      if (resume && outcome.keys[0] !== undefined) await this.#takeState();
      if (record && outcome.keys.at(-1) !== undefined) {
        this.#tell('The record', await takeRecord(files));
      }
      return outcome;
    } finally {
      await clearArrivals(files);
    }
  }

  #restore(wanted: readonly CacheKeys[], signal: AbortSignal): Promise<CacheOutcome> {
    const entries = wanted.map(({ path, prefixes: [key = '', ...restoreKeys] }) => ({
      path,
      key,
      restoreKeys,
    }));
    return this.#run({ kind: 'restore', entries }, signal);
  }

  async #takeState(): Promise<void> {
    const { files, names } = this.#options;
    const mine = !(await isMissing(path.join(files.resume, names.resumeFile)));
    const refused = await takeState(files, names.resumeFile);
    this.#tell('The state', refused);
    const { fingerprint } = await readShareable(files, names.resumeFile);
    await this.#keptIs(mine || refused !== undefined ? undefined : fingerprint);
  }

  /** @param kept what the newest entry says; undefined has the post step replace it by a good one */
  async #keptIs(kept: string | undefined): Promise<void> {
    await this.#remember({ ...(await this.#session()), kept });
  }

  async #save(): Promise<void> {
    try {
      const before = await this.#session();
      const prepared = await prepareState(this.#options, before, false);
      if (!prepared) return;
      await this.#remember(prepared.session);
      const work: CacheWork = { kind: 'save', entries: [prepared.entry] };
      const outcome = await this.#run(work, this.#closing.signal);
      await this.#remember(sessionAfter(prepared, before, outcome));
      if (!outcome.problem || outcome.problem.kind === 'exists') return;
      this.#usable = false;
      await this.#complain(outcome.problem);
    } catch (error) {
      this.#usable = false;
      await this.#complain({ kind: 'service', reason: messageOf(error) });
    }
  }

  #run(work: CacheWork, signal: AbortSignal): Promise<CacheOutcome> {
    const { limitMs = LIMIT_MS } = this.#options;
    return runCacheProcess(work, this.#options, { timeoutMs: limitMs, signal });
  }

  #session(): Promise<CacheSession> {
    return readSession(this.#options.files.session, runName(this.#options.env));
  }

  #remember(session: CacheSession): Promise<void> {
    return writeSession(this.#options.files.session, session);
  }

  #tell(what: string, refused: string | undefined): void {
    if (refused === undefined) return;
    this.#options.onLine?.(`${what} in the Actions cache is not used: ${printable(refused)}.`);
  }

  /** Once, however often it fails; and not for what we have ended ourselves. Never throws. */
  async #complain(problem: CacheProblem): Promise<void> {
    if (this.#cancel?.aborted || this.#closing.signal.aborted) return;
    const session = await this.#session();
    const reason = printable(problem.reason, 200);
    if (!session.warned) this.#options.warn(unusable({ ...problem, reason }, CONSEQUENCE));
    const down = session.down || problem.kind === 'service';
    await this.#remember({ ...session, warned: true, down }).catch(() => undefined);
  }
}
