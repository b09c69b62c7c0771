import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Config } from '../../../src/config/config.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { COMPLETE, resolving, sentenceOf } from './resolving.ts';

const EXPECTED = 'expected the path of a folder, which is made when it is missing';
let folder = '';

beforeAll(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'kept-')));
  await mkdir(path.join(folder, 'there'));
  await writeFile(path.join(folder, 'file'), '');
});

afterAll(async () => rm(folder, { recursive: true, force: true }));

/** With this machine's files. */
async function configWith(inputs: Readonly<Record<string, string>>): Promise<Config> {
  return resolveConfig({ inputs: { ...COMPLETE, ...inputs }, env: {}, onSecret: () => undefined });
}

describe('cache-directory', () => {
  test('a folder that is there, or is not yet, and nothing is made', async () => {
    for (const name of ['there', 'new', path.join('new', 'below')]) {
      const given = path.join(folder, name);
      expect((await configWith({ 'cache-directory': given })).cacheDirectory).toBe(given);
    }
    expect((await readdir(folder)).toSorted()).toEqual(['file', 'there']);
  });

  test('is absolute, from the working directory on', async () => {
    const { config } = await resolving({ ...COMPLETE, 'cache-directory': './a/../b' });
    expect(config.cacheDirectory).toBe(path.join(process.cwd(), 'b'));
    const literal = await resolving({ ...COMPLETE, 'cache-directory': './~' });
    expect(literal.config.cacheDirectory).toBe(path.join(process.cwd(), '~'));
  });

  test('an empty one is none', async () => {
    const { config } = await resolving({ ...COMPLETE, 'cache-directory': ' ' });
    expect(config).not.toHaveProperty('cacheDirectory');
  });

  test('a file in its place is said before anything is sent', async () => {
    const given = path.join(folder, 'file');
    await expect(configWith({ 'cache-directory': given })).rejects.toMatchObject({
      message: `cache-directory: "${given}" is not a folder (${EXPECTED})`,
      code: 'GENERAL',
      stage: 'config',
    });
  });

  // Windows calls a path below a file one that does not exist.
  (process.platform === 'win32' ? test.skip : test)('a file in its way is said', async () => {
    const given = path.join(folder, 'file', 'below');
    await expect(configWith({ 'cache-directory': given })).rejects.toThrow(
      `cache-directory: "${given}" is below a file (${EXPECTED})`,
    );
  });

  test('a folder that nobody may look at is said', async () => {
    const given = path.resolve('/root/cache');
    const inputs = { ...COMPLETE, config: `cache-directory: '${given}'` };
    expect(await sentenceOf(inputs, { files: { [given]: null } })).toBe(
      `config: cache-directory: "${given}" cannot be looked at (${EXPECTED})`,
    );
  });

  test.each([
    [{ resume: 'false', cache: 'false' }, 1],
    [{ resume: 'false' }, 0],
    [{ cache: 'false' }, 0],
  ])('with %j there are so many warnings: %i', async (switches, count) => {
    const inputs = { ...COMPLETE, ...switches, 'cache-directory': 'kept' };
    const { config, warnings } = await resolving(inputs);
    const sentence =
      'cache-directory: nothing is kept there, because both resume and cache are false';
    expect(warnings).toEqual([sentence].slice(0, count));
    expect(config.cacheDirectory).toBe(path.join(process.cwd(), 'kept'));
  });
});

test('switches and sizes come from every place by precedence', async () => {
  const yaml = 'resume: false\ncache: false\ncache-max-size: 1MiB\ncache-max-entries: 10';
  const { config } = await resolving({ ...COMPLETE, config: yaml, cache: 'true' });
  expect(config).toMatchObject({
    resume: false,
    cache: true,
    cacheMaxSize: 1024 * 1024,
    cacheMaxEntries: 10,
  });
});
