import { describe, expect, test } from '@jest/globals';
import { ResumeBook } from '../../../src/state/resume-book.ts';
import { at, blob, checksum, MIB, PLACE, stateOf } from './resume-support.ts';

const LARGE = blob('large', 1000 * MIB);

/** What becomes of each of these points, in the order in which they are reached. */
function reaching(...points: readonly [time: number, bytes: number, location?: string][]) {
  const book = new ResumeBook();
  return points.map(([time, bytes, location]) =>
    book.reach(PLACE, LARGE, at(bytes, location === undefined ? {} : { location }), time),
  );
}

function layerOf(book: ResumeBook, { digest } = LARGE) {
  return book.places()[0]?.UploadedLayers[digest];
}

describe('an upload', () => {
  test('is written down with its first piece, and then every two seconds', () => {
    const points = reaching([0, 0], [1, 1], [1999, 2], [2000, 3], [3999, 4], [4000, 5]);
    expect(points).toEqual(['session', undefined, undefined, 'further', undefined, 'further']);
  });

  test('is written down every 16 MiB', () => {
    const points = reaching([0, 0], [1, 16 * MIB - 1], [2, 16 * MIB], [3, 17 * MIB], [4, 40 * MIB]);
    expect(points).toEqual(['session', undefined, 'further', undefined, 'further']);
  });

  test('that starts over is written down at once', () => {
    expect(reaching([0, 0], [1, 5], [2, 0, 'https://ghcr.io/two'])).toEqual([
      'session',
      undefined,
      'session',
    ]);
    expect(reaching([0, 100], [1, 5])).toEqual(['session', 'further']);
    expect(reaching([0, 100], [1, 5, 'https://ghcr.io/two'])).toEqual(['session', 'session']);
  });

  test('whose address changes as it goes on is no new one', () => {
    expect(reaching([0, 0], [1, 5, 'https://ghcr.io/two'])).toEqual(['session', undefined]);
    expect(reaching([0, 0], [2000, 5, 'https://ghcr.io/two'])).toEqual(['session', 'further']);
  });

  test('is written down again after the clock was set back', () => {
    expect(reaching([10_000, 0], [5000, 1], [5001, 2])).toEqual(['session', 'further', undefined]);
  });

  test('costs a checksum only when it is written down', () => {
    const book = new ResumeBook();
    let sums = 0;
    const point = (bytes: number) =>
      at(bytes, {
        checksum: () => {
          sums += 1;
          return checksum(bytes);
        },
      });
    for (let piece = 0; piece < 10_000; piece += 1) {
      book.reach(PLACE, LARGE, point(piece * 64 * 1024), piece / 10);
    }
    // 625 MiB in one second: one for each 16 MiB.
    expect(sums).toBe(40);
    expect(layerOf(book)).toEqual({
      Digest: LARGE.digest,
      BytesWritten: 39 * 16 * MIB,
      TotalBytes: 1000 * MIB,
      Checksum: checksum(39 * 16 * MIB),
      Location: at(0).location,
      Shareable: false,
    });
  });

  test('that nobody could read again is not written down', () => {
    const refused = [
      at(0, { location: 'https://ghcr.io/a b' }),
      at(0, { location: 'a'.repeat(8193) }),
      at(-1),
      at(0.5),
      at(Number.NaN),
      at(1000 * MIB + 1),
    ];
    const book = new ResumeBook();
    for (const point of refused) expect(book.reach(PLACE, LARGE, point, 0)).toBeUndefined();
    expect(book.places()).toEqual([]);
  });

  test('may be shared only where its own address was said to be harmless', () => {
    const book = new ResumeBook();
    book.reach(PLACE, LARGE, at(0), 0);
    const other = 'https://ghcr.io/two';
    expect(
      book.reach(PLACE, LARGE, at(1, { location: other, shareable: true }), 1),
    ).toBeUndefined();
    expect(layerOf(book)?.Shareable).toBe(false);
    expect(book.reach(PLACE, LARGE, at(2, { shareable: true }), 2)).toBe('later');
    expect(layerOf(book)).toMatchObject({ Shareable: true, BytesWritten: 0 });
    expect(book.reach(PLACE, LARGE, at(3, { shareable: true }), 3)).toBeUndefined();
    expect(book.reach(PLACE, LARGE, at(4, { location: other }), 4)).toBe('later');
    expect(layerOf(book)?.Shareable).toBe(false);
  });
});

describe('what has arrived', () => {
  test('is news once', () => {
    const book = new ResumeBook();
    book.reach(PLACE, LARGE, at(5), 0);
    expect(book.hasFinished(PLACE, LARGE.digest)).toBe(false);
    expect(book.addBlob(PLACE, LARGE, 1)).toBe(true);
    expect(book.addBlob({ ...PLACE }, LARGE, 2)).toBe(false);
    expect(book.hasFinished({ ...PLACE }, LARGE.digest)).toBe(true);
    expect(book.session(PLACE, LARGE.digest)).toBeUndefined();
    expect(layerOf(book)).toEqual({
      Digest: LARGE.digest,
      BytesWritten: LARGE.size,
      TotalBytes: LARGE.size,
      Checksum: LARGE.digest,
    });
  });

  test('belongs to its place', () => {
    const book = new ResumeBook();
    book.addBlob(PLACE, LARGE, 0);
    expect(book.hasFinished({ ...PLACE, repository: 'octo/other' }, LARGE.digest)).toBe(false);
    expect(book.hasFinished({ ...PLACE, registry: 'quay.io' }, LARGE.digest)).toBe(false);
  });
});

describe('the book', () => {
  test('says what it was told by a file', () => {
    const { Places } = stateOf();
    expect(new ResumeBook(Places).places()).toEqual(Places);
  });

  test('leaves out of a file what helps nobody', () => {
    const [place] = stateOf().Places;
    const [done, half] = Object.values(place!.UploadedLayers);
    const { Location: _, ...lost } = half!;
    const wrong = { ...done!, Checksum: checksum(1) };
    const UploadedLayers = { [lost.Digest]: lost, [wrong.Digest]: wrong };
    const book = new ResumeBook([{ ...place!, UploadedLayers }]);
    expect(book.places()[0]?.UploadedLayers).toEqual({});
  });

  test('holds no more than a file may', () => {
    const book = new ResumeBook();
    for (let count = 0; count < 20_000; count += 1) book.addBlob(PLACE, blob(`${count}`, 1), 0);
    expect(book.addBlob(PLACE, LARGE, 0)).toBe(false);
    expect(book.reach(PLACE, LARGE, at(0), 0)).toBeUndefined();
    expect(book.drop(PLACE, blob('7', 1).digest)).toBe(true);
    expect(book.reach(PLACE, LARGE, at(0), 0)).toBe('session');
    for (let count = 0; count < 100; count += 1) {
      book.addManifest({ ...PLACE, repository: `octo/${count}` }, LARGE.digest);
    }
    expect(book.places()).toHaveLength(64);
  });
});
