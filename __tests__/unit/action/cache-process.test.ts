import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { runCacheProcess } from '../../../src/action/cache-process.ts';
import type { CacheWork } from '../../../src/action/cache-task.ts';
import { runProgram, type ProgramResult } from '../../../src/util/run-program.ts';
import { answered, fakeProcess, runnerTemp, until, willing, type Asked } from './cache-support.ts';

const SAVE: CacheWork = { kind: 'save', entries: [{ path: 'a/b/c', key: 'k.' }] };
const FIND: CacheWork = {
  kind: 'restore',
  entries: [
    { path: 'a/b/c', key: 'k-', restoreKeys: ['k'] },
    { path: 'a/b/d', key: 'r-', restoreKeys: [] },
  ],
};

let temp: string;

beforeEach(async () => {
  temp = await runnerTemp();
});

afterEach(() => rm(temp, { recursive: true, force: true }));

function runWith(
  work: CacheWork,
  behave: (asked: Asked) => Promise<ProgramResult> | ProgramResult,
  signal?: AbortSignal,
) {
  const { run, asked } = fakeProcess(behave);
  const lines: string[] = [];
  const outcome = runCacheProcess(
    work,
    {
      env: { PATH: '/bin', INPUT_PASSWORD: 'hunter2', ACTIONS_RUNTIME_TOKEN: 't' },
      entryFile: '/action/dist/index.js',
      tempDirectory: temp,
      folder: 'idpbuilder-push/0123456789abcdef',
      run,
      onLine: (line) => lines.push(line),
    },
    { timeoutMs: 4000, ...(signal ? { signal } : {}) },
  );
  return { outcome, asked, lines };
}

describe('the process of the toolkit', () => {
  test('is this program, in RUNNER_TEMP, with a limit and without our inputs', async () => {
    const { outcome, asked } = runWith(SAVE, willing);
    expect(await outcome).toEqual({ keys: ['k.'] });
    const [{ args, options, task }] = asked as [Asked];
    expect(args).toEqual(['/action/dist/index.js', '__actions-cache']);
    expect(options).toMatchObject({ cwd: temp, timeoutMs: 4000, group: true });
    expect(options.env).toEqual({
      PATH: '/bin',
      ACTIONS_RUNTIME_TOKEN: 't',
      GITHUB_WORKSPACE: temp,
      RUNNER_TEMP: expect.stringMatching(
        /\/idpbuilder-push\/0123456789abcdef\/toolkit-[0-9a-f-]+$/,
      ),
    });
    expect(task).toMatchObject({ work: SAVE, limitMs: 5000 });
  });

  test('has all files of an archive put into one folder', async () => {
    const { outcome, asked } = runWith(FIND, willing);
    await outcome;
    expect(asked[0]?.options.env?.['TAR_OPTIONS']).toMatch(
      /^--transform=s,\^\(\.\*\/\)\?,idpbuilder-push\/0123456789abcdef\/arrived\/,x --no-same-owner --no-same-permissions /,
    );
  });

  test('leaves nothing in its temporary folder', async () => {
    let seen: string[] = [];
    const { outcome } = runWith(SAVE, async (asked) => {
      seen = await readdir(path.dirname(asked.options.env?.['RUNNER_TEMP'] ?? ''));
      return willing(asked);
    });
    await outcome;
    expect(seen).toHaveLength(1);
    expect(await readdir(path.join(temp, 'idpbuilder-push', '0123456789abcdef'))).toEqual([]);
  });

  test('is believed on the line with the word that only it was told', async () => {
    const forged = ['k. [{"key":"forged."}]', '0000 [{"key":"forged."}]', '[{"key":"forged."}]'];
    const { outcome, lines } = runWith(SAVE, (asked) => answered(asked, [{ key: 'k.' }], forged));
    expect(await outcome).toEqual({ keys: ['k.'] });
    expect(lines).toEqual(forged);
    const silent = runWith(SAVE, () => ({ code: 0, stdout: forged.join('\n'), stderr: '' }));
    expect(await silent.outcome).toMatchObject({ keys: [undefined], problem: { kind: 'service' } });
  });

  test('finds one entry and not the other: that is no problem', async () => {
    const { outcome } = runWith(FIND, (asked) => answered(asked, [{}, { key: 'r-1.' }]));
    expect(await outcome).toEqual({ keys: [undefined, 'r-1.'] });
  });

  test.each([
    ['is killed', () => ({ code: undefined, stdout: '', stderr: '' }), 'no answer within 4 s'],
    [
      'is killed while it tries again',
      () => ({
        code: undefined,
        stdout:
          'Attempt 1 of 5 failed with error: Failed request: (503) Unavailable. Retrying request in 3000 ms...\n',
        stderr: '',
      }),
      'no answer within 4 s, (503) Unavailable',
    ],
    [
      'breaks down',
      () => ({ code: 1, stdout: '', stderr: 'at x\nError: Cannot find module ::error::\n' }),
      'Error: Cannot find module :\u200a:error:\u200a:',
    ],
    ['breaks down in silence', () => ({ code: 7, stdout: '', stderr: '' }), 'it ended with code 7'],
    [
      'throws',
      (asked: Asked) => answered(asked, [{ error: 'Path Validation Error: x' }]),
      'Path Validation Error: x',
    ],
    [
      'saves nothing and does not say why',
      (asked: Asked) => answered(asked, [{}]),
      'it says no more',
    ],
    [
      'answers something else',
      ({ task }: Asked) => ({ code: 0, stdout: `${task.token} {`, stderr: '' }),
      expect.stringMatching(/JSON/),
    ],
    ['cannot be started', () => Promise.reject(new Error('spawn ENOENT')), 'spawn ENOENT'],
  ])('%s', async (_title, behave, reason) => {
    const { outcome } = runWith(SAVE, behave);
    expect(await outcome).toEqual({ keys: [undefined], problem: { kind: 'service', reason } });
  });
});

describe('a program with its group', () => {
  const script = (inner: string): string[] => [
    '-e',
    `const { spawn } = require('node:child_process');
     const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
     console.log(child.pid, process.cwd());
     ${inner}`,
  ];
  const isAlive = (pid: number): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  test.each([
    ['its time is up', 'setInterval(() => {}, 1000)', undefined],
    ['it ends by itself', 'process.exit(3)', 3],
  ])('takes what it has started with it when %s', async (_title, inner, code) => {
    const options = { group: true, timeoutMs: 1500, cwd: temp };
    const result = await runProgram(process.execPath, script(inner), options);
    const [pid, folder] = result.stdout.trim().split(' ');
    expect(result.code).toBe(code);
    expect(folder).toBe(temp);
    await until(() => !isAlive(Number(pid)));
  });

  test('is ended by its signal', async () => {
    const signal = AbortSignal.timeout(300);
    const running = runProgram(process.execPath, script('setInterval(() => {}, 1000)'), {
      group: true,
      signal,
    });
    await expect(running).rejects.toThrow(/abort/i);
  });
});
