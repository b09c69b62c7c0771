import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runCli } from '../../../src/cli/session.ts';
import { bench } from '../../integration/support/index.ts';

const { registry: start, layout: create, after } = bench();

interface Kept {
  readonly code: number;
  /** below the home directory, with slashes */
  readonly home: readonly string[];
  /** below the folder that --cache-directory names */
  readonly shared: readonly string[];
  readonly said: string;
  readonly requests: number;
}

function filesIn(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.map((name) => name.split(path.sep).join('/')).toSorted();
}

/** Pushes a small image as the command line does; `SHARED` in a flag is a folder of its own. */
async function push(...flags: readonly string[]): Promise<Kept> {
  const registry = await start();
  const layout = create();
  layout.root(layout.image({ layers: [1000] }));
  const folder = mkdtempSync(path.join(tmpdir(), 'cli-state-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const [home, shared] = [path.join(folder, 'home'), path.join(folder, 'shared')];
  for (const made of [home, shared]) mkdirSync(made);
  writeFileSync(path.join(folder, 'file'), '');
  const flagsHere = flags.map((flag) => flag.replace('SHARED', shared).replace('IN', folder));
  let said = '';
  const code = await runCli({
    argv: [...flagsHere, layout.source, `${registry.host}/octo/app:1`],
    env: {},
    home,
    tempDirectory: folder,
    terminal: { write: (text) => (said += text) },
    print: () => undefined,
    readInput: async () => '',
    cancel: new AbortController().signal,
  });
  const requests = registry.requests.length;
  return { code, home: filesIn(home), shared: filesIn(shared), said, requests };
}

describe('what a finished push leaves on this machine', () => {
  test('the record, below the home directory, and nothing to resume', async () => {
    const { code, home, shared } = await push();
    expect(code).toBe(0);
    expect(home).toEqual(expect.arrayContaining(['.idpbuilder', '.idpbuilder/record.sqlite']));
    expect(home.filter((name) => name.startsWith('.idpbuilder/resume/'))).toEqual([]);
    expect(shared).toEqual([]);
  });

  test('with --cache-directory the record is there, and not below the home directory', async () => {
    const { code, home, shared } = await push('--cache-directory=SHARED');
    expect(code).toBe(0);
    expect(shared).toEqual(expect.arrayContaining(['record.sqlite', 'resume']));
    expect(shared.filter((name) => name.startsWith('resume/'))).toEqual([]);
    expect(home).not.toContain('.idpbuilder/record.sqlite');
    expect(home).not.toContain('.idpbuilder/resume');
  });

  test('with --no-cache there is no record, nor anything of layers', async () => {
    const { code, home } = await push('--no-cache');
    expect(code).toBe(0);
    expect(home.filter((name) => name.endsWith('.sqlite'))).toEqual([]);
  });

  test.each([
    [['--no-resume', '--no-cache']],
    [['--resume=false', '--cache=false']],
    [['--no-resume', '--no-cache', '--cache-directory=SHARED']],
    [['--dry-run']],
    [['--dry-run', '--cache-directory=SHARED']],
  ])('nothing at all with %j', async (flags) => {
    const { code, home, shared } = await push(...flags);
    expect(code).toBe(0);
    expect([...home, ...shared]).toEqual([]);
  });
});

test('a file in place of the folder ends the push before it begins', async () => {
  const { code, said, requests } = await push('--cache-directory', path.join('IN', 'file'));
  expect(code).toBe(1);
  expect(said).toMatch(/^cache-directory: ".*" is not a folder/);
  expect(requests).toBe(0);
});
