import { opendir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTemporaries, temporaryFor } from '../util/atomic-file.ts';
import { acquireLock } from './lock.ts';
import { readResumeFile } from './resume-file.ts';

/** A state that is older is not used, and deleted in passing. Registries forget uploads sooner. */
export const RESUME_MAX_AGE_MS: number = 7 * 24 * 3_600_000;

/** A folder with more is tidied up in several pushes. */
const MOST_ENTRIES = 2000;

/** The lock that belongs to a resume file. */
export function resumeLockFile(file: string): string {
  return `${file}.lock`;
}

async function isOld(file: string, now: number): Promise<boolean> {
  const { mtimeMs } = await stat(file);
  return now - mtimeMs > RESUME_MAX_AGE_MS;
}

async function removeState(file: string, now: number): Promise<void> {
  const lock = await acquireLock(resumeLockFile(file));
  if (!lock) return;
  try {
    // The folder may be shared with other things: only what can be read as ours is deleted.
    const { state } = await readResumeFile(file);
    if (state && (await isOld(file, now))) await rm(file, { force: true });
  } finally {
    lock.release();
  }
}

/** Removes a resume file, unless another process holds it. Never throws. */
export async function removeResumeFile(file: string): Promise<void> {
  try {
    const lock = await acquireLock(resumeLockFile(file));
    if (!lock) return;
    try {
      await removeTemporaries(file);
      await rm(file, { force: true });
    } finally {
      lock.release();
    }
  } catch {
    // It is swept in a week.
  }
}

async function sweepEntry(directory: string, name: string, now: number): Promise<void> {
  const file = join(directory, name);
  const temporary = temporaryFor(name)?.endsWith('.json') ?? false;
  const lock = name.endsWith(resumeLockFile('.json'));
  if (!(temporary || lock || name.endsWith('.json')) || !(await isOld(file, now))) return;
  if (temporary) await rm(file, { force: true });
  // To have a lock and let go of it removes it, and a push that takes weeks keeps its own.
  else if (lock) (await acquireLock(file))?.release();
  else await removeState(file, now);
}

/**
 * Deletes resume files that nobody has touched for a week, and what belongs to them. Whatever
 * cannot be deleted stays; it never throws.
 * @param now ms since 1970
 */
export async function sweepResumeFiles(directory: string, now: number): Promise<void> {
  try {
    let left = MOST_ENTRIES;
    for await (const entry of await opendir(directory)) {
      if ((left -= 1) < 0) return;
      if (entry.isFile()) await sweepEntry(directory, entry.name, now).catch(() => undefined);
    }
  } catch {
    // There is no such folder, or it cannot be listed.
  }
}
