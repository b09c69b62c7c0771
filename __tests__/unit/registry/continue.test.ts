import { describe, expect, test } from '@jest/globals';
import { digestOf } from '../../../src/oci/digest.ts';
import { answer } from '../http/support.ts';
import {
  BEGIN,
  BLOB,
  breaksAt,
  bring,
  broken,
  checkpoint,
  contentOf,
  DONE,
  GIVEN_BACK,
  has,
  memoryOf,
  MISSING,
  NEW,
  SIZE,
  TAKEN,
  type Reply,
} from './continue-support.ts';

const HALF = 700_000;
const HEAD = `HEAD ${BLOB.digest}`;
const PUT_ALL = `PUT uploads/new?digest 0+${SIZE}`;
describe('a body that breaks', () => {
  test('goes on where the registry has kept what it got', async () => {
    const { result, lines, progress, events } = await bring([
      BEGIN,
      breaksAt('PUT', HALF),
      MISSING,
      { to: 'GET', says: has(HALF - 5) },
      TAKEN,
      DONE,
    ]);
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(lines).toEqual([
      'POST uploads/',
      `PUT uploads/new?digest 0+${HALF}`,
      HEAD,
      'GET uploads/new',
      `PATCH uploads/new ${HALF - 5}+${SIZE - HALF + 5}`,
      'PUT uploads/new?digest',
    ]);
    expect(progress).toEqual({ final: SIZE, least: 0, most: SIZE });
    expect(events.some(({ type }) => type === 'blob-restarted')).toBe(true);
    expect(events.some(({ type }) => type === 'blob-resumed')).toBe(false);
  });

  test('goes on again and again', async () => {
    const { result, lines, progress } = await bring([
      BEGIN,
      breaksAt('PUT', 300_000),
      MISSING,
      { to: 'GET', says: has(300_000) },
      breaksAt('PATCH', 300_000),
      { to: 'GET', says: has(600_000) },
      breaksAt('PATCH', 300_000),
      { to: 'GET', says: has(900_000) },
      TAKEN,
      DONE,
    ]);
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(lines.filter((line) => line.startsWith('PATCH'))).toEqual([
      'PATCH uploads/new 300000+300000',
      'PATCH uploads/new 600000+300000',
      `PATCH uploads/new 900000+${SIZE - 900_000}`,
    ]);
    expect(progress).toEqual({ final: SIZE, least: 0, most: SIZE });
  });

  test('needs nothing but the end where the registry has it all', async () => {
    const { result, lines } = await bring([
      BEGIN,
      breaksAt('PUT', SIZE),
      MISSING,
      { to: 'GET', says: has(SIZE) },
      DONE,
    ]);
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(lines.slice(-2)).toEqual(['GET uploads/new', 'PUT uploads/new?digest']);
  });

  test.each([
    ['has nothing', answer(204, '', { range: '0-0' }), true],
    ['has more than it was given', has(HALF + 200_000), true],
    ['has more than there is', has(SIZE + 1), true],
    ['does not say', answer(204), true],
    ['refuses to say', answer(400), true],
    ['has forgotten the upload', answer(404), false],
  ])('starts over where the registry %s', async (_, says, givenBack) => {
    const memory = memoryOf();
    const { result, lines, progress } = await bring(
      [
        BEGIN,
        breaksAt('PUT', HALF),
        MISSING,
        { to: 'GET', says },
        ...(givenBack ? [GIVEN_BACK] : []),
        { to: 'POST', says: answer(202, '', { location: `${NEW}er` }) },
        DONE,
      ],
      { memory },
    );
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(lines.slice(3)).toEqual([
      'GET uploads/new',
      ...(givenBack ? ['DELETE uploads/new'] : []),
      'POST uploads/',
      `PUT uploads/newer?digest 0+${SIZE}`,
    ]);
    expect(progress).toEqual({ final: SIZE, least: 0, most: SIZE });
    // The next session is remembered from its first piece on, not from where the last one was.
    expect(memory.told).toEqual([
      `reached 65536 at ${NEW}`,
      'forgotten',
      `reached 65536 at ${NEW}er`,
    ]);
  });

  test('is not sent again where only the answer was lost', async () => {
    const { result, lines } = await bring([
      BEGIN,
      breaksAt('PUT', SIZE),
      { to: 'HEAD', says: answer(200) },
      GIVEN_BACK,
    ]);
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(lines).toEqual(['POST uploads/', PUT_ALL, HEAD, 'DELETE uploads/new']);
  });

  test('of less than 1 MiB starts over at once', async () => {
    const size = 1024 * 1024 - 1;
    const { lines } = await bring(
      [BEGIN, breaksAt('PUT', 500_000), GIVEN_BACK, MISSING, BEGIN, DONE],
      { descriptor: { ...BLOB, size } },
    );
    expect(lines.slice(1, 5)).toEqual([
      'PUT uploads/new?digest 0+500000',
      'DELETE uploads/new',
      HEAD,
      'POST uploads/',
    ]);
  });
});

describe('the session of a large blob', () => {
  const bytes = Buffer.alloc(16 * 1024 * 1024 + 1, 'x');
  const descriptor = { ...BLOB, digest: digestOf(bytes), size: bytes.length };

  test('is written down before its first byte is sent', async () => {
    let written = false;
    const memory = {
      ...memoryOf(),
      opened: async (url: URL, checksum: () => string) => {
        expect(url.pathname).toBe(NEW);
        expect(checksum()).toBe(digestOf(''));
        await new Promise((resolve) => setTimeout(resolve, 20));
        written = true;
      },
      reached: () => undefined,
    };
    const { result } = await bring(
      [BEGIN, { to: 'PUT', takes: 1, says: () => answer(written ? 201 : 400) }],
      { descriptor, content: contentOf(bytes), memory },
    );
    expect(result).toEqual({ outcome: 'uploaded' });
  });

  test('is not waited for where there is less of it', async () => {
    const memory = memoryOf();
    await bring([BEGIN, DONE], { memory });
    expect(memory.told).toEqual([`reached 65536 at ${NEW}`]);
  });
});

describe('an upload of an earlier run that breaks again', () => {
  const begin = [{ to: 'GET', says: has(HALF) }];

  test('goes on from where it is by then', async () => {
    const { result, lines, progress } = await bring(
      [...begin, breaksAt('PATCH', 200_000), { to: 'GET', says: has(HALF + 200_000) }, TAKEN, DONE],
      { memory: memoryOf(checkpoint(HALF)) },
    );
    expect(result).toEqual({ outcome: 'resumed', resumedBytes: HALF });
    expect(lines.at(-2)).toBe(`PATCH uploads/old ${HALF + 200_000}+${SIZE - HALF - 200_000}`);
    expect(progress).toEqual({ final: SIZE, least: 0, most: SIZE });
  });

  test('counts less as resumed where the registry has lost some of it', async () => {
    const { result, lines, progress } = await bring(
      [
        ...begin,
        breaksAt('PATCH', 200_000),
        { to: 'GET', says: has(HALF - 100_000) },
        MISSING,
        { to: 'GET', says: has(HALF - 100_000) },
        TAKEN,
        DONE,
      ],
      { memory: memoryOf(checkpoint(HALF)) },
    );
    expect(result).toEqual({ outcome: 'resumed', resumedBytes: HALF - 100_000 });
    expect(lines.at(-2)).toBe(`PATCH uploads/old ${HALF - 100_000}+${SIZE - HALF + 100_000}`);
    expect(progress).toEqual({ final: SIZE, least: 0, most: SIZE });
  });

  test('whose end was lost is one that was resumed', async () => {
    const { result } = await bring(
      [
        ...begin,
        TAKEN,
        { to: 'PUT', says: broken() },
        { to: 'HEAD', says: answer(200) },
        GIVEN_BACK,
      ],
      { memory: memoryOf(checkpoint(HALF)) },
    );
    expect(result).toEqual({ outcome: 'resumed', resumedBytes: HALF });
  });

  test('is given up for good, and not asked for again', async () => {
    const memory = memoryOf(checkpoint(HALF));
    const { result, lines } = await bring(
      [
        ...begin,
        breaksAt('PATCH', 200_000),
        { to: 'GET', says: answer(204, '', { range: '0-0' }) },
        MISSING,
        { to: 'GET', says: answer(204, '', { range: '0-0' }) },
        GIVEN_BACK,
        BEGIN,
        DONE,
      ],
      { memory },
    );
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(lines.slice(-3)).toEqual(['DELETE uploads/old', 'POST uploads/', PUT_ALL]);
    expect(lines.filter((line) => line === 'GET uploads/old')).toHaveLength(3);
    expect(memory.told.at(-1)).toBe(`reached 65536 at ${NEW}`);
  });
});

describe('a registry that does not take the first bytes', () => {
  const refuses = (status: number): Reply => ({ to: 'PATCH', takes: 0, says: answer(status) });

  test('and has got more meanwhile is asked once more (416)', async () => {
    const { result, lines, progress } = await bring(
      [
        { to: 'GET', says: has(HALF) },
        refuses(416),
        { to: 'GET', says: has(HALF + 300_000) },
        TAKEN,
        DONE,
      ],
      { memory: memoryOf(checkpoint(HALF)) },
    );
    expect(result).toEqual({ outcome: 'resumed', resumedBytes: HALF + 300_000 });
    expect(lines).toEqual([
      'GET uploads/old',
      'PATCH uploads/old',
      'GET uploads/old',
      `PATCH uploads/old ${HALF + 300_000}+${SIZE - HALF - 300_000}`,
      'PUT uploads/old?digest',
    ]);
    expect(progress).toEqual({ final: SIZE, least: 0, most: SIZE });
  });

  test('and then again not is left alone: the blob starts over (416)', async () => {
    const memory = memoryOf(checkpoint(HALF));
    const { result, lines, progress } = await bring(
      [
        { to: 'GET', says: has(HALF) },
        refuses(416),
        { to: 'GET', says: has(HALF + 1) },
        refuses(416),
        GIVEN_BACK,
        MISSING,
        BEGIN,
        DONE,
      ],
      { memory },
    );
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(lines.slice(-5)).toEqual([
      'PATCH uploads/old',
      'DELETE uploads/old',
      HEAD,
      'POST uploads/',
      PUT_ALL,
    ]);
    expect(progress).toEqual({ final: SIZE, least: 0, most: SIZE });
    expect(memory.told).toEqual(['forgotten', `reached 65536 at ${NEW}`]);
  });

  test.each([400, 404, 405, 409, 410, 412, 500, 501])('starts over (%i)', async (status) => {
    const { result, lines, events } = await bring(
      [{ to: 'GET', says: has(HALF) }, refuses(status), GIVEN_BACK, MISSING, BEGIN, DONE],
      { memory: memoryOf(checkpoint(HALF)) },
    );
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(lines.slice(1)).toEqual([
      'PATCH uploads/old',
      'DELETE uploads/old',
      HEAD,
      'POST uploads/',
      PUT_ALL,
    ]);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'waiting', reason: `status ${status}, starting over` }),
    );
  });

  test('fails nobody who has only one attempt', async () => {
    const replies = [
      { to: 'GET', says: has(HALF) },
      refuses(500),
      GIVEN_BACK,
      MISSING,
      BEGIN,
      DONE,
    ];
    const memory = memoryOf(checkpoint(HALF));
    const { result, lines } = await bring(replies, { memory, attempts: 1 });
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(lines.at(-1)).toBe(PUT_ALL);
  });

  test.each([429, 503])(
    'because it is busy is asked where it is, and goes on (%i)',
    async (status) => {
      const { result, lines } = await bring(
        [
          { to: 'GET', says: has(HALF) },
          refuses(status),
          { to: 'GET', says: has(HALF) },
          TAKEN,
          DONE,
        ],
        { memory: memoryOf(checkpoint(HALF)) },
      );
      expect(result).toEqual({ outcome: 'resumed', resumedBytes: HALF });
      expect(lines.slice(-2)).toEqual([
        `PATCH uploads/old ${HALF}+${SIZE - HALF}`,
        'PUT uploads/old?digest',
      ]);
    },
  );

  test('takes the blob whole when the end is refused (DIGEST_INVALID)', async () => {
    const memory = memoryOf(checkpoint(HALF));
    const { result, lines, progress } = await bring(
      [
        { to: 'GET', says: has(HALF) },
        TAKEN,
        { to: 'PUT', says: answer(400, { errors: [{ code: 'DIGEST_INVALID' }] }) },
        GIVEN_BACK,
        MISSING,
        BEGIN,
        DONE,
      ],
      { memory },
    );
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(lines.slice(-4)).toEqual(['DELETE uploads/old', HEAD, 'POST uploads/', PUT_ALL]);
    expect(progress).toEqual({ final: SIZE, least: 0, most: SIZE });
    expect(memory.earlier()).toBeUndefined();
  });
});
