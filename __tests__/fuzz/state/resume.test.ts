import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { digestOf, isDigest } from '../../../src/oci/digest.ts';
import { readResumeFile } from '../../../src/state/resume-file.ts';
import { resumeFileName } from '../../../src/state/resume-name.ts';
import type { ResumeState } from '../../../src/state/resume-schema.ts';
import { openLedger, stateOf } from '../../unit/state/resume-support.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'idpbuilder-fuzz-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Spoil = <T>(arbitrary: fc.Arbitrary<T>) => fc.Arbitrary<unknown>;

const digest = fc.constantFrom('a', 'b', 'c').map((name) => digestOf(name));
const junk = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(-1, 2 ** 53, 1e308, 0.5, '', '../../x', '\u202e', '\r\n', null),
  fc.constantFrom('sha256:', '__proto__', 'constructor', 'toString'),
);

/** States, whose every field goes through `spoil`. */
function states(spoil: Spoil): fc.Arbitrary<unknown> {
  const sizes = fc.tuple(fc.nat(), fc.maxSafeNat()).map((two) => two.sort((a, b) => a - b));
  const layer = fc
    .tuple(
      fc.record(
        {
          Digest: spoil(digest),
          Checksum: spoil(digest),
          Location: spoil(fc.webUrl()),
          Shareable: spoil(fc.boolean()),
        },
        { requiredKeys: ['Digest', 'Checksum'] },
      ),
      sizes.chain(([BytesWritten, TotalBytes]) =>
        fc.record({
          BytesWritten: spoil(fc.constant(BytesWritten)),
          TotalBytes: spoil(fc.constant(TotalBytes)),
        }),
      ),
    )
    .map(([one, other]) => Object.assign(one, other));
  const layers = fc
    .array(
      layer.chain((value) => fc.tuple(spoil(fc.constant(value.Digest)), fc.constant(value))),
      { maxLength: 3 },
    )
    .map((entries) => Object.fromEntries(entries.map(([key, value]) => [String(key), value])));
  const place = fc.record({
    Registry: spoil(fc.constantFrom('ghcr.io', 'localhost:5000')),
    Repository: spoil(fc.constantFrom('octo/app', '../x')),
    UploadedLayers: spoil(layers),
    Manifests: spoil(fc.array(digest, { maxLength: 2 })),
  });
  const time = fc.date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true });
  return fc.record({
    SchemaVersion: spoil(fc.constant(1)),
    Image: spoil(fc.constantFrom('app', '../../app')),
    ImageDigest: spoil(fc.constant(stateOf().ImageDigest)),
    LastCheckpoint: spoil(time.map((date) => date.toJSON())),
    Places: spoil(fc.array(place, { maxLength: 3 })),
  });
}

const good = states((arbitrary) => arbitrary).map((value) => JSON.stringify(value));
const spoiled = states((arbitrary) =>
  fc.oneof({ weight: 40, arbitrary }, { weight: 1, arbitrary: junk }),
).map((value) => JSON.stringify(value));
/** Cut off, or with some other character in it. */
const broken = fc.tuple(good, fc.nat(), fc.string({ maxLength: 2 })).map(([whole, where, text]) => {
  const cut = where % whole.length;
  return whole.slice(0, cut) + (text === '' ? '' : text + whole.slice(cut + 1));
});
const content = fc.oneof(
  { weight: 6, arbitrary: spoiled },
  { weight: 2, arbitrary: broken },
  { weight: 1, arbitrary: good },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string() },
);

/** Everything that those who use a state rely on. */
function check({ SchemaVersion, Image, ImageDigest, LastCheckpoint, Places }: ResumeState): void {
  expect(SchemaVersion).toBe(1);
  expect(Image).toMatch(/^[!-~]{1,1024}$/);
  expect(isDigest(ImageDigest)).toBe(true);
  expect(Date.parse(LastCheckpoint)).not.toBeNaN();
  expect(Places.length).toBeLessThanOrEqual(64);
  for (const { Registry, Repository, UploadedLayers, Manifests } of Places) {
    expect(`${Registry} ${Repository}`).toMatch(/^[!-~]{1,1024} [!-~]{1,1024}$/);
    expect(Manifests.every(isDigest)).toBe(true);
    expect(Object.getPrototypeOf(UploadedLayers)).toBe(Object.prototype);
    for (const [key, entry] of Object.entries(UploadedLayers)) {
      const { Digest, BytesWritten, TotalBytes, Checksum, Location, Shareable } = entry;
      expect(key).toBe(Digest);
      expect([Digest, Checksum].every(isDigest)).toBe(true);
      expect(Number.isSafeInteger(BytesWritten) && BytesWritten >= 0).toBe(true);
      expect(Number.isSafeInteger(TotalBytes) && BytesWritten <= TotalBytes).toBe(true);
      if ('Location' in entry) expect(Location).toMatch(/^[!-~]{1,8192}$/);
      if ('Shareable' in entry) expect(typeof Shareable).toBe('boolean');
    }
  }
}

describe('a resume file that anybody may have written', () => {
  test('is read without an error, and what is read can be relied on', async () => {
    const file = join(folder, 'any.json');
    const property = fc.asyncProperty(content, async (text) => {
      await writeFile(file, text);
      const read = await readResumeFile(file);
      if (read.reason !== undefined) {
        expect(read.reason.length).toBeLessThan(200);
        // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
        expect(read.reason).not.toMatch(/[\u0000-\u001f\u202e]/);
      }
      if (read.state) check(read.state);
    });
    await fc.assert(property, { numRuns: 800 });
  });

  test('is read as it is when there is nothing wrong with it', async () => {
    const file = join(folder, 'good.json');
    const property = fc.asyncProperty(good, async (text) => {
      await writeFile(file, text);
      const { state } = await readResumeFile(file);
      expect(state).toEqual(JSON.parse(text));
      check(state!);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  test('is read without an error when it is just bytes', async () => {
    const file = join(folder, 'bytes.json');
    const property = fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      await writeFile(file, bytes);
      expect((await readResumeFile(file)).state).toBeUndefined();
    });
    await fc.assert(property, { numRuns: 200 });
  });

  test('never keeps a ledger from being opened and closed', async () => {
    const directory = join(folder, 'ledger');
    const { ledger: first } = await openLedger(directory);
    await first!.close(true);
    const property = fc.asyncProperty(content, fc.boolean(), async (text, finished) => {
      await writeFile(first!.file, text);
      const { ledger, warnings, notes } = await openLedger(directory);
      expect(warnings).toEqual([]);
      expect(notes.length).toBeLessThanOrEqual(1);
      await ledger!.close(finished);
    });
    await fc.assert(property, { numRuns: 100 });
  });
});

describe('the name of a resume file', () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^[a-cA-C._/:-]{0,6}$/),
    fc.constantFrom('con', 'CON', 'aux.txt', 'com1', '..', '.', ''),
  );

  test('is plain, short and of one image alone, also where case does not count', () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        const file = resumeFileName(one);
        expect(file).toMatch(/^[a-z0-9_][a-z0-9._-]*\.json$/);
        expect(file.length).toBeLessThan(110);
        expect(file).not.toMatch(/^(?:con|prn|aux|nul|com\d|lpt\d)\./);
        expect(resumeFileName(other) === file).toBe(one === other);
        expect(resumeFileName(file.replace(/\.json$/, '')) === file).toBe(`${one}.json` === file);
      }),
      { numRuns: 2000 },
    );
  });
});
