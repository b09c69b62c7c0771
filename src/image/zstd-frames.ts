import type { FileHandle } from 'node:fs/promises';
import { fill, openFile, type FileRange } from './file-range.ts';

// Numbers are those of RFC 8878, sections 3.1.1 and 3.1.2; all are little-endian.
const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const BLOCK_HEADER = 3;
const RLE = 1;
const RESERVED = 3;
const CHECKSUM = 4;
const DICTIONARY_ID = [0, 1, 2, 4] as const;
const CONTENT_SIZE = [0, 2, 4, 8] as const;

class Frames {
  readonly #handle: FileHandle;
  readonly #file: string;

  constructor(handle: FileHandle, file: string) {
    this.#handle = handle;
    this.#file = file;
  }

  async #bytes(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(length);
    const filled = await fill(this.#handle, buffer, position, this.#file);
    if (filled < length) throw new Error('a zstd frame is cut off');
    return buffer;
  }

  /** Where the frame at `position` ends, and whether it holds data. */
  async end(position: number): Promise<{ readonly end: number; readonly data: boolean }> {
    const magic = (await this.#bytes(position, 4)).readUInt32LE();
    if ((magic & 0xfffffff0) === SKIPPABLE) {
      const size = (await this.#bytes(position + 4, 4)).readUInt32LE();
      return { end: position + 8 + size, data: false };
    }
    if (magic !== MAGIC) throw new Error('there is no zstd frame');
    const [descriptor = 0] = await this.#bytes(position + 4, 1);
    const singleSegment = (descriptor & 0x20) !== 0;
    const dictionary = DICTIONARY_ID[(descriptor & 3) as 0 | 1 | 2 | 3];
    const content = CONTENT_SIZE[(descriptor >> 6) as 0 | 1 | 2 | 3];
    // Without a window descriptor there is a content size of one byte at least.
    const header = 5 + dictionary + (singleSegment ? Math.max(content, 1) : 1 + content);
    const blocks = await this.#blocksEnd(position + header);
    return { end: blocks + ((descriptor & 4) === 0 ? 0 : CHECKSUM), data: true };
  }

  async #blocksEnd(first: number): Promise<number> {
    for (let position = first; ;) {
      const header = (await this.#bytes(position, BLOCK_HEADER)).readUIntLE(0, BLOCK_HEADER);
      const type = (header >> 1) & 3;
      if (type === RESERVED) throw new Error('a zstd block has an unknown type');
      position += BLOCK_HEADER + (type === RLE ? 1 : header >> 3);
      if ((header & 1) === 1) return position;
    }
  }
}

/**
 * The frames of a zstd file; parallel compressors write many. Node's decompressor has to be fed
 * each by itself: it knows one only, does not mind one that is cut off, and what it is given beyond
 * the end may make it fail (when its reader is slow, it resumes at a wrong place).
 * @throws Error when it is not made of whole frames
 */
export async function* zstdFrames(
  file: string,
  size: number,
  signal?: AbortSignal,
): AsyncGenerator<FileRange, void, undefined> {
  const handle = await openFile(file);
  try {
    const frames = new Frames(handle, file);
    for (let position = 0; position < size;) {
      signal?.throwIfAborted();
      const { end, data } = await frames.end(position);
      if (end > size) throw new Error('the last zstd frame is cut off');
      if (data) yield { file, offset: position, size: end - position };
      position = end;
    }
  } finally {
    await handle.close();
  }
}
