import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { imageError, systemCode } from '../util/errors.ts';
import { unreadable, type FileRange } from './file-range.ts';

/** Files by name, wherever they are: in a folder or inside a tar archive. */
export interface FileTree {
  /** path of the folder or archive, for messages */
  readonly path: string;
  /**
   * Where the bytes of a file are; undefined when there is none of this name.
   * @param name relative, with forward slashes
   * @throws PushError IMAGE when it is there but not to be used (a folder, a link to the outside)
   */
  find(name: string): Promise<FileRange | undefined>;
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR']);

/**
 * A folder. Files may be links to regular files anywhere (Bazel's are): who can write the folder
 * could as well have copied them. Callers pass names of the layout specification only.
 */
export function folderTree(path: string): FileTree {
  return {
    path,
    find: async (name) => {
      const file = join(path, name);
      const stats = await stat(file).catch((error: unknown) => {
        if (ABSENT.has(systemCode(error) ?? '')) return undefined;
        throw unreadable(file, error);
      });
      if (!stats) return undefined;
      if (!stats.isFile()) throw imageError(`${file} is not a regular file.`);
      return { file, offset: 0, size: stats.size };
    },
  };
}
