import { lstatSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { UploadCheckpoint } from '../registry/upload/checkpoint.ts';
import { removeTemporaries } from '../util/atomic-file.ts';
import { messageOf, systemCode } from '../util/errors.ts';
import type { Place } from '../util/events.ts';
import { acquireLock, type Lock } from './lock.ts';
import { ResumeBook, type Reached, type ReachedPoint } from './resume-book.ts';
import { formatResumeState, shareableState } from './resume-file.ts';
import {
  judgeResumeFile,
  type AbandonedUpload,
  type FoundState,
  type Judgement,
} from './resume-found.ts';
import { resumeFileName } from './resume-name.ts';
import { isVisible, RESUME_LIMITS, type ResumeState } from './resume-schema.ts';
import { resumeLockFile, sweepResumeFiles } from './resume-sweep.ts';
import { ResumeWriter } from './resume-writer.ts';
import type { StateProgress } from './store.ts';
import { makeFolder } from '../util/make-folder.ts';

export interface LedgerOptions {
  /** folder of the resume files; made with mode 0700 where it is missing */
  readonly directory: string;
  /** full name of the first target */
  readonly name: string;
  /** what is pushed: a state of another image is not gone on with */
  readonly image: Digest;
  /** ms since 1970 */
  readonly now: () => number;
  readonly onNote: (message: string) => void;
  readonly onWarning: (message: string) => void;
  /** after each write to the disk */
  readonly onWritten?: (progress: StateProgress) => void;
  /** write down only uploads whose addresses are worthless to strangers */
  readonly shareableOnly?: boolean;
}

/** What is handed from `open` to the constructor. */
interface Opened {
  readonly file: string;
  readonly lock: Lock;
  readonly sweep: Promise<void>;
}

/** What a finished or cancelled push waits for old files to be tidied up. */
const SWEEP_MS = 200;

/** @throws Error where it is a link: whoever filled the folder above it chose where that leads */
function makeOwnFolder(directory: string): void {
  makeFolder(directory, 0o700);
  // Without a slash at its end, which would have it followed.
  if (lstatSync(resolve(directory)).isSymbolicLink()) throw new Error('it is a link');
}

/** What happened: the system's code, for the path is in the sentence already, or what was said. */
function reasonOf(error: unknown): string {
  const code = systemCode(error) ?? '';
  return /^E[A-Z0-9]+$/.test(code) ? code : messageOf(error);
}

/** How much another machine could make use of. */
function progressOf(state: ResumeState): StateProgress {
  let bytes = 0;
  let left = 0;
  for (const { UploadedLayers } of state.Places) {
    for (const { BytesWritten, TotalBytes, Shareable } of Object.values(UploadedLayers)) {
      bytes += BytesWritten;
      if (Shareable) left += TotalBytes - BytesWritten;
    }
  }
  return { bytes, left };
}

/**
 * Writes down how far a push has come, so that another process can go on with it, and knows what an
 * earlier one has written. One file per image, held by one process at a time. After `open` nothing
 * in here throws or waits: what fails is one warning, and the push goes on without.
 */
export class ResumeLedger {
  /** the state file */
  readonly file: string;
  /** what an earlier run of this same image has left */
  readonly found: FoundState | undefined;
  /** uploads nobody goes on with: those of another image's state */
  readonly abandoned: readonly AbandonedUpload[];
  readonly #options: LedgerOptions;
  readonly #opened: Opened;
  readonly #earlier: ResumeBook;
  readonly #book: ResumeBook;
  readonly #writer: ResumeWriter;
  #progress: StateProgress = { bytes: 0, left: 0 };
  #closed: Promise<void> | undefined;

  /**
   * Opens the state of an image.
   * @returns undefined when another process has it or the folder cannot be used, which a note or a
   *   warning has said then
   */
  static async open(options: LedgerOptions): Promise<ResumeLedger | undefined> {
    const { directory, name, image, now, onNote, onWarning } = options;
    const file = join(directory, resumeFileName(name));
    let lock: Lock | undefined;
    try {
      makeOwnFolder(directory);
      lock = await acquireLock(resumeLockFile(file));
      if (!lock) {
        onNote(`Another process is pushing ${name}: going on without resume.`);
        return undefined;
      }
      await removeTemporaries(file);
      const judgement = await judgeResumeFile(file, image, now());
      if (judgement.note !== undefined) onNote(judgement.note);
      const sweep = sweepResumeFiles(directory, now());
      return new ResumeLedger(options, judgement, { file, lock, sweep });
    } catch (error) {
      lock?.release();
      onWarning(
        `No state can be kept in ${directory} (${reasonOf(error)}); going on without resume.`,
      );
      return undefined;
    }
  }

  private constructor(
    options: LedgerOptions,
    { places, found, abandoned }: Judgement,
    opened: Opened,
  ) {
    this.file = opened.file;
    this.found = found;
    this.abandoned = abandoned;
    this.#options = options;
    this.#opened = opened;
    this.#earlier = new ResumeBook(places);
    this.#book = new ResumeBook(places);
    this.#writer = new ResumeWriter({
      file: opened.file,
      now: options.now,
      text: () => this.#text(),
      onWritten: () => options.onWritten?.(this.#progress),
      onFailed: (error) =>
        options.onWarning(
          `The resume state ${opened.file} cannot be written (${reasonOf(error)}); going on without resume.`,
        ),
      outdated: found === undefined,
    });
  }

  /** Uploads of this run that another one could go on with. */
  get unfinished(): { readonly blobs: number; readonly bytes: number } {
    return this.#book.unfinished();
  }

  /** True when the blob or manifest had arrived in an earlier run. */
  finished(place: Place, digest: Digest): boolean {
    return this.#earlier.hasFinished(place, digest) || this.#earlier.hasManifest(place, digest);
  }

  /** How far an earlier run had come with the blob; undefined after `forgetUpload`. */
  earlier(place: Place, digest: Digest): UploadCheckpoint | undefined {
    const session = this.#earlier.session(place, digest);
    if (!session) return undefined;
    return {
      location: session.location,
      bytesWritten: session.bytes,
      checksum: session.checksum,
    };
  }

  /** The blob's upload has come so far. To be called with every piece: mostly it costs nothing. */
  reached(place: Place, descriptor: Descriptor, at: ReachedPoint): void {
    if (!this.#writer.isActive) return;
    let reached: Reached;
    try {
      reached = this.#book.reach(place, descriptor, at, this.#options.now());
    } catch {
      // There is no checksum: there is nothing to write down either.
    }
    if (reached === 'later') this.#writer.later();
    if (reached === 'further') this.#writer.soon();
    if (reached !== 'session') return;
    this.#writer.atOnce();
    // The blob begins anew, whatever had become of it.
    this.#earlier.drop(place, descriptor.digest);
  }

  /** Resolves when what is known is in the file, as far as it can be written. */
  written(): Promise<void> {
    return this.#writer.settled();
  }

  /** The blob's upload is of no use any more. */
  forgetUpload(place: Place, digest: Digest): void {
    if (this.#earlier.session(place, digest)) this.#earlier.drop(place, digest);
    if (!this.#book.session(place, digest)) return;
    if (this.#book.drop(place, digest)) this.#writer.soon();
  }

  /** The blob was said to have arrived, and is not there. */
  forgetBlob(place: Place, digest: Digest): void {
    if (this.#earlier.hasFinished(place, digest)) this.#earlier.drop(place, digest);
    if (!this.#book.hasFinished(place, digest)) return;
    if (this.#book.drop(place, digest)) this.#writer.soon();
  }

  /** The blob is in the repository. */
  blobArrived(place: Place, descriptor: Descriptor): void {
    if (this.#earlier.session(place, descriptor.digest)) {
      this.#earlier.drop(place, descriptor.digest);
    }
    if (this.#book.addBlob(place, descriptor, this.#options.now())) this.#writer.soon();
  }

  /** The manifest is in the repository. */
  manifestArrived(place: Place, digest: Digest): void {
    if (this.#book.addManifest(place, digest)) this.#writer.soon();
  }

  /**
   * Writes down the last state, or removes the file when the push is finished, and lets others have
   * it. Never throws; later calls wait for the first one.
   */
  close(finished: boolean): Promise<void> {
    this.#closed ??= this.#close(finished);
    return this.#closed;
  }

  async #close(finished: boolean): Promise<void> {
    const { lock, sweep } = this.#opened;
    await this.#writer.close(finished);
    lock.release();
    // The folder may be a slow one, and full; what is left is for the next push.
    const patience = new AbortController();
    const { signal } = patience;
    await Promise.race([sweep, delay(SWEEP_MS, undefined, { signal }).catch(() => undefined)]);
    patience.abort();
  }

  #text(): string | undefined {
    const { name, image, now, shareableOnly } = this.#options;
    const state: ResumeState = {
      SchemaVersion: 1,
      Image: isVisible(name, RESUME_LIMITS.nameLength) ? name : 'unnamed',
      ImageDigest: image,
      LastCheckpoint: new Date(now()).toISOString(),
      Places: this.#book.places(),
    };
    const kept = shareableOnly === true ? shareableState(state) : state;
    this.#progress = progressOf(kept);
    const layers = kept.Places.flatMap(({ UploadedLayers }) => Object.keys(UploadedLayers));
    return layers.length > 0 ? formatResumeState(kept) : undefined;
  }
}
