import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { imageError, isAbort, PushError } from '../util/errors.ts';
import { formatBytes } from '../util/text.ts';
import { readRange, unreadable, type FileRange } from './file-range.ts';
import type { OpenOptions } from './options.ts';
import type { Spool } from './spool.ts';
import { zstdFrames } from './zstd-frames.ts';

type Unpack = (range: FileRange, signal?: AbortSignal) => AsyncIterable<Uint8Array>;

/** Feeds a decompressor and hands out what it makes, errors of both sides included. */
async function* through(
  range: FileRange,
  decompressor: ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const feeding = pipeline(readRange(range, 0, signal), decompressor);
  // Its failure reaches us through the decompressor, which it destroys.
  feeding.catch(() => undefined);
  for await (const chunk of decompressor) yield chunk as Uint8Array;
}

const gunzip: Unpack = (range, signal) => through(range, createGunzip(), signal);

async function* unzstd({ file, size }: FileRange, signal?: AbortSignal): AsyncIterable<Uint8Array> {
  for await (const frame of zstdFrames(file, size, signal)) {
    yield* through(frame, createZstdDecompress(), signal);
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
