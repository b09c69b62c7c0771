import { BlobReader } from './blob-reader.ts';
import type { BlobUpload } from './blob-upload.ts';
import { agreedOffset, isResumable, resumeEarlier, working, type Continued } from './resume.ts';
import type { UploadSession } from './session.ts';

/** One blob on its way, over all attempts. */
export interface Underway {
  readonly reader: BlobReader;
  /** the session that was opened last */
  session: UploadSession | undefined;
  /** bytes of an earlier run that this one built upon */
  resumedBytes: number;
  /** how often the registry did not take the first bytes of a continuation */
  refusals: number;
}

/** A reader that tells what is sent, and has it remembered. */
export function begin(upload: BlobUpload): Underway {
  const { connection, descriptor, content, memory, emit } = upload;
  const place = placeOf(upload);
  const remembered = memory && isResumable(upload) ? memory : undefined;
  const underway: Underway = {
    reader: new BlobReader(descriptor, content, {
      sent: (bytes) => {
        connection.congestion.sent(bytes);
        emit({ type: 'blob-progress', ...place, bytes });
        const { session, reader } = underway;
        if (remembered && session && reader.isFurthest) {
          remembered.reached(session.location, reader.given, () => reader.checksum());
        }
      },
      rewound: (bytes) => emit({ type: 'blob-restarted', ...place, bytes }),
    }),
    session: undefined,
    resumedBytes: 0,
    refusals: 0,
  };
  return underway;
}

function placeOf({ connection, repository, descriptor }: BlobUpload) {
  return { registry: connection.registry, repository, digest: descriptor.digest };
}

/** Builds upon what an earlier run had sent. */
function resumed(upload: BlobUpload, underway: Underway, bytes: number): void {
  underway.resumedBytes = bytes;
  upload.emit({ type: 'blob-resumed', ...placeOf(upload), bytes });
}

/**
 * What is lost when a process is killed before anything was written down is not to be much, bytes.
 * No smaller than what goes in a single POST: of that nothing must have been read yet.
 */
const WORTH_WAITING_FOR = 16 * 1024 * 1024;

/** Has a session written down before anything large is sent into it. */
export async function noteOpened(
  upload: BlobUpload,
  { reader }: Underway,
  { location }: UploadSession,
): Promise<void> {
  if (upload.descriptor.size <= WORTH_WAITING_FOR || !isResumable(upload)) return;
  await upload.memory?.opened(location, () => reader.checksum(), upload.signal);
  upload.signal?.throwIfAborted();
}

/** What broke in this very run goes on where the registry has kept what it got. */
async function goOn(upload: BlobUpload, underway: Underway): Promise<Continued | undefined> {
  const { session, reader } = underway;
  if (!session?.isOpen || reader.given === 0 || !isResumable(upload)) return undefined;
  const offset = await agreedOffset(session, upload.connection, upload.signal);
  if (offset === undefined || offset === 0 || offset > upload.descriptor.size) return undefined;
  if (offset <= reader.given) {
    reader.rewind(offset);
    underway.resumedBytes = Math.min(underway.resumedBytes, offset);
    return { session, offset };
  }
  // More than we have given: bytes of the earlier run that were still on their way when it ended.
  if (underway.resumedBytes === 0) return undefined;
  await reader.skip(offset, undefined, working(upload), upload.signal);
  resumed(upload, underway, offset);
  return { session, offset };
}

/** An upload that was begun before, in this run or in an earlier one. */
export async function continued(
  upload: BlobUpload,
  underway: Underway,
): Promise<Continued | undefined> {
  const here = await goOn(upload, underway);
  if (here) return here;
  // What was tried in this run and failed is not tried once more.
  if (underway.session) upload.memory?.forget();
  await abandon(underway);
  const earlier = await resumeEarlier(upload, underway.reader);
  if (!earlier) return undefined;
  underway.session = earlier.session;
  resumed(upload, underway, earlier.offset);
  return earlier;
}

/** Gives the session back, and counts nothing of what it got. */
export async function abandon(underway: Underway): Promise<void> {
  // Not only rewound: how far the next session has come is written down from its first byte on.
  underway.reader.restart();
  underway.resumedBytes = 0;
  const { session } = underway;
  underway.session = undefined;
  // Does nothing where the session has done its work.
  await session?.cancel();
}
