import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { imageError, isAbort, PushError } from '../util/errors.ts';
import { formatBytes } from '../util/text.ts';
import { readRange, unreadable, type FileRange } from './file-range.ts';
import type { OpenOptions } from './options.ts';
import type { Spool } from './spool.ts';

type Unpack = (range: FileRange, signal?: AbortSignal) => AsyncIterable<Uint8Array>;

/** Parallel compressors write one frame per piece; more than this many is a trap. */
const MAX_FRAMES = 100_000;

/** Feeds a decompressor and hands out what it makes, errors of both sides included. */
async function* through(
  range: FileRange,
  from: number,
  decompressor: ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const feeding = pipeline(readRange(range, from, signal), decompressor);
  // Its failure reaches us through the decompressor, which it destroys.
  feeding.catch(() => undefined);
  for await (const chunk of decompressor) yield chunk as Uint8Array;
}

const gunzip: Unpack = (range, signal) => through(range, 0, createGunzip(), signal);

/** Node's decompressor stops after the first frame: the next ones are fed to new ones. */
async function* unzstd(range: FileRange, signal?: AbortSignal): AsyncIterable<Uint8Array> {
  let position = 0;
  for (let frames = 0; position < range.size; frames += 1) {
    const decompressor = createZstdDecompress();
    yield* through(range, position, decompressor, signal);
    const consumed = decompressor.bytesWritten;
    if (consumed === 0 || frames >= MAX_FRAMES) throw new Error('no zstd frame');
    position += consumed;
  }
}

const UNPACKERS: Readonly<Record<'gzip' | 'zstd', Unpack>> = { gzip: gunzip, zstd: unzstd };

/**
 * Decompresses an archive once to the spool, where it has offsets to be read by.
 * @throws PushError IMAGE when it is damaged, GENERAL when the disk is full
 */
export async function unpackArchive(
  file: string,
  packing: 'gzip' | 'zstd',
  spool: Spool,
  { signal, onNote }: Pick<OpenOptions, 'signal' | 'onNote'>,
): Promise<FileRange> {
  const { size } = await stat(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  // How large it becomes nobody knows beforehand; smaller it hardly gets.
  await spool.ensureFree(size);
  onNote?.(`${file} (${formatBytes(size)}) is decompressed once to the temporary folder`);
  try {
    return await spool.write('archive.tar', UNPACKERS[packing]({ file, offset: 0, size }, signal));
  } catch (error) {
    if (error instanceof PushError || isAbort(error) || signal?.aborted) throw error;
    throw imageError(
      `${file} cannot be decompressed (${packing}): it is damaged or cut off.`,
      'Copy or save it again.',
      error,
    );
  }
}
