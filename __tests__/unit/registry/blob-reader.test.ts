import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createHash, randomBytes } from 'node:crypto';
import type { RequestBody } from '../../../src/http/transport.ts';
import { digestOf, type Digest } from '../../../src/oci/digest.ts';
import { BlobReader, type BlobContent } from '../../../src/registry/upload/blob-reader.ts';
import { PushError } from '../../../src/util/errors.ts';

const SIZE = 1000;
const BYTES = randomBytes(SIZE);
const nobody = (): void => undefined;

/** Gives these bytes, cut into pieces of these sizes, over and over. */
function piecesOf(bytes: Buffer, sizes: readonly number[] = [100]): BlobContent {
  return {
    async *open(_descriptor, from = 0) {
      for (let at = from, index = 0; at < bytes.length; index += 1) {
        const size = sizes[index % sizes.length] ?? 100;
        yield await Promise.resolve(bytes.subarray(at, at + size));
        at += size;
      }
    },
  };
}

/** A reader of the blob, and what it tells. */
function reading(content: BlobContent = piecesOf(BYTES), digest: Digest = digestOf(BYTES)) {
  const told = { sent: 0, rewound: 0, checked: [] as string[] };
  const reader: BlobReader = new BlobReader(
    { mediaType: 'application/octet-stream', digest, size: SIZE },
    content,
    {
      sent: (bytes) => {
        told.sent += bytes;
        if (!reader.isFurthest) return;
        const right = digestOf(BYTES.subarray(0, reader.given)) === reader.checksum();
        told.checked.push(`${reader.given} ${right ? 'right' : 'wrong'}`);
      },
      rewound: (bytes) => {
        told.rewound += bytes;
      },
    },
  );
  return { reader, told };
}

/** Takes a body to its end, or until so many bytes have come. */
async function take(body: RequestBody, most = Infinity): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body.open()) {
    pieces.push(piece);
    size += piece.length;
    if (size >= most) break;
  }
  return Buffer.concat(pieces);
}

function sent(bytes: number, of: Buffer = BYTES) {
  return { bytesWritten: bytes, checksum: digestOf(of.subarray(0, bytes)) };
}

describe('what is given', () => {
  test('is hashed while it is, and its checksum is that of what was handed over', async () => {
    const { reader, told } = reading(piecesOf(BYTES, [400, 300]));
    expect(await take(reader.whole())).toEqual(BYTES);
    expect(told.checked).toEqual(['400 right', '700 right', '1000 right']);
    expect(told).toMatchObject({ sent: SIZE, rewound: 0 });
    expect(reader.given).toBe(SIZE);
  });

  test('a second time says nothing of how far the upload is', async () => {
    const { reader, told } = reading();
    await take(reader.whole(), 500);
    expect(reader.given).toBe(500);
    reader.rewind(150);
    expect(reader.isFurthest).toBe(false);
    expect(await take(reader.part({ start: 150, end: SIZE }))).toEqual(BYTES.subarray(150));
    expect(told.checked.slice(5)).toEqual(
      [550, 650, 750, 850, 950, 1000].map((bytes) => `${bytes} right`),
    );
    expect(told.sent - told.rewound).toBe(SIZE);
  });

  test('in parts is the blob', async () => {
    const { reader } = reading(piecesOf(BYTES, [70]));
    const parts = [0, 333, 700, SIZE];
    for (const [index, end] of parts.slice(1).entries()) {
      const start = parts[index] ?? 0;
      expect(await take(reader.part({ start, end }))).toEqual(BYTES.subarray(start, end));
    }
    expect(reader.checksum()).toBe(digestOf(BYTES));
  });

  test('counts for nothing after a restart, and is checked once more', async () => {
    const { reader, told } = reading();
    await take(reader.whole(), 600);
    reader.restart();
    expect(reader.given).toBe(0);
    expect(told.rewound).toBe(600);
    told.checked.length = 0;
    await take(reader.whole());
    expect(told.checked[0]).toBe('100 right');
    expect(told.checked).toHaveLength(10);
  });
});

describe('a body that was given up', () => {
  test.each([
    ['restarted', async (reader: BlobReader) => reader.restart(), 0],
    ['rewound', async (reader: BlobReader) => reader.rewind(150), 150],
    [
      'left for another',
      (reader: BlobReader) => reader.whole().open()[Symbol.asyncIterator]().next(),
      100,
    ],
  ])('gives nothing more, and counts nothing (%s)', async (_, leave, given) => {
    const { reader, told } = reading();
    const body = reader.whole().open()[Symbol.asyncIterator]();
    await body.next();
    await body.next();
    await leave(reader);
    const { sent: before } = told;
    expect(await body.next()).toEqual({ done: true, value: undefined });
    expect(told.sent - before).toBe(0);
    expect(reader.given).toBe(given);
  });

  test('does not find fault with what another one has hashed', async () => {
    const { reader } = reading(piecesOf(BYTES, [SIZE]));
    const body = reader.whole().open()[Symbol.asyncIterator]();
    reader.restart();
    const next = body.next();
    reader.restart();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await take(reader.whole())).toEqual(BYTES);
  });
});

describe('what somebody else has sent', () => {
  test('is read, and the rest continues it: whatever the pieces, and whatever is known', async () => {
    const position = fc.integer({ min: 0, max: SIZE });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 }),
        position,
        position,
        fc.integer({ min: 1, max: SIZE }),
        async (sizes, to, known, chunk) => {
          const { reader, told } = reading(piecesOf(BYTES, sizes));
          let read = 0;
          const same = await reader.skip(to, sent(known), (bytes) => (read += bytes));
          expect(same).toBe(true);
          expect(read).toBeGreaterThanOrEqual(Math.max(to, known));
          expect(told).toMatchObject({ sent: 0, rewound: 0 });
          expect(reader.given).toBe(to);
          expect(reader.checksum()).toBe(digestOf(BYTES.subarray(0, to)));
          for (let start = to; start < SIZE; start += chunk) {
            const end = Math.min(SIZE, start + chunk);
            expect(await take(reader.part({ start, end }))).toEqual(BYTES.subarray(start, end));
          }
          expect(told.checked.every((line) => line.endsWith('right'))).toBe(true);
          expect(reader.checksum()).toBe(digestOf(BYTES));
        },
      ),
      { numRuns: 200 },
    );
  });

  test.each([
    ['before the offset', 10],
    ['right before the end of what is known', 599],
  ])('and is another one %s is not built upon', async (_, at) => {
    const other = Buffer.from(BYTES);
    other[at]! ^= 1;
    for (const to of [300, 600, 900]) {
      const { reader, told } = reading(piecesOf(other));
      expect(await reader.skip(to, sent(600), nobody)).toBe(false);
      expect(reader.given).toBe(0);
      expect(told).toMatchObject({ sent: 0, rewound: 0 });
    }
  });

  test('and is another one behind what is known is found out at the end', async () => {
    const other = Buffer.from(BYTES);
    other[700]! ^= 1;
    const { reader } = reading(piecesOf(other));
    expect(await reader.skip(800, sent(600), nobody)).toBe(true);
    await expect(take(reader.part({ start: 800, end: SIZE }))).rejects.toMatchObject({
      code: 'IMAGE',
      message: expect.stringContaining('hash to sha256:') as unknown,
    });
  });

  test('is taken without a question where nothing is known of it', async () => {
    const { reader } = reading();
    expect(await reader.skip(500, undefined, nobody)).toBe(true);
    expect(reader.checksum()).toBe(digestOf(BYTES.subarray(0, 500)));
  });

  test('of another kind of digest is compared in the blob’s own', async () => {
    const sha512 = (bytes: Buffer): Digest =>
      `sha512:${createHash('sha512').update(bytes).digest('hex')}` as Digest;
    const known = { bytesWritten: 300, checksum: sha512(BYTES.subarray(0, 300)) };
    expect(await reading(undefined, sha512(BYTES)).reader.skip(300, known, nobody)).toBe(true);
    expect(await reading(undefined, digestOf(BYTES)).reader.skip(300, known, nobody)).toBe(false);
  });

  test('takes back what this reader had given', async () => {
    const { reader, told } = reading();
    await take(reader.whole(), 400);
    await reader.skip(700, undefined, nobody);
    expect(told.rewound).toBe(400);
    expect(reader.given).toBe(700);
  });

  test('that is more than there is means a corrupt source', async () => {
    const { reader } = reading(piecesOf(BYTES.subarray(0, 500)));
    await expect(reader.skip(501, undefined, nobody)).rejects.toMatchObject({
      code: 'IMAGE',
      message: expect.stringContaining('shorter') as unknown,
    });
  });

  test('and cannot be read leaves nothing behind', async () => {
    let fails = true;
    const fine = piecesOf(BYTES);
    const { reader } = reading({
      async *open(...parameters) {
        let left = 3;
        for await (const piece of fine.open(...parameters)) {
          if (fails && (left -= 1) < 0) throw new PushError('broken', { code: 'NETWORK' });
          yield piece;
        }
      },
    });
    await expect(reader.skip(800, sent(800), nobody)).rejects.toThrow('broken');
    fails = false;
    reader.restart();
    expect(await take(reader.whole())).toEqual(BYTES);
  });

  test('is read no further than it must be', async () => {
    let given = 0;
    const { reader } = reading({
      async *open() {
        for (let at = 0; at < SIZE; at += 100) {
          given = at + 100;
          yield await Promise.resolve(BYTES.subarray(at, at + 100));
        }
      },
    });
    await reader.skip(250, sent(310), nobody);
    expect(given).toBe(400);
  });
});

describe('a source', () => {
  test.each([
    ['shorter', BYTES.subarray(0, SIZE - 1), /shorter than the 1000 bytes/],
    ['longer', Buffer.concat([BYTES, Buffer.from('x')]), /longer than the 1000 bytes/],
    ['another one', randomBytes(SIZE), /hash to sha256:/],
  ])('that is %s is told before its last piece is given', async (_, bytes, why) => {
    const { reader, told } = reading(piecesOf(bytes));
    await expect(take(reader.whole())).rejects.toMatchObject({
      code: 'IMAGE',
      message: expect.stringMatching(why) as unknown,
    });
    expect(told.sent).toBeLessThan(SIZE);
  });

  test('that has changed since its first part was sent is told, too', async () => {
    let bytes = BYTES;
    const { reader } = reading({ open: (...all) => piecesOf(bytes).open(...all) });
    await take(reader.part({ start: 0, end: 500 }));
    bytes = randomBytes(SIZE);
    await expect(take(reader.part({ start: 500, end: SIZE }))).rejects.toMatchObject({
      code: 'IMAGE',
    });
  });
});
