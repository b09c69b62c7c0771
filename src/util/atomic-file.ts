import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCode } from './errors.ts';

const TEMPORARY = /^(.+)\.[0-9a-f]{16}\.tmp$/s;

/** What Windows says while somebody, a virus scanner for example, looks at the old file. */
const LOOKED_AT: ReadonlySet<string | undefined> = new Set(['EPERM', 'EACCES', 'EBUSY']);
const RENAME_ATTEMPTS = 6;
const RENAME_WAIT_MS = 25;

/** The name of the file that a temporary file was to become; undefined for every other name. */
export function temporaryFor(name: string): string | undefined {
  return TEMPORARY.exec(name)?.[1];
}

async function replace(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      const passing = process.platform === 'win32' && LOOKED_AT.has(systemCode(error));
      if (!passing || attempt >= RENAME_ATTEMPTS) throw error;
    }
    await delay(RENAME_WAIT_MS * attempt);
  }
}

/** Makes the rename last. Not every system can do that with a folder, Windows for one. */
async function syncFolder(directory: string): Promise<void> {
  try {
    const handle = await open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // The file is whole either way; at worst it is the one from before.
  }
}

/**
 * Writes a file so that there is always either the old one or the new one, whole, whenever the
 * process or the machine stops. A killed writer leaves a temporary file in the same folder; see
 * `removeTemporaries`.
 * @param mode permissions of the new file
 * @throws the system's error; the old file is untouched then
 */
export async function writeFileAtomically(
  file: string,
  data: string | Uint8Array,
  mode = 0o600,
): Promise<void> {
  const temporary = `${file}.${randomBytes(8).toString('hex')}.tmp`;
  const handle = await open(temporary, 'wx', mode);
  try {
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await replace(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(file));
}

/**
 * Deletes what killed writers of this file have left. Only for those who know that nobody is
 * writing it now.
 * @throws the system's error
 */
export async function removeTemporaries(file: string): Promise<void> {
  const directory = dirname(file);
  for (const name of await readdir(directory)) {
    if (temporaryFor(name) === basename(file)) await rm(join(directory, name), { force: true });
  }
}
