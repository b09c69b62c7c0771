import { failureOfError, waitBeforeRetry } from '../../http/retry.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Connection } from '../connection.ts';
import { RegistryError } from '../error.ts';
import type { BlobReader } from './blob-reader.ts';
import { smallerThan, type Range } from './ranges.ts';
import type { UploadSession } from './session.ts';

export interface ChunkedUpload {
  readonly connection: Connection;
  readonly session: UploadSession;
  readonly descriptor: Descriptor;
  readonly reader: BlobReader;
  readonly signal?: AbortSignal | undefined;
}

/** The registry takes no chunks: the blob has to go whole. */
export class ChunksRefused extends Error {
  override readonly name = 'ChunksRefused';
}

/** GHCR says 416 where others say 413; at the start of a blob it can mean nothing else. */
function isTooLarge(error: unknown, range: Range): error is RegistryError {
  if (!(error instanceof RegistryError)) return false;
  return error.status === 413 || (error.status === 416 && range.start === 0);
}

function isRefusal(error: unknown, range: Range): boolean {
  if (!(error instanceof RegistryError) || range.start > 0) return false;
  return error.status === 405 || error.status === 501 || error.codes.includes('UNSUPPORTED');
}

/**
 * How far a registry has got with a chunk that failed: asked from the registry, and agreed with what
 * we know ourselves, for replies lie (Gitea counts one too many, ECR stays at the first chunk).
 * @returns the offset to go on from; undefined: nobody knows, the blob starts over
 */
async function agreedOffset(upload: ChunkedUpload, range: Range): Promise<number | undefined> {
  const { sessions, sessionOffset } = upload.connection.capabilities.profile;
  if (sessions?.value === 'never' || sessionOffset?.value === 'sticks') return undefined;
  const told = await upload.session.offset(upload.signal);
  if (told === undefined) return undefined;
  const offset = sessionOffset?.value === 'one-too-many' ? told - 1 : told;
  // One byte more than before is what a registry says that counts one too many.
  if (offset === range.start + 1) return range.start;
  return offset >= range.start && offset <= upload.reader.given ? offset : undefined;
}

/** Finds out what to do about a chunk that did not get through. */
async function afterFailure(
  upload: ChunkedUpload,
  error: unknown,
  range: Range,
  attempt: number,
): Promise<number> {
  const { connection, signal } = upload;
  signal?.throwIfAborted();
  const { capabilities, retry, registry } = connection;
  if (isTooLarge(error, range)) {
    const size = range.end - range.start;
    const next = smallerThan(size);
    if (next === undefined) throw error;
    capabilities.bodyRefused(size, next);
    if ((capabilities.chunkSize ?? size) >= size) throw error;
    return range.start;
  }
  if (isRefusal(error, range)) {
    capabilities.chunks = 'no';
    throw new ChunksRefused();
  }
  const failure = failureOfError(error);
  if (!failure || attempt >= retry.policy.attempts) throw error;
  await waitBeforeRetry(retry, registry, failure, attempt, signal);
  const offset = await agreedOffset(upload, range);
  if (offset === undefined) throw error;
  return offset;
}

/** Sends one chunk, the last one in the PUT where the registry wants that; true when it was the end. */
async function sendChunk(upload: ChunkedUpload, range: Range): Promise<boolean> {
  const { connection, session, descriptor, reader, signal } = upload;
  const { digest, size } = descriptor;
  const body = reader.part(range);
  if (range.end === size && connection.capabilities.profile.lastChunkInPut?.value) {
    await session.putLast(digest, range, body, signal);
    return true;
  }
  await session.patch(range, body, signal);
  return false;
}

/**
 * Sends a blob in chunks, one after another as the specification demands, and ends the upload.
 * Chunks are streamed. The size follows what the registry takes; a chunk that breaks is continued
 * where the registry keeps what it got.
 * @throws ChunksRefused when the registry takes no chunks
 */
export async function sendInChunks(upload: ChunkedUpload): Promise<void> {
  const { connection, session, descriptor, signal } = upload;
  const { digest, size } = descriptor;
  let offset = 0;
  let attempt = 1;
  while (offset < size) {
    const chunk = connection.capabilities.chunkSize ?? size;
    const range = { start: offset, end: Math.min(size, offset + chunk) };
    try {
      if (await sendChunk(upload, range)) return;
      offset = range.end;
      attempt = 1;
    } catch (error) {
      offset = await afterFailure(upload, error, range, attempt);
      attempt += 1;
    }
  }
  await session.finish(digest, signal);
}
