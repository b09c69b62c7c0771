import { readFile, realpath, stat } from 'node:fs/promises';

/** Looks at the files that options name. */
export interface ConfigFiles {
  /** @throws as node:fs does */
  read(path: string): Promise<string>;
  /** the path without links */
  realPath(path: string): Promise<string>;
  /**
   * True for a folder, false for anything else that is there.
   * @throws as node:fs does
   */
  isFolder(path: string): Promise<boolean>;
}

/** This machine's files. */
export const localFiles: ConfigFiles = {
  read: (path) => readFile(path, 'utf8'),
  realPath: (path) => realpath(path),
  isFolder: async (path) => (await stat(path)).isDirectory(),
};
