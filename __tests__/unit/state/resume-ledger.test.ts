import { chmod, mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { digestOf, type Digest } from '../../../src/oci/digest.ts';
import { writeResumeFile } from '../../../src/state/resume-file.ts';
import { resumeFileName } from '../../../src/state/resume-name.ts';
import type { ResumeLedger } from '../../../src/state/resume-ledger.ts';
import type { ResumeState } from '../../../src/state/resume-schema.ts';
import type { StateProgress } from '../../../src/state/store.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';
import {
  at,
  blob,
  checksum,
  IMAGE,
  killPrograms,
  NAME,
  openLedger,
  PLACE,
  sourceUrl,
  startProgram,
  stateIn,
  stateOf,
  type TestLedger,
} from './resume-support.ts';

const DAY = 24 * 3_600_000;
const ONE = blob('one', 1000);
const TWO = blob('two', 2000);

let space: Workspace;
let folder: string;
let file: string;
const opened: ResumeLedger[] = [];
beforeEach(async () => {
  space = await createWorkspace();
  folder = space.path('home/state/resume');
  file = `${folder}/${resumeFileName(NAME)}`;
});
afterEach(async () => {
  killPrograms();
  for (const ledger of opened.splice(0)) await ledger.close(false);
  await space.close();
});

async function open(
  options: Parameters<typeof openLedger>[1] = {},
): Promise<TestLedger & { ledger: ResumeLedger }> {
  const result = await openLedger(folder, options);
  if (!result.ledger)
    throw new Error(`not opened: ${[...result.notes, ...result.warnings].join()}`);
  opened.push(result.ledger);
  return { ...result, ledger: result.ledger };
}

/** Opens a ledger that finds this state. */
async function openWith(state: ResumeState) {
  await mkdir(folder, { recursive: true });
  await writeResumeFile(file, state);
  return open();
}

function layerIn(state: ResumeState | undefined, digest: Digest) {
  return state?.Places[0]?.UploadedLayers[digest];
}

/** A ledger and what tells of its next write. */
async function openWatched(options: Parameters<typeof openLedger>[1] = {}) {
  const told: StateProgress[] = [];
  let wake = (): void => undefined;
  const result = await open({
    ...options,
    onWritten: (progress) => {
      told.push(progress);
      wake();
    },
  });
  const written = async (count: number): Promise<readonly StateProgress[]> => {
    while (told.length < count) await new Promise<void>((resolve) => (wake = resolve));
    return told;
  };
  return { ...result, told, written };
}

describe('a push that was interrupted', () => {
  test('is found by the next one', async () => {
    const time = Date.parse('2025-05-06T07:08:09.000Z');
    const first = await open({ now: () => time });
    expect(first.ledger.found).toBeUndefined();
    first.ledger.blobArrived(PLACE, ONE);
    first.ledger.reached(PLACE, TWO, at(500));
    first.ledger.manifestArrived(PLACE, digestOf('manifest'));
    await first.ledger.close(false);
    expect(await readdir(folder)).toEqual([resumeFileName(NAME)]);

    const { ledger, notes, warnings } = await open({ now: () => time + DAY });
    expect(ledger.found).toEqual({ since: time, blobs: 1, bytes: 1500 });
    expect(ledger.finished(PLACE, ONE.digest)).toBe(true);
    expect(ledger.earlier(PLACE, ONE.digest)).toBeUndefined();
    expect(ledger.finished(PLACE, TWO.digest)).toBe(false);
    const { location } = at(0);
    const checkpoint = { location, bytesWritten: 500, checksum: checksum(500) };
    expect(ledger.earlier({ ...PLACE }, TWO.digest)).toEqual(checkpoint);
    expect(ledger.abandoned).toEqual([]);
    expect([...notes, ...warnings, ...first.notes, ...first.warnings]).toEqual([]);
    expect((await stateIn(folder))?.Places[0]?.Manifests).toEqual([digestOf('manifest')]);
  });

  test('keeps what it found until it is done itself', async () => {
    const { ledger } = await openWith(stateOf());
    ledger.blobArrived(PLACE, ONE);
    expect(ledger.finished(PLACE, ONE.digest)).toBe(false);
    await ledger.close(false);
    const state = await stateIn(folder);
    const digests = [digestOf('done'), digestOf('half'), ONE.digest];
    expect(Object.keys(state!.Places[0]!.UploadedLayers)).toEqual(digests);
    expect((await open()).ledger.found).toMatchObject({ blobs: 2, bytes: 1120 });
  });

  test('is nobody else’s to read', async () => {
    const { ledger } = await open();
    ledger.blobArrived(PLACE, ONE);
    await ledger.close(false);
    if (process.platform === 'win32') return;
    const modes = ['home', 'home/state', 'home/state/resume'].map((name) => stat(space.path(name)));
    for (const { mode } of await Promise.all(modes)) expect(mode & 0o777).toBe(0o700);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('has its sessions on the disk at once: it may be killed', async () => {
    const program = startProgram(`
      import { ResumeLedger } from '${sourceUrl('state/resume-ledger.ts')}';
      const ledger = await ResumeLedger.open({
        directory: ${JSON.stringify(folder)},
        name: ${JSON.stringify(NAME)},
        image: ${JSON.stringify(IMAGE)},
        now: () => Date.now(),
        onNote: console.error,
        onWarning: console.error,
        onWritten: () => console.log('written'),
      });
      ledger.reached(${JSON.stringify(PLACE)}, ${JSON.stringify(TWO)}, {
        ...${JSON.stringify(at(500))},
        checksum: () => ${JSON.stringify(checksum(500))},
      });
      const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
      console.log('timers', timers.length);
      setInterval(() => ledger, 1000);`);
    expect(await program.line()).toBe('timers 0');
    expect(await program.line()).toBe('written');
    await program.kill();
    await writeFile(`${file}.0123456789abcdef.tmp`, '{"SchemaVer');
    expect((await readdir(folder)).length).toBe(3);

    const { ledger } = await open();
    expect(ledger.earlier(PLACE, TWO.digest)).toMatchObject({ bytesWritten: 500 });
    expect((await readdir(folder)).sort()).toEqual([
      resumeFileName(NAME),
      `${resumeFileName(NAME)}.lock`,
    ]);
  });
});

describe('a push that is done', () => {
  test('leaves nothing', async () => {
    const { ledger, written } = await openWatched();
    ledger.reached(PLACE, TWO, at(500));
    await written(1);
    expect(layerIn(await stateIn(folder), TWO.digest)).toMatchObject({ BytesWritten: 500 });
    ledger.blobArrived(PLACE, TWO);
    await ledger.close(true);
    await ledger.close(false);
    expect(await readdir(folder)).toEqual([]);
  });

  test('writes nothing when it is short', async () => {
    const { ledger, told } = await openWatched({ now: () => 0 });
    ledger.blobArrived(PLACE, ONE);
    ledger.manifestArrived(PLACE, digestOf('manifest'));
    await ledger.close(true);
    expect(told).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('is deaf to what comes after it', async () => {
    const { ledger } = await open();
    await ledger.close(true);
    ledger.reached(PLACE, TWO, at(500));
    ledger.blobArrived(PLACE, ONE);
    ledger.forgetBlob(PLACE, ONE.digest);
    const next = await open();
    await next.ledger.close(true);
    expect(await readdir(folder)).toEqual([]);
  });

  test('without success keeps nothing that is worth nothing', async () => {
    const { ledger } = await openWith(stateOf({ Places: [] }));
    expect(ledger.found).toBeUndefined();
    ledger.manifestArrived(PLACE, digestOf('manifest'));
    await ledger.close(false);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('what is reported', () => {
  test('are the bytes sent, and whether another machine could go on', async () => {
    const { ledger, written } = await openWatched();
    ledger.reached(PLACE, TWO, at(500));
    expect(await written(1)).toEqual([{ bytes: 500, left: 0 }]);
    ledger.reached(PLACE, TWO, at(1500, { location: 'https://ghcr.io/two', shareable: true }));
    ledger.reached(PLACE, blob('three', 10), at(1, { shareable: true }));
    expect((await written(2))[1]).toEqual({ bytes: 501, left: 9 });
    ledger.blobArrived(PLACE, blob('three', 10));
    expect((await written(3))[2]).toEqual({ bytes: 510, left: 0 });
  });

  test('where others may read, only what they may', async () => {
    const { ledger } = await open({ shareableOnly: true });
    ledger.blobArrived(PLACE, ONE);
    ledger.reached(PLACE, TWO, at(500));
    ledger.reached(PLACE, blob('three', 10), at(5, { shareable: true }));
    await ledger.close(false);
    const digests = Object.keys((await stateIn(folder))!.Places[0]!.UploadedLayers);
    expect(digests).toEqual([ONE.digest, blob('three', 10).digest]);
  });
});

describe('an upload', () => {
  test('that starts over replaces the one before', async () => {
    const { ledger } = await openWith(stateOf());
    const half = blob('half', 100);
    ledger.reached(PLACE, half, at(0, { location: 'https://ghcr.io/two' }));
    expect(ledger.earlier(PLACE, half.digest)).toBeUndefined();
    expect(ledger.finished(PLACE, digestOf('done'))).toBe(true);
    ledger.reached(PLACE, blob('done', 70), at(0));
    expect(ledger.finished(PLACE, digestOf('done'))).toBe(false);
    await ledger.close(false);
    expect(layerIn(await stateIn(folder), half.digest)).toMatchObject({
      BytesWritten: 0,
      Location: 'https://ghcr.io/two',
    });
  });

  test('that goes on is still the one of the earlier run', async () => {
    const { ledger } = await openWith(stateOf());
    const half = blob('half', 100);
    ledger.reached(PLACE, half, at(60));
    expect(ledger.earlier(PLACE, half.digest)).toMatchObject({ bytesWritten: 50 });
    await ledger.close(false);
    expect(layerIn(await stateIn(folder), half.digest)).toMatchObject({ BytesWritten: 60 });
  });

  test('that is forgotten is gone', async () => {
    const { ledger } = await openWith(stateOf());
    const half = digestOf('half');
    ledger.forgetUpload(PLACE, half);
    ledger.forgetUpload(PLACE, half);
    ledger.forgetUpload(PLACE, digestOf('done'));
    expect(ledger.earlier(PLACE, half)).toBeUndefined();
    expect(ledger.finished(PLACE, digestOf('done'))).toBe(true);
    await ledger.close(false);
    expect(layerIn(await stateIn(folder), half)).toBeUndefined();
  });

  test('of a blob that arrived is no longer to be gone on with', async () => {
    const { ledger } = await openWith(stateOf());
    ledger.blobArrived(PLACE, blob('half', 100));
    expect(ledger.earlier(PLACE, digestOf('half'))).toBeUndefined();
    expect(ledger.abandoned).toEqual([]);
  });

  test('without a checksum is not written down', async () => {
    const { ledger, warnings } = await open();
    const fail = (): never => {
      throw new Error('no such hash');
    };
    ledger.reached(PLACE, TWO, at(500, { checksum: fail }));
    await ledger.close(false);
    expect(await readdir(folder)).toEqual([]);
    expect(warnings).toEqual([]);
  });
});

test('a blob that is not there after all is forgotten', async () => {
  const { ledger } = await openWith(stateOf());
  ledger.forgetBlob(PLACE, digestOf('done'));
  ledger.forgetBlob(PLACE, digestOf('half'));
  expect(ledger.finished(PLACE, digestOf('done'))).toBe(false);
  expect(ledger.earlier(PLACE, digestOf('half'))).toBeDefined();
  await ledger.close(false);
  const state = await stateIn(folder);
  expect(Object.keys(state!.Places[0]!.UploadedLayers)).toEqual([digestOf('half')]);
});

describe('a state that is not used', () => {
  const abandoned = [{ ...PLACE, location: at(0).location }];

  test('is of another image', async () => {
    const { ledger, notes, warnings } = await openWith(stateOf({ ImageDigest: digestOf('other') }));
    const short = digestOf('other').slice(0, 'sha256:'.length + 12);
    expect(notes).toEqual([
      `The interrupted push was of another image (${short}…): its state is not used. Layers in common are found in the registry.`,
    ]);
    expect(warnings).toEqual([]);
    expect(ledger.found).toBeUndefined();
    expect(ledger.finished(PLACE, digestOf('done'))).toBe(false);
    expect(ledger.earlier(PLACE, digestOf('half'))).toBeUndefined();
    expect(ledger.abandoned).toEqual(abandoned);
    ledger.blobArrived(PLACE, ONE);
    await ledger.close(false);
    const state = await stateIn(folder);
    expect(state?.ImageDigest).toBe(IMAGE);
    expect(Object.keys(state!.Places[0]!.UploadedLayers)).toEqual([ONE.digest]);
  });

  test.each([
    ['8 days old', -8.5 * DAY, 'is 8 days old'],
    ['of the day after tomorrow', 2 * DAY, 'is of a time that is still to come'],
  ])('is %s', async (_, age, words) => {
    const LastCheckpoint = new Date(Date.now() + age).toISOString();
    const { ledger, notes } = await openWith(stateOf({ LastCheckpoint }));
    expect(notes).toEqual([`The resume state ${words}: starting over.`]);
    expect(ledger.found).toBeUndefined();
    expect(ledger.abandoned).toEqual(abandoned);
    await ledger.close(false);
    expect(await readdir(folder)).toEqual([]);
  });

  test.each([-6.9 * DAY, 0.9 * DAY])('is used at an age of %d ms', async (age) => {
    const LastCheckpoint = new Date(Date.now() + age).toISOString();
    const { ledger, notes } = await openWith(stateOf({ LastCheckpoint }));
    expect(notes).toEqual([]);
    expect(ledger.found).toMatchObject({ blobs: 1, bytes: 120 });
  });

  test.each([
    ['cut off', '{"SchemaVersion":1,"Image":"gh', 'it is cut off'],
    ['of version 7', '{"SchemaVersion":7}', 'it is of version 7'],
    ['somebody’s', '{"SchemaVersion":1,"Image":"../../x"}', 'it has no valid ImageDigest'],
  ])('is %s', async (_, content, reason) => {
    await mkdir(folder, { recursive: true });
    await writeFile(file, content);
    const { ledger, notes, warnings } = await open();
    expect(notes).toEqual([`The resume state ${file} cannot be used: ${reason}; starting over.`]);
    expect(warnings).toEqual([]);
    expect(ledger.found).toBeUndefined();
    ledger.blobArrived(PLACE, ONE);
    await ledger.close(false);
    expect(layerIn(await stateIn(folder), ONE.digest)).toBeDefined();
    expect((await open()).notes).toEqual([]);
  });

  test('is of the first form, and not worth a word', async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(file, JSON.stringify({ ImageDigest: IMAGE, UploadedLayers: {} }));
    const { ledger, notes } = await open();
    expect(notes).toEqual([]);
    expect(ledger.found).toBeUndefined();
    await ledger.close(false);
    expect(await readdir(folder)).toEqual([]);
  });
});

test('what is to be swept does not keep a push from its end', async () => {
  const old = new Date(Date.now() - 10 * DAY);
  await mkdir(folder, { recursive: true });
  const names = Array.from({ length: 1500 }, (_, number) => `${folder}/${number}.json`);
  for (const name of names) {
    await writeFile(name, JSON.stringify(stateOf()));
    await utimes(name, old, old);
  }
  const left = async (): Promise<number> => (await readdir(folder)).length;
  const { ledger } = await open();
  await ledger.close(true);
  expect(await left()).toBeGreaterThan(0);
  // It goes on while the process does.
  while ((await left()) > 0) await delay(50);
}, 60_000);

describe('no ledger', () => {
  test('while another push has it', async () => {
    const { ledger } = await open();
    const second = await openLedger(folder);
    expect(second).toEqual({
      ledger: undefined,
      notes: [`Another process is pushing ${NAME}: going on without resume.`],
      warnings: [],
    });
    const other = await openLedger(folder, { name: 'ghcr.io/octo/other:1' });
    expect(other.ledger).toBeDefined();
    await other.ledger?.close(true);
    await ledger.close(true);
    await (await open()).ledger.close(true);
  });

  test('in a folder that is none', async () => {
    await writeFile(space.path('home'), '');
    expect(await openLedger(folder)).toEqual({
      ledger: undefined,
      notes: [],
      warnings: [
        expect.stringMatching(
          /^No state can be kept in \S+ \((?:ENOTDIR|EEXIST)\); going on without resume\.$/,
        ),
      ],
    });
  });

  // Nothing is forbidden to root, and Windows has other permissions.
  const canForbid = process.platform !== 'win32' && process.getuid?.() !== 0;
  (canForbid ? test : test.skip)('in a folder that cannot be written', async () => {
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o500);
    const { ledger, warnings } = await openLedger(folder);
    await chmod(folder, 0o700);
    expect(ledger).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('going on without resume')]);
  });

  test('where something else has the lock’s name', async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(`${file}.lock`, 'not empty');
    expect(await openLedger(folder)).toMatchObject({
      ledger: undefined,
      warnings: [expect.stringContaining('.json.lock is not a lock file')],
    });
  });
});

test('a ledger that cannot be opened after all lets go of the lock', async () => {
  await mkdir(folder, { recursive: true });
  await writeFile(file, 'not JSON');
  const onNote = (): never => {
    throw new Error('nobody listens');
  };
  expect(await openLedger(folder, { onNote })).toMatchObject({
    ledger: undefined,
    warnings: [`No state can be kept in ${folder} (nobody listens); going on without resume.`],
  });
  expect(await readdir(folder)).toEqual([resumeFileName(NAME)]);
});

test('a disk that fails is one warning, and the push goes on', async () => {
  const { ledger, warnings, notes } = await open();
  await mkdir(`${file}/full`, { recursive: true });
  ledger.reached(PLACE, TWO, at(500));
  await expect(
    (async () => {
      while (warnings.length === 0) await new Promise((resolve) => setImmediate(resolve));
    })(),
  ).resolves.toBeUndefined();
  ledger.reached(PLACE, TWO, at(0, { location: 'https://ghcr.io/two' }));
  ledger.blobArrived(PLACE, ONE);
  await ledger.close(false);
  expect(warnings).toEqual([
    expect.stringMatching(
      /^The resume state \S+\.json cannot be written \(E[A-Z]+\); going on without resume\.$/,
    ),
  ]);
  expect(notes).toEqual([]);
  expect(await readdir(folder)).toEqual([resumeFileName(NAME)]);
});
