import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { RememberedState, type RememberedOptions } from '../../../src/app/remembered.ts';
import type { HttpResponse } from '../../../src/http/transport.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import type { UploadMemory } from '../../../src/registry/upload/checkpoint.ts';
import { CasIndex } from '../../../src/state/cas-index.ts';
import { ResumeLedger } from '../../../src/state/resume-ledger.ts';
import type { ResumeState } from '../../../src/state/resume-schema.ts';
import { answer, REGISTRY } from '../http/support.ts';
import { fakeConnection } from '../registry/support.ts';

const MIB = 1024 * 1024;
const PLACE = { registry: REGISTRY, repository: 'app' };
const BLOB = { mediaType: 'any/thing', digest: digestOf('blob'), size: 10 * MIB };
const SESSION = new URL(`https://${REGISTRY}/v2/app/blobs/uploads/one`);
const IMAGE = digestOf('image');
const sum = (bytes: number) => () => digestOf(`first ${bytes}`);

let directory: string;
const open: ResumeLedger[] = [];
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'push-remembered-'));
});
afterEach(async () => {
  for (const ledger of open.splice(0)) await ledger.close(false);
  rmSync(directory, { recursive: true, force: true });
});

async function openLedger(image = IMAGE, shareableOnly = false): Promise<ResumeLedger> {
  const complain = (message: string): void => {
    throw new Error(message);
  };
  const ledger = await ResumeLedger.open({
    directory,
    name: `${REGISTRY}/app:1`,
    image,
    now: () => Date.now(),
    onNote: () => undefined,
    onWarning: complain,
    shareableOnly,
  });
  if (!ledger) throw new Error('there is no ledger');
  open.push(ledger);
  return ledger;
}

/** Closes the ledgers, as the end of a process does. */
async function leave(): Promise<ResumeState | undefined> {
  for (const ledger of open.splice(0)) await ledger.close(false);
  const name = readdirSync(directory).find((file) => file.endsWith('.json'));
  if (name === undefined) return undefined;
  return JSON.parse(readFileSync(path.join(directory, name), 'utf8')) as ResumeState;
}

/** What is remembered, and its work in the background. */
function remember(options: Partial<RememberedOptions> = {}) {
  const background: Promise<void>[] = [];
  const closing = new AbortController();
  const state = new RememberedState({
    ledger: undefined,
    record: undefined,
    shared: false,
    background: (work) => background.push(work(closing.signal)),
    ...options,
  });
  return { state, background, closing };
}

/** A registry that opens uploads, and asks everybody for a login. */
function strictConnection(stranger: HttpResponse = answer(401)) {
  const connection = fakeConnection((line) =>
    line.startsWith('POST')
      ? answer(202, '', { location: '/v2/app/blobs/uploads/trial' })
      : answer(204),
  );
  return {
    ...connection,
    challenged: () => true,
    anonymous: () => Promise.resolve(stranger),
  };
}

const quiet = fakeConnection(() => answer(204));

describe('an upload', () => {
  let memory: UploadMemory;
  const upload = async (options: Partial<RememberedOptions> = {}, connection = quiet) => {
    const remembered = remember({ ledger: await openLedger(), ...options });
    const found = remembered.state.upload(PLACE, BLOB, connection);
    if (!found) throw new Error('nothing is remembered');
    memory = found;
    return remembered;
  };
  const written = (state: ResumeState | undefined) => state?.Places[0]?.UploadedLayers[BLOB.digest];

  test('is found again by the next process, as far as it had come', async () => {
    await upload();
    expect(memory.earlier()).toBeUndefined();
    expect(memory.keeps()).toBe(false);
    memory.reached(SESSION, 5 * MIB, sum(5));
    expect(memory.keeps()).toBe(true);
    expect(written(await leave())).toMatchObject({ BytesWritten: 5 * MIB, TotalBytes: 10 * MIB });

    await upload();
    expect(memory.keeps()).toBe(true);
    expect(memory.earlier()).toEqual({
      location: SESSION.href,
      bytesWritten: 5 * MIB,
      checksum: sum(5)(),
    });
  });

  test('is in the file as soon as it was opened', async () => {
    await upload();
    await memory.opened(SESSION, sum(0));
    const name = readdirSync(directory).find((file) => file.endsWith('.json')) ?? '';
    const state = JSON.parse(readFileSync(path.join(directory, name), 'utf8')) as ResumeState;
    expect(written(state)).toMatchObject({ BytesWritten: 0, Location: SESSION.href });
    expect(memory.keeps()).toBe(true);
  });

  test('is of no use any more when it is forgotten', async () => {
    await upload();
    memory.reached(SESSION, 5 * MIB, sum(5));
    await leave();
    await upload();
    memory.forget();
    expect(memory.earlier()).toBeUndefined();
    expect(memory.keeps()).toBe(false);
    expect(written(await leave())).toBeUndefined();
  });

  test('costs next to nothing for most of its pieces', async () => {
    await upload();
    let asked = 0;
    const checksum = () => {
      asked += 1;
      return digestOf('some');
    };
    for (let bytes = 0; bytes < 10 * MIB; bytes += 64 * 1024)
      memory.reached(SESSION, bytes, checksum);
    expect(asked).toBe(1);
  });

  test.each([
    ['on another host', 'https://storage.example/v2/app/blobs/uploads/one'],
    ['somewhere else', `https://${REGISTRY}/u/one`],
    ['of another repository', `https://${REGISTRY}/v2/other/blobs/uploads/one`],
  ])('%s is not written down, and nobody says that it were', async (_, address) => {
    await upload();
    await memory.opened(new URL(address), sum(0));
    memory.reached(new URL(address), 5 * MIB, sum(5));
    expect(memory.keeps()).toBe(false);
    expect(written(await leave())).toBeUndefined();
  });

  test('follows its address', async () => {
    await upload();
    memory.reached(SESSION, MIB, sum(1));
    const next = new URL('?_state=b', SESSION);
    memory.reached(next, MIB, sum(1));
    expect(written(await leave())).toMatchObject({ Location: next.href });
  });

  test('is nothing where nothing is resumed', () => {
    const { state } = remember();
    expect(state.upload(PLACE, BLOB, quiet)).toBeUndefined();
    expect(state.finished(PLACE, BLOB.digest)).toBe(false);
    state.blobArrived(PLACE, BLOB);
    state.manifestArrived(PLACE, BLOB.digest);
    state.notThere(PLACE, BLOB.digest);
    expect(state.elsewhere(PLACE, BLOB.digest)).toEqual([]);
  });
});

describe('an upload whose address others may read', () => {
  async function shared(stranger: HttpResponse) {
    const connection = strictConnection(stranger);
    const remembered = remember({
      ledger: await openLedger(IMAGE, true),
      shared: true,
      shareableOnly: true,
    });
    const memory = remembered.state.upload(PLACE, BLOB, connection);
    if (!memory) throw new Error('nothing is remembered');
    return { ...remembered, connection, memory };
  }

  test('is written down once it is known to be worthless to them', async () => {
    const { memory, background, connection } = await shared(answer(401));
    memory.reached(SESSION, MIB, sum(1));
    expect(memory.keeps()).toBe(false);
    await Promise.all(background);
    memory.reached(SESSION, 2 * MIB, sum(2));
    expect(memory.keeps()).toBe(true);
    expect(connection.lines).toEqual([
      'POST /v2/app/blobs/uploads/',
      'DELETE /v2/app/blobs/uploads/trial',
    ]);
    const state = await leave();
    expect(state?.Places[0]?.UploadedLayers[BLOB.digest]).toMatchObject({ Shareable: true });
  });

  test('is written down before its first byte where that can be known', async () => {
    const { memory } = await shared(answer(401));
    await memory.opened(SESSION, sum(0));
    expect(memory.keeps()).toBe(true);
    const state = await leave();
    expect(state?.Places[0]?.UploadedLayers[BLOB.digest]).toMatchObject({
      Shareable: true,
      BytesWritten: 0,
    });
  });

  test('is not where it opens something', async () => {
    const { memory, background } = await shared(answer(204));
    await memory.opened(SESSION, sum(0));
    await Promise.all(background);
    memory.reached(SESSION, 5 * MIB, sum(5));
    expect(memory.keeps()).toBe(false);
    expect(await leave()).toBeUndefined();
  });

  test('is tried once for a registry, however many there are', async () => {
    const { state, memory, background, connection } = await shared(answer(401));
    const other = state.upload(
      { ...PLACE, repository: 'other' },
      { ...BLOB, digest: digestOf('other') },
      connection,
    );
    const address = new URL(`https://${REGISTRY}/v2/other/blobs/uploads/two`);
    for (let bytes = 1; bytes < 5; bytes += 1) {
      memory.reached(SESSION, bytes, sum(bytes));
      other?.reached(address, bytes, sum(bytes));
    }
    await Promise.all(background);
    expect(connection.lines.filter((line) => line.startsWith('POST'))).toHaveLength(1);
  });
});

describe('a blob that had arrived', () => {
  test('is known to the next process', async () => {
    const first = remember({ ledger: await openLedger() });
    first.state.blobArrived(PLACE, BLOB);
    // Only an earlier process's word is worth asking about.
    expect(first.state.finished(PLACE, BLOB.digest)).toBe(false);
    await leave();
    const { state } = remember({ ledger: await openLedger() });
    expect(state.finished(PLACE, BLOB.digest)).toBe(true);
    expect(state.finished({ ...PLACE, repository: 'other' }, BLOB.digest)).toBe(false);
    state.notThere(PLACE, BLOB.digest);
    expect(state.finished(PLACE, BLOB.digest)).toBe(false);
    expect(await leave()).toBeUndefined();
  });

  test('has no upload any more', async () => {
    const { state } = remember({ ledger: await openLedger() });
    const memory = state.upload(PLACE, BLOB, quiet);
    memory?.reached(SESSION, MIB, sum(1));
    state.blobArrived(PLACE, BLOB);
    const entry = (await leave())?.Places[0]?.UploadedLayers[BLOB.digest];
    expect(entry).toMatchObject({ BytesWritten: BLOB.size });
    expect(entry).not.toHaveProperty('Location');
  });
});

describe('the record', () => {
  let record: CasIndex;
  beforeEach(async () => {
    const index = await CasIndex.open({
      file: path.join(directory, 'record.sqlite'),
      maxBytes: 16 * MIB,
      maxEntries: 1000,
      now: () => Date.now(),
      onProblem: (message) => {
        throw new Error(message);
      },
    });
    if (!index) throw new Error('there is no record');
    record = index;
  });
  afterEach(() => void record.close());

  test('names other repositories of the same registry', () => {
    const { state } = remember({ record });
    state.blobArrived({ ...PLACE, repository: 'other' }, BLOB);
    state.blobArrived({ registry: 'elsewhere.example', repository: 'third' }, BLOB);
    expect(state.elsewhere(PLACE, BLOB.digest)).toEqual(['other']);
    expect(state.elsewhere({ ...PLACE, registry: 'unknown.example' }, BLOB.digest)).toEqual([]);
    expect(state.elsewhere(PLACE, digestOf('unknown'))).toEqual([]);
  });

  test('names none where the blob was seen in the very place', () => {
    const { state } = remember({ record });
    state.blobArrived({ ...PLACE, repository: 'other' }, BLOB);
    state.blobArrived(PLACE, BLOB);
    expect(state.elsewhere(PLACE, BLOB.digest)).toEqual([]);
    state.notThere(PLACE, BLOB.digest);
    expect(state.elsewhere(PLACE, BLOB.digest)).toEqual(['other']);
    state.notThere({ ...PLACE, repository: 'other' }, BLOB.digest);
    expect(state.elsewhere(PLACE, BLOB.digest)).toEqual([]);
  });
});

describe('uploads that nobody goes on with', () => {
  const other = digestOf('another image');
  const left = async (...locations: readonly [string, string][]): Promise<void> => {
    const { state } = remember({ ledger: await openLedger(other) });
    for (const [repository, location] of locations) {
      const blob = { ...BLOB, digest: digestOf(location) };
      state.upload({ ...PLACE, repository }, blob, quiet)?.reached(new URL(location), MIB, sum(1));
    }
    await leave();
  };

  test('are given back, each once, where this push writes', async () => {
    await left(
      ['app', `${SESSION.href}?a`],
      ['app', `${SESSION.href}2`],
      ['third', `https://${REGISTRY}/v2/third/blobs/uploads/three`],
    );
    const connection = fakeConnection(() => answer(204));
    const { state, background } = remember({ ledger: await openLedger() });
    state.upload(PLACE, BLOB, connection);
    state.upload(PLACE, { ...BLOB, digest: digestOf('next') }, connection);
    await Promise.all(background);
    expect(connection.lines.toSorted()).toEqual(
      ['DELETE /v2/app/blobs/uploads/one2', 'DELETE /v2/app/blobs/uploads/one?a'].toSorted(),
    );
  });

  test.each([
    ['another host', 'https://evil.example/v2/app/blobs/uploads/one'],
    ['a manifest', `https://${REGISTRY}/v2/app/manifests/latest`],
    ['steps up', `https://${REGISTRY}/v2/app/blobs/uploads/../../manifests/latest`],
  ])('are not where their address is one of %s', async (_, location) => {
    await left(['app', SESSION.href]);
    const name = readdirSync(directory).find((file) => file.endsWith('.json')) ?? '';
    const file = path.join(directory, name);
    writeFileSync(file, readFileSync(file, 'utf8').replace(SESSION.href, location));
    const connection = fakeConnection(() => answer(204));
    const { state, background } = remember({ ledger: await openLedger() });
    state.upload(PLACE, BLOB, connection);
    await Promise.all(background);
    expect(connection.lines).toEqual([]);
  });
});
