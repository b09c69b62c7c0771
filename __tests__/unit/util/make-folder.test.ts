import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeFolder } from '../../../src/util/make-folder.ts';

describe('a folder', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'make-folder-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  test('is made with all above it, in the mode that is asked for', async () => {
    const deep = path.join(folder, 'a', 'b', 'c');
    makeFolder(deep, 0o700);
    for (const one of [deep, path.dirname(deep)]) {
      expect((await stat(one)).mode & 0o777).toBe(process.platform === 'win32' ? 0o666 : 0o700);
    }
  });

  test('that is there is left as it is', () => {
    expect(() => makeFolder(folder)).not.toThrow();
  });

  test('is not made where a file is in the way', async () => {
    await writeFile(path.join(folder, 'file'), '');
    expect(() => makeFolder(path.join(folder, 'file'))).toThrow('EEXIST');
    expect(() => makeFolder(path.join(folder, 'file', 'below'))).toThrow('ENOTDIR');
  });

  const onProc = existsSync('/proc/self') ? test : test.skip;

  // Node's own `recursive` tries for ever.
  onProc('is given up where the system does not let it be (/proc)', () => {
    expect(() => makeFolder('/proc/self/none/below')).toThrow('ENOENT');
  });
});
