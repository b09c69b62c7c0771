import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const READ_SIZE = 256 * 1024;

/**
 * Where the bytes of blobs live: in memory up to a total, then in temporary files, or nowhere.
 * File access is synchronous on purpose: a test's registry needs order more than speed.
 */
export class ContentPool {
  readonly discard: boolean;
  readonly #limit: number;
  #used = 0;
  #files = 0;
  readonly #open = new Set<number>();
  #folder: string | undefined;

  constructor(discard: boolean, limit: number) {
    this.discard = discard;
    this.#limit = limit;
  }

  /** Whether this many more bytes may stay in memory; counts them when they may. */
  reserve(bytes: number): boolean {
    if (this.#used + bytes > this.#limit) return false;
    this.#used += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#used -= bytes;
  }

  openFile(): number {
    this.#folder ??= mkdtempSync(join(tmpdir(), 'strict-registry-'));
    this.#files += 1;
    const file = openSync(join(this.#folder, String(this.#files)), 'w+');
    this.#open.add(file);
    return file;
  }

  closeFile(file: number): void {
    if (this.#open.delete(file)) closeSync(file);
  }

  /** Deletes the temporary files. */
  dispose(): void {
    for (const file of this.#open) this.closeFile(file);
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}

/** A sequence of bytes that grows at its end. */
export class Content {
  readonly #pool: ContentPool;
  #chunks: Buffer[] = [];
  #file: number | undefined;
  #size = 0;

  constructor(pool: ContentPool) {
    this.#pool = pool;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether the bytes can be read back. */
  get readable(): boolean {
    return !this.#pool.discard;
  }

  append(chunk: Buffer): void {
    if (!this.#pool.discard) {
      if (this.#file === undefined && !this.#pool.reserve(chunk.length)) this.#spill();
      if (this.#file === undefined) this.#chunks.push(chunk);
      else writeSync(this.#file, chunk, 0, chunk.length, this.#size);
    }
    this.#size += chunk.length;
  }

  /** Forgets everything from this position on. */
  truncate(size: number): void {
    if (this.#file !== undefined) ftruncateSync(this.#file, size);
    else if (!this.#pool.discard) this.#truncateMemory(size);
    this.#size = size;
  }

  /** The bytes from `start` up to, not including, `end`, in pieces. */
  *read(start = 0, end: number = this.#size): Generator<Buffer> {
    if (!this.readable) throw new Error('the content was discarded (store: discard)');
    let position = 0;
    for (const chunk of this.#pieces(start)) {
      const from = Math.max(0, start - position);
      const to = Math.min(chunk.length, end - position);
      if (to > from) yield chunk.subarray(from, to);
      position += chunk.length;
      if (position >= end) return;
    }
  }

  bytes(): Buffer {
    return Buffer.concat([...this.read()]);
  }

  /** Gives memory or file back. */
  release(): void {
    if (this.#file !== undefined) this.#pool.closeFile(this.#file);
    else if (!this.#pool.discard) this.#pool.giveBack(this.#size);
    this.#file = undefined;
    this.#chunks = [];
    this.#size = 0;
  }

  *#pieces(start: number): Generator<Buffer> {
    if (this.#file === undefined) {
      yield* this.#chunks;
      return;
    }
    // Whole steps before the start are skipped by giving empty stand-ins of the right length.
    for (let position = 0; position < this.#size; position += READ_SIZE) {
      const piece = Buffer.allocUnsafe(Math.min(READ_SIZE, this.#size - position));
      if (position + piece.length > start) readSync(this.#file, piece, 0, piece.length, position);
      yield piece;
    }
  }

  #spill(): void {
    const kept = this.#chunks;
    this.#file = this.#pool.openFile();
    let position = 0;
    for (const chunk of kept) position += writeSync(this.#file, chunk, 0, chunk.length, position);
    this.#pool.giveBack(this.#size);
    this.#chunks = [];
  }

  #truncateMemory(size: number): void {
    const kept = Buffer.concat(this.#chunks).subarray(0, size);
    this.#pool.giveBack(this.#size - kept.length);
    this.#chunks = [kept];
  }
}
