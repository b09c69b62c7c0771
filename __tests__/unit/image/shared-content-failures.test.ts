import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createGrowingFiles,
  SpoolFailure,
  type GrowingFiles,
} from '../../../src/image/growing-file.ts';
import { shareContent, type SharedContent } from '../../../src/image/shared-content.ts';
import type { ContentReader } from '../../../src/image/source.ts';
import { PushError } from '../../../src/util/errors.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';
import { blobOf, createGate, fakeSource, readFully, stepper } from './sharing.ts';

const KIB = 1024;
const blob = blobOf(300 * KIB);
const { descriptor, bytes: expected } = blob;
const BROKEN = new PushError('the connection broke', { code: 'NETWORK', retryable: true });

let space: Workspace;
let open: SharedContent[];
let notes: string[];
beforeEach(async () => {
  space = await createWorkspace();
  open = [];
  notes = [];
});
afterEach(async () => {
  for (const content of open) await content.close();
  await space.close();
});

function share(source: ContentReader, files?: GrowingFiles, folder = 'spool'): SharedContent {
  const content = shareContent(source, {
    tempDirectory: space.path(folder),
    readers: ['a', 'b'],
    onNote: (message) => notes.push(message),
    ...(files ? { files } : {}),
  });
  open.push(content);
  return content;
}

describe('a source that breaks off', () => {
  const breaking = (count: number) =>
    count === 1 ? { breaks: { at: 100 * KIB, error: BROKEN } } : {};

  test('fails for everybody, and goes on where it stopped for whoever comes next', async () => {
    const source = fakeSource([blob], breaking);
    const content = share(source);
    const readers = [stepper(content, descriptor), stepper(content, descriptor)];
    const ends = await Promise.allSettled(readers.map((reader) => reader.rest()));
    expect(ends).toEqual([1, 2].map(() => ({ status: 'rejected', reason: BROKEN })));
    for (const reader of readers) {
      // Not a byte more than there was, and nothing that looks like an end.
      expect(reader.bytes().equals(expected.subarray(0, 100 * KIB))).toBe(true);
    }
    const again = await Promise.all([1, 2].map(() => readFully(content, descriptor)));
    for (const bytes of again) expect(bytes.equals(expected)).toBe(true);
    expect(source.opens).toEqual([0, 100 * KIB]);
  });

  test('is not noticed by who is behind and is overtaken by the next attempt', async () => {
    const source = fakeSource([blob], breaking);
    const content = share(source);
    const slow = stepper(content, descriptor);
    await slow.step();
    await expect(readFully(content, descriptor)).rejects.toBe(BROKEN);
    expect((await readFully(content, descriptor)).equals(expected)).toBe(true);
    expect((await slow.rest()).equals(expected)).toBe(true);
    expect(source.opens).toEqual([0, 100 * KIB]);
  });

  test('before its first byte is asked again', async () => {
    const source = fakeSource([blob], (count) =>
      count < 3 ? { breaks: { at: 0, error: BROKEN } } : {},
    );
    const content = share(source);
    await expect(readFully(content, descriptor)).rejects.toBe(BROKEN);
    await expect(readFully(content, descriptor)).rejects.toBe(BROKEN);
    expect((await readFully(content, descriptor)).equals(expected)).toBe(true);
    expect(source.opens).toEqual([0, 0, 0]);
  });

  test('for good is said so, and the next one hears it from the source', async () => {
    const gone = new PushError('no such blob', { code: 'IMAGE' });
    const source = fakeSource([blob], () => ({ breaks: { at: 0, error: gone } }));
    const content = share(source);
    const first = await Promise.allSettled([1, 2].map(() => readFully(content, descriptor)));
    expect(first).toEqual([1, 2].map(() => ({ status: 'rejected', reason: gone })));
    expect(source.opens).toEqual([0]);
    await expect(readFully(content, descriptor)).rejects.toBe(gone);
    expect(source.opens).toEqual([0, 0]);
  });
});

describe('a source that gives', () => {
  test.each([
    ['too little', { ends: 200 * KIB }, 'shorter'],
    ['nothing', { ends: 0 }, 'shorter'],
    ['too much', { more: 1 }, 'longer'],
  ])('%s is corrupt for everybody', async (_, manner, relation) => {
    const source = fakeSource([blob], (count) => (count === 1 ? manner : {}));
    const content = share(source);
    const readers = [stepper(content, descriptor), stepper(content, descriptor)];
    const ends = await Promise.allSettled(readers.map((reader) => reader.rest()));
    const reason: unknown = expect.objectContaining({
      code: 'IMAGE',
      message: expect.stringContaining(relation),
    });
    expect(ends).toEqual([1, 2].map(() => ({ status: 'rejected', reason })));
    for (const reader of readers) {
      expect(reader.bytes().length).toBeLessThanOrEqual(expected.length);
    }
    expect(source.running()).toBe(0);
    // Nothing of it is kept: the next one gets what the source has then.
    expect((await readFully(content, descriptor)).equals(expected)).toBe(true);
    expect(source.opens).toEqual([0, 0]);
  });
});

/** Files whose disk is full after so many bytes. */
function fullAfter(bytes: number): GrowingFiles {
  const files = createGrowingFiles(space.path('spool'));
  let left = bytes;
  return {
    ...files,
    create: async (size) => {
      const file = await files.create(size);
      return {
        path: file.path,
        get size() {
          return file.size;
        },
        append: async (chunk) => {
          left -= chunk.length;
          if (left < 0) throw new SpoolFailure('the temporary folder cannot be used (ENOSPC)');
          await file.append(chunk);
        },
        end: () => file.end(),
        remove: () => file.remove(),
      };
    },
  };
}

describe('a disk that is full', () => {
  test('in the middle: everybody goes on at the source, and is told once', async () => {
    const source = fakeSource([blob]);
    const content = share(source, fullAfter(100 * KIB));
    const both = await Promise.all([1, 2].map(() => readFully(content, descriptor)));
    for (const bytes of both) expect(bytes.equals(expected)).toBe(true);
    const [first, ...others] = source.opens;
    expect(first).toBe(0);
    // Each from where it was.
    expect(others).toHaveLength(2);
    for (const from of others) expect(from).toBeLessThanOrEqual(100 * KIB);
    expect(notes).toEqual([
      'the temporary folder cannot be used (ENOSPC): each registry reads from the source for itself.',
    ]);
    expect((await readFully(content, descriptor)).equals(expected)).toBe(true);
    expect(notes).toHaveLength(1);
  });

  test('in the middle, and one is far behind', async () => {
    const source = fakeSource([blob]);
    const content = share(source, fullAfter(200 * KIB));
    const slow = stepper(content, descriptor);
    await slow.step();
    expect((await readFully(content, descriptor)).equals(expected)).toBe(true);
    expect((await slow.rest()).equals(expected)).toBe(true);
    expect(notes).toHaveLength(1);
  });

  test('is not begun to be filled', async () => {
    // Far more than any disk has; what the source has of it is another matter.
    const huge = { ...descriptor, size: Number.MAX_SAFE_INTEGER };
    const source = fakeSource([blob]);
    const content = share(source);
    expect((await readFully(content, huge)).equals(expected)).toBe(true);
    expect(source.opens).toEqual([0]);
    expect(notes).toEqual([expect.stringContaining('too little room')]);
  });

  test('a folder that cannot be made: everybody reads from the source', async () => {
    await writeFile(space.path('file'), '');
    const source = fakeSource([blob, blobOf(10, 'other')]);
    const content = share(source, undefined, join('file', 'below'));
    const both = await Promise.all([1, 2].map(() => readFully(content, descriptor)));
    for (const bytes of both) expect(bytes.equals(expected)).toBe(true);
    const other = blobOf(10, 'other');
    expect((await readFully(content, other.descriptor)).equals(other.bytes)).toBe(true);
    expect(notes).toEqual([expect.stringMatching(/ENOTDIR|ENOENT|EEXIST/)]);
  });

  test('a file that somebody has deleted: everybody reads from the source', async () => {
    const { gate, open: let_ } = createGate();
    const source = fakeSource([blob], (count) => (count === 1 ? { gate } : {}));
    const content = share(source);
    let_(50 * KIB);
    const first = stepper(content, descriptor);
    await first.step();
    const [folder] = await space.spooled();
    await rm(space.path(join('spool', folder!)), { recursive: true });
    const late = readFully(content, descriptor);
    expect((await late).equals(expected)).toBe(true);
    let_();
    expect((await first.rest()).equals(expected)).toBe(true);
    expect(notes).toHaveLength(1);
  });
});

describe('room on the disk', () => {
  test('is promised to files, and taken back from those that end early', async () => {
    const files = createGrowingFiles(space.path('spool'));
    const { bavail, bsize } = await statfs(space.directory);
    // Two of these would not fit.
    const most = Math.floor(bavail * bsize * 0.6);
    const first = await files.create(most);
    await expect(files.create(most)).rejects.toThrow(SpoolFailure);
    await first.append(Buffer.from('a few bytes'));
    await first.remove();
    await first.remove();
    const second = await files.create(most);
    await second.end();
    await second.end();
    await files.close();
    await files.close();
    expect(await space.spooled()).toEqual([]);
  });

  test('is asked for by several at once, and given to one', async () => {
    const files = createGrowingFiles(space.path('spool'));
    const { bavail, bsize } = await statfs(space.directory);
    const most = Math.floor(bavail * bsize * 0.6);
    const both = await Promise.allSettled([files.create(most), files.create(most)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    for (const one of both) if (one.status === 'fulfilled') await one.value.end();
    await files.close();
  });
});
