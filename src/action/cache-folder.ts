import path from 'node:path';
import { cacheFolder, recordFolder, type CacheNames } from './cache-keys.ts';

/** Where things are on the runner; all paths are absolute. The folder is nobody else's to read. */
export interface CacheFolder {
  readonly root: string;
  /** the push's own resume files, with addresses of uploads: they never leave the machine */
  readonly resume: string;
  /** what of it may leave: the folder that is kept in the Actions cache */
  readonly shared: string;
  /** the folder of the record, which is kept as well */
  readonly record: string;
  readonly recordFile: string;
  /** what the record was when it was restored or kept: its digest, outside of what is kept */
  readonly recordDigest: string;
  /** where archives are extracted to */
  readonly arrived: string;
  /** what the steps of a job tell each other */
  readonly session: string;
}

/** Name of the folder where everything lands that an archive holds; see `tarOptions`. */
export const ARRIVALS = 'arrived';

/** Name of the record in its folder. */
export const RECORD = 'record.sqlite';

/** The folder of a push below RUNNER_TEMP. */
export function folderOf(tempDirectory: string, names: CacheNames): CacheFolder {
  const root = path.join(tempDirectory, ...cacheFolder(names).split('/'));
  const recordRoot = path.join(tempDirectory, ...recordFolder(names).split('/'));
  const record = path.join(recordRoot, 'record');
  return {
    root,
    resume: path.join(root, 'resume'),
    shared: path.join(root, 'shared'),
    record,
    recordFile: path.join(record, RECORD),
    recordDigest: path.join(recordRoot, 'record.sha256'),
    arrived: path.join(root, ARRIVALS),
    session: path.join(root, `session-${names.resumeFile}`),
  };
}
