import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import { sha256Digest, type Digest } from '../oci/digest.ts';
import { imageError } from '../util/errors.ts';
import { readRange, type FileRange } from './file-range.ts';
import type { OpenOptions } from './options.ts';
import type { Spool } from './spool.ts';

/** How layers are compressed. */
export type Compression = OpenOptions['compression'];

const GZIP_LEVEL = 6;
const ZSTD_LEVEL = 3;

/**
 * Names everything that decides which bytes a layer becomes. The architecture is part of it: Node's
 * zlib (Chromium's) matches strings with the vector instructions it finds.
 */
export const COMPRESSOR_VERSION: Readonly<Record<Compression, string>> = {
  gzip: `gzip-${GZIP_LEVEL}/zlib-${process.versions['zlib']}/${process.arch}`,
  zstd: `zstd-${ZSTD_LEVEL}/zstd-${process.versions['zstd']}/${process.arch}`,
};

/** A layer's compressed form, in the spool. Bytes. */
export interface CompressedLayer {
  readonly digest: Digest;
  readonly size: number;
  readonly range: FileRange;
}

/** An uncompressed layer in an archive. */
export interface PlainLayer {
  readonly source: FileRange;
  readonly diffId: Digest;
  /** for errors: which layer of which file */
  readonly label: string;
}

/** Where and how a layer is compressed. */
export interface CompressOptions {
  readonly compression: Compression;
  readonly spool: Spool;
  /** of the spool file, not used before */
  readonly fileName: string;
  readonly signal?: AbortSignal;
}

type Compressor = ReturnType<typeof createGzip> | ReturnType<typeof createZstdCompress>;

const COMPRESSORS: Readonly<Record<Compression, (size: number) => Compressor>> = {
  gzip: () => createGzip({ level: GZIP_LEVEL }),
  zstd: (size) =>
    createZstdCompress({
      pledgedSrcSize: size,
      params: {
        [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL,
        [constants.ZSTD_c_checksumFlag]: 1,
      },
    }),
};

/** Where gzip's header names the operating system (RFC 1952); 255 is "unknown". */
const GZIP_OS_OFFSET = 9;

/** zlib writes another value there on each platform: the digest must not depend on the runner. */
async function* withoutPlatform(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let position = 0;
  for await (const chunk of chunks) {
    const at = GZIP_OS_OFFSET - position;
    if (at >= 0 && at < chunk.length) chunk[at] = 255;
    position += chunk.length;
    yield chunk;
  }
}

/** Hands chunks through and shows each to `see`. */
async function* watched(
  chunks: AsyncIterable<Uint8Array>,
  see: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    see(chunk);
    yield chunk;
  }
}

/**
 * Compresses a layer into the spool in one pass over its bytes, which are compared with the diff ID.
 * The chunks have one fixed size (readRange), on which zstd's output depends.
 * @throws PushError IMAGE when the bytes are not those of the diff ID, GENERAL when the disk is full
 */
export async function compressLayer(
  { source, diffId, label }: PlainLayer,
  options: CompressOptions,
): Promise<CompressedLayer> {
  const { compression, spool, fileName, signal } = options;
  // What does not compress at all is rare; a disk that fills up all the same is noticed, too.
  await spool.ensureFree(Math.ceil(source.size / 2));
  const before = createHash('sha256');
  const after = createHash('sha256');
  const compressor = COMPRESSORS[compression](source.size);
  let range: FileRange | undefined;
  await pipeline(
    watched(readRange(source, 0, signal), (chunk) => before.update(chunk)),
    compressor,
    async (chunks: AsyncIterable<Uint8Array>) => {
      const bytes = compression === 'gzip' ? withoutPlatform(chunks) : chunks;
      range = await spool.write(
        fileName,
        watched(bytes, (chunk) => after.update(chunk)),
      );
    },
  );
  const actual = sha256Digest(before);
  if (actual !== diffId) {
    throw imageError(
      `${label} is not what the image's config says: its diff ID is ${actual}, not ${diffId}.`,
      'The image is damaged: save it again.',
    );
  }
  if (!range) throw new Error('the spool returned nothing');
  return { digest: sha256Digest(after), size: range.size, range };
}
