import { readFile, realpath } from 'node:fs/promises';

/** Reads the files that options name. */
export interface ConfigFiles {
  /** @throws as node:fs does */
  read(path: string): Promise<string>;
  /** the path without links */
  realPath(path: string): Promise<string>;
}

/** This machine's files. */
export const localFiles: ConfigFiles = {
  read: (path) => readFile(path, 'utf8'),
  realPath: (path) => realpath(path),
};
