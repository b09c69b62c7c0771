import { truncate, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { collect, readRange } from '../../../src/image/file-range.ts';
import { indexTar, normalizeName } from '../../../src/image/tar-index.ts';
import { tarTree } from '../../../src/image/tar-tree.ts';
import type { FileTree } from '../../../src/image/file-tree.ts';
import { packTar, type TarItem } from '../../support/images/tar.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';

let space: Workspace;
let file: string;
beforeEach(async () => {
  space = await createWorkspace();
  file = space.path('a.tar');
});
afterEach(() => space.close());

async function treeOf(items: readonly TarItem[] | Buffer): Promise<FileTree> {
  await writeFile(file, Buffer.isBuffer(items) ? items : await packTar(items));
  return tarTree(file, file, await indexTar(file));
}

async function text(tree: FileTree, name: string): Promise<string | undefined> {
  const range = await tree.find(name);
  return range && Buffer.from(await collect(readRange(range))).toString();
}

/** A header as an old or hostile tool might write it, with a correct checksum. */
function rawHeader(name: string, type: string, size: number, fields: Record<number, string> = {}) {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write('0000644\0', 100);
  block.write(`${size.toString(8).padStart(11, '0')} `, 124);
  block.write('00000000000 ', 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\x0000', 257, 'latin1');
  for (const [offset, value] of Object.entries(fields)) block.write(value, Number(offset));
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

const END = Buffer.alloc(1024);

describe('finding files in a tar archive', () => {
  test('by normalised name, long and non-ASCII names included', async () => {
    const long = `${'folder/'.repeat(40)}file`;
    const tree = await treeOf([
      { name: './a//b.txt', content: 'one' },
      { name: 'empty', content: '' },
      { name: long, content: 'two' },
      { name: 'ü/ß.txt', content: 'three' },
    ]);
    expect(await text(tree, 'a/b.txt')).toBe('one');
    expect(await text(tree, './a/b.txt')).toBe('one');
    expect(await text(tree, 'empty')).toBe('');
    expect(await text(tree, long)).toBe('two');
    expect(await text(tree, 'ü/ß.txt')).toBe('three');
    expect(await tree.find('nothing')).toBeUndefined();
  });

  test('through links inside the archive', async () => {
    const tree = await treeOf([
      { name: 'x/layer.tar', content: 'bytes' },
      { name: 'y/layer.tar', link: '../x/layer.tar' },
      { name: 'z/layer.tar', link: '../y/layer.tar' },
      { name: 'hard.tar', link: 'x/layer.tar', hard: true },
    ]);
    expect(await text(tree, 'z/layer.tar')).toBe('bytes');
    expect(await text(tree, 'hard.tar')).toBe('bytes');
  });

  test.each<[string, TarItem[], string, RegExp]>([
    ['a link out of it', [{ name: 'l', link: '../../etc/passwd' }], 'l', /outside of the archive/],
    ['an absolute link', [{ name: 'l', link: '/etc/passwd' }], 'l', /outside of the archive/],
    [
      'a hard link out of it',
      [{ name: 'd/l', link: '../x', hard: true }],
      'd/l',
      /outside of the archive/,
    ],
    [
      'links in a circle',
      [
        { name: 'l', link: 'm' },
        { name: 'm', link: 'l' },
      ],
      'l',
      /lead nowhere/,
    ],
    ['a link to nothing', [{ name: 'l', link: 'm' }], 'l', /is a link to m, which is missing/],
    ['a name that climbs out', [], '../x', /outside of the archive/],
    ['an absolute name', [], '/etc/passwd', /outside of the archive/],
    [
      'a name that occurs twice',
      [
        { name: 'manifest.json', content: '[]' },
        { name: './manifest.json', content: '{}' },
      ],
      'manifest.json',
      /holds manifest\.json more than once/,
    ],
    [
      'a blob that occurs twice with another size',
      [
        { name: 'blobs/sha256/a', content: '1' },
        { name: 'blobs/sha256/a', content: '22' },
      ],
      'blobs/sha256/a',
      /more than once/,
    ],
  ])('refuses %s', async (_name, items, wanted, message) => {
    const tree = await treeOf(items);
    const finding = tree.find(wanted);
    await expect(finding).rejects.toThrow(message);
    await expect(finding).rejects.toMatchObject({ code: 'IMAGE' });
    await expect(finding).rejects.toThrow(file);
  });

  test('takes one of several equal blobs, and does not mind what nobody asks for', async () => {
    const tree = await treeOf([
      { name: '../outside', content: 'x' },
      { name: '/absolute', content: 'x' },
      { name: 'twice', content: 'x' },
      { name: 'twice', content: 'y' },
      { name: 'blobs/sha256/a', content: 'same' },
      { name: 'blobs/sha256/a', content: 'same' },
    ]);
    expect(await text(tree, 'blobs/sha256/a')).toBe('same');
  });

  test('ignores the size of what has no body, as Go does', async () => {
    const body = Buffer.alloc(512, 'x');
    const tree = await treeOf(
      Buffer.concat([rawHeader('dir', '5', 512), rawHeader('f', '0', 5), body, END]),
    );
    expect(await text(tree, 'f')).toBe('xxxxx');
    await expect(tree.find('dir')).rejects.toThrow(/not a regular file/);
  });

  test('reads an archive without an end mark, and stops at the end mark of one that has it', async () => {
    const header = rawHeader('f', '0', 1);
    const body = Buffer.alloc(512, 'x');
    expect(await text(await treeOf(Buffer.concat([header, body])), 'f')).toBe('x');
    const appended = Buffer.concat([END, rawHeader('g', '0', 1), body]);
    expect(await (await treeOf(appended)).find('g')).toBeUndefined();
    expect(await (await treeOf(Buffer.alloc(0))).find('f')).toBeUndefined();
  });
});

describe('archives that cannot be indexed', () => {
  test.each<[string, () => Buffer, RegExp]>([
    ['text', () => Buffer.from('hello'), /is not a tar archive/],
    ['a page of text', () => Buffer.alloc(4096, 'hello '), /is not a tar archive/],
    [
      'garbage after an entry',
      () => Buffer.concat([rawHeader('f', '0', 0), Buffer.alloc(512, 'x')]),
      /is damaged: there is no tar header at byte 512/,
    ],
    [
      'a lone empty header',
      () => Buffer.concat([Buffer.alloc(512), rawHeader('f', '0', 0)]),
      /is damaged: there is an empty tar header/,
    ],
    [
      'half a header',
      () => Buffer.concat([rawHeader('f', '0', 0), Buffer.alloc(100)]),
      /is cut off/,
    ],
    ['a body beyond the end', () => rawHeader('f', '0', 100), /is cut off/],
    [
      'an absurd size',
      () => rawHeader('f', '0', 0, { 124: '\x7f'.repeat(0) + '77777777777 ' }),
      /is cut off/,
    ],
    ['a sparse file', () => Buffer.concat([rawHeader('f', 'S', 0), END]), /as a sparse file/],
    [
      'a pax record without its entry',
      () => Buffer.concat([rawHeader('p', 'x', 512), Buffer.alloc(512, 'x')]),
      /is cut off/,
    ],
    [
      'metadata without end',
      () =>
        Buffer.concat([rawHeader('p', 'x', 3 * 1024 * 1024), Buffer.alloc(3 * 1024 * 1024, 32)]),
      /more than 1 MiB of metadata/,
    ],
    [
      'metadata larger than any parser takes',
      () => Buffer.concat([rawHeader('p', 'x', 64 * 1024 * 1024), Buffer.alloc(1024)]),
      /is not a tar archive|is damaged/,
    ],
  ])('%s', async (_name, build, message) => {
    const indexing = treeOf(build());
    await expect(indexing).rejects.toThrow(message);
    await expect(indexing).rejects.toMatchObject({ code: 'IMAGE' });
    await expect(indexing).rejects.toThrow(file);
  });

  test('a sparse file in a pax record', async () => {
    const record = Buffer.alloc(512);
    record.write('22 GNU.sparse.major=1\n');
    const blocks = [rawHeader('p', 'x', 22), record, rawHeader('f', '0', 0), END];
    await expect(treeOf(Buffer.concat(blocks))).rejects.toThrow(/as a sparse file/);
  });

  test('one that is cut off in the middle of a body', async () => {
    await treeOf([{ name: 'f', content: Buffer.alloc(10_000) }]);
    await truncate(file, 5000);
    await expect(indexTar(file)).rejects.toThrow(`${file} is cut off`);
  });

  test('one with too many entries', async () => {
    await treeOf([1, 2, 3].map((index) => ({ name: `f${index}`, content: '' })));
    await expect(indexTar(file, { maxEntries: 2 })).rejects.toThrow(/more than 2 entries/);
    await expect(indexTar(file, { maxEntries: 3 })).resolves.toHaveProperty('size', 3);
  });

  test('one that is not there', async () => {
    await expect(indexTar(space.path('none'))).rejects.toThrow(/cannot be read \(ENOENT\)/);
  });
});

test.each([
  ['a/b', 'a/b'],
  ['./a', 'a'],
  ['a//b/', 'a/b'],
  ['a/../b', 'b'],
  ['..', undefined],
  ['../a', undefined],
  ['a/../../b', undefined],
  ['/a', undefined],
])('normalizeName(%s) is %s', (name, expected) => {
  expect(normalizeName(name)).toBe(expected);
});
