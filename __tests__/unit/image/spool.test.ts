import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createSpool } from '../../../src/image/spool.ts';
import { buildDockerArchive } from '../../support/images/build.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';

let space: Workspace;
beforeEach(async () => {
  space = await createWorkspace();
});
afterEach(() => space.close());

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

describe('the spool', () => {
  test('is a private folder that is gone afterwards', async () => {
    const spool = createSpool(space.path('spool'));
    expect(await space.spooled()).toEqual([]);
    const range = await spool.write('a', chunks('one', 'two'));
    expect(range).toMatchObject({ offset: 0, size: 6 });
    expect(await readFile(range.file, 'utf8')).toBe('onetwo');
    if (process.platform !== 'win32') {
      expect((await stat(dirname(range.file))).mode & 0o777).toBe(0o700);
      expect((await stat(range.file)).mode & 0o777).toBe(0o600);
    }
    await spool.close();
    await spool.close();
    expect(await space.spooled()).toEqual([]);
  });

  test('says which folder is too small, and by how much', async () => {
    const spool = createSpool(space.path('spool'));
    await spool.ensureFree(1);
    const asking = spool.ensureFree(2 ** 60);
    await expect(asking).rejects.toThrow(
      /^the temporary folder \S+ has [\d.]+ \w+ left; 1048576\.0 TiB are needed\.$/,
    );
    await expect(asking).rejects.toMatchObject({
      code: 'GENERAL',
      hint: expect.stringContaining('RUNNER_TEMP or TMPDIR'),
    });
  });

  test('says which folder cannot be written', async () => {
    await writeFile(space.path('file'), '');
    const spool = createSpool(space.path('file'));
    await expect(spool.write('a', chunks('x'))).rejects.toThrow(
      /the temporary folder \S+ cannot be written \((EEXIST|ENOTDIR)\)/,
    );
    await spool.close();
  });
});

describe('compressed archives', () => {
  test.each([
    ['gzip', (tar: Buffer) => gzipSync(tar)],
    ['zstd', (tar: Buffer) => zstdCompressSync(tar)],
  ])('%s, cut off: an error, and nothing is left', async (_name, pack) => {
    await buildDockerArchive(space.path('a.tar'), { layerBytes: 50_000 });
    const packed = pack(await readFile(space.path('a.tar')));
    await writeFile(space.path('a.tar.x'), packed.subarray(0, packed.length / 2));
    const opening = space.open(space.path('a.tar.x'));
    await expect(opening).rejects.toThrow(/damaged or cut off|is cut off/);
    await expect(opening).rejects.toMatchObject({ code: 'IMAGE' });
    await expect(opening).rejects.toThrow(space.path('a.tar.x'));
    expect(await space.spooled()).toEqual([]);
  });

  test('zstd followed by something else', async () => {
    await buildDockerArchive(space.path('a.tar'));
    const packed = zstdCompressSync(await readFile(space.path('a.tar')));
    await writeFile(space.path('a.zst'), Buffer.concat([packed, Buffer.from('garbage')]));
    await expect(space.open(space.path('a.zst'))).rejects.toThrow(
      /cannot be decompressed \(zstd\)/,
    );
  });

  test.each([
    ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
    ['bzip2', [0x42, 0x5a, 0x68, 0x39]],
  ])('%s is not supported', async (name, magic) => {
    await writeFile(space.path('a'), Buffer.from(magic));
    await expect(space.open(space.path('a'))).rejects.toThrow(
      `compressed with ${name}, which is not`,
    );
  });

  test('the decompressed copy is announced, and gone after closing', async () => {
    await buildDockerArchive(space.path('a.tar'), { style: 'compressed' });
    await writeFile(space.path('a.tgz'), gzipSync(await readFile(space.path('a.tar'))));
    const notes: string[] = [];
    const source = await space.open(space.path('a.tgz'), { onNote: (note) => notes.push(note) });
    expect(notes).toEqual([expect.stringMatching(/is decompressed once to the temporary folder/)]);
    expect(source.description).toBe(`docker-archive:${space.path('a.tgz')}`);
    expect(await space.spooled()).toHaveLength(1);
    await source.close();
    expect(await space.spooled()).toEqual([]);
  });
});
