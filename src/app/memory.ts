import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config/config.ts';
import type { Digest } from '../oci/digest.ts';
import { formatReference } from '../oci/reference.ts';
import type { PushMemory, Remembered } from '../push/memory.ts';
import type { CasIndex } from '../state/cas-index.ts';
import type { ResumeLedger } from '../state/resume-ledger.ts';
import { resumeFileName } from '../state/resume-name.ts';
import type { StatePlaces } from '../state/store.ts';
import type { Clock } from '../util/clock.ts';
import { messageOf } from '../util/errors.ts';
import type { Emit } from '../util/events.ts';
import { RememberedState } from './remembered.ts';

export interface MemoryOptions {
  readonly config: Config;
  readonly places: StatePlaces;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** How long tidying up may hold up the end of a push, milliseconds. */
const TIDY_MS = 1500;

/** What a push remembers, in files that are opened when it is first asked for. */
class FileMemory implements PushMemory {
  readonly #options: MemoryOptions;
  readonly #closing = new AbortController();
  readonly #background = new Set<Promise<void>>();
  #recalled: Promise<Remembered> | undefined;
  /** what went wrong while the files are opened */
  #opening: Map<'state' | 'record', string> | undefined = new Map();
  #ledger: ResumeLedger | undefined;
  #record: CasIndex | undefined;

  constructor(options: MemoryOptions) {
    this.#options = options;
  }

  recall(image: Digest, signal: AbortSignal): Promise<Remembered> {
    this.#recalled ??= this.#open(image, signal);
    return this.#recalled;
  }

  async close(finished: boolean): Promise<{ readonly blobs: number; readonly bytes: number }> {
    // Who was cancelled has not the time to tidy up: what was sent is written down, and that is all.
    if (!finished) this.#closing.abort();
    const timer = setTimeout(() => this.#closing.abort(), TIDY_MS);
    await this.#recalled?.catch(() => undefined);
    const kept = (finished ? undefined : this.#ledger?.unfinished) ?? { blobs: 0, bytes: 0 };
    const { store } = this.#options.places;
    const parts: readonly (() => unknown)[] = [
      () => (finished && !this.#recalled ? this.#removeLeftover() : undefined),
      () => this.#ledger?.close(finished),
      () => this.#record?.close(),
      () => Promise.allSettled(this.#background),
      () => store?.close(),
    ];
    for (const part of parts) await this.#orWithout(part);
    clearTimeout(timer);
    return kept;
  }

  async #open(image: Digest, signal: AbortSignal): Promise<Remembered> {
    const { places, emit } = this.#options;
    await places.store?.restore(signal);
    [this.#ledger, this.#record] = await Promise.all([
      this.#orWithout(() => this.#openLedger(image)),
      this.#orWithout(() => this.#openRecord()),
    ]);
    this.#tellProblems();
    const found = this.#ledger?.found;
    const from = places.store?.name ?? places.resumeDirectory ?? '';
    if (found) emit({ type: 'resuming', ...found, from });
    return new RememberedState({
      ledger: this.#ledger,
      record: this.#record,
      shared: places.store?.keepsProgress === true || places.shared === true,
      shareableOnly: places.shared === true,
      background: (work) => this.#inBackground(work),
    });
  }

  /** No push fails because of what it might have remembered. */
  async #orWithout<T>(part: () => Promise<T> | T): Promise<T | undefined> {
    try {
      return await part();
    } catch (error) {
      const message = `Some of this push is not remembered: ${messageOf(error)}`;
      this.#options.emit({ type: 'warning', message });
      return undefined;
    }
  }

  #warn(part: 'state' | 'record', message: string): void {
    if (this.#opening) this.#opening.set(part, message);
    else this.#options.emit({ type: 'warning', message });
  }

  /** A folder that cannot be written is one warning, and not one for each file in it. */
  #tellProblems(): void {
    const { emit } = this.#options;
    const problems = this.#opening;
    this.#opening = undefined;
    const state = problems?.get('state');
    if (state) emit({ type: 'warning', message: state });
    const record = problems?.get('record');
    if (record) emit({ type: state ? 'detail' : 'warning', message: record });
  }

  /** The image was there as a whole, so nobody has asked what an interrupted push had left. */
  async #removeLeftover(): Promise<void> {
    const { config, places } = this.#options;
    const [first] = config.targets;
    if (places.resumeDirectory === undefined || first === undefined) return;
    const name = resumeFileName(formatReference(first));
    const file = path.join(places.resumeDirectory, name);
    const left = await readdir(places.resumeDirectory).catch(() => []);
    // The file, its lock, or what a killed process was writing.
    if (!left.some((other) => other.startsWith(name))) return;
    const { removeResumeFile } = await import('../state/resume-sweep.ts');
    await removeResumeFile(file);
  }

  async #openLedger(image: Digest): Promise<ResumeLedger | undefined> {
    const { config, places, clock, emit } = this.#options;
    const { resumeDirectory: directory, store, shared } = places;
    const [first] = config.targets;
    if (directory === undefined || first === undefined) return undefined;
    const { ResumeLedger: Ledger } = await import('../state/resume-ledger.ts');
    return Ledger.open({
      directory,
      name: formatReference(first),
      image,
      now: () => clock.now(),
      onNote: (message) => emit({ type: 'note', message }),
      onWarning: (message) => this.#warn('state', message),
      shareableOnly: shared === true,
      ...(store ? { onWritten: (progress) => store.changed(progress) } : {}),
    });
  }

  async #openRecord(): Promise<CasIndex | undefined> {
    const { config, places, clock } = this.#options;
    const { recordFile: file } = places;
    if (file === undefined) return undefined;
    const { CasIndex: Index } = await import('../state/cas-index.ts');
    return Index.open({
      file,
      maxBytes: config.cacheMaxSize,
      maxEntries: config.cacheMaxEntries,
      now: () => clock.now(),
      onProblem: (message) => this.#warn('record', message),
    });
  }

  #inBackground(work: (signal: AbortSignal) => Promise<void>): void {
    const running = work(this.#closing.signal)
      .catch(() => undefined)
      .finally(() => this.#background.delete(running));
    this.#background.add(running);
  }
}

/** Makes what a push remembers; nothing is opened or read before it is asked for. */
export function createMemory(options: MemoryOptions): PushMemory {
  return new FileMemory(options);
}
