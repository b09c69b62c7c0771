import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { formatResumeState, readResumeFile, shareableState } from '../state/resume-file.ts';
import type { ResumeState } from '../state/resume-schema.ts';
import { writeFileAtomically } from '../util/atomic-file.ts';
import type { CacheFolder } from './cache-folder.ts';
import { makeFolder } from '../util/make-folder.ts';

/** Says that there is nothing to go on with: the newest entry wins, and none can be deleted. */
export const FINISHED = 'finished';

/** What another machine may know of an interrupted push. */
export interface SharedState {
  readonly text: string;
  /** of the text; empty when there is nothing to go on with */
  readonly fingerprint: string;
  /** bytes that need not be sent again */
  readonly bytes: number;
}

const NOTHING: SharedState = { text: '', fingerprint: '', bytes: 0 };

function bytesIn({ Places }: ResumeState): number {
  return Places.flatMap(({ UploadedLayers }) => Object.values(UploadedLayers)).reduce(
    (sum, { BytesWritten }) => sum + BytesWritten,
    0,
  );
}

function isEmpty({ Places }: ResumeState): boolean {
  return Places.every(
    ({ UploadedLayers, Manifests }) =>
      Object.keys(UploadedLayers).length === 0 && Manifests.length === 0,
  );
}

/** What the resume file says, without what must not leave this machine. Never throws. */
export async function readShareable(
  { resume }: CacheFolder,
  resumeFile: string,
): Promise<SharedState> {
  const { state } = await readResumeFile(path.join(resume, resumeFile));
  if (!state) return NOTHING;
  const shareable = shareableState(state);
  if (isEmpty(shareable)) return NOTHING;
  const text = formatResumeState(shareable);
  const fingerprint = createHash('sha256').update(text).digest('hex');
  return { text, fingerprint, bytes: bytesIn(shareable) };
}

/**
 * Fills the folder that goes into the Actions cache.
 * @throws the system's error
 */
export async function writeShared(
  { shared }: CacheFolder,
  resumeFile: string,
  { text, fingerprint }: SharedState,
): Promise<void> {
  await rm(shared, { recursive: true, force: true });
  makeFolder(shared, 0o700);
  if (fingerprint === '') {
    await writeFileAtomically(path.join(shared, FINISHED), 'Nothing to go on with.\n');
  } else {
    await writeFileAtomically(path.join(shared, resumeFile), text);
  }
}
