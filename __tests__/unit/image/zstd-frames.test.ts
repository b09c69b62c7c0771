import { writeFile } from 'node:fs/promises';
import { constants, createZstdCompress, zstdCompressSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createSpool } from '../../../src/image/spool.ts';
import { unpackArchive } from '../../../src/image/unpack.ts';
import { collect, readRange } from '../../../src/image/file-range.ts';
import { zstdFrames } from '../../../src/image/zstd-frames.ts';
import { noise } from '../../support/images/tiny-image.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';

let space: Workspace;
let file: string;
beforeEach(async () => {
  space = await createWorkspace();
  file = space.path('a.zst');
});
afterEach(() => space.close());

async function sizes(bytes: Uint8Array): Promise<number[]> {
  await writeFile(file, bytes);
  const found: number[] = [];
  for await (const { size } of zstdFrames(file, bytes.length)) found.push(size);
  return found;
}

const SKIPPABLE = Buffer.from([0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
const checksum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };

test.each([
  ['nothing', Buffer.alloc(0), {}],
  ['a little', Buffer.from('x'), {}],
  ['zeros', Buffer.alloc(1_000_000), {}],
  ['noise', noise(300_000), {}],
  ['noise with a checksum', noise(300_000), checksum],
  ['more than 64 KiB', Buffer.alloc(70_000, 'text'), checksum],
])('finds the end of a frame: %s', async (_name, content, options) => {
  const known = zstdCompressSync(content, options);
  const streamed = await buffer(Readable.from([content]).pipe(createZstdCompress(options)));
  expect(await sizes(known)).toEqual([known.length]);
  expect(await sizes(streamed)).toEqual([streamed.length]);
  const all = Buffer.concat([SKIPPABLE, known, SKIPPABLE, streamed, known]);
  expect(await sizes(all)).toEqual([known.length, streamed.length, known.length]);
});

test.each([
  ['cut off', zstdCompressSync(noise(1000)).subarray(0, 500)],
  ['cut off in a checksum', zstdCompressSync(noise(1000), checksum).subarray(0, -1)],
  ['cut off in the header', zstdCompressSync('x').subarray(0, 5)],
  ['followed by garbage', Buffer.concat([zstdCompressSync('x'), Buffer.from('garbage')])],
  ['a skippable frame without end', SKIPPABLE.subarray(0, -1)],
  ['a reserved block', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x01, 0x07, 0x00, 0x00])],
])('refuses what is not whole: %s', async (_name, bytes) => {
  await expect(sizes(bytes)).rejects.toThrow(/zstd/);
});

test('many frames come out as one, however slowly they are taken', async () => {
  const pieces = Array.from({ length: 60 }, (_, index) => noise(100_000, index + 1));
  await writeFile(file, Buffer.concat(pieces.map((piece) => zstdCompressSync(piece))));
  const spool = createSpool(space.path('spool'));
  const range = await unpackArchive(file, 'zstd', spool, {});
  expect(Buffer.concat(pieces).equals(await collect(readRange(range)))).toBe(true);
  await spool.close();
});
