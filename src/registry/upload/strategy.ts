import { failureOfError, waitBeforeRetry } from '../../http/retry.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { messageOf, PushError } from '../../util/errors.ts';
import type { BlobOutcome, Emit } from '../../util/events.ts';
import { blobExists } from '../blobs.ts';
import type { Connection } from '../connection.ts';
import { RegistryError } from '../error.ts';
import { BlobReader, type BlobContent } from './blob-reader.ts';
import { ChunksRefused, sendInChunks } from './chunked.ts';
import { smallerThan } from './ranges.ts';
import type { UploadSession } from './session.ts';
import { mountOrStart, postWhole, startUpload } from './start.ts';

/** One blob and the repository it is to be in. */
export interface BlobUpload {
  readonly connection: Connection;
  readonly repository: string;
  readonly descriptor: Descriptor;
  readonly content: BlobContent;
  /** repository of the same registry that is believed to hold the blob */
  readonly mountFrom?: string | undefined;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

/** Cancelling sessions must not hold up somebody who wants to leave. */
const CANCEL_BUDGET_MS = 500;
/** Larger blobs are not risked in a POST, which registries answer only when they have read it all. */
const SINGLE_POST_MAX = 16 * 1024 * 1024;
/** Small enough to send twice: such a blob is used to find out whether a single POST works. */
const TRIAL_MAX = 64 * 1024;

type Started = 'stored' | UploadSession;

/** The short cut by way of another repository; undefined when it is not to be had. */
async function tryMount(upload: BlobUpload): Promise<'mounted' | UploadSession | undefined> {
  const { connection, repository, descriptor, mountFrom, signal } = upload;
  if (mountFrom === undefined || connection.capabilities.profile.mount?.value === false) {
    return undefined;
  }
  try {
    return await mountOrStart(connection, repository, descriptor.digest, mountFrom, signal);
  } catch (error) {
    // Refused in whatever way, also because the login may push here and yet not pull there: it
    // was only a short cut.
    const denied = error instanceof PushError && error.code === 'AUTHENTICATION';
    if (!denied && !(error instanceof RegistryError)) throw error;
    return undefined;
  }
}

/** The blob in the POST itself, where that works or is about to be found out. */
async function trySinglePost(upload: BlobUpload, reader: BlobReader): Promise<Started | undefined> {
  const { connection, repository, descriptor, signal } = upload;
  const { capabilities } = connection;
  const { singlePost, maxBody } = capabilities;
  const most = singlePost === 'yes' ? SINGLE_POST_MAX : singlePost === 'unknown' ? TRIAL_MAX : -1;
  if (descriptor.size === 0 || descriptor.size > Math.min(most, maxBody)) return undefined;
  try {
    const body = reader.whole();
    const result = await postWhole(connection, repository, descriptor.digest, body, signal);
    capabilities.singlePost = result === 'stored' ? 'yes' : 'no';
    return result;
  } catch (error) {
    // What was tried out and refused is not an error; what is known to work and fails is.
    const refused = error instanceof RegistryError && !error.retryable && error.status !== 401;
    if (!refused) throw error;
    capabilities.singlePost = 'no';
    return undefined;
  }
}

/** Sends a blob over a session: whole, or in chunks where it is too large for that. */
async function sendOver(
  session: UploadSession,
  upload: BlobUpload,
  reader: BlobReader,
): Promise<void> {
  const { connection, descriptor, signal } = upload;
  const { capabilities } = connection;
  const { digest, size } = descriptor;
  const inChunks = { connection, session, descriptor, reader, signal };
  const chunk = capabilities.chunkSize;
  if (chunk !== undefined && size > chunk) return sendInChunks(inChunks);
  try {
    return await session.putWhole(digest, reader.whole(), signal);
  } catch (error) {
    // What stopped us may be the refusal that another blob met.
    signal?.throwIfAborted();
    if (!(error instanceof RegistryError) || error.status !== 413) throw error;
    const next = smallerThan(size);
    if (next === undefined) throw error;
    capabilities.bodyRefused(size, next);
    if (capabilities.chunkSize === undefined) throw error;
    upload.emit({
      type: 'note',
      message: `${connection.registry} takes no request of ${size} bytes: going on in chunks.`,
    });
    // A proxy has refused the request before the registry saw it: the session is as it was.
    return sendInChunks(inChunks);
  }
}

/** Nobody has asked yet whether a blob is there that was to be mounted. */
async function isThereUnmounted(upload: BlobUpload): Promise<boolean> {
  const { connection, repository, descriptor, mountFrom, signal } = upload;
  if (mountFrom === undefined) return false;
  return blobExists(connection, repository, descriptor.digest, signal);
}

async function sendOnce(upload: BlobUpload): Promise<BlobOutcome> {
  const { connection, repository, descriptor, emit, signal } = upload;
  const place = { registry: connection.registry, repository, digest: descriptor.digest };
  const reader = new BlobReader(descriptor, upload.content, {
    sent: (bytes) => {
      connection.congestion.sent(bytes);
      emit({ type: 'blob-progress', ...place, bytes });
    },
    rewound: (bytes) => emit({ type: 'blob-restarted', ...place, bytes }),
  });
  let session: UploadSession | undefined;
  try {
    const mounted = await tryMount(upload);
    if (mounted === 'mounted') return mounted;
    session = mounted;
    if (await isThereUnmounted(upload)) return 'exists';
    const started =
      session ??
      (await trySinglePost(upload, reader)) ??
      (await startUpload(connection, repository, signal));
    if (started === 'stored') return 'uploaded';
    session = started;
    await sendOver(session, upload, reader);
    return 'uploaded';
  } catch (error) {
    reader.rewind();
    throw error;
  } finally {
    // Does nothing where the session has done its work.
    await session?.cancel(AbortSignal.timeout(CANCEL_BUDGET_MS));
  }
}

/**
 * Registries behind load balancers forget sessions and lose bodies now and then; a new session
 * cures it. (GHCR: BLOB_UPLOAD_UNKNOWN and BLOB_UPLOAD_INVALID in the middle of healthy pushes.)
 * What they got twice or not at all they call DIGEST_INVALID: our own bytes have been checked.
 */
const CURABLE = new Set(['BLOB_UPLOAD_UNKNOWN', 'BLOB_UPLOAD_INVALID', 'DIGEST_INVALID']);

function isLostSession(error: unknown): error is RegistryError {
  if (!(error instanceof RegistryError)) return false;
  return error.status === 416 || error.codes.some((code) => CURABLE.has(code));
}

/** Why another session is worth it; undefined when it is not. */
function reasonToRestart(error: unknown): { readonly reason: string } | undefined {
  if (error instanceof ChunksRefused) return { reason: 'it takes no chunks' };
  return isLostSession(error) ? { reason: messageOf(error) } : failureOfError(error);
}

/**
 * Brings one blob that is not there yet into a repository: mounts it where it can, else sends it,
 * and starts over with a new session when that fails for the moment.
 */
export async function uploadBlob(upload: BlobUpload): Promise<BlobOutcome> {
  const { connection, repository, signal } = upload;
  const { digest } = upload.descriptor;
  for (let attempt = 1; ; attempt += 1) {
    try {
      // It may have arrived, and only the answer got lost.
      const again = attempt > 1;
      if (again && (await blobExists(connection, repository, digest, signal))) return 'uploaded';
      return await sendOnce(upload);
    } catch (error) {
      signal?.throwIfAborted();
      const failure = reasonToRestart(error);
      if (!failure || attempt >= connection.retry.policy.attempts) throw error;
      await waitBeforeRetry(connection.retry, connection.registry, failure, attempt, signal);
    }
  }
}
