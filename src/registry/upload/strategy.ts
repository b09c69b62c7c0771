import type { Descriptor } from '../../oci/descriptor.ts';
import { PushError, messageOf } from '../../util/errors.ts';
import type { BlobOutcome, Emit } from '../../util/events.ts';
import { failureOfError, waitBeforeRetry } from '../../http/retry.ts';
import type { RequestBody } from '../../http/transport.ts';
import { blobExists } from '../blobs.ts';
import type { Connection } from '../connection.ts';
import { RegistryError } from '../error.ts';
import { startUpload, type UploadSession } from './session.ts';
import { verifiedBody, type OpenContent } from './verified-body.ts';

/** One blob and the repository it is to be in. */
export interface BlobUpload {
  readonly connection: Connection;
  readonly repository: string;
  readonly descriptor: Descriptor;
  readonly open: OpenContent;
  /** repository of the same registry that is believed to hold the blob */
  readonly mountFrom?: string | undefined;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

/** Cancelling sessions must not hold up somebody who wants to leave. */
const CANCEL_BUDGET_MS = 500;

/** Opens a session; a mount that is refused in whatever way is only a missed short cut. */
async function start(upload: BlobUpload): Promise<'mounted' | UploadSession> {
  const { connection, repository, descriptor, mountFrom, signal } = upload;
  if (mountFrom !== undefined) {
    try {
      return await startUpload(connection, repository, descriptor.digest, mountFrom, signal);
    } catch (error) {
      // The login may push here and yet not pull there: that, too, is only a missed short cut.
      const denied = error instanceof PushError && error.code === 'AUTHENTICATION';
      if (!denied && !(error instanceof RegistryError)) throw error;
    }
  }
  return startUpload(connection, repository, descriptor.digest, undefined, signal);
}

/** Sends the blob into its session; a session that did not take it is cancelled. */
async function send(upload: BlobUpload, session: UploadSession): Promise<void> {
  const { connection, repository, descriptor, emit, signal } = upload;
  const place = { registry: connection.registry, repository, digest: descriptor.digest };
  let sent = 0;
  const restarted = (): void => {
    emit({ type: 'blob-restarted', ...place, bytes: sent });
    sent = 0;
  };
  const verified = verifiedBody(descriptor, upload.open, (bytes) => {
    sent += bytes;
    emit({ type: 'blob-progress', ...place, bytes });
  });
  const body: RequestBody = {
    size: verified.size,
    open: (abort) => {
      // Opened again within one request: a token had expired, and the body is sent once more.
      if (sent > 0) restarted();
      return verified.open(abort);
    },
  };
  try {
    await session.putWhole(descriptor.digest, body, signal);
  } catch (error) {
    restarted();
    await session.cancel(AbortSignal.timeout(CANCEL_BUDGET_MS));
    throw error;
  }
}

/**
 * Registries behind load balancers forget sessions and lose bodies now and then; a new session
 * cures it. (GHCR: BLOB_UPLOAD_UNKNOWN and BLOB_UPLOAD_INVALID in the middle of healthy pushes.)
 */
function isLostSession(error: unknown): boolean {
  return (
    error instanceof RegistryError &&
    (error.status === 404 || error.status === 416 || error.status === 400) &&
    error.codes.some((code) => code === 'BLOB_UPLOAD_UNKNOWN' || code === 'BLOB_UPLOAD_INVALID')
  );
}

/**
 * Brings one blob into a repository: asks whether it is there, mounts it where it can, else sends
 * it in one PUT, and starts over with a new session when that fails for the moment. It asks again
 * before it sends again: the blob may have arrived, and only the answer got lost.
 */
export async function uploadBlob(upload: BlobUpload): Promise<BlobOutcome> {
  const { connection, repository, descriptor, signal } = upload;
  for (let attempt = 1; ; attempt += 1) {
    if (await blobExists(connection, repository, descriptor.digest, signal)) {
      return attempt === 1 ? 'exists' : 'uploaded';
    }
    const session = await start(upload);
    if (session === 'mounted') return 'mounted';
    try {
      await send(upload, session);
      return 'uploaded';
    } catch (error) {
      signal?.throwIfAborted();
      const failure = isLostSession(error) ? { reason: messageOf(error) } : failureOfError(error);
      if (!failure || attempt >= connection.retry.policy.attempts) throw error;
      await waitBeforeRetry(connection.retry, connection.registry, failure, attempt, signal);
    }
  }
}
