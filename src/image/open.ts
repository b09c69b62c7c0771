import { stat } from 'node:fs/promises';
import { configError, imageError, systemCode } from '../util/errors.ts';
import type { ArchiveKind } from './archive.ts';
import { unreadable } from './file-range.ts';
import { folderTree } from './file-tree.ts';
import {
  locate,
  SOURCE_FORMS,
  type LocatedDaemon,
  type LocatedPath,
  type LocatedRegistry,
} from './locate.ts';
import { openLayout } from './oci-layout.ts';
import type { OpenOptions } from './options.ts';
import type { OpenedSource } from './source.ts';
import { createSpool, type Spool } from './spool.ts';

// Archives and daemons are loaded when one is named: a layout should not wait for zlib and http.
type Opener<L> = (located: L, spool: Spool, options: OpenOptions) => Promise<OpenedSource>;

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const absent = ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '');
    if (!absent) throw unreadable(path, error);
    throw imageError(
      `source: there is no file or folder ${path}.`,
      `Known forms: ${SOURCE_FORMS}.`,
      error,
    );
  }
}

const openFolder: Opener<LocatedPath> = async ({ path, select }) => {
  if (!(await isFolder(path))) {
    throw imageError(
      `source: ${path} is a file, and oci: names a folder.`,
      'Write oci-archive: or docker-archive: before an archive.',
    );
  }
  return openLayout(folderTree(path), `oci:${path}`, select);
};

function archiveOpener(kind: ArchiveKind): Opener<LocatedPath> {
  return async ({ path, select }, spool, options) => {
    if (await isFolder(path)) {
      throw imageError(
        `source: ${path} is a folder, and ${kind}: names a file.`,
        'Write oci: before a folder that holds an OCI layout.',
      );
    }
    const { openArchive } = await import('./archive.ts');
    return openArchive(path, kind, { spool, options, ...(select ? { select } : {}) });
  };
}

const openPath: Opener<LocatedPath> = async (located, spool, options) => {
  const opener = (await isFolder(located.path)) ? openFolder : archiveOpener('path');
  return opener(located, spool, options);
};

const openDaemon: Opener<LocatedDaemon> = async ({ image }, spool, options) => {
  const { openDaemonImage } = await import('./docker-daemon.ts');
  return openDaemonImage(image, spool, options);
};

const openRegistry: Opener<LocatedRegistry> = async ({ reference }, _spool, options) => {
  if (options.openRegistry) return options.openRegistry(reference);
  throw configError('source: docker:// sources cannot be read here.');
};

const PATH_OPENERS: Readonly<Record<LocatedPath['transport'], Opener<LocatedPath>>> = {
  oci: openFolder,
  'oci-archive': archiveOpener('oci-archive'),
  'docker-archive': archiveOpener('docker-archive'),
  path: openPath,
};

async function dispatch(text: string, spool: Spool, options: OpenOptions): Promise<OpenedSource> {
  const located = locate(text);
  if (located.transport === 'docker') return openRegistry(located, spool, options);
  if (located.transport === 'docker-daemon') return openDaemon(located, spool, options);
  return PATH_OPENERS[located.transport](located, spool, options);
}

/**
 * Opens the image that the `source` option names. Whoever opens it closes it: that deletes what had
 * to be spooled. When opening fails, nothing is left behind.
 * @throws PushError GENERAL when the option is not written as a source is, or the temporary folder
 * is full; IMAGE when the image is missing or damaged
 */
export async function openSource(text: string, options: OpenOptions): Promise<OpenedSource> {
  options.signal?.throwIfAborted();
  const spool = createSpool(options.tempDirectory, options.onWork);
  try {
    const opened = await dispatch(text, spool, options);
    return {
      ...opened,
      close: async () => {
        await opened.close();
        await spool.close();
      },
    };
  } catch (error) {
    await spool.close();
    throw error;
  }
}
