import { constants } from 'node:fs';
import { chmod, copyFile, lstat, open, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { readResumeFile, shareableState, writeResumeFile } from '../state/resume-file.ts';
import { RESUME_LIMITS } from '../state/resume-schema.ts';
import { RECORD, type CacheFolder } from './cache-folder.ts';
import { markRecordKept, MAX_RECORD_BYTES } from './cache-record.ts';
import { FINISHED } from './cache-shared.ts';
import { makeFolder } from '../util/make-folder.ts';

const SQLITE = Buffer.from('SQLite format 3\0', 'latin1');

/** True for a file that is nothing else: no link, no pipe, no second name of another one. */
async function isPlain(file: string, maximum: number): Promise<boolean> {
  const found = await lstat(file).catch(() => undefined);
  return found !== undefined && found.isFile() && found.nlink === 1 && found.size <= maximum;
}

async function firstPlain(files: readonly string[], maximum: number): Promise<string | undefined> {
  for (const file of files) if (await isPlain(file, maximum)) return file;
  return undefined;
}

async function exists(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => undefined)) !== undefined;
}

/** An existing folder of ours, and no link to somebody else's. */
async function ownFolder(folder: string): Promise<void> {
  const found = await lstat(folder).catch(() => undefined);
  if (found && !found.isDirectory()) await rm(folder);
  makeFolder(folder, 0o700);
}

/** Removes what is neither a file nor a folder. */
async function removeOddities(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (!entry.isFile() && !entry.isDirectory()) await rm(file, { force: true });
  }
}

/**
 * Makes room for what is restored: whatever is found there afterwards has come from outside.
 * @throws the system's error
 */
export async function prepareArrivals(folder: CacheFolder, withRecord: boolean): Promise<void> {
  await ownFolder(folder.root);
  for (const part of [folder.arrived, folder.shared, ...(withRecord ? [folder.record] : [])]) {
    await rm(part, { recursive: true, force: true });
  }
}

/** Removes what was restored and not taken. What cannot be removed stays; it never throws. */
export async function clearArrivals(folder: CacheFolder): Promise<void> {
  for (const part of [folder.arrived, folder.shared]) {
    // A tar that is being killed may still put something into it.
    await rm(part, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}

/**
 * Takes a resume file that was restored, unless there is one of this machine: only what can be
 * understood as one, written anew. What it says is still a stranger's.
 * @returns why it was not taken, as half a sentence
 * @throws the system's error
 */
export async function takeState(
  folder: CacheFolder,
  resumeFile: string,
): Promise<string | undefined> {
  const places = [folder.arrived, folder.shared];
  const finished = places.map((place) => path.join(place, FINISHED));
  if (await firstPlain(finished, RESUME_LIMITS.fileBytes)) return undefined;
  const candidates = places.map((place) => path.join(place, resumeFile));
  const found = await firstPlain(candidates, RESUME_LIMITS.fileBytes);
  if (found === undefined) return 'it is not in it';
  const { state, reason } = await readResumeFile(found);
  if (!state) return reason ?? 'it is empty';
  await ownFolder(folder.resume);
  await removeOddities(folder.resume);
  const own = path.join(folder.resume, resumeFile);
  if (!(await exists(own))) await writeResumeFile(own, shareableState(state));
  return undefined;
}

async function startsLikeSqlite(file: string): Promise<boolean> {
  const handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(SQLITE.length),
      0,
      SQLITE.length,
      0,
    );
    return bytesRead === SQLITE.length && buffer.equals(SQLITE);
  } finally {
    await handle.close();
  }
}

/**
 * Takes a record that was restored. Only called when this machine had none. Whoever opens it looks
 * closer; here it matters that it is one plain file and comes alone.
 * @returns why it was not taken, as half a sentence
 * @throws the system's error
 */
export async function takeRecord(folder: CacheFolder): Promise<string | undefined> {
  const candidates = [path.join(folder.arrived, RECORD), folder.recordFile];
  const found = await firstPlain(candidates, MAX_RECORD_BYTES);
  const good = found !== undefined && (await startsLikeSqlite(found));
  if (found !== folder.recordFile || !good)
    await rm(folder.record, { recursive: true, force: true });
  if (!good) return found === undefined ? 'it is not in it' : 'it is something else';
  await ownFolder(folder.record);
  if (found !== folder.recordFile) {
    await copyFile(found, folder.recordFile, constants.COPYFILE_EXCL);
  }
  // SQLite would play a foreign journal into it.
  for (const name of await readdir(folder.record)) {
    if (name !== RECORD) await rm(path.join(folder.record, name), { recursive: true, force: true });
  }
  await chmod(folder.recordFile, 0o600);
  await markRecordKept(folder);
  return undefined;
}
