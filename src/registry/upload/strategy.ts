import { failureOfError, waitBeforeRetry } from '../../http/retry.ts';
import { messageOf, PushError } from '../../util/errors.ts';
import type { BlobOutcome } from '../../util/events.ts';
import { blobExists } from '../blobs.ts';
import { RegistryError } from '../error.ts';
import type { BlobResult, BlobUpload } from './blob-upload.ts';
import { ChunksRefused, ContinuationRefused, sendInChunks } from './chunked.ts';
import { giveBackEarlier, isResumable } from './resume.ts';
import { isThereUnasked, sendOver, tryMount, trySinglePost } from './send.ts';
import { startUpload } from './start.ts';
import { abandon, begin, noteOpened, continued, type Underway } from './underway.ts';

/** @param asked whether it is known that the blob is not there */
async function sendOnce(
  upload: BlobUpload,
  underway: Underway,
  asked: boolean,
): Promise<BlobOutcome> {
  const { connection, repository, descriptor, signal } = upload;
  const { reader } = underway;
  const here = await continued(upload, underway);
  if (here) {
    const { session, offset: from } = here;
    await sendInChunks({ connection, session, descriptor, reader, from, signal });
    return underway.resumedBytes > 0 ? 'resumed' : 'uploaded';
  }
  const mounted = await tryMount(upload);
  if (mounted === 'mounted') return mounted;
  underway.session = mounted;
  if (!asked && (await isThereUnasked(upload))) return 'exists';
  const started =
    mounted ??
    (await trySinglePost(upload, reader)) ??
    (await startUpload(connection, repository, signal));
  if (started === 'stored') return 'uploaded';
  underway.session = started;
  await noteOpened(upload, underway, started);
  await sendOver(started, upload, reader);
  return 'uploaded';
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
  if (error instanceof ContinuationRefused) return { reason: `${error.message}, starting over` };
  return isLostSession(error) ? { reason: messageOf(error) } : failureOfError(error);
}

/**
 * True where nothing that the session got can be built upon. Who says 416 to the first bytes of a
 * continuation may have got more of the earlier run meanwhile, and is asked once more.
 */
function isLost(error: unknown, underway: Underway): boolean {
  if (error instanceof ContinuationRefused) return error.status !== 416 || underway.refusals > 1;
  return error instanceof ChunksRefused || isLostSession(error);
}

/** Another run may go on with it: what ended this one was not the blob. */
function isWorthKeeping(upload: BlobUpload, underway: Underway, error: unknown): boolean {
  // A session that nobody finds again would only lie around.
  if (!upload.memory?.keeps() || !isResumable(upload)) return false;
  const denied = error instanceof PushError && error.code === 'AUTHENTICATION';
  const interrupted = upload.signal?.aborted === true || failureOfError(error) !== undefined;
  const network = error instanceof PushError && error.code === 'NETWORK';
  return !isLost(error, underway) && (denied || interrupted || network);
}

/** What becomes of the session of a blob that is given up. */
async function leave(upload: BlobUpload, underway: Underway, error: unknown): Promise<void> {
  if (isWorthKeeping(upload, underway, error)) {
    underway.reader.rewind();
    return;
  }
  if (!underway.session) await giveBackEarlier(upload);
  upload.memory?.forget();
  await abandon(underway);
}

/** What was only a try, and has shown that it does not work there, is none of the attempts. */
function isFree(error: unknown): boolean {
  return error instanceof ChunksRefused || error instanceof ContinuationRefused;
}

/**
 * Gets ready for another attempt, and waits for its time.
 * @returns its number
 * @throws what ended the upload, where there is none
 */
async function recover(
  upload: BlobUpload,
  underway: Underway,
  error: unknown,
  attempt: number,
): Promise<number> {
  const { connection, memory, signal } = upload;
  const { retry, registry } = connection;
  const failure = signal?.aborted ? undefined : reasonToRestart(error);
  const next = isFree(error) ? attempt : attempt + 1;
  if (error instanceof ContinuationRefused) underway.refusals += 1;
  if (!failure || next > retry.policy.attempts) {
    await leave(upload, underway, error);
    signal?.throwIfAborted();
    throw error;
  }
  if (isLost(error, underway) || !isResumable(upload)) {
    memory?.forget();
    await abandon(underway);
  }
  try {
    await waitBeforeRetry(retry, registry, failure, attempt, signal);
  } catch (stopped) {
    await leave(upload, underway, stopped);
    throw stopped;
  }
  return next;
}

/**
 * Brings one blob that is not there yet into a repository: mounts it where it can, else sends it,
 * from where an earlier attempt stopped if the registry has kept that, and starts over with a new
 * session when that fails for the moment.
 */
export async function uploadBlob(upload: BlobUpload): Promise<BlobResult> {
  const { connection, repository, mountFrom, memory, signal } = upload;
  const { digest } = upload.descriptor;
  const underway = begin(upload);
  // An earlier run may have ended its upload, and nobody has heard of it.
  const asked = mountFrom === undefined && memory?.earlier() === undefined;
  const done = async (outcome: BlobOutcome): Promise<BlobResult> => {
    const { resumedBytes } = underway;
    if (outcome !== 'uploaded' && outcome !== 'resumed') memory?.forget();
    await underway.session?.cancel();
    return resumedBytes > 0 ? { outcome, resumedBytes } : { outcome };
  };
  for (let attempt = 1; ;) {
    try {
      // It may have arrived, and only the answer got lost.
      const again = attempt > 1;
      if (again && (await blobExists(connection, repository, digest, signal))) {
        return await done(underway.resumedBytes > 0 ? 'resumed' : 'uploaded');
      }
      return await done(await sendOnce(upload, underway, again || asked));
    } catch (error) {
      attempt = await recover(upload, underway, error, attempt);
    }
  }
}
