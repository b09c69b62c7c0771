import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createMemory } from '../../../src/app/memory.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';
import type { Config } from '../../../src/config/config.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import type { PushMemory } from '../../../src/push/memory.ts';
import type { StatePlaces, StateStore } from '../../../src/state/store.ts';
import { systemClock } from '../../../src/util/clock.ts';
import type { PushEventBody } from '../../../src/util/events.ts';
import { answer, REGISTRY } from '../http/support.ts';
import { fakeConnection } from '../registry/support.ts';

const MIB = 1024 * 1024;
const IMAGE = digestOf('image');
const PLACE = { registry: REGISTRY, repository: 'app' };
const BLOB = { mediaType: 'any/thing', digest: digestOf('blob'), size: 10 * MIB };
const SESSION = new URL(`https://${REGISTRY}/v2/app/blobs/uploads/one`);
const { signal } = new AbortController();

let directory: string;
let config: Config;
let places: { readonly resumeDirectory: string; readonly recordFile: string };
const memories: PushMemory[] = [];

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'push-memory-'));
  places = {
    resumeDirectory: path.join(directory, 'resume'),
    recordFile: path.join(directory, 'record.sqlite'),
  };
  config = await resolveConfig({
    inputs: { source: 'oci:/image', tags: `${REGISTRY}/app:1` },
    env: {},
    onSecret: () => undefined,
  });
});
afterEach(async () => {
  for (const memory of memories.splice(0)) await memory.close(false);
  rmSync(directory, { recursive: true, force: true });
});

function memoryOf(of: StatePlaces = places) {
  const events: PushEventBody[] = [];
  const memory = createMemory({
    config,
    places: of,
    clock: systemClock,
    emit: (event) => events.push(event),
  });
  memories.push(memory);
  return { memory, events };
}

function files(): readonly string[] {
  return readdirSync(directory, { recursive: true }).map(String);
}

const states = (): number => files().filter((name) => name.endsWith('.json')).length;

/** Leaves what an interrupted push leaves: one blob that had arrived, and an upload. */
async function interrupted(image = IMAGE): Promise<void> {
  const { memory } = memoryOf();
  const remembered = await memory.recall(image, signal);
  remembered.blobArrived(PLACE, { ...BLOB, digest: digestOf('arrived'), size: 7 });
  const upload = remembered.upload(
    PLACE,
    BLOB,
    fakeConnection(() => undefined),
  );
  upload?.reached(SESSION, 3 * MIB, () => digestOf('first'));
  await memory.close(false);
}

describe('what a push remembers', () => {
  test('is no file before anybody asks', async () => {
    const { memory, events } = memoryOf();
    await memory.close(true);
    expect(files()).toEqual([]);
    expect(events).toEqual([]);
  });

  test('is read once', async () => {
    const { memory } = memoryOf();
    const first = memory.recall(IMAGE, signal);
    expect(await memory.recall(IMAGE, signal)).toBe(await first);
  });

  test('is found by the next push, which says so', async () => {
    await interrupted();
    const { memory, events } = memoryOf();
    const remembered = await memory.recall(IMAGE, signal);
    expect(remembered.finished(PLACE, digestOf('arrived'))).toBe(true);
    const upload = remembered.upload(
      PLACE,
      BLOB,
      fakeConnection(() => undefined),
    );
    expect(upload?.earlier()).toMatchObject({ location: SESSION.href, bytesWritten: 3 * MIB });
    expect(events).toEqual([
      {
        type: 'resuming',
        since: expect.any(Number),
        blobs: 1,
        bytes: 3 * MIB + 7,
        from: places.resumeDirectory,
      },
    ]);
  });

  test('of another image is said not to be used', async () => {
    await interrupted(digestOf('another'));
    const { memory, events } = memoryOf();
    const remembered = await memory.recall(IMAGE, signal);
    expect(remembered.finished(PLACE, digestOf('arrived'))).toBe(false);
    expect(events).toEqual([
      { type: 'note', message: expect.stringContaining('was of another image') },
    ]);
  });

  test.each([
    ['the record', () => ({ resumeDirectory: places.resumeDirectory })],
    ['uploads', () => ({ recordFile: places.recordFile })],
    ['anything', () => ({})],
  ] as const)('is nothing of %s where that is switched off', async (_, of) => {
    await interrupted();
    const before = files();
    const { memory } = memoryOf(of());
    const remembered = await memory.recall(IMAGE, signal);
    const hasUploads = 'resumeDirectory' in of();
    const hasRecord = 'recordFile' in of();
    const upload = remembered.upload(
      PLACE,
      BLOB,
      fakeConnection(() => undefined),
    );
    expect(upload !== undefined).toBe(hasUploads);
    const other = { ...PLACE, repository: 'other' };
    expect(remembered.elsewhere(other, digestOf('arrived'))).toEqual(hasRecord ? ['app'] : []);
    await memory.close(false);
    expect(files()).toEqual(before);
  });

  test('fails nobody: what cannot be read is a warning', async () => {
    const { memory, events } = memoryOf({
      ...places,
      get recordFile(): string {
        throw new Error('it is broken');
      },
    });
    const remembered = await memory.recall(IMAGE, signal);
    expect(remembered.elsewhere(PLACE, BLOB.digest)).toEqual([]);
    expect(
      remembered.upload(
        PLACE,
        BLOB,
        fakeConnection(() => undefined),
      ),
    ).toBeDefined();
    expect(events).toEqual([{ type: 'warning', message: expect.stringContaining('it is broken') }]);
  });
});

describe('the end of a push', () => {
  test('leaves nothing to resume where it is finished, and the record stays', async () => {
    await interrupted();
    const { memory } = memoryOf();
    await memory.recall(IMAGE, signal);
    await memory.close(true);
    expect(states()).toBe(0);
    expect(existsSync(places.recordFile)).toBe(true);
  });

  test.each([
    [true, 0],
    [false, 1],
  ])(
    'removes what an interrupted one left, though nobody asked (finished: %s)',
    async (finished, left) => {
      await interrupted();
      const { memory } = memoryOf();
      await memory.close(finished);
      expect(states()).toBe(left);
      expect(files().some((name) => name.endsWith('.lock'))).toBe(false);
    },
  );

  test('waits for what is still being read', async () => {
    const { memory } = memoryOf();
    const recalled = memory.recall(IMAGE, signal);
    await memory.close(false);
    await recalled;
    expect(files().some((name) => name.endsWith('.lock'))).toBe(false);
  });

  /** An upload of another image that is being given back while the push ends. */
  async function tidying() {
    await interrupted(digestOf('another'));
    const { memory } = memoryOf();
    const remembered = await memory.recall(IMAGE, signal);
    const answered = Promise.withResolvers<undefined>();
    let told: AbortSignal | undefined;
    const connection = {
      ...fakeConnection(() => undefined),
      send: async (request: { readonly signal?: AbortSignal }) => {
        told = request.signal;
        const stopped = new Promise<void>((_, reject) => {
          told?.addEventListener('abort', () => reject(told?.reason as Error));
        });
        await Promise.race([answered.promise, stopped]);
        return answer(204);
      },
    };
    remembered.upload(PLACE, BLOB, connection);
    return { memory, answer: () => answered.resolve(undefined), isStopped: () => told?.aborted };
  }

  test('lets what it gives back be given back', async () => {
    const { memory, answer: say, isStopped } = await tidying();
    let closed = false;
    const closing = memory.close(true).then(() => (closed = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(closed).toBe(false);
    say();
    await closing;
    expect(isStopped()).toBe(false);
  });

  test('waits for that no longer than a moment', async () => {
    const { memory, isStopped } = await tidying();
    await memory.close(true);
    expect(isStopped()).toBe(true);
  });

  test('of one who was told to stop waits for nobody', async () => {
    const { memory, isStopped } = await tidying();
    const closing = memory.close(false);
    expect(isStopped()).toBe(true);
    await closing;
  });
});

describe('a store', () => {
  function storeOf(restored: () => Promise<void> = () => Promise.resolve()) {
    const log: string[] = [];
    const store: StateStore = {
      name: 'the Actions cache',
      keepsProgress: true,
      restore: async () => {
        await restored();
        log.push(`restored ${states()}`);
      },
      changed: ({ bytes, left }) => log.push(`changed ${bytes} ${left > 0}`),
      close: async () => {
        log.push(`closed ${states()}`);
      },
    };
    return { store, log };
  }

  test('puts its files in place before they are read', async () => {
    const { store, log } = storeOf(() => interrupted());
    const { memory, events } = memoryOf({ ...places, store });
    const remembered = await memory.recall(IMAGE, signal);
    expect(remembered.finished(PLACE, digestOf('arrived'))).toBe(true);
    expect(events).toContainEqual(expect.objectContaining({ from: 'the Actions cache' }));
    await memory.close(false);
    expect(log).toEqual(['restored 1', 'closed 1']);
  });

  test('hears of what is written, and last of all that it is over', async () => {
    const { store, log } = storeOf();
    const { memory } = memoryOf({ ...places, store });
    const remembered = await memory.recall(IMAGE, signal);
    remembered.blobArrived(PLACE, BLOB);
    await memory.close(false);
    expect(log).toEqual(['restored 0', `changed ${BLOB.size} false`, 'closed 1']);
  });

  test('that has nothing to do is closed, too', async () => {
    const { store, log } = storeOf();
    const { memory } = memoryOf({ ...places, store });
    await memory.close(true);
    expect(log).toEqual(['closed 0']);
  });
});
