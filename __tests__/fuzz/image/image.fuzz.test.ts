import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { collect, readRange } from '../../../src/image/file-range.ts';
import { locate } from '../../../src/image/locate.ts';
import { indexTar, normalizeName } from '../../../src/image/tar-index.ts';
import { tarTree } from '../../../src/image/tar-tree.ts';
import { PushError } from '../../../src/util/errors.ts';
import { packTar } from '../../support/images/tar.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';

let space: Workspace;
beforeAll(async () => {
  space = await createWorkspace();
});
afterAll(() => space.close());

const BOUNDS = { interruptAfterTimeLimit: 4000, markInterruptAsFailure: false };

const source = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .tuple(
      fc.constantFrom(
        'oci',
        'oci-archive',
        'docker-archive',
        'docker-daemon',
        'docker',
        'C',
        'x',
        '',
      ),
      fc.constantFrom(':', '://', ':C:\\', ''),
      fc.stringMatching(/^[a-zA-Z0-9@:./\\_-]{0,40}$/),
    )
    .map((parts) => parts.join('')),
);

test('locate understands a source or refuses it in one sentence', () => {
  fc.assert(
    fc.property(source, (text) => {
      try {
        const located = locate(text);
        if ('path' in located) {
          expect(located.path).not.toBe('');
          expect(text).toContain(located.path);
        }
      } catch (error) {
        if (!(error instanceof PushError)) throw error;
        expect(error.code).toBe('GENERAL');
        expect(error.message).toMatch(/^source: [^\n]*\.$/);
      }
    }),
    { ...BOUNDS, numRuns: 3000 },
  );
});

const names = fc.stringMatching(/^[a-z./ü]{1,150}$/).filter((name) => !name.endsWith('/'));

test('what is packed is found again, and read back', async () => {
  const file = space.path('packed.tar');
  const items = fc.uniqueArray(
    fc.record({ name: names, content: fc.uint8Array({ maxLength: 2000 }) }),
    { selector: ({ name }) => normalizeName(name) ?? name, maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(items, async (entries) => {
      await writeFile(file, await packTar(entries));
      const tree = tarTree(file, file, await indexTar(file));
      for (const { name, content } of entries) {
        if (normalizeName(name) === undefined) continue;
        const range = await tree.find(name);
        expect(Buffer.from(await collect(readRange(range!)))).toEqual(Buffer.from(content));
      }
    }),
    { ...BOUNDS, numRuns: 150 },
  );
}, 15_000);

test('a damaged archive is indexed within its bounds, or refused', async () => {
  const file = space.path('damaged.tar');
  const sound = await packTar([
    { name: 'manifest.json', content: '[]' },
    { name: 'x'.repeat(120), content: 'y'.repeat(700) },
    { name: `ü${'long/'.repeat(60)}`.slice(0, -1), content: 'z' },
    { name: 'link', link: 'manifest.json' },
  ]);
  const damages = fc.array(
    fc.record({
      at: fc.nat(sound.length - 1),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 24 }),
    }),
    { minLength: 1, maxLength: 4 },
  );
  const length = fc.oneof(fc.constant(sound.length), fc.nat(sound.length));
  await fc.assert(
    fc.asyncProperty(damages, length, fc.boolean(), async (changes, end, repair) => {
      const bytes = Buffer.from(sound);
      for (const { at, bytes: change } of changes)
        bytes.set(change.subarray(0, bytes.length - at), at);
      if (repair) repairChecksums(bytes);
      await writeFile(file, bytes.subarray(0, end));
      try {
        for (const entry of (await indexTar(file)).values()) {
          if (entry.kind !== 'file') continue;
          expect(entry.offset % 512).toBe(0);
          expect(entry.offset + entry.size).toBeLessThanOrEqual(end);
        }
      } catch (error) {
        if (!(error instanceof PushError)) throw error;
        expect(error.code).toBe('IMAGE');
        expect(error.message).toContain(file);
      }
    }),
    { ...BOUNDS, numRuns: 400 },
  );
}, 15_000);

/** Lets damage pass the checksum, so that the fields behind it are tried, too. */
function repairChecksums(bytes: Buffer): void {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const block = bytes.subarray(at, at + 512);
    if (!block.includes('ustar')) continue;
    block.fill(' ', 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  }
}
