import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { digestOf, type Digest } from '../../../src/oci/digest.ts';
import { Capabilities } from '../../../src/registry/capabilities.ts';
import { giveBackEarlier, sessionUrl } from '../../../src/registry/upload/resume.ts';
import { PushError } from '../../../src/util/errors.ts';
import { answer } from '../http/support.ts';
import {
  BLOB,
  bring,
  BYTES,
  broken,
  checkpoint,
  contentOf,
  has,
  memoryOf,
  OPENED,
  SESSION,
  SIZE,
  talk,
} from './continue-support.ts';
import { fakeConnection } from './support.ts';

const HALF = 700_000;
const OTHER_KIND =
  `sha512:${createHash('sha512').update(BYTES.subarray(0, HALF)).digest('hex')}` as Digest;
const REST = `PATCH uploads/old ${HALF}+${SIZE - HALF}`;
const COMMIT = 'PUT uploads/old?digest';
const ANEW = ['POST uploads/', `PUT uploads/new?digest 0+${SIZE}`];

/** What a registry says that goes on at this offset. */
function goesOnAt(offset: number) {
  return [
    { to: 'GET uploads/old', says: has(offset) },
    { to: 'PATCH', says: answer(202) },
    { to: 'PUT', says: answer(201) },
  ];
}

/** The note that says why. */
function startsOver(why: string): string {
  const layer = `Layer ${BLOB.digest.slice(7, 19)} (1.31 MiB)`;
  return `${layer} starts over in registry.example/app: ${why}.`;
}

/** What it says once the blob starts over. */
const STARTS_OVER = [
  { to: 'HEAD', says: answer(404) },
  { to: 'POST', says: OPENED },
  { to: 'PUT', says: answer(201) },
];

describe('the address of an upload', () => {
  const connection = fakeConnection(() => undefined);
  test.each([
    ['https://registry.example/v2/app/blobs/uploads/0f-1.2~3=_x'],
    ['https://registry.example:443/v2/app/blobs/uploads/one?_state=a%2Fb%3D%3D&x'],
  ])('is taken as it is: %s', (location) => {
    expect(sessionUrl(location, 'app', connection)?.href).toBe(new URL(location).href);
  });

  test.each([
    ['no address', 'uploads/old'],
    ['nothing', ''],
    ['another host', 'https://evil.example/v2/app/blobs/uploads/old'],
    ['a host below it', 'https://registry.example.evil.example/v2/app/blobs/uploads/old'],
    ['another port', 'https://registry.example:444/v2/app/blobs/uploads/old'],
    ['another scheme', 'http://registry.example/v2/app/blobs/uploads/old'],
    ['a file', 'file:///v2/app/blobs/uploads/old'],
    ['a user', 'https://me@registry.example/v2/app/blobs/uploads/old'],
    ['a password', 'https://:secret@registry.example/v2/app/blobs/uploads/old'],
    ['a host that is a user', 'https://registry.example@evil.example/v2/app/blobs/uploads/old'],
    ['a manifest', 'https://registry.example/v2/app/manifests/latest'],
    ['a blob', `https://registry.example/v2/app/blobs/${BLOB.digest}`],
    ['the start of uploads', 'https://registry.example/v2/app/blobs/uploads/'],
    ['another repository', 'https://registry.example/v2/other/blobs/uploads/old'],
    ['a repository below it', 'https://registry.example/v2/app/sub/blobs/uploads/old'],
    ['another API', 'https://registry.example/api/v2/app/blobs/uploads/old'],
    ['steps up', 'https://registry.example/v2/app/blobs/uploads/../../manifests/latest'],
    ['steps up at its end', 'https://registry.example/v2/app/blobs/uploads/..'],
    ['encoded steps up', 'https://registry.example/v2/app/blobs/uploads/%2e%2e/x'],
    ['encoded steps up at its end', 'https://registry.example/v2/app/blobs/uploads/%2E%2e'],
    ['an encoded slash', 'https://registry.example/v2/app/blobs/uploads/x%2f..%2fy'],
    ['backslashes', 'https://registry.example/v2/app/blobs/uploads\\..\\..\\manifests\\latest'],
    ['a further part', 'https://registry.example/v2/app/blobs/uploads/x/y'],
    ['nothing but dots', 'https://registry.example/v2/app/blobs/uploads/...'],
    ['a parameter of its path', 'https://registry.example/v2/app/blobs/uploads/x;y'],
  ])('is not used where it has %s', async (_, location) => {
    expect(sessionUrl(location, 'app', connection)).toBeUndefined();
    const memory = memoryOf(checkpoint(HALF, { location }));
    const { lines, notes, result } = await bring(STARTS_OVER, { memory });
    expect(lines).toEqual([expect.stringMatching(/^HEAD/), ...ANEW]);
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(notes).toEqual([
      startsOver('what is remembered of it does not belong to this registry'),
    ]);
  });
});

describe('an upload that an earlier run began', () => {
  test.each([
    ['less than', HALF + 100_000],
    ['as much as', HALF],
    ['more than', HALF - 100_000],
    ['more than the first piece of', 65_536],
    ['something of', 0],
    ['less than all of', SIZE],
  ])('goes on where the registry is: it has %s what is remembered', async (_, written) => {
    const memory = memoryOf(checkpoint(written));
    const { result, lines, notes, progress, events } = await bring(goesOnAt(HALF), { memory });
    expect(result).toEqual({ outcome: 'resumed', resumedBytes: HALF });
    expect(lines).toEqual(['GET uploads/old', REST, COMMIT]);
    expect(notes).toEqual([]);
    expect(progress).toEqual({ final: SIZE, least: 0, most: SIZE });
    expect(events.filter(({ type }) => type === 'blob-resumed')).toHaveLength(1);
    expect(memory.last).toMatchObject({ bytesWritten: SIZE, checksum: BLOB.digest });
  });

  test('of which nothing is missing is only ended', async () => {
    const { result, lines, progress } = await bring(
      [
        { to: 'GET', says: has(SIZE) },
        { to: 'PUT', says: answer(201) },
      ],
      { memory: memoryOf(checkpoint(HALF)) },
    );
    expect(result).toEqual({ outcome: 'resumed', resumedBytes: SIZE });
    expect(lines).toEqual(['GET uploads/old', COMMIT]);
    expect(progress).toEqual({ final: SIZE, least: 0, most: SIZE });
  });

  test('follows the addresses it is given', async () => {
    const state = (name: string) => ({ location: `/v2/app/blobs/uploads/old?_state=${name}` });
    const { lines } = await bring(
      [
        { to: 'GET', says: has(HALF, state('b%2F').location) },
        { to: 'PATCH', says: answer(202, '', state('c')) },
        { to: 'PUT', says: answer(201) },
      ],
      { memory: memoryOf(checkpoint(HALF, { location: `${SESSION}?_state=a` })) },
    );
    expect(lines).toEqual([
      'GET uploads/old?_state=a',
      `PATCH uploads/old?_state=b%2F ${HALF}+${SIZE - HALF}`,
      'PUT uploads/old?_state=c&digest',
    ]);
  });

  test('goes on in chunks where blobs go in chunks', async () => {
    const { connection, lines } = talk([
      { to: 'GET', says: has(HALF) },
      { to: 'PATCH', says: answer(202) },
      { to: 'PATCH', says: answer(202) },
      { to: 'PUT', says: answer(201) },
    ]);
    const capabilities = new Capabilities({ registry: 'registry.example', chunkSize: 500_000 });
    const { result } = await bring([], {
      connection: { ...connection, capabilities },
      memory: memoryOf(checkpoint(HALF)),
    });
    expect(result).toEqual({ outcome: 'resumed', resumedBytes: HALF });
    expect(lines).toEqual([
      'GET uploads/old',
      `PATCH uploads/old ${HALF}+500000`,
      `PATCH uploads/old ${HALF + 500_000}+${SIZE - HALF - 500_000}`,
      COMMIT,
    ]);
  });

  test('shows that it is at work while it reads what was sent', async () => {
    const size = 40 * 1024 * 1024;
    const bytes = Buffer.alloc(size, 'x');
    const descriptor = { ...BLOB, digest: digestOf(bytes), size };
    const { events, result } = await bring(
      [
        { to: 'GET', says: has(size - 1) },
        { to: 'PATCH', takes: 0, says: answer(202) },
        { to: 'PUT', says: answer(201) },
      ],
      { descriptor, content: contentOf(bytes), memory: memoryOf(checkpoint(0)) },
    );
    expect(result).toMatchObject({ outcome: 'resumed' });
    const worked = events.flatMap((event) => (event.type === 'source-progress' ? event.bytes : []));
    expect(worked).toEqual([16, 16].map((megabytes) => megabytes * 1024 * 1024));
  });
});

describe('an upload that cannot be gone on with starts over', () => {
  test.each([
    ['forgotten (404)', answer(404), 'the registry has forgotten what was sent', false],
    ['refused (400)', answer(400), 'the registry does not go on with it', true],
    [
      'broken (500)',
      { ...answer(500), exhausted: true } as const,
      'the registry does not go on with it',
      true,
    ],
    ['without a Range', answer(204), 'the registry does not go on with it', true],
    [
      'with a senseless Range',
      answer(204, '', { range: 'all of it' }),
      'the registry does not go on with it',
      true,
    ],
    ['empty (0-0)', answer(204, '', { range: '0-0' }), 'nothing of it had arrived', true],
    ['empty (0--1)', answer(204, '', { range: '0--1' }), 'nothing of it had arrived', true],
    ['too long', has(SIZE + 1), 'the registry has more of it than there is', true],
  ])('%s', async (_, says, why, givenBack) => {
    const memory = memoryOf(checkpoint(HALF));
    const { result, lines, notes, progress } = await bring(
      [
        { to: 'GET', says },
        ...(givenBack ? [{ to: 'DELETE uploads/old', says: answer(204) }] : []),
        ...STARTS_OVER,
      ],
      { memory },
    );
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(notes).toEqual([startsOver(why)]);
    const back = givenBack ? ['DELETE uploads/old'] : [];
    expect(lines).toEqual(['GET uploads/old', ...back, expect.stringMatching(/^HEAD/), ...ANEW]);
    expect(progress).toEqual({ final: SIZE, least: 0, most: SIZE });
    expect(memory.told).toEqual(['forgotten', 'reached 65536 at /v2/app/blobs/uploads/new']);
  });

  test.each([
    [
      'whose first bytes are others',
      { checksum: digestOf('other bytes') },
      'its bytes are not the ones that were sent then',
    ],
    [
      'whose checksum is of another kind',
      { checksum: OTHER_KIND },
      'its bytes are not the ones that were sent then',
    ],
    [
      'of which more is remembered than there is',
      { bytesWritten: SIZE + 1 },
      'more of it is remembered than there is',
    ],
  ])('%s', async (_, fields, why) => {
    const memory = memoryOf(checkpoint(HALF, fields));
    const replies = [
      ...('bytesWritten' in fields ? [] : [{ to: 'GET', says: has(HALF) }]),
      { to: 'DELETE uploads/old', says: answer(204) },
      ...STARTS_OVER,
    ];
    const { result, lines, notes, progress } = await bring(replies, { memory });
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(notes[0]).toContain(why);
    expect(lines.slice(-3)).toEqual([expect.stringMatching(/^HEAD/), ...ANEW]);
    // Nothing was shown as resumed, and nothing is taken back.
    expect(progress).toEqual({ final: SIZE, least: 0, most: SIZE });
  });

  test('is not sent again where it had arrived after all', async () => {
    const memory = memoryOf(checkpoint(SIZE));
    const { result, lines } = await bring(
      [
        { to: 'GET', says: answer(404) },
        { to: 'HEAD', says: answer(200) },
      ],
      { memory },
    );
    expect(result).toEqual({ outcome: 'exists' });
    expect(lines).toEqual(['GET uploads/old', `HEAD ${BLOB.digest}`]);
    expect(memory.told).toEqual(['forgotten']);
  });

  test('even if it cannot be given back', async () => {
    const { result } = await bring(
      [
        { to: 'GET', says: answer(204, '', { range: '0-0' }) },
        { to: 'DELETE', says: broken() },
        ...STARTS_OVER,
      ],
      { memory: memoryOf(checkpoint(HALF)) },
    );
    expect(result).toEqual({ outcome: 'uploaded' });
  });
});

describe('nothing is asked', () => {
  const small = BYTES.subarray(0, 1024 * 1024 - 1);
  test('of an upload of less than 1 MiB', async () => {
    const memory = memoryOf(checkpoint(1000));
    const { lines, result } = await bring(STARTS_OVER, {
      memory,
      descriptor: { ...BLOB, digest: digestOf(small), size: small.length },
      content: contentOf(small),
    });
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(lines.some((line) => line.includes('uploads/old'))).toBe(false);
    expect(memory.told).toEqual([]);
  });

  test.each(['docker-hub', 'ghcr', 'ecr', 'gar', 'acr', 'quay', 'harbor', 'zot'])(
    'of a registry that never keeps uploads (%s)',
    async (profile) => {
      const { connection, lines } = talk([]);
      const capabilities = new Capabilities({ registry: 'registry.example', profile });
      await bring([], {
        connection: { ...connection, capabilities },
        memory: memoryOf(checkpoint(HALF)),
      });
      expect(lines.filter((line) => line.includes('uploads/old'))).toEqual([]);
    },
  );
});

describe('what is remembered stays', () => {
  test.each([
    ['the registry cannot be reached', broken(), 'NETWORK'],
    ['the login is refused', new PushError('denied', { code: 'AUTHENTICATION' }), 'AUTHENTICATION'],
  ])('where %s when it is asked', async (_, says, code) => {
    const memory = memoryOf(checkpoint(HALF));
    const get = { to: 'GET', says };
    const { result, lines } = await bring([get, get, get], { memory });
    expect(result).toMatchObject({ code });
    expect(memory.told).toEqual([]);
    expect(memory.earlier()).toEqual(checkpoint(HALF));
    expect(lines.some((line) => line.startsWith('DELETE'))).toBe(false);
  });

  test('for one who is told to stop while it is asked', async () => {
    const memory = memoryOf(checkpoint(HALF));
    const controller = new AbortController();
    const stop = (): Error => {
      controller.abort(new Error('enough'));
      return controller.signal.reason as Error;
    };
    const { result, lines } = await bring([{ to: 'GET', says: stop }], {
      memory,
      signal: controller.signal,
    });
    expect(result).toMatchObject({ message: 'enough' });
    expect(memory.earlier()).toEqual(checkpoint(HALF));
    expect(lines).toEqual(['GET uploads/old']);
  });

  test('for one who is told to stop while it reads what was sent', async () => {
    const memory = memoryOf(checkpoint(HALF));
    const controller = new AbortController();
    const content = contentOf();
    const { result, lines } = await bring([{ to: 'GET', says: has(HALF) }], {
      memory,
      signal: controller.signal,
      content: {
        async *open(descriptor, from, signal) {
          for await (const piece of content.open(descriptor, from, signal)) {
            yield piece;
            controller.abort(new Error('enough'));
          }
        },
      },
    });
    expect(result).toMatchObject({ message: 'enough' });
    expect(memory.earlier()).toEqual(checkpoint(HALF));
    expect(lines).toEqual(['GET uploads/old']);
  });
});

describe('a source', () => {
  /** Breaks for the moment, once. */
  function hiccup() {
    const content = contentOf();
    let broke = false;
    return {
      async *open(...[descriptor, from, signal]: Parameters<typeof content.open>) {
        let pieces = 0;
        for await (const piece of content.open(descriptor, from, signal)) {
          if (!broke && (pieces += 1) > 3) {
            broke = true;
            throw broken();
          }
          yield piece;
        }
      },
    };
  }

  test('that fails for the moment while it is read is read once more', async () => {
    const { result, lines } = await bring(
      [{ to: 'GET', says: has(HALF) }, { to: 'HEAD', says: answer(404) }, ...goesOnAt(HALF)],
      { memory: memoryOf(checkpoint(HALF)), content: hiccup() },
    );
    expect(result).toEqual({ outcome: 'resumed', resumedBytes: HALF });
    expect(lines).toEqual([
      'GET uploads/old',
      `HEAD ${BLOB.digest}`,
      'GET uploads/old',
      REST,
      COMMIT,
    ]);
  });

  test('that failed for the moment is not taken for a corrupt one', async () => {
    const { result } = await bring(
      [
        { to: 'GET', says: has(HALF) },
        { to: 'HEAD', says: answer(404) },
        { to: 'GET', says: answer(404) },
        { to: 'POST', says: OPENED },
        { to: 'PUT', says: answer(201) },
      ],
      { memory: memoryOf(checkpoint(HALF)), content: hiccup() },
    );
    expect(result).toEqual({ outcome: 'uploaded' });
  });

  test('that has lost the blob is not the registry: nobody says it starts over', async () => {
    const gone = new PushError('the source has no such blob', { code: 'REGISTRY' });
    const { result, notes, lines } = await bring(
      [
        { to: 'GET', says: has(HALF) },
        { to: 'DELETE', says: answer(204) },
      ],
      {
        memory: memoryOf(checkpoint(HALF)),
        content: {
          open: () => {
            throw gone;
          },
        },
      },
    );
    expect(result).toBe(gone);
    expect(notes).toEqual([]);
    expect(lines).toEqual(['GET uploads/old', 'DELETE uploads/old']);
  });

  test.each([
    ['has other bytes where nothing was sent yet', SIZE - 1, /hash to sha256:/],
    ['has other bytes where they were sent', 5, /hash to sha256:/],
  ])('that %s never comes to a commit', async (_, at, why) => {
    const bytes = Buffer.from(BYTES);
    bytes[at]! ^= 1;
    const memory = memoryOf(checkpoint(HALF));
    const { result, lines, notes } = await bring(
      at < HALF
        ? [{ to: 'GET', says: has(HALF) }, { to: 'DELETE', says: answer(204) }, ...STARTS_OVER]
        : goesOnAt(HALF),
      { memory, content: contentOf(bytes) },
    );
    expect(result).toMatchObject({ code: 'IMAGE' });
    expect((result as Error).message).toMatch(why);
    expect(notes).toHaveLength(at < HALF ? 1 : 0);
    expect(lines.filter((line) => /^P(UT|ATCH)/.test(line))).toEqual([
      expect.stringMatching(/broken off$/),
    ]);
    expect(lines.at(-1)).toMatch(/^DELETE/);
    expect(memory.earlier()).toBeUndefined();
    expect(memory.last).toBeUndefined();
  });

  test('that ends before what was sent is corrupt, and the upload is given back', async () => {
    const { result, lines } = await bring([{ to: 'GET', says: has(HALF) }], {
      memory: memoryOf(checkpoint(HALF)),
      content: contentOf(BYTES.subarray(0, HALF - 1)),
    });
    expect(result).toMatchObject({ code: 'IMAGE' });
    expect((result as Error).message).toContain('shorter');
    expect(lines).toEqual(['GET uploads/old', 'DELETE uploads/old']);
  });
});

describe('giving back what nobody needs any more', () => {
  const asked = async (location: string) => {
    const { connection, lines } = talk([{ to: 'DELETE', says: answer(204) }]);
    const memory = memoryOf(checkpoint(HALF, { location }));
    await giveBackEarlier({ connection, repository: 'app', descriptor: BLOB, memory });
    return { lines, memory };
  };

  test('ends the upload and forgets it', async () => {
    const { lines, memory } = await asked(SESSION);
    expect(lines).toEqual(['DELETE uploads/old']);
    expect(memory.told).toEqual(['forgotten']);
  });

  test('sends nothing to an address that is none of the repository', async () => {
    const { lines, memory } = await asked('https://registry.example/v2/app/manifests/latest');
    expect(lines).toEqual([]);
    expect(memory.told).toEqual(['forgotten']);
  });
});
