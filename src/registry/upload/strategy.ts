import { failureOfError, waitBeforeRetry } from '../../http/retry.ts';
import { messageOf, PushError } from '../../util/errors.ts';
import type { BlobOutcome } from '../../util/events.ts';
import { blobExists } from '../blobs.ts';
import { RegistryError } from '../error.ts';
import type { BlobResult, BlobUpload } from './blob-upload.ts';
import { ChunksRefused, ContinuationRefused, sendInChunks } from './chunked.ts';
import { isResumable } from './resume.ts';
import { isThereUnmounted, sendOver, tryMount, trySinglePost } from './send.ts';
import { startUpload } from './start.ts';
import { abandon, begin, CANCEL_BUDGET_MS, continued, type Underway } from './underway.ts';

async function sendOnce(upload: BlobUpload, underway: Underway): Promise<BlobOutcome> {
  const { connection, repository, descriptor, signal } = upload;
  const { reader } = underway;
  const begun = await continued(upload, underway);
  if (begun) {
    const { session, offset: from } = begun;
    await sendInChunks({ connection, session, descriptor, reader, from, signal });
    return underway.resumedBytes > 0 ? 'resumed' : 'uploaded';
  }
  const mounted = await tryMount(upload);
  if (mounted === 'mounted') return mounted;
  underway.session = mounted;
  if (await isThereUnmounted(upload)) return 'exists';
  const started =
    mounted ??
    (await trySinglePost(upload, reader)) ??
    (await startUpload(connection, repository, signal));
  if (started === 'stored') return 'uploaded';
  underway.session = started;
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
  if (error instanceof ContinuationRefused) {
    underway.refusals += 1;
    return error.status !== 416 || underway.refusals > 1;
  }
  return error instanceof ChunksRefused || isLostSession(error);
}

/** Another run may go on with it: what ended this one was not the blob. */
function isWorthKeeping(upload: BlobUpload, underway: Underway, error: unknown): boolean {
  if (!upload.memory || !underway.session || !isResumable(upload)) return false;
  const denied = error instanceof PushError && error.code === 'AUTHENTICATION';
  const interrupted = upload.signal?.aborted === true || failureOfError(error) !== undefined;
  const network = error instanceof PushError && error.code === 'NETWORK';
  return !isLost(error, underway) && (denied || interrupted || network);
}

/** What becomes of the session of a blob that is given up. */
async function leave(upload: BlobUpload, underway: Underway, error: unknown): Promise<void> {
  const keep = isWorthKeeping(upload, underway, error);
  if (!keep) upload.memory?.forget();
  if (keep) underway.reader.rewind();
  else await abandon(underway);
}

/**
 * Brings one blob that is not there yet into a repository: mounts it where it can, else sends it,
 * from where an earlier attempt stopped if the registry has kept that, and starts over with a new
 * session when that fails for the moment.
 */
export async function uploadBlob(upload: BlobUpload): Promise<BlobResult> {
  const { connection, repository, memory, signal } = upload;
  const { digest } = upload.descriptor;
  const underway = begin(upload);
  const done = async (outcome: BlobOutcome): Promise<BlobResult> => {
    const { resumedBytes } = underway;
    if (outcome !== 'uploaded' && outcome !== 'resumed') memory?.forget();
    await underway.session?.cancel(AbortSignal.timeout(CANCEL_BUDGET_MS));
    return resumedBytes > 0 ? { outcome, resumedBytes } : { outcome };
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      // It may have arrived, and only the answer got lost.
      const again = attempt > 1;
      if (again && (await blobExists(connection, repository, digest, signal))) {
        return await done(underway.resumedBytes > 0 ? 'resumed' : 'uploaded');
      }
      return await done(await sendOnce(upload, underway));
    } catch (error) {
      const failure = signal?.aborted ? undefined : reasonToRestart(error);
      if (!failure || attempt >= connection.retry.policy.attempts) {
        await leave(upload, underway, error);
        signal?.throwIfAborted();
        throw error;
      }
      if (isLost(error, underway) || !isResumable(upload)) {
        memory?.forget();
        await abandon(underway);
      }
      await waitBeforeRetry(connection.retry, connection.registry, failure, attempt, signal);
    }
  }
}
