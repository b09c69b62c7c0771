import { shortDigest } from '../../oci/digest.ts';
import { formatBytes } from '../../util/text.ts';
import type { Connection } from '../connection.ts';
import type { BlobReader } from './blob-reader.ts';
import type { BlobUpload } from './blob-upload.ts';
import type { UploadCheckpoint } from './checkpoint.ts';
import { UploadSession } from './session.ts';

/** Smaller blobs are sent again sooner than anybody could ask how far they had got, bytes. */
export const RESUMABLE_MIN: number = 1024 * 1024;

const TOLD_EVERY = 16 * 1024 * 1024;

/** An upload that goes on: its session, and the first byte the registry lacks. */
export interface Continued {
  readonly session: UploadSession;
  readonly offset: number;
}

/** True where a broken upload of this blob may be worth going on with. */
export function isResumable({
  connection,
  descriptor,
}: Pick<BlobUpload, 'connection' | 'descriptor'>): boolean {
  const { sessions } = connection.capabilities.profile;
  return sessions?.value !== 'never' && descriptor.size >= RESUMABLE_MIN;
}

/**
 * The address of a remembered session, where it can be one: on the registry's own origin, and below
 * the place where the specification puts this repository's uploads. What was remembered may have
 * been written by a stranger, and must not lead our login elsewhere, nor to another kind of request.
 * @returns undefined for every other address
 */
export function sessionUrl(
  location: string,
  repository: string,
  { origin }: Connection,
): URL | undefined {
  if (!URL.canParse(location)) return undefined;
  const url = new URL(location);
  if (url.origin !== origin.origin || url.username !== '' || url.password !== '') return undefined;
  const uploads = `/v2/${repository}/blobs/uploads/`;
  // One more part, and nothing that a server could read as a way up.
  const rest = url.pathname.startsWith(uploads) ? url.pathname.slice(uploads.length) : '';
  return /^[\w.~=-]+$/.test(rest) && !/^\.+$/.test(rest) ? url : undefined;
}

/**
 * How far the registry says it is, agreed with what is known of its answers.
 * @returns the offset to go on from; undefined: nobody knows
 */
export async function agreedOffset(
  session: UploadSession,
  { capabilities }: Connection,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const { sessions, sessionOffset } = capabilities.profile;
  // ECR's offset stays at the first chunk, whatever it has.
  if (sessions?.value === 'never' || sessionOffset?.value === 'sticks') return undefined;
  const told = await session.offset(signal);
  if (told === undefined) return undefined;
  return sessionOffset?.value === 'one-too-many' ? Math.max(0, told - 1) : told;
}

/** Why an upload that was remembered is not gone on with, as people read it. */
class StartOver extends Error {
  override readonly name = 'StartOver';
}

/** Shows that something moves while nothing is sent. */
export function working({ emit }: Pick<BlobUpload, 'emit'>): (bytes: number) => void {
  let untold = 0;
  return (bytes) => {
    untold += bytes;
    if (untold < TOLD_EVERY) return;
    emit({ type: 'source-progress', bytes: untold });
    untold = 0;
  };
}

async function offsetOf(
  { connection, descriptor, signal }: BlobUpload,
  session: UploadSession,
): Promise<number> {
  const offset = await agreedOffset(session, connection, signal);
  if (offset === undefined) {
    const why = session.isOpen ? 'does not go on with it' : 'has forgotten what was sent';
    throw new StartOver(`the registry ${why}`);
  }
  if (offset === 0) throw new StartOver('nothing of it had arrived');
  if (offset > descriptor.size) throw new StartOver('the registry has more of it than there is');
  return offset;
}

/** Reads what the registry has once more, and compares it with what was sent then. */
async function goOnAt(
  upload: BlobUpload,
  reader: BlobReader,
  session: UploadSession,
  earlier: UploadCheckpoint,
): Promise<Continued> {
  if (earlier.bytesWritten > upload.descriptor.size) {
    throw new StartOver('more of it is remembered than there is');
  }
  const offset = await offsetOf(upload, session);
  const { capabilities } = upload.connection;
  const wholeChunks = capabilities.profile.sessions?.value === 'between-chunks';
  if (wholeChunks && earlier.bytesWritten > offset) {
    throw new StartOver('it broke within a chunk, and the registry takes whole ones only');
  }
  const same = await reader.skip(offset, earlier, working(upload), upload.signal);
  if (!same) throw new StartOver('its bytes are not the ones that were sent then');
  return { session, offset };
}

function earlierSession(
  { connection, repository }: Pick<BlobUpload, 'connection' | 'repository'>,
  earlier: UploadCheckpoint,
): UploadSession | undefined {
  const url = sessionUrl(earlier.location, repository, connection);
  return url && new UploadSession(connection, repository, url);
}

/**
 * Goes on with an upload that an earlier run began: asks the registry for its offset, and hashes
 * the bytes it has, so that what is sent next continues what was checked.
 * @returns undefined where the blob has to start over; a line has said why
 */
export async function resumeEarlier(
  upload: BlobUpload,
  reader: BlobReader,
): Promise<Continued | undefined> {
  const { memory, connection, descriptor, emit } = upload;
  const earlier = isResumable(upload) ? memory?.earlier() : undefined;
  if (!earlier) return undefined;
  const session = earlierSession(upload, earlier);
  try {
    if (session) return await goOnAt(upload, reader, session, earlier);
    throw new StartOver('what is remembered of it does not belong to this registry');
  } catch (error) {
    // What the network or the source refuses is not cured by starting over.
    if (!(error instanceof StartOver)) throw error;
    memory?.forget();
    const { digest, size } = descriptor;
    const layer = `Layer ${shortDigest(digest)} (${formatBytes(size)})`;
    const place = `${connection.registry}/${upload.repository}`;
    emit({ type: 'note', message: `${layer} starts over in ${place}: ${error.message}.` });
    await session?.cancel();
    return undefined;
  }
}

/** Gives back what an earlier run began, where nobody needs it any more. */
export async function giveBackEarlier(
  upload: Pick<BlobUpload, 'connection' | 'repository' | 'descriptor' | 'memory'>,
): Promise<void> {
  const earlier = isResumable(upload) ? upload.memory?.earlier() : undefined;
  if (!earlier) return;
  upload.memory?.forget();
  await earlierSession(upload, earlier)?.cancel();
}
