import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { writeFileAtomically } from '../util/atomic-file.ts';
import { RECORD, type CacheFolder } from './cache-folder.ts';

/** The most bytes of a record that are kept in the Actions cache, and taken from it. */
export const MAX_RECORD_BYTES = 50 * 1024 * 1024;

/** The record as it is now, if there is anything new to keep. Sizes in bytes. */
export interface RecordToKeep {
  readonly size: number;
  readonly digest: string;
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/**
 * Writes down what the record is like now, which is as it is in the Actions cache.
 * @throws the system's error
 */
export async function markRecordKept(folder: CacheFolder): Promise<void> {
  await writeFileAtomically(folder.recordDigest, await digestOf(folder.recordFile));
}

/** The record, if it is another than was restored or kept; undefined also where there is none. */
export async function changedRecord(folder: CacheFolder): Promise<RecordToKeep | undefined> {
  try {
    // The record has no journal of its own: what is beside it comes from somewhere else.
    const others = (await readdir(folder.record)).filter((name) => name !== RECORD);
    const { size } = await stat(folder.recordFile);
    if (others.length > 0 || size === 0) return undefined;
    const digest = await digestOf(folder.recordFile);
    const kept = await readFile(folder.recordDigest, 'utf8').catch(() => '');
    return digest === kept.trim() ? undefined : { size, digest };
  } catch {
    return undefined;
  }
}
