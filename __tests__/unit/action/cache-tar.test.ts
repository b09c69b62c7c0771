import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { otherTar, runLimited } from '../../../src/action/cache-tar.ts';
import { runProgram, type ProgramResult } from '../../../src/util/run-program.ts';
import { ENTRY, MIB, runnerTemp } from './cache-support.ts';

let temp: string;

beforeEach(async () => {
  temp = await runnerTemp();
});

afterEach(() => rm(temp, { recursive: true, force: true }));

const prlimit = await runProgram('prlimit', ['--version']).catch(() => undefined);
const onLinux = process.platform === 'linux' ? test : test.skip;

/** Programs that are there, with what they say; the others are not. */
function programs(said: Readonly<Record<string, ProgramResult>>): {
  readonly run: typeof runProgram;
  readonly asked: string[];
} {
  const asked: string[] = [];
  const run = (file: string): Promise<ProgramResult> => {
    asked.push(file);
    const found = said[file];
    const missing = Object.assign(new Error(`spawn ${file} ENOENT`), { code: 'ENOENT' });
    return found ? Promise.resolve(found) : Promise.reject(missing);
  };
  return { run, asked };
}

const says = (stdout: string, stderr = ''): ProgramResult => ({ code: 0, stdout, stderr });

describe('a program with limits', () => {
  (prlimit ? test : test.skip)('writes no large file, however it does it', async () => {
    const script = `
      const { openSync, ftruncateSync } = require('node:fs');
      const file = openSync('large', 'w');
      ftruncateSync(file, ${100 * MIB});
      ftruncateSync(file, ${200 * MIB});`;
    const { code, stderr } = await runLimited(runProgram, ['-e', script], { cwd: temp });
    expect(code).toBe(1);
    expect(stderr).toContain('EFBIG');
    expect((await stat(path.join(temp, 'large'))).size).toBe(100 * MIB);
  });

  test('is the same program', async () => {
    const script = 'process.stdin.pipe(process.stdout); console.log(process.ppid, process.argv[1])';
    const options = { input: 'input', timeoutMs: 20_000 };
    const { stdout } = await runLimited(runProgram, ['-e', script, 'argument'], options);
    expect(stdout).toBe(`${process.pid} argument\ninput`);
  });

  onLinux('is started without them where there is no prlimit', async () => {
    const { run, asked } = programs({ [process.execPath]: says('here') });
    expect(await runLimited(run, [], {})).toEqual(says('here'));
    expect(asked).toEqual(['prlimit', process.execPath]);
  });

  onLinux('or where it is not allowed', async () => {
    const { run, asked } = programs({
      prlimit: { code: 1, stdout: '', stderr: 'prlimit: failed to set the FSIZE resource limit\n' },
      [process.execPath]: says('here'),
    });
    expect(await runLimited(run, [], {})).toEqual(says('here'));
    expect(asked).toEqual(['prlimit', process.execPath]);
  });
});

describe('the tar that the toolkit takes', () => {
  const GNU = says('tar (GNU tar) 1.35\nCopyright\n');
  const BSD = says('bsdtar 3.5.3 - libarchive 3.5.3\n');
  const GIT = String.raw`C:\Program Files\Git\usr\bin\tar.exe`;

  test.each([
    ['linux', { tar: GNU }, undefined],
    ['linux', { tar: says('tar (busybox) 1.36.1\n') }, 'tar (busybox) 1.36.1'],
    ['linux', { tar: BSD, gtar: GNU }, 'bsdtar 3.5.3 - libarchive 3.5.3'],
    ['linux', { tar: says('', 'tar: unknown option') }, 'another one'],
    ['linux', {}, 'not there'],
    ['darwin', { tar: BSD, gtar: GNU }, undefined],
    ['darwin', { tar: BSD }, 'bsdtar 3.5.3 - libarchive 3.5.3'],
    ['win32', { tar: BSD, [GIT]: GNU }, undefined],
    ['win32', { tar: GNU }, undefined],
    ['win32', { tar: BSD }, 'bsdtar 3.5.3 - libarchive 3.5.3'],
  ] as const)('on %s with %j', async (platform, said, other) => {
    const { run } = programs(said);
    const where = { platform, programs: String.raw`C:\Program Files` };
    expect(await otherTar(run, where)).toBe(other);
  });
});

test.each(['', '{', '{}', 'null', '[1]', '{"token":"t","limitMs":1000,"work":{}}'])(
  'the process of the toolkit, started by hand with %j, ends with one line',
  async (input) => {
    const { code, stdout, stderr } = await runProgram(process.execPath, [ENTRY], {
      input,
      cwd: temp,
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe('__actions-cache is for idpbuilder-push itself, not for people.\n');
    expect(await readdir(temp)).toEqual([]);
  },
);
