import { rm } from 'node:fs/promises';
import { writeFileAtomically } from '../util/atomic-file.ts';
import { RESUME_LIMITS } from './resume-schema.ts';

export interface WriterOptions {
  readonly file: string;
  readonly now: () => number;
  /** the text as it is now; undefined when no file is to be there */
  readonly text: () => string | undefined;
  /** the file holds the text */
  readonly onWritten: () => void;
  /** said once; nothing is written after it */
  readonly onFailed: (error: unknown) => void;
  /** what is in the file must not stay, even if nothing is ever asked for */
  readonly outdated: boolean;
}

const GAP_MS = 100;
/** Pushes that are shorter, and have no large blobs, leave no trace. */
const QUIET_MS = 250;
const LONGEST_MS = 1000;
/** Putting the text together may take one part in so many of the process's time. */
const SHARE = 20;

/** Writes a text that changes all the time: always the latest, one at a time, and never in the way. */
export class ResumeWriter {
  readonly #options: WriterOptions;
  readonly #opened: number;
  #lastStart = Number.NEGATIVE_INFINITY;
  #pauseEnd = Number.NEGATIVE_INFINITY;
  /** when the next write is to start; undefined when nobody has asked for one */
  #due: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #waiting: (() => void)[] = [];
  #pending: boolean;
  #failed = false;
  #closed = false;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#opened = options.now();
    this.#pending = options.outdated;
  }

  /** False when nothing is going to be written any more. */
  get isActive(): boolean {
    return !this.#failed && !this.#closed;
  }

  /** The text has changed, and whichever write comes next is early enough. */
  later(): void {
    this.#pending = true;
  }

  /** The text has changed, and the next regular write is early enough. */
  soon(): void {
    this.#ask(Math.max(this.#lastStart + GAP_MS, this.#opened + QUIET_MS));
  }

  /** The text has changed, and what is new in it would be lost in a moment. */
  atOnce(): void {
    this.#ask(Number.NEGATIVE_INFINITY);
  }

  /** Resolves when what was asked for at once is in the file, or cannot be written. */
  settled(): Promise<void> {
    if (!this.isActive || (this.#due === undefined && !this.#running)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /**
   * Brings the file up to date for the last time. Never throws.
   * @param remove the file is of no use any more
   */
  async close(remove: boolean): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
    for (const resolve of this.#waiting.splice(0)) resolve();
    // What is left behind then says nothing that is wrong.
    if (remove) await rm(this.#options.file, { force: true }).catch(() => undefined);
    else if (this.#pending && !this.#failed) await this.#write();
  }

  #ask(time: number): void {
    if (!this.isActive) return;
    this.#pending = true;
    const due = Math.max(time, this.#pauseEnd);
    if (this.#due !== undefined && this.#due <= due) return;
    this.#due = due;
    if (!this.#running) this.#arm(due);
  }

  #arm(due: number): void {
    clearTimeout(this.#timer);
    // A clock that was set back must not put it off for an hour.
    const wait = Math.min(LONGEST_MS, Math.max(0, due - this.#options.now()));
    this.#timer = setTimeout(() => {
      this.#running = this.#write().finally(() => {
        this.#running = undefined;
        if (this.#due !== undefined && this.isActive) this.#arm(this.#due);
        // What was asked for while this was being written is in the next one.
        else for (const resolve of this.#waiting.splice(0)) resolve();
      });
    }, wait).unref();
  }

  async #write(): Promise<void> {
    const { file, now, text, onWritten, onFailed } = this.#options;
    this.#due = undefined;
    this.#pending = false;
    try {
      this.#lastStart = now();
      const began = performance.now();
      const latest = text();
      this.#pauseEnd = now() + SHARE * (performance.now() - began);
      if (latest === undefined) {
        await rm(file, { force: true });
        return;
      }
      if (Buffer.byteLength(latest) > RESUME_LIMITS.fileBytes) {
        throw new Error('it has grown too large');
      }
      await writeFileAtomically(file, latest);
      onWritten();
    } catch (error) {
      if (this.#failed) return;
      this.#failed = true;
      onFailed(error);
    }
  }
}
