import { describe, expect, test } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const files = globSync('src/**/*.ts', { cwd: ROOT }).map((name) => ({
  name: name.split(path.sep).join('/'),
  text: readFileSync(path.join(ROOT, name), 'utf8'),
}));

/** The files whose code, not their comments, holds something. */
function holding(pattern: RegExp): string[] {
  return files
    .filter(({ text }) => pattern.test(text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')))
    .map(({ name }) => name);
}

// The direction of imports is checked by dependency-cruiser; this is what it cannot see.
describe('the sources', () => {
  test('are there', () => {
    expect(files.length).toBeGreaterThan(100);
  });

  test('are files of 300 lines at most', () => {
    const long = files.filter(({ text }) => text.split('\n').length > 301);
    expect(long.map(({ name }) => name)).toEqual([]);
  });

  test('are files of about 90 lines', () => {
    const lines = files.reduce((sum, { text }) => sum + text.split('\n').length, 0);
    expect(lines / files.length).toBeLessThan(110);
  });

  test('are three folders deep at most', () => {
    const deep = files.filter(({ name }) => name.split('/').length > 5);
    expect(deep.map(({ name }) => name)).toEqual([]);
  });

  test('know process and console in the shells only', () => {
    const shells = /^src\/(action|cli)\/|^src\/entry\.ts$/;
    const users = holding(/\bprocess\.(env|argv|stdout|stderr|stdin|exitCode)\b|\bconsole\./);
    expect(users.filter((name) => !shells.test(name))).toEqual([]);
  });

  test('are called what they are', () => {
    const names = files.map(({ name }) => path.posix.basename(name));
    expect(names.filter((name) => /^(utils?|helpers?|common|misc)\.ts$/.test(name))).toEqual([]);
  });

  test('export by name', () => {
    expect(holding(/^export default\b/m)).toEqual([]);
  });

  test('have no state of their own', () => {
    expect(holding(/^(export )?let\b/m)).toEqual([]);
  });
});
