import { imageError } from '../util/errors.ts';
import { printable } from '../util/text.ts';
import type { FileTree } from './file-tree.ts';
import { normalizeName, type TarIndex } from './tar-index.ts';

/** Docker and skopeo write one link per repeated layer; more than a few in a row is a trap. */
const MAX_LINKS = 16;

/**
 * The files of a tar archive, read in place. Links inside the archive are followed.
 * @param path of the archive as people know it
 * @param file where the bytes are: the same, or the spooled copy
 */
export function tarTree(path: string, file: string, index: TarIndex): FileTree {
  const outside = (name: string): Error =>
    imageError(`${path} refers to ${printable(name)}, which lies outside of the archive.`);
  return {
    path,
    find: async (wanted) => {
      let name = normalizeName(wanted);
      if (name === undefined) throw outside(wanted);
      for (let links = 0; links <= MAX_LINKS; links += 1) {
        const entry = index.get(name);
        if (!entry && links === 0) return undefined;
        if (!entry) {
          throw imageError(
            `${path}: ${printable(wanted)} is a link to ${printable(name)}, which is missing.`,
          );
        }
        if (entry.kind === 'file') return { file, offset: entry.offset, size: entry.size };
        if (entry.kind === 'ambiguous') {
          throw imageError(`${path} holds ${printable(name)} more than once.`, 'Save it again.');
        }
        if (entry.kind === 'other') {
          throw imageError(`${path}: ${printable(name)} is not a regular file.`);
        }
        if (entry.target === undefined) throw outside(wanted);
        name = entry.target;
      }
      throw imageError(`${path}: the links of ${printable(wanted)} lead nowhere.`);
    },
  };
}
