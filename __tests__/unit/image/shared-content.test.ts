import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { shareContent, type SharedContent } from '../../../src/image/shared-content.ts';
import type { ContentReader } from '../../../src/image/source.ts';
import { MEDIA_TYPES } from '../../../src/oci/media-types.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';
import { blobOf, createGate, fakeSource, readFully, stepper } from './sharing.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

let space: Workspace;
let open: SharedContent[];
beforeEach(async () => {
  space = await createWorkspace();
  open = [];
});
afterEach(async () => {
  for (const content of open) await content.close();
  expect(await space.spooled()).toEqual([]);
  await space.close();
});

function share(source: ContentReader, readers: readonly string[] = ['a', 'b']): SharedContent {
  const content = shareContent(source, { tempDirectory: space.path('spool'), readers });
  open.push(content);
  return content;
}

/** The files that are kept, with their folder. */
async function kept(): Promise<string[]> {
  const [folder] = await space.spooled();
  if (folder === undefined) return [];
  const path = space.path(join('spool', folder));
  return (await readdir(path)).map((name) => join(path, name));
}

describe('one blob, several readers', () => {
  test('is read from the source once', async () => {
    const blob = blobOf(300_000);
    const source = fakeSource([blob]);
    const content = share(source, ['a', 'b', 'c']);
    const all = await Promise.all([1, 2, 3].map(() => readFully(content, blob.descriptor)));
    for (const bytes of all) expect(bytes.equals(blob.bytes)).toBe(true);
    expect((await readFully(content, blob.descriptor)).equals(blob.bytes)).toBe(true);
    expect(source.opens).toEqual([0]);
  });

  test('is read along as it comes', async () => {
    const blob = blobOf(64 * KIB);
    const { gate, open: let_ } = createGate();
    const source = fakeSource([blob], () => ({ gate }));
    const content = share(source);
    const [first, second] = [stepper(content, blob.descriptor), stepper(content, blob.descriptor)];
    let_(16 * KIB);
    await first.step();
    await second.step();
    expect(first.bytes()).toEqual(blob.bytes.subarray(0, 16 * KIB));
    expect(second.bytes()).toEqual(first.bytes());
    let_();
    expect((await first.rest()).equals(blob.bytes)).toBe(true);
    expect((await second.rest()).equals(blob.bytes)).toBe(true);
    expect(source.opens).toEqual([0]);
  });

  test('who is slow holds up nobody', async () => {
    const blob = blobOf(2 * MIB);
    const source = fakeSource([blob]);
    const content = share(source);
    const slow = stepper(content, blob.descriptor);
    await slow.step();
    // The slow one came first, and stands still.
    expect((await readFully(content, blob.descriptor)).equals(blob.bytes)).toBe(true);
    expect(source.running()).toBe(0);
    expect((await slow.rest()).equals(blob.bytes)).toBe(true);
    expect(source.opens).toEqual([0]);
  });

  test('who leaves stops nobody', async () => {
    const blob = blobOf(MIB);
    const { gate, open: let_ } = createGate();
    const source = fakeSource([blob], () => ({ gate }));
    const content = share(source);
    const stop = new AbortController();
    const first = stepper(content, blob.descriptor, 0, stop.signal);
    const second = stepper(content, blob.descriptor);
    let_(100 * KIB);
    await first.step();
    await second.step();
    const waiting = first.rest();
    stop.abort(new Error('that registry has it'));
    await expect(waiting).rejects.toThrow('that registry has it');
    let_();
    expect((await second.rest()).equals(blob.bytes)).toBe(true);
    expect(source.opens).toEqual([0]);
  });

  test('is fetched to its end even while nobody reads', async () => {
    const blob = blobOf(MIB);
    const source = fakeSource([blob]);
    const content = share(source);
    const first = stepper(content, blob.descriptor);
    await first.step();
    await first.leave();
    expect((await readFully(content, blob.descriptor)).equals(blob.bytes)).toBe(true);
    expect(source.opens).toEqual([0]);
  });

  test('whoever is cancelled before reads nothing', async () => {
    const blob = blobOf(1000);
    const source = fakeSource([blob]);
    const reading = readFully(share(source), blob.descriptor, 0, AbortSignal.abort());
    await expect(reading).rejects.toThrow(/abort/i);
    expect(source.opens).toEqual([]);
  });

  test('holds no more of it in memory than is on its way', async () => {
    const size = 96 * MIB;
    const piece = Buffer.alloc(64 * KIB);
    const content = share({
      async *open(descriptor, from = 0) {
        for (let at = from; at < descriptor.size; at += piece.length) yield piece;
      },
    });
    const descriptor = { ...blobOf(1).descriptor, size };
    const slow = stepper(content, descriptor);
    await slow.step();
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    let read = 0;
    for await (const chunk of content.open(descriptor)) {
      read += chunk.length;
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(read).toBe(size);
    expect(most).toBeLessThan(4 * MIB);
    await slow.leave();
  });

  test('a chunk holds until the fourth one after it', async () => {
    const blob = blobOf(10 * 64 * KIB);
    const content = share(fakeSource([blob]));
    await readFully(content, blob.descriptor);
    const held: { readonly chunk: Uint8Array; readonly from: number }[] = [];
    let position = 0;
    for await (const chunk of content.open(blob.descriptor)) {
      held.push({ chunk, from: position });
      position += chunk.length;
      for (const { chunk: earlier, from } of held.slice(-4)) {
        const expected = blob.bytes.subarray(from, from + earlier.length);
        expect(Buffer.from(earlier).equals(expected)).toBe(true);
      }
    }
    expect(held.length).toBeGreaterThan(4);
    expect(new Set(held.map(({ chunk }) => chunk.buffer)).size).toBe(4);
  });

  test('whatever order they come and read in, everybody gets the same bytes', async () => {
    let state = 7;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (state >>> 8) % below;
    };
    for (let round = 0; round < 20; round += 1) {
      const blob = blobOf(1 + random(400_000), `round ${round}`);
      const source = fakeSource([blob], () => ({ chunk: 1 + random(40_000) }));
      const content = share(source);
      const readers = Array.from({ length: 5 }, () => {
        const from = random(3) === 0 ? random(blob.bytes.length) : 0;
        return { from, reader: stepper(content, blob.descriptor, from) };
      });
      for (let steps = 0; steps < 20; steps += 1) await readers[random(5)]!.reader.step();
      await Promise.all(
        readers.map(async ({ from, reader }) => {
          expect((await reader.rest()).equals(blob.bytes.subarray(from))).toBe(true);
        }),
      );
    }
  });
});

describe('a reader that begins in the middle', () => {
  const blob = blobOf(MIB);

  test('alone reads from the source, and keeps nothing', async () => {
    const source = fakeSource([blob]);
    const content = share(source);
    const bytes = await readFully(content, blob.descriptor, 900_000);
    expect(bytes.equals(blob.bytes.subarray(900_000))).toBe(true);
    expect(source.opens).toEqual([900_000]);
    expect(await kept()).toEqual([]);
  });

  test('reads what is there already', async () => {
    const source = fakeSource([blob]);
    const content = share(source);
    await readFully(content, blob.descriptor);
    for (const from of [1, 500_000, MIB - 1, MIB]) {
      const bytes = await readFully(content, blob.descriptor, from);
      expect(bytes.equals(blob.bytes.subarray(from))).toBe(true);
    }
    expect(source.opens).toEqual([0]);
  });

  test('waits for what comes soon', async () => {
    const { gate, open: let_ } = createGate();
    const source = fakeSource([blob], () => ({ gate }));
    const content = share(source);
    const first = stepper(content, blob.descriptor);
    let_(100 * KIB);
    await first.step();
    const late = readFully(content, blob.descriptor, 400_000);
    let_();
    expect((await late).equals(blob.bytes.subarray(400_000))).toBe(true);
    expect((await first.rest()).equals(blob.bytes)).toBe(true);
    expect(source.opens).toEqual([0]);
  });

  test('goes to the source rather than wait for more than it needs itself', async () => {
    const { gate, open: let_ } = createGate();
    const source = fakeSource([blob], (count) => (count === 1 ? { gate } : {}));
    const content = share(source);
    const first = stepper(content, blob.descriptor);
    let_(100 * KIB);
    await first.step();
    // The other still stands where it stood.
    const bytes = await readFully(content, blob.descriptor, 900_000);
    expect(bytes.equals(blob.bytes.subarray(900_000))).toBe(true);
    expect(source.opens).toEqual([0, 900_000]);
    let_();
    expect((await first.rest()).equals(blob.bytes)).toBe(true);
  });

  test('asks for nothing where nothing is left', async () => {
    const source = fakeSource([blob]);
    expect(await readFully(share(source), blob.descriptor, MIB)).toHaveLength(0);
    expect(source.opens).toEqual([]);
  });
});

describe('what is kept', () => {
  const blob = blobOf(200_000);

  test('is private, and goes when everybody has it', async () => {
    const content = share(fakeSource([blob]));
    await readFully(content, blob.descriptor);
    const [file] = await kept();
    if (process.platform !== 'win32') {
      expect((await stat(file!)).mode & 0o777).toBe(0o600);
      expect((await stat(join(file!, '..'))).mode & 0o777).toBe(0o700);
    }
    content.done('a', blob.descriptor.digest);
    content.done('a', blob.descriptor.digest);
    content.done('stranger', blob.descriptor.digest);
    expect(await kept()).toEqual([file]);
    content.done('b', blob.descriptor.digest);
    await gone();
  });

  test('stays while somebody still reads it', async () => {
    const source = fakeSource([blob]);
    const content = share(source);
    const reader = stepper(content, blob.descriptor);
    await reader.step();
    for (const name of ['a', 'b']) content.done(name, blob.descriptor.digest);
    expect((await reader.rest()).equals(blob.bytes)).toBe(true);
    await gone();
    // Who needs it after all reads it from the source.
    expect((await readFully(content, blob.descriptor)).equals(blob.bytes)).toBe(true);
    expect(source.opens).toEqual([0, 0]);
    expect(await kept()).toEqual([]);
  });

  test('is not fetched on when nobody needs it any more', async () => {
    const { gate, open: let_ } = createGate();
    const source = fakeSource([blob], () => ({ gate }));
    const content = share(source);
    const reader = stepper(content, blob.descriptor);
    let_(16 * KIB);
    await reader.step();
    await reader.leave();
    for (const name of ['a', 'b']) content.done(name, blob.descriptor.digest);
    let_();
    await gone();
    expect(source.running()).toBe(0);
    expect(source.given()).toBeLessThan(blob.bytes.length);
  });

  test('is nothing where only one needs it', async () => {
    const source = fakeSource([blob]);
    const content = share(source);
    content.done('b', blob.descriptor.digest);
    expect((await readFully(content, blob.descriptor)).equals(blob.bytes)).toBe(true);
    expect(await space.spooled()).toEqual([]);
  });

  test('is nothing of a manifest', async () => {
    const manifest = blobOf(500);
    const descriptor = { ...manifest.descriptor, mediaType: MEDIA_TYPES.ociManifest };
    const source = fakeSource([manifest]);
    const content = share(source);
    await readFully(content, descriptor);
    await readFully(content, descriptor);
    expect(source.opens).toEqual([0, 0]);
    expect(await space.spooled()).toEqual([]);
  });

  test('is an empty blob, too', async () => {
    const empty = blobOf(0);
    const content = share(fakeSource([empty]));
    expect(await readFully(content, empty.descriptor)).toHaveLength(0);
    expect(await readFully(content, empty.descriptor)).toHaveLength(0);
  });

  test('goes at the end, whoever is still reading', async () => {
    const { gate, open: let_ } = createGate();
    const source = fakeSource([blob], () => ({ gate }));
    const content = share(source);
    const reader = stepper(content, blob.descriptor);
    let_(16 * KIB);
    await reader.step();
    const waiting = expect(reader.rest()).rejects.toThrow('closed');
    const closing = content.close();
    let_();
    await Promise.all([waiting, closing]);
    await content.close();
    expect(source.running()).toBe(0);
    expect(await space.spooled()).toEqual([]);
  });

  async function gone(): Promise<void> {
    while ((await kept()).length > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
});

test('content that can be looked at can still be looked at', async () => {
  const checked: string[] = [];
  const blob = blobOf(10);
  const source: ContentReader = {
    ...fakeSource([blob]),
    check: async ({ digest }) => {
      checked.push(digest);
    },
  };
  await share(source).check?.(blob.descriptor);
  expect(checked).toEqual([blob.descriptor.digest]);
});
