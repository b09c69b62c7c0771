import type { Descriptor } from '../oci/descriptor.ts';
import { imageError, PushError } from '../util/errors.ts';
import { FileCursor } from './file-cursor.ts';
import { SpoolFailure, type GrowingFile, type GrowingFiles } from './growing-file.ts';
import type { ContentReader } from './source.ts';

/** What reading a blob once for several takes. */
export interface SharedBlobOptions {
  readonly source: ContentReader;
  readonly files: GrowingFiles;
  /** bytes that have come from the source */
  readonly onWork: (bytes: number) => void;
  /** it cannot be kept, and everybody reads it from the source */
  readonly onFailure: (failure: SpoolFailure) => void;
}

function wrongSize({ digest, size }: Descriptor, relation: 'shorter' | 'longer'): PushError {
  return imageError(
    `The source is corrupt: blob ${digest} is ${relation} than the ${size} bytes its manifest gives.`,
    'Build or save the image again.',
  );
}

/**
 * A blob on its way from the source to a file, and everybody who reads along. Filling the file is a
 * task of its own: no reader holds it up, and none waits for another. What the source does not give
 * fails for all who have come that far; whoever opens it next has the filling go on.
 */
export class SharedBlob {
  readonly descriptor: Descriptor;
  readonly #options: SharedBlobOptions;
  readonly #stop = new AbortController();
  /** who waits for more bytes */
  readonly #waiting = new Set<() => void>();
  #state: 'partial' | 'whole' | 'failed' = 'partial';
  #file: GrowingFile | undefined;
  #filling: Promise<void> | undefined;
  /** why the source gave nothing more */
  #error: { readonly thrown: unknown } | undefined;
  #readers = 0;
  #unwanted = false;
  #removal: Promise<void> | undefined;

  constructor(descriptor: Descriptor, options: SharedBlobOptions) {
    this.descriptor = descriptor;
    this.#options = options;
  }

  /**
   * Whether reading from an offset is better done here than at the source: never is waited for more
   * bytes than would be fetched twice.
   */
  reaches(from: number): boolean {
    if (this.#state === 'failed') return false;
    return from - this.#have <= this.descriptor.size - from;
  }

  /** The bytes from an offset on, as a ContentReader gives them. */
  async *read(from: number, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    this.#readers += 1;
    const cursor = new FileCursor();
    let position = from;
    try {
      this.#fill();
      for (;;) {
        signal?.throwIfAborted();
        const chunk = await this.#next(cursor, position, signal);
        if (chunk === 'end') return;
        if (chunk === 'gone') break;
        position += chunk.length;
        yield chunk;
      }
    } finally {
      await cursor.close();
      this.#readers -= 1;
      this.#tidy();
    }
    yield* this.#options.source.open(this.descriptor, position, signal);
  }

  /** Nobody is going to open it any more: it is deleted when the last reader leaves. */
  release(): void {
    this.#unwanted = true;
    this.#tidy();
  }

  /** Ends the filling, and whoever waits for it. */
  async close(): Promise<void> {
    this.#error ??= { thrown: new Error('the source was closed') };
    this.#abandon();
    await this.#filling;
    await this.#removal;
    await this.#file?.end();
  }

  get #have(): number {
    return this.#file?.size ?? 0;
  }

  /** What comes next at a position; waits for it where it has not come yet. */
  async #next(
    cursor: FileCursor,
    position: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array | 'end' | 'gone'> {
    for (;;) {
      if (this.#file && position < this.#have) {
        try {
          return await cursor.next(this.#file, position);
        } catch (error) {
          if (!(error instanceof SpoolFailure)) throw error;
          this.#fail(error);
          return 'gone';
        }
      }
      if (this.#state === 'whole') return 'end';
      if (this.#error) throw this.#error.thrown as Error;
      if (this.#state === 'failed') return 'gone';
      await this.#more(signal);
    }
  }

  #more(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const abort = (): void => {
        this.#waiting.delete(wake);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.add(wake);
    });
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Has the file filled from where it ends, unless somebody does. */
  #fill(): void {
    if (this.#filling || this.#state !== 'partial') return;
    this.#error = undefined;
    this.#filling = this.#pump()
      .catch((error: unknown) => this.#stopped(error))
      .finally(() => {
        this.#filling = undefined;
        this.#wake();
        this.#tidy();
      });
  }

  async #pump(): Promise<void> {
    const { source, files, onWork } = this.#options;
    const { size } = this.descriptor;
    this.#file ??= await files.create(size);
    this.#stop.signal.throwIfAborted();
    const file = this.#file;
    for await (const chunk of source.open(this.descriptor, file.size, this.#stop.signal)) {
      if (file.size + chunk.length > size) throw wrongSize(this.descriptor, 'longer');
      await file.append(chunk);
      onWork(chunk.length);
      this.#wake();
    }
    if (file.size < size) throw wrongSize(this.descriptor, 'shorter');
    await file.end();
    this.#state = 'whole';
  }

  #stopped(error: unknown): void {
    if (this.#state === 'failed') return;
    if (error instanceof SpoolFailure) return this.#fail(error);
    this.#error = { thrown: error };
    // What broke off goes on where it stopped; what is wrong is not kept.
    if (!(error instanceof PushError) || !error.retryable) this.#state = 'failed';
  }

  #fail(failure: SpoolFailure): void {
    if (this.#state !== 'failed') this.#options.onFailure(failure);
    this.#abandon();
  }

  #abandon(): void {
    this.#state = 'failed';
    this.#stop.abort();
    this.#wake();
  }

  /** Deletes the file once nobody needs it. */
  #tidy(): void {
    const unneeded = this.#unwanted || this.#state === 'failed';
    if (!unneeded || this.#readers > 0 || this.#removal) return;
    this.#abandon();
    this.#removal = Promise.resolve(this.#filling)
      .then(() => this.#file?.remove())
      // What cannot be deleted now goes with the folder.
      .catch(() => undefined);
  }
}
