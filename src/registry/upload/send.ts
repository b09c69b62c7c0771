import { PushError } from '../../util/errors.ts';
import { blobExists } from '../blobs.ts';
import { RegistryError } from '../error.ts';
import type { BlobReader } from './blob-reader.ts';
import type { BlobUpload } from './blob-upload.ts';
import { sendInChunks } from './chunked.ts';
import { smallerThan } from './ranges.ts';
import type { UploadSession } from './session.ts';
import { mountOrStart, postWhole } from './start.ts';

/** Larger blobs are not risked in a POST, which registries answer only when they have read it all. */
const SINGLE_POST_MAX = 16 * 1024 * 1024;
/** Small enough to send twice: such a blob is used to find out whether a single POST works. */
const TRIAL_MAX = 64 * 1024;

type Started = 'stored' | UploadSession;

/** The short cut by way of another repository; undefined when it is not to be had. */
export async function tryMount(upload: BlobUpload): Promise<'mounted' | UploadSession | undefined> {
  const { connection, repository, descriptor, mountFrom, signal } = upload;
  if (mountFrom === undefined || connection.capabilities.profile.mount?.value === false) {
    return undefined;
  }
  try {
    // A login that may not read there mounts nothing; some registries count such a try as an attack.
    if ((await connection.mayPull?.(mountFrom, repository, signal)) === false) return undefined;
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
export async function trySinglePost(
  upload: BlobUpload,
  reader: BlobReader,
): Promise<Started | undefined> {
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
export async function sendOver(
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

/** Asks whether the blob is there where nobody has: it was to be mounted, or gone on with. */
export async function isThereUnasked(upload: BlobUpload): Promise<boolean> {
  const { connection, repository, descriptor, signal } = upload;
  return blobExists(connection, repository, descriptor.digest, signal);
}
