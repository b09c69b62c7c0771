import { failureOfError, waitBeforeRetry } from '../../http/retry.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Connection } from '../connection.ts';
import { RegistryError } from '../error.ts';
import type { BlobReader } from './blob-reader.ts';
import { smallerThan, type Range } from './ranges.ts';
import { agreedOffset } from './resume.ts';
import type { UploadSession } from './session.ts';

export interface ChunkedUpload {
  readonly connection: Connection;
  readonly session: UploadSession;
  readonly descriptor: Descriptor;
  readonly reader: BlobReader;
  /** bytes the registry has already; 0 by default */
  readonly from?: number;
  readonly signal?: AbortSignal | undefined;
}

/** The registry takes no chunks: the blob has to go whole. */
export class ChunksRefused extends Error {
  override readonly name = 'ChunksRefused';
}

/** An upload that was gone on with does not take the next bytes it is sent. */
export class ContinuationRefused extends Error {
  override readonly name = 'ContinuationRefused';
  /** what it was answered; undefined where the answers got lost */
  readonly status: number | undefined;

  constructor(status?: number) {
    super(status === undefined ? 'a broken chunk is not taken again' : `status ${status}`);
    this.status = status;
  }
}

/** Attempts at a chunk, in registries in which one that broke can spoil the whole upload. */
const ATTEMPTS_AT_BROKEN = 2;

/** What a registry answers that has lost the upload, or its place in it; busy ones answer otherwise. */
const REFUSES_TO_GO_ON = new Set([400, 404, 405, 409, 410, 411, 412, 416, 500, 501]);

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
 * How far a registry has got with a chunk that failed, agreed with what we know ourselves.
 * @returns the offset to go on from; undefined: nobody knows, the blob starts over
 */
async function offsetAfter(
  { session, connection, reader, signal }: ChunkedUpload,
  range: Range,
  attempt: number,
): Promise<number | undefined> {
  const told = await agreedOffset(session, connection, signal);
  if (told === undefined) return undefined;
  // One byte more than before is what a registry says that counts one too many.
  const offset = told === range.start + 1 ? range.start : told;
  const { sessions } = connection.capabilities.profile;
  const stands = offset === range.start && offset > 0 && attempt >= ATTEMPTS_AT_BROKEN;
  // Gitea answers 500 to all that follows a broken chunk, and a proxy may lose that answer.
  if (stands && sessions?.value === 'between-chunks') throw new ContinuationRefused();
  return offset >= range.start && offset <= reader.given ? offset : undefined;
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
  const first = range.start > 0 && range.start === upload.from;
  if (first && error instanceof RegistryError && REFUSES_TO_GO_ON.has(error.status)) {
    throw new ContinuationRefused(error.status);
  }
  if (isRefusal(error, range)) {
    capabilities.chunks = 'no';
    throw new ChunksRefused();
  }
  const failure = failureOfError(error);
  if (!failure || attempt >= retry.policy.attempts) throw error;
  await waitBeforeRetry(retry, registry, failure, attempt, signal);
  const offset = await offsetAfter(upload, range, attempt);
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
  let offset = upload.from ?? 0;
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
