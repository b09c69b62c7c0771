import { describe, expect, test } from '@jest/globals';
import { formatKept, parseKept } from '../../../src/action/cache-kept.ts';
import { cacheNames, recordKeys, stateKeys } from '../../../src/action/cache-keys.ts';
import { namesOf } from './cache-support.ts';

const ENV = { RUNNER_OS: 'Linux', GITHUB_RUN_ID: '123', GITHUB_RUN_ATTEMPT: '4' };

describe('keys in the Actions cache', () => {
  test('have the run, the attempt and a number, and end with a full stop', () => {
    const names = namesOf('ghcr.io/octo/app:1');
    const { base, path } = stateKeys(names, ENV);
    expect(`${base}7.`).toMatch(
      /^idpbuilder-push-v1-Linux-[0-9a-f]{16}-state-[0-9a-f]{8}-123-4-7\.$/,
    );
    expect(path).toBe(`idpbuilder-push/${names.places}/shared`);
    const record = recordKeys(names, ENV);
    expect(`${record.base}.`).toMatch(
      /^idpbuilder-push-v1-Linux-[0-9a-f]{16}-record-123-4-[0-9a-f]{16}-[0-9a-f]{8}\.$/,
    );
    expect(record.path).toBe(`idpbuilder-push/${names.registries}/record`);
  });

  test.each([stateKeys, recordKeys])('are found by this run first, then by any (%p)', (keysOf) => {
    const names = namesOf('ghcr.io/octo/app:1');
    const { base, prefixes } = keysOf(names, ENV);
    expect(prefixes.map((prefix) => base.startsWith(prefix))).toEqual([true, true]);
    expect(prefixes.map((prefix) => prefix.endsWith('-'))).toEqual([true, true]);
    const next = keysOf(names, { ...ENV, GITHUB_RUN_ID: '12', GITHUB_RUN_ATTEMPT: '1' });
    // Run 12 is no beginning of run 123.
    expect(next.prefixes.map((prefix) => base.startsWith(prefix))).toEqual([false, true]);
  });

  test.each(['ghcr.io/octo/app:arm64', 'ghcr.io/octo/other:arm64'])(
    'who pushes to one registry finds the record of others, and keeps one of its own (%s)',
    (other) => {
      const [one, two] = [namesOf('ghcr.io/octo/app:amd64'), namesOf(other)];
      const [first, second] = [recordKeys(one, ENV), recordKeys(two, ENV)];
      expect(second.path).toBe(first.path);
      expect(second.prefixes).toEqual(first.prefixes);
      // A key is written once.
      expect(second.base).not.toBe(first.base);
    },
  );

  test('the jobs of a matrix that push to one repository do not share a state', () => {
    const [one, two] = [namesOf('ghcr.io/octo/app:amd64'), namesOf('ghcr.io/octo/app:arm64')];
    expect(one.places).toBe(two.places);
    const keys = stateKeys(two, ENV);
    expect(stateKeys(one, ENV).prefixes.some((prefix) => keys.base.startsWith(prefix))).toBe(false);
  });

  test('the order of the targets and their tags do not change the places', () => {
    const [one, two, other] = [
      namesOf('ghcr.io/octo/app:1', 'quay.io/octo/app:1', 'ghcr.io/octo/app:2'),
      namesOf('quay.io/octo/app:3', 'ghcr.io/octo/app:3'),
      namesOf('quay.io/octo/app:3'),
    ];
    expect(one.places).toBe(two.places);
    expect(one.places).not.toBe(other.places);
  });

  test('whatever a runner sets, they are valid', () => {
    const env = { RUNNER_OS: 'my,OS\n', GITHUB_RUN_ID: '1,2 ../%', GITHUB_RUN_ATTEMPT: undefined };
    const { base, prefixes } = stateKeys(namesOf('ghcr.io/octo/app:1'), env);
    for (const key of [base, ...prefixes]) expect(key).toMatch(/^[\w.-]{1,400}$/);
    expect(base).toMatch(/-12\.\.-1-$/);
  });

  test('there are none without a target', () => {
    expect(cacheNames({ targets: [] })).toBeUndefined();
  });
});

describe('what is left to the post step', () => {
  const kept = {
    ...namesOf('ghcr.io/octo/app:1'),
    resume: true,
    record: false,
    verbosity: 'quiet' as const,
  };

  test('is one line, and understood', () => {
    const line = formatKept(kept);
    expect(line).not.toContain('\n');
    expect(parseKept(line)).toEqual(kept);
  });

  test.each([
    undefined,
    '',
    'null',
    '[]',
    '7',
    JSON.stringify({ ...kept, places: '../../../etc' }),
    JSON.stringify({ ...kept, registries: '../../../etc' }),
    JSON.stringify({ ...kept, resumeFile: '../x.json' }),
    JSON.stringify({ ...kept, resumeFile: 'x.sh' }),
    JSON.stringify({ ...kept, verbosity: 'loud' }),
    JSON.stringify({ ...kept, resume: 'yes' }),
  ])('and nothing else is: %s', (line) => {
    expect(parseKept(line)).toBeUndefined();
  });
});
