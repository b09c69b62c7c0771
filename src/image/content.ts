import type { Descriptor } from '../oci/descriptor.ts';
import { hasherFor, hexOf, type Digest } from '../oci/digest.ts';
import { MANIFEST_MAX_BYTES } from '../oci/manifest.ts';
import { isManifestType } from '../oci/media-types.ts';
import { imageError, type PushError } from '../util/errors.ts';
import { collect, readRange, type FileRange } from './file-range.ts';
import { streamRange } from './file-stream.ts';
import type { ContentReader } from './source.ts';

/** Where content is: in a file, or in memory (what we wrote ourselves). */
export type Found = FileRange | Uint8Array;

/** Looks content up; undefined when it is not there. */
export type Find = (digest: Digest) => Promise<Found | undefined>;

function wrongSize(where: string, digest: Digest, relation: 'shorter' | 'longer'): PushError {
  return imageError(
    `blob ${digest} in ${where} is ${relation} than its descriptor says.`,
    'The image is damaged or incomplete: build or save it again.',
  );
}

function wrongDigest(where: string, digest: Digest): PushError {
  return imageError(
    `the bytes of ${digest} in ${where} have another digest.`,
    'The image is damaged: build or save it again.',
  );
}

async function lookUp(where: string, find: Find, descriptor: Descriptor): Promise<Found> {
  const { digest, size, data } = descriptor;
  const inline = data === undefined ? undefined : new Uint8Array(Buffer.from(data, 'base64'));
  const found = (await find(digest)) ?? inline;
  if (!found) {
    throw imageError(
      `blob ${digest} is missing in ${where}.`,
      'The image is incomplete: build or save it again, with all its platforms.',
    );
  }
  const actual = found instanceof Uint8Array ? found.length : found.size;
  if (actual !== size) throw wrongSize(where, digest, actual < size ? 'shorter' : 'longer');
  return found;
}

/** What is small enough to be believed at once is checked here; the uploader hashes the rest. */
async function* verified(
  chunks: AsyncIterable<Uint8Array>,
  where: string,
  digest: Digest,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hasher = hasherFor(digest);
  for await (const chunk of chunks) {
    hasher.update(chunk);
    yield chunk;
  }
  if (hasher.digest('hex') !== hexOf(digest)) throw wrongDigest(where, digest);
}

async function* chunksOf(
  found: Found,
  from: number,
  open: typeof readRange,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!(found instanceof Uint8Array)) {
    yield* open(found, from, signal);
  } else if (from < found.length) {
    signal?.throwIfAborted();
    yield found.slice(from);
  }
}

async function* read(
  where: string,
  find: Find,
  descriptor: Descriptor,
  from: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { digest, size, mediaType } = descriptor;
  if (!Number.isSafeInteger(from) || from < 0 || from > size) {
    throw new RangeError(`offset ${from} is outside of blob ${digest} (${size} bytes)`);
  }
  signal?.throwIfAborted();
  const found = await lookUp(where, find, descriptor);
  const chunks = chunksOf(found, from, streamRange, signal);
  yield* from === 0 && isManifestType(mediaType) ? verified(chunks, where, digest) : chunks;
}

/**
 * A ContentReader over anything that can say where a digest's bytes are.
 * @param where names the source in errors
 */
export function contentReader(where: string, find: Find): ContentReader {
  return {
    open: (descriptor, from = 0, signal) => read(where, find, descriptor, from, signal),
    check: async (descriptor) => {
      await lookUp(where, find, descriptor);
    },
  };
}

/**
 * All bytes of a manifest or config, with size and digest checked.
 * @param maximum bytes
 * @throws PushError IMAGE
 */
export async function readContent(
  where: string,
  find: Find,
  descriptor: Descriptor,
  maximum: number = MANIFEST_MAX_BYTES,
): Promise<Uint8Array> {
  const { digest, size } = descriptor;
  if (size > maximum) {
    throw imageError(`${digest} in ${where} has ${size} bytes; at most ${maximum} are expected.`);
  }
  const chunks = chunksOf(await lookUp(where, find, descriptor), 0, readRange);
  return collect(verified(chunks, where, digest));
}
