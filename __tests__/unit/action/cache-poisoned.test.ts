/** Archives that a stranger has put into the Actions cache, extracted by the toolkit itself. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { lstat, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { cacheFolder } from '../../../src/action/cache-keys.ts';
import { formatResumeState, readResumeFile } from '../../../src/state/resume-file.ts';
import { runProgram } from '../../../src/util/run-program.ts';
import { packTar, type TarItem } from '../../support/images/tar.ts';
import {
  cacheToken,
  startCacheServer,
  type CacheServer,
} from '../../support/services/cache-server.ts';
import {
  createCache,
  HALF,
  interrupt,
  layer,
  MIB,
  NAMES,
  runnerEnv,
  runnerTemp,
  stateOf,
  writeState,
  type Watched,
} from './cache-support.ts';

jest.setTimeout(60_000);

const MAIN = cacheToken(['refs/heads/main', 3]);
const NEVER = new AbortController().signal;
const SHARED = `${cacheFolder(NAMES)}/shared`;
const GOOD: TarItem = { name: `${SHARED}/${NAMES.resumeFile}`, content: formatResumeState(HALF) };
const SQLITE = Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(100)]);

const temps: string[] = [];

afterEach(async () => {
  await Promise.all(temps.splice(0).map((temp) => rm(temp, { recursive: true, force: true })));
});

async function newTemp(): Promise<string> {
  const temp = await runnerTemp();
  temps.push(temp);
  return temp;
}

// What is tested here is what GNU tar does; hosted runners have it on every system.
const { stdout } = await runProgram('tar', ['--version']);
const describeGnu = stdout.includes('GNU tar') ? describe : describe.skip;

describeGnu('an archive from the Actions cache', () => {
  let server: CacheServer;
  let outside: string;

  beforeEach(async () => {
    server = await startCacheServer();
    outside = await newTemp();
  });

  afterEach(() => server.stop());

  const cacheOnRunner = async (run = runProgram): Promise<Watched> => {
    const env = runnerEnv(server.url, MAIN);
    return createCache({ run, env, record: false, tempDirectory: await newTemp() });
  };

  /** Restores an entry in whose place somebody has put this. */
  const restored = async (
    archive: Buffer | readonly TarItem[],
    run = runProgram,
  ): Promise<Watched> => {
    const first = await cacheOnRunner();
    await writeState(first.files, stateOf(layer('replaced')));
    await interrupt(first);
    const entry = server.entries[0]!;
    if (Buffer.isBuffer(archive)) {
      entry.data = archive;
    } else {
      const tar = await packTar(archive);
      // As the toolkit does it on this machine, depending on whether there is zstd.
      entry.data = entry.data[0] === 0x1f ? gzipSync(tar) : zstdCompressSync(tar);
    }
    const watched = await cacheOnRunner(run);
    await watched.cache.restore(NEVER);
    return watched;
  };

  const stateIn = async ({ files }: Watched) =>
    (await readResumeFile(path.join(files.resume, NAMES.resumeFile))).state;

  const left = async ({ files }: Watched): Promise<string[]> =>
    (await readdir(files.root, { recursive: true })).toSorted();

  test('is taken when it is what it should be', async () => {
    const watched = await restored([GOOD]);
    expect(await stateIn(watched)).toEqual(HALF);
    expect(watched.warnings).toEqual([]);
  });

  test.each([
    ['a name that climbs', (victim: string) => `${SHARED}/${'../'.repeat(20)}${victim.slice(1)}`],
    ['an absolute name', (victim: string) => victim],
  ])('writes nothing outside with %s', async (_title, nameOf) => {
    const victim = path.join(outside, 'victim');
    const watched = await restored([{ name: nameOf(victim), content: 'x' }, GOOD]);
    expect(existsSync(victim)).toBe(false);
    expect(await stateIn(watched)).toEqual(HALF);
    expect(await left(watched)).toHaveLength(3);
  });

  test('writes nothing through a link', async () => {
    await writeFile(path.join(outside, 'precious'), 'mine');
    await restored([
      { name: `${SHARED}/folder`, link: outside },
      { name: `${SHARED}/folder/victim`, content: 'x' },
      { name: `${SHARED}/name`, link: path.join(outside, 'precious') },
      { name: `${SHARED}/name`, content: 'x' },
      { name: 'hard', link: path.join(outside, 'precious'), hard: true },
      { name: 'hard', content: 'x' },
      GOOD,
    ]);
    expect(await readdir(outside)).toEqual(['precious']);
    expect(await readFile(path.join(outside, 'precious'), 'utf8')).toBe('mine');
  });

  test('leaves nothing but the state, whatever else is in it', async () => {
    const watched = await restored([
      GOOD,
      { name: `${SHARED}/other.json`, content: formatResumeState(HALF) },
      { name: `${cacheFolder(NAMES)}/resume/second.json`, content: formatResumeState(HALF) },
      { name: `${cacheFolder(NAMES)}/record/record.sqlite`, content: SQLITE },
      { name: `${cacheFolder(NAMES)}/record.sha256`, content: 'x' },
      { name: `${cacheFolder(NAMES)}/session-${NAMES.resumeFile}`, content: '{"warned":true}' },
      { name: `${SHARED}/script.sh`, content: '#!/bin/sh' },
    ]);
    expect(await stateIn(watched)).toEqual(HALF);
    expect(await left(watched)).toEqual([
      'resume',
      `resume/${NAMES.resumeFile}`,
      `session-${NAMES.resumeFile}`,
    ]);
  });

  test('holding a link instead of the state is not followed', async () => {
    await writeFile(path.join(outside, 'state.json'), formatResumeState(HALF));
    const name = `${SHARED}/${NAMES.resumeFile}`;
    const watched = await restored([{ name, link: path.join(outside, 'state.json') }]);
    expect(await stateIn(watched)).toBeUndefined();
    expect(await left(watched)).not.toContain('arrived');
  });

  test.each([
    ['garbage', Buffer.from('hello '.repeat(1000)), /cannot be used/],
    ['nothing', Buffer.alloc(0), /cannot be used/],
  ])('of %s is a warning', async (_title, archive, warning) => {
    const watched = await restored(archive);
    expect(await stateIn(watched)).toBeUndefined();
    expect(watched.warnings).toEqual([expect.stringMatching(warning)]);
    expect(await left(watched)).toEqual([`session-${NAMES.resumeFile}`]);
  });

  /** Restores what becomes larger than anything of ours; returns how many bytes were written. */
  const exploded = async (items: readonly TarItem[]): Promise<number> => {
    let bytes = 0;
    const watched = await restored(items, async (file, args, options) => {
      const result = await runProgram(file, args, options);
      const arrived = path.join(options?.cwd ?? '', cacheFolder(NAMES), 'arrived');
      for (const name of await readdir(arrived)) {
        bytes += (await lstat(path.join(arrived, name))).size;
      }
      return result;
    });
    expect(server.entries[0]!.data.length).toBeLessThan(MIB);
    expect(await stateIn(watched)).toBeUndefined();
    expect(await left(watched)).toEqual([`session-${NAMES.resumeFile}`]);
    expect(watched.warnings).toEqual([
      expect.stringMatching(/^What the Actions cache held cannot/),
    ]);
    return bytes;
  };

  test('that explodes in one file fills no disk', async () => {
    const content = Buffer.alloc(160 * MIB);
    const bytes = await exploded([{ name: `${SHARED}/${NAMES.resumeFile}`, content }]);
    expect(bytes).toBeGreaterThan(MIB);
    expect(bytes).toBeLessThanOrEqual(115 * MIB);
  });

  test('that explodes in many files fills none, either', async () => {
    const content = Buffer.alloc(16 * MIB);
    const items = Array.from({ length: 12 }, (_, at) => ({ name: `${SHARED}/${at}`, content }));
    const bytes = await exploded([...items, GOOD]);
    expect(bytes).toBeGreaterThan(MIB);
    expect(bytes).toBeLessThan(160 * MIB);
  });

  test('that is small and becomes large is not read into memory, and removed', async () => {
    const name = `${SHARED}/${NAMES.resumeFile}`;
    const watched = await restored([{ name, content: Buffer.alloc(64 * MIB, ' ') }]);
    expect(server.entries[0]!.data.length).toBeLessThan(128 * 1024);
    expect(await left(watched)).toEqual([`session-${NAMES.resumeFile}`]);
    expect(watched.lines).toContain('The state in the Actions cache is not used: it is not in it.');
  });
});
