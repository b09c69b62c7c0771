import type { FileHandle } from 'node:fs/promises';
import { messageOf } from '../util/errors.ts';
import { CHUNK, fill, openFile } from './file-range.ts';
import { SpoolFailure, type GrowingFile } from './growing-file.ts';

/**
 * Buffers per reader, in turns. One is on its way to the socket, one is held back by whoever hashes,
 * one is being filled, and one is to spare.
 */
const BUFFERS = 4;

/**
 * Reads along a growing file, which is open from the first read on. A chunk holds until the fourth
 * one after it is asked for.
 */
export class FileCursor {
  readonly #buffers: Uint8Array[] = [];
  #handle: Promise<FileHandle> | undefined;
  #turn = 0;

  /**
   * The next bytes, not more than are there.
   * @throws SpoolFailure where they cannot be had after all
   */
  async next({ path, size }: GrowingFile, position: number): Promise<Uint8Array> {
    const chunk = this.#take().subarray(0, Math.min(CHUNK, size - position));
    let read: number;
    try {
      read = await fill(await (this.#handle ??= openFile(path)), chunk, position, path);
    } catch (error) {
      throw new SpoolFailure(messageOf(error).replace(/\.$/, ''), { cause: error });
    }
    if (read < chunk.length) throw new SpoolFailure(`${path} became shorter while it was read`);
    return chunk;
  }

  async close(): Promise<void> {
    const handle = await this.#handle?.catch(() => undefined);
    await handle?.close();
  }

  #take(): Uint8Array {
    const turn = this.#turn % BUFFERS;
    this.#turn += 1;
    const buffer = this.#buffers[turn] ?? Buffer.allocUnsafeSlow(CHUNK);
    this.#buffers[turn] = buffer;
    return buffer;
  }
}
