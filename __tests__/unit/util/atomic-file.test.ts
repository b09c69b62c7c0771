import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  removeTemporaries,
  temporaryFor,
  writeFileAtomically,
} from '../../../src/util/atomic-file.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';
import { killPrograms, sourceUrl, startProgram } from '../state/resume-support.ts';

let space: Workspace;
let folder: string;
beforeEach(async () => {
  space = await createWorkspace();
  folder = space.path('files');
  await mkdir(folder);
});
afterEach(async () => {
  killPrograms();
  await space.close();
});

describe('an atomic write', () => {
  test('makes and replaces a file that only its owner reads', async () => {
    const file = `${folder}/a.json`;
    await writeFileAtomically(file, 'one');
    await writeFileAtomically(file, Buffer.from('two'));
    expect(await readFile(file, 'utf8')).toBe('two');
    expect(await readdir(folder)).toEqual(['a.json']);
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('gives a file that is replaced its new mode', async () => {
    const file = `${folder}/a.json`;
    await writeFile(file, 'open to all', { mode: 0o644 });
    await writeFileAtomically(file, 'mine');
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('that fails leaves nothing behind, and what was there as it was', async () => {
    await mkdir(`${folder}/a.json/full`, { recursive: true });
    await expect(writeFileAtomically(`${folder}/a.json`, 'x')).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['a.json']);
    await expect(writeFileAtomically(`${folder}/none/a.json`, 'x')).rejects.toThrow(/ENOENT/);
  });

  test('is whole whenever its process is killed', async () => {
    const file = `${folder}/a.json`;
    const code = `
      import { writeFileAtomically } from '${sourceUrl('util/atomic-file.ts')}';
      for (let count = 0; ; count += 1) {
        const filler = 'x'.repeat((count % 7) * 300_000);
        await writeFileAtomically(${JSON.stringify(file)}, JSON.stringify({ count, filler }));
        if (count === 0) console.log('begun');
      }`;
    for (let round = 0; round < 12; round += 1) {
      const program = startProgram(code);
      await program.line();
      // Somebody who reads meanwhile never sees a part.
      for (let read = 0; read < round; read += 1) JSON.parse(await readFile(file, 'utf8'));
      await program.kill();
      expect(JSON.parse(await readFile(file, 'utf8'))).toHaveProperty('filler');
    }
    await removeTemporaries(file);
    expect(await readdir(folder)).toEqual(['a.json']);
  });
});

describe('what killed writers leave', () => {
  test('is known by its name', () => {
    expect(temporaryFor('a.json.0123456789abcdef.tmp')).toBe('a.json');
    expect(temporaryFor('a.json.0123456789abcde.tmp')).toBeUndefined();
    expect(temporaryFor('.0123456789abcdef.tmp')).toBeUndefined();
    expect(temporaryFor('a.tmp')).toBeUndefined();
  });

  test('is deleted for one file alone', async () => {
    const others = ['a.json', 'b.json.0123456789abcdef.tmp', 'a.json.lock', 'a.json.tmp'];
    for (const name of [...others, 'a.json.0123456789abcdef.tmp', 'a.json.fedcba9876543210.tmp']) {
      await writeFile(`${folder}/${name}`, '');
    }
    await removeTemporaries(`${folder}/a.json`);
    expect((await readdir(folder)).sort()).toEqual(others.sort());
  });
});
