import { open, type FileHandle } from 'node:fs/promises';
import { imageError, systemCode, type PushError } from '../util/errors.ts';

/** A stretch of a file: a whole blob of a layout, or an entry of an archive. Bytes. */
export interface FileRange {
  readonly file: string;
  readonly offset: number;
  readonly size: number;
}

/** Measured: fastest, and with the least memory (bench/). */
export const CHUNK: number = 64 * 1024;

/** A file that the system will not give us, in one sentence. */
export function unreadable(file: string, error: unknown): PushError {
  const code = systemCode(error);
  return imageError(
    `${file} cannot be read${code ? ` (${code})` : ''}.`,
    'Check that it exists and that this user may read it.',
    error,
  );
}

/** @throws PushError IMAGE when it is not there or may not be read */
export async function openFile(file: string): Promise<FileHandle> {
  return open(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
}

/**
 * Fills a buffer from a place in a file; less only where the file ends.
 * @param file names it in the error
 * @returns bytes read
 * @throws PushError IMAGE
 */
export async function fill(
  handle: FileHandle,
  buffer: Uint8Array,
  position: number,
  file: string,
): Promise<number> {
  let filled = 0;
  try {
    while (filled < buffer.length) {
      const left = buffer.length - filled;
      const { bytesRead } = await handle.read(buffer, filled, left, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  return filled;
}

/**
 * Reads a range from an offset inside it. Every chunk is a buffer of its own, so that it may still
 * be on its way to a socket while the next one is read. The file is open only while somebody reads.
 * @param from bytes to skip
 * @throws PushError IMAGE when the file ends before the range does
 */
export async function* readRange(
  range: FileRange,
  from = 0,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted();
  const handle = await openFile(range.file);
  try {
    const end = range.offset + range.size;
    for (let position = range.offset + from; position < end;) {
      signal?.throwIfAborted();
      const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK, end - position));
      if ((await fill(handle, chunk, position, range.file)) < chunk.length) {
        throw imageError(`${range.file} became shorter while it was read.`);
      }
      position += chunk.length;
      yield chunk;
    }
  } finally {
    await handle.close();
  }
}

/** All chunks as one array. The caller has bounded them. */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return new Uint8Array(Buffer.concat(all));
}

/**
 * A whole small file in memory.
 * @param what names it in the error
 * @throws PushError IMAGE when it has more than `maximum` bytes
 */
export async function readSmall(
  range: FileRange,
  maximum: number,
  what: string,
): Promise<Uint8Array> {
  if (range.size > maximum) {
    throw imageError(`${what} has ${range.size} bytes; at most ${maximum} are expected.`);
  }
  return collect(readRange(range));
}

/** The first bytes of a file, or of what begins at `offset` in it: enough to tell what it is. */
export async function readStart(file: string, length: number, offset = 0): Promise<Uint8Array> {
  const handle = await openFile(file);
  try {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, await fill(handle, buffer, offset, file));
  } finally {
    await handle.close();
  }
}
