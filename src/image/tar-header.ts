import type { FileHandle } from 'node:fs/promises';
import { setImmediate as processed } from 'node:timers/promises';
import { extract, type Header } from 'tar-stream';
import { imageError, messageOf } from '../util/errors.ts';
import { fill } from './file-range.ts';

/** Everything in a tar archive stands in blocks of this many bytes. */
export const BLOCK = 512;

/** Long names and pax records of one entry: 1 MiB together, and the headers they stand in. */
const MAX_BLOCKS = (1024 * 1024) / BLOCK + 8;

/** Old GNU tar's sparse files (`S`): their length on disk is not the one in the header. */
const GNU_SPARSE = 0x53;

const RETRY = 'Copy or save it again.';

/** One entry's header, and where its body begins. Offsets in bytes. */
export interface TarHeader {
  readonly header: Header;
  readonly bodyOffset: number;
  readonly sparse: boolean;
}

interface Parser {
  /** The entry's header once `block` has completed it. */
  feed(block: Uint8Array): Promise<Header | undefined>;
  close(): void;
}

/** tar-stream as a header parser: it sees headers only, and is thrown away before the body. */
function headerParser(): Parser {
  const parser = extract();
  let header: Header | undefined;
  let failure: Error | undefined;
  parser.on('entry', (found, body) => {
    body.on('error', () => undefined);
    header = found;
  });
  parser.on('error', (error) => {
    failure = error;
  });
  return {
    feed: async (block) => {
      parser.write(block);
      // It works in microtasks: one turn of the event loop later all is done.
      await processed();
      if (failure) throw failure;
      return header;
    },
    close: () => parser.destroy(),
  };
}

/** A whole block; undefined at the end of the file. */
async function blockAt(
  handle: FileHandle,
  offset: number,
  file: string,
): Promise<Buffer | undefined> {
  const block = Buffer.alloc(BLOCK);
  const bytesRead = await fill(handle, block, offset, file);
  if (bytesRead === 0) return undefined;
  if (bytesRead < BLOCK) throw offset === 0 ? noTar(file) : truncated(file);
  return block;
}

/** The archive ends where more must follow. */
export function truncated(file: string): Error {
  return imageError(`${file} is cut off: the tar archive ends in the middle of an entry.`, RETRY);
}

function noTar(file: string, cause?: unknown): Error {
  return imageError(`${file} is not a tar archive.`, 'Check what the source option names.', cause);
}

function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

async function parse(
  handle: FileHandle,
  offset: number,
  first: Buffer,
  file: string,
): Promise<TarHeader> {
  const parser = headerParser();
  try {
    for (let index = 0; index < MAX_BLOCKS; index += 1) {
      const at = offset + index * BLOCK;
      const block = index === 0 ? first : await blockAt(handle, at, file);
      if (!block) throw truncated(file);
      const header = await parser.feed(block);
      if (header) {
        const sparse = block[156] === GNU_SPARSE;
        return { header, bodyOffset: at + BLOCK, sparse };
      }
    }
  } finally {
    parser.close();
  }
  throw imageError(`${file} has an entry with more than 1 MiB of metadata at byte ${offset}.`);
}

/**
 * Reads the entry header at `offset`, with the long names and pax records before it.
 * @returns undefined at the end of the archive
 * @throws PushError IMAGE when there is something else
 */
export async function readHeader(
  handle: FileHandle,
  offset: number,
  file: string,
): Promise<TarHeader | undefined> {
  const first = await blockAt(handle, offset, file);
  if (!first) return undefined;
  if (isZero(first)) {
    const second = await blockAt(handle, offset + BLOCK, file);
    if (!second || isZero(second)) return undefined;
    throw imageError(`${file} is damaged: there is an empty tar header at byte ${offset}.`);
  }
  try {
    return await parse(handle, offset, first, file);
  } catch (error) {
    if (!/tar header|Invalid header|Header exceeds/.test(messageOf(error))) throw error;
    if (offset === 0) throw noTar(file, error);
    throw imageError(`${file} is damaged: there is no tar header at byte ${offset}.`, RETRY, error);
  }
}
