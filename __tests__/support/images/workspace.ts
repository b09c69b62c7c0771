import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSource } from '../../../src/image/open.ts';
import type { OpenOptions } from '../../../src/image/options.ts';
import type { OpenedSource } from '../../../src/image/source.ts';

/** A temporary folder for one test, and what opens sources with their spool below it. */
export interface Workspace {
  readonly directory: string;
  path(name: string): string;
  /** Opens a source; it is closed with the workspace if the test does not. */
  open(text: string, options?: Partial<OpenOptions>): Promise<OpenedSource>;
  /** what is left in the folder that sources spool to */
  spooled(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Close it in afterEach: it deletes everything. */
export async function createWorkspace(): Promise<Workspace> {
  const directory = await mkdtemp(join(tmpdir(), 'idpbuilder-test-'));
  const tempDirectory = join(directory, 'spool');
  await mkdir(tempDirectory);
  const opened: OpenedSource[] = [];
  return {
    directory,
    path: (name) => join(directory, name),
    open: async (text, options = {}) => {
      const source = await openSource(text, { tempDirectory, compression: 'gzip', ...options });
      opened.push(source);
      return source;
    },
    spooled: async () => readdir(tempDirectory),
    close: async () => {
      for (const source of opened) await source.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
