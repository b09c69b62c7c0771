import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { EXIT_CODE_MEANINGS, OUTPUTS } from '../../../src/config/documentation.ts';
import { optionEntries, optionNames } from '../../../src/config/options.ts';
import { toOutputs } from '../../../src/report/outputs.ts';
import { parseResumeState } from '../../../src/state/resume-schema.ts';
import { EXIT_CODES } from '../../../src/util/errors.ts';

const ROOT = new URL('../../../', import.meta.url);

interface ActionYaml {
  readonly inputs: Readonly<
    Record<string, { description: string; required: boolean; default?: string }>
  >;
  readonly outputs: Readonly<Record<string, { description: string }>>;
  readonly runs: unknown;
}

async function readAction(): Promise<ActionYaml> {
  return parse(await readFile(new URL('action.yml', ROOT), 'utf8')) as ActionYaml;
}

describe('what people read is what the table says', () => {
  test('action.yml: inputs', async () => {
    const { inputs } = await readAction();
    expect(Object.keys(inputs)).toEqual(optionNames('action'));
    for (const [name, option] of optionEntries().filter(([, { action }]) => action)) {
      expect(inputs[name]?.description.startsWith(option.help)).toBe(true);
      expect(inputs[name]?.required).toBe(false);
      // A default in action.yml would win over environment and config.
      expect(inputs[name]?.default).toBe(option.actionDefault);
      if (option.default !== undefined) {
        expect(inputs[name]?.description).toContain(`Default: ${option.default}.`);
      }
    }
  });

  test('action.yml: outputs and how it runs', async () => {
    const { outputs, runs } = await readAction();
    expect(Object.keys(outputs)).toEqual(Object.keys(OUTPUTS));
    expect(runs).toEqual({
      using: 'node24',
      main: 'dist/index.js',
      post: 'dist/index.js',
      'post-if': 'always()',
    });
  });

  test('every documented output is one the report fills, except its own path', () => {
    const filled = toOutputs({
      schemaVersion: 1,
      status: 'success',
      exitCode: 0,
      source: '',
      places: [],
      bytesUploaded: 0,
      bytesSkipped: 0,
      bytesResumed: 0,
      saved: { exists: 0, mounted: 0, record: 0, resumed: 0 },
      startedAt: '',
      durationMs: 0,
      warnings: [],
    });
    const documented = Object.keys(OUTPUTS).filter((name) => name !== 'report');
    expect(Object.keys(filled).toSorted()).toEqual(documented.toSorted());
  });

  test('every exit code has a meaning', () => {
    expect(Object.keys(EXIT_CODE_MEANINGS)).toEqual(Object.keys(EXIT_CODES));
  });

  test('action.yml and the tables of the README are not stale', async () => {
    const script = fileURLToPath(new URL('scripts/generate.mjs', ROOT));
    const run = promisify(execFile)(process.execPath, [script, '--check']);
    await expect(run).resolves.toMatchObject({ stderr: '' });
  }, 30_000);
});

describe('docs/resume.md', () => {
  test('shows a resume file that can be read, and nothing else in it', async () => {
    const text = await readFile(new URL('docs/resume.md', ROOT), 'utf8');
    const [, example = ''] = /```json\n(.*?)```/s.exec(text) ?? [];
    const state: unknown = JSON.parse(example);
    expect(parseResumeState(state)).toEqual(state);
  });

  test('names every option it is about', async () => {
    const text = await readFile(new URL('docs/resume.md', ROOT), 'utf8');
    const about = optionNames('action').filter((name) => /^(?:resume|cache)/.test(name));
    expect(about).toHaveLength(5);
    for (const name of about) expect(text).toContain(`\`${name}`);
  });
});

describe('the table itself', () => {
  test.each(optionEntries())('%s', (name, option) => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(option.help).toMatch(/^[A-Z].*\.$/);
    expect(option.help).not.toMatch(/[.!?] [A-Z]|\n|\|/);
    if (option.default !== undefined) {
      expect(option.schema.safeParse(option.default).success).toBe(true);
    }
    expect(option.action || option.cli).toBe(true);
    if (option.config !== 'no') expect(option.action).toBe(true);
  });

  test('no two options share a letter or a variable', () => {
    for (const key of ['short', 'env'] as const) {
      const used = optionEntries().flatMap(([, option]) => option[key] ?? []);
      expect(new Set(used).size).toBe(used.length);
    }
  });

  test('where files are written is for trusted places only', () => {
    const option = optionEntries().find(([name]) => name === 'cache-directory')?.[1];
    expect(option?.config).toBe('trusted');
  });

  test('whatever is secret is for trusted places only', () => {
    const secret = optionEntries().filter(([, option]) => option.secret);
    expect(secret.map(([name]) => name)).toEqual(['password', 'registry-auth', 'github-token']);
    expect(secret.every(([, option]) => option.config === 'trusted')).toBe(true);
  });
});
