import { mkdtemp, open, rm, statfs, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, systemCode } from '../util/errors.ts';
import { formatBytes } from '../util/text.ts';
import { makeFolder } from '../util/make-folder.ts';

/** The temporary folder takes or gives back nothing more; the message says why, for people. */
export class SpoolFailure extends Error {
  override readonly name = 'SpoolFailure';
}

/** A file that is read while it is still being written. */
export interface GrowingFile {
  readonly path: string;
  /** bytes that are there to be read */
  readonly size: number;
  /** @throws SpoolFailure; the file is then as it was before */
  append(chunk: Uint8Array): Promise<void>;
  /** Nothing is appended any more; safe to call twice. */
  end(): Promise<void>;
  /** Deletes it; safe to call twice. */
  remove(): Promise<void>;
}

/** A private folder of such files. It appears with the first one. */
export interface GrowingFiles {
  /**
   * @param bytes it is going to have
   * @throws SpoolFailure where the disk has no room for them, besides what others were promised
   */
  create(bytes: number): Promise<GrowingFile>;
  /** Deletes everything. Call it when nothing writes any more. */
  close(): Promise<void>;
}

/** What is left to others on the same disk, bytes. */
const SPARE = 64 * 1024 * 1024;

function failed(directory: string, error: unknown): SpoolFailure {
  if (error instanceof SpoolFailure) return error;
  const reason = systemCode(error) ?? messageOf(error);
  return new SpoolFailure(`the temporary folder ${directory} cannot be used (${reason})`, {
    cause: error,
  });
}

/** Free bytes for this user; without end where the file system does not say. */
async function freeBytes(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return Infinity;
  }
}

class WrittenFile implements GrowingFile {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #onKept: (bytes: number) => void;
  /** bytes that were promised to it and are not written yet */
  #left: number;
  #size = 0;

  constructor(path: string, handle: FileHandle, bytes: number, onKept: (bytes: number) => void) {
    this.path = path;
    this.#handle = handle;
    this.#left = bytes;
    this.#onKept = onKept;
  }

  get size(): number {
    return this.#size;
  }

  async append(chunk: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < chunk.length;) {
        const length = chunk.length - done;
        const place = this.#size + done;
        done += (await this.#handle.write(chunk, done, length, place)).bytesWritten;
      }
    } catch (error) {
      throw failed(dirname(this.path), error);
    }
    this.#size += chunk.length;
    this.#keepPromise(chunk.length);
  }

  async end(): Promise<void> {
    this.#keepPromise(this.#left);
    await this.#handle.close();
  }

  async remove(): Promise<void> {
    await this.end();
    // Windows lets go of a file a moment after it was closed.
    await rm(this.path, { force: true, maxRetries: 5 });
  }

  #keepPromise(bytes: number): void {
    this.#left -= bytes;
    this.#onKept(bytes);
  }
}

/** @param directory the temporary folder to make the private one in */
export function createGrowingFiles(directory: string): GrowingFiles {
  let folder: Promise<string> | undefined;
  let count = 0;
  /** bytes promised to files and not written yet */
  let promised = 0;
  const ownFolder = async (): Promise<string> => {
    makeFolder(directory);
    return mkdtemp(join(directory, 'idpbuilder-push-'));
  };
  const promise = async (bytes: number): Promise<void> => {
    if ((await freeBytes(directory)) < promised + bytes + SPARE) {
      throw new SpoolFailure(
        `the temporary folder ${directory} has too little room for ${formatBytes(bytes)}`,
      );
    }
    promised += bytes;
  };
  const onKept = (bytes: number): void => {
    promised -= bytes;
  };
  const openNew = async (path: string, bytes: number): Promise<GrowingFile> => {
    await promise(bytes);
    try {
      return new WrittenFile(path, await open(path, 'wx', 0o600), bytes, onKept);
    } catch (error) {
      onKept(bytes);
      throw error;
    }
  };
  return {
    create: async (bytes) => {
      count += 1;
      const name = String(count);
      try {
        return await openNew(join(await (folder ??= ownFolder()), name), bytes);
      } catch (error) {
        throw failed(directory, error);
      }
    },
    close: async () => {
      const path = await folder?.catch(() => undefined);
      folder = undefined;
      if (path) await rm(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
