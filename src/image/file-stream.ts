import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { imageError } from '../util/errors.ts';
import { CHUNK, fill, openFile, unreadable, type FileRange } from './file-range.ts';

/**
 * Buffers per stream. One is on its way to the socket (the HTTP client waits for each chunk of this
 * size to leave before it asks for the next), one is held back until the digest is known, one is
 * being filled, and one is to spare.
 */
const BUFFERS = 4;
/** A disk that takes longer than this for one chunk would hold up everybody else, milliseconds. */
const SLOW_READ_MS = 1;
/** A hiccup, or a busy machine, is no slow disk. */
const SLOW_READS = 8;

/**
 * Reads chunks into buffers that take turns. From a file in memory or on a fast disk a synchronous
 * read costs a tenth of an asynchronous one (80 µs each, measured in bench/); where reads turn out
 * to be slow it goes on asynchronously.
 */
class TurnReader {
  readonly #handle: FileHandle;
  readonly #file: string;
  readonly #buffers: Uint8Array[] = [];
  #turn = 0;
  #slow = 0;

  constructor(handle: FileHandle, file: string) {
    this.#handle = handle;
    this.#file = file;
  }

  async next(length: number, position: number): Promise<Uint8Array> {
    const buffer = this.#take().subarray(0, length);
    const read =
      this.#slow < SLOW_READS
        ? this.#readNow(buffer, position)
        : await fill(this.#handle, buffer, position, this.#file);
    if (read < length) {
      // The rest of a short read, or the end of a file that has shrunk.
      const rest = await fill(this.#handle, buffer.subarray(read), position + read, this.#file);
      if (read + rest < length) {
        throw imageError(`${this.#file} became shorter while it was read.`);
      }
    }
    return buffer;
  }

  #take(): Uint8Array {
    const turn = this.#turn % BUFFERS;
    this.#turn += 1;
    const buffer = this.#buffers[turn] ?? Buffer.allocUnsafeSlow(CHUNK);
    this.#buffers[turn] = buffer;
    return buffer;
  }

  #readNow(buffer: Uint8Array, position: number): number {
    const started = performance.now();
    try {
      return readSync(this.#handle.fd, buffer, 0, buffer.length, position);
    } catch (error) {
      throw unreadable(this.#file, error);
    } finally {
      if (performance.now() - started > SLOW_READ_MS) this.#slow += 1;
    }
  }
}

/**
 * Reads a range from an offset inside it, to be sent. The buffer of a chunk is used again when the
 * fourth one after it is asked for: who keeps chunks copies them.
 * @param from bytes to skip
 * @throws PushError IMAGE when the file ends before the range does
 */
export async function* streamRange(
  range: FileRange,
  from = 0,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted();
  const handle = await openFile(range.file);
  try {
    const reader = new TurnReader(handle, range.file);
    const end = range.offset + range.size;
    for (let position = range.offset + from; position < end; position += CHUNK) {
      signal?.throwIfAborted();
      yield await reader.next(Math.min(CHUNK, end - position), position);
    }
  } finally {
    await handle.close();
  }
}
