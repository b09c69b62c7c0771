import { mkdtemp, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbort, PushError, systemCode } from '../util/errors.ts';
import { formatBytes } from '../util/text.ts';
import type { FileRange } from './file-range.ts';
import { makeFolder } from '../util/make-folder.ts';

/** A private folder for what cannot be read in place. It appears when something is written. */
export interface Spool {
  /** @throws PushError GENERAL when the disk has less than `bytes` left */
  ensureFree(bytes: number): Promise<void>;
  /**
   * Writes a new file.
   * @param name a plain file name, not used before
   * @throws PushError GENERAL when the disk is full
   */
  write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<FileRange>;
  /** Deletes everything; safe to call twice. Call it when nothing writes any more. */
  close(): Promise<void>;
}

/** Looking once per so many bytes stops a decompression bomb before it has filled the disk. */
const LOOK_EVERY = 256 * 1024 * 1024;
const FULL: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT']);

function noSpace(directory: string, needed: number, free: number, cause?: unknown): PushError {
  return new PushError(
    `the temporary folder ${directory} has ${formatBytes(free)} left; ${formatBytes(needed)} are needed.`,
    {
      code: 'GENERAL',
      stage: 'open',
      hint: 'Free some space, or let RUNNER_TEMP or TMPDIR name a folder on a larger disk.',
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

function unwritable(directory: string, error: unknown): Error {
  if (error instanceof PushError || isAbort(error)) return error as Error;
  const code = systemCode(error);
  return new PushError(
    `the temporary folder ${directory} cannot be written${code ? ` (${code})` : ''}.`,
    {
      code: 'GENERAL',
      stage: 'open',
      hint: 'Let RUNNER_TEMP or TMPDIR name a folder that this user may write.',
      cause: error,
    },
  );
}

/** Free bytes for this user; undefined where the file system does not say. */
async function freeBytes(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

async function createFolder(directory: string): Promise<string> {
  try {
    makeFolder(directory);
    return await mkdtemp(join(directory, 'idpbuilder-push-'));
  } catch (error) {
    throw unwritable(directory, error);
  }
}

/**
 * @param directory the temporary folder to make the private one in
 * @param onWork told of bytes that were written
 */
export function createSpool(
  directory: string,
  onWork: (bytes: number) => void = () => undefined,
): Spool {
  let folder: Promise<string> | undefined;
  const ensureFree = async (bytes: number): Promise<void> => {
    const free = await freeBytes(directory);
    if (free !== undefined && free < bytes) throw noSpace(directory, bytes, free);
  };
  const writeFile = async (file: string, chunks: AsyncIterable<Uint8Array>): Promise<number> => {
    const handle = await open(file, 'wx', 0o600);
    let size = 0;
    let next = LOOK_EVERY;
    try {
      for await (const chunk of chunks) {
        await handle.writeFile(chunk);
        size += chunk.length;
        onWork(chunk.length);
        if (size >= next) await ensureFree(LOOK_EVERY);
        if (size >= next) next += LOOK_EVERY;
      }
      return size;
    } catch (error) {
      if (!FULL.has(systemCode(error))) throw error;
      throw noSpace(directory, size + LOOK_EVERY, (await freeBytes(directory)) ?? 0, error);
    } finally {
      await handle.close();
    }
  };
  return {
    ensureFree,
    write: async (name, chunks) => {
      const file = join(await (folder ??= createFolder(directory)), name);
      return { file, offset: 0, size: await writeFile(file, chunks) };
    },
    close: async () => {
      const path = await folder?.catch(() => undefined);
      folder = undefined;
      // Windows lets go of a file a moment after it was closed.
      if (path) await rm(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
