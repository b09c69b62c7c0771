import { describe, expect, test } from '@jest/globals';
import { parseCommandLine } from '../../../src/cli/args.ts';

const NOTHING = { help: false, version: false, passwordStdin: false, warnings: [] };

describe('command lines', () => {
  test.each<readonly [string, Readonly<Record<string, string>>]>([
    ['', {}],
    ['app.tar', { source: 'app.tar' }],
    ['app.tar r.io/a:1 r.io/a:2', { source: 'app.tar', tags: 'r.io/a:1\nr.io/a:2' }],
    ['--source app.tar r.io/a:1', { source: 'app.tar', tags: 'r.io/a:1' }],
    [
      '-t r.io/a:1 app.tar --tags=r.io/a:2 r.io/a:3',
      { source: 'app.tar', tags: 'r.io/a:1\nr.io/a:2\nr.io/a:3' },
    ],
    ['oci:a oci:b r.io/a:1', { source: 'oci:a\noci:b', tags: 'r.io/a:1' }],
    ['a.tar docker://b r.io/a:1', { source: 'a.tar\ndocker://b', tags: 'r.io/a:1' }],
    ['oci:a r.io/a:1 oci:b', { source: 'oci:a', tags: 'r.io/a:1\noci:b' }],
    ['oci:a oci:b -t r.io/a:1', { source: 'oci:a\noci:b', tags: 'r.io/a:1' }],
    ['--source a.tar --source=b.tar r.io/a:1', { source: 'a.tar\nb.tar', tags: 'r.io/a:1' }],
    ['a --insecure b', { source: 'a', tags: 'b', insecure: 'true' }],
    ['a b --insecure=false', { source: 'a', tags: 'b', insecure: 'false' }],
    ['a b --insecure=TRUE', { source: 'a', tags: 'b', insecure: 'true' }],
    ['a b --no-insecure', { source: 'a', tags: 'b', insecure: 'false' }],
    ['a b --no-push', { source: 'a', tags: 'b', push: 'false' }],
    ['a b --dry-run', { source: 'a', tags: 'b', push: 'false' }],
    ['a b --dry-run --no-push', { source: 'a', tags: 'b', push: 'false' }],
    ['a b --dry-run=false', { source: 'a', tags: 'b', push: 'true' }],
    ['a b --no-resume --no-cache', { source: 'a', tags: 'b', resume: 'false', cache: 'false' }],
    ['a b --resume=false', { source: 'a', tags: 'b', resume: 'false' }],
    ['a b --resume', { source: 'a', tags: 'b', resume: 'true' }],
    ['a b --cache-directory c', { source: 'a', tags: 'b', 'cache-directory': 'c' }],
    ['a b -qu octo', { source: 'a', tags: 'b', quiet: 'true', username: 'octo' }],
    ['a b --timeout 10m --timeout 5m', { source: 'a', tags: 'b', timeout: '5m' }],
    [
      'a b --platforms linux/amd64 --platforms linux/arm64',
      { source: 'a', tags: 'b', platforms: 'linux/amd64\nlinux/arm64' },
    ],
    ['a b --username=--odd', { source: 'a', tags: 'b', username: '--odd' }],
    ['-- --strange b', { source: '--strange', tags: 'b' }],
  ])('%s', (line, inputs) => {
    expect(parseCommandLine(line.split(' ').filter(Boolean))).toEqual({ ...NOTHING, inputs });
  });

  test('what the program does itself is kept apart', () => {
    const given = ['--help', '--version', '--password-stdin', '--report', 'r.json', 'a', 'b'];
    expect(parseCommandLine(given)).toEqual({
      inputs: { source: 'a', tags: 'b' },
      help: true,
      version: true,
      passwordStdin: true,
      report: 'r.json',
      warnings: [],
    });
  });

  test('a password among the arguments is used, and said to be visible', () => {
    const { inputs, warnings } = parseCommandLine(['a', 'b', '--password', '-x y']);
    expect(inputs).toMatchObject({ password: '-x y' });
    expect(warnings).toEqual([
      '--password is visible in the list of processes; --password-stdin is not',
    ]);
  });

  test('values with = and newlines arrive whole', () => {
    const yaml = 'a: b\nc: d=e';
    expect(parseCommandLine([`--config=${yaml}`]).inputs).toEqual({ config: yaml });
  });
});

test.each([
  ['--tag x', 'unknown option --tag (did you mean --tags?)'],
  ['--regsitry=hunter2', 'unknown option --regsitry (did you mean --registry?)'],
  ['--no-insecur', 'unknown option --no-insecur (did you mean --no-insecure?)'],
  ['--no-tags', 'unknown option --no-tags (see --help)'],
  ['-x', 'unknown option -x (see --help)'],
  ['--constructor', 'unknown option --constructor (see --help)'],
  ['--username', '--username: the value is missing'],
  ['--username=', '--username: the value is missing'],
  [
    '--username --password hunter2',
    '--username: the value is missing (write --username=VALUE for one that starts with --)',
  ],
  ['--cache-directory=', '--cache-directory: the value is missing'],
  ['--no-cache-directory', 'unknown option --no-cache-directory (did you mean --cache-directory?)'],
  ['--no-cach', 'unknown option --no-cach (did you mean --no-cache?)'],
  ['--cache=c', '--cache: "c" is not true or false (expected --cache or --no-cache)'],
  [
    '--insecure=yes',
    '--insecure: "yes" is not true or false (expected --insecure or --no-insecure)',
  ],
  ['--no-push=true', '--no-push: "true" is not true or false (expected --push or --no-push)'],
  ['--push --dry-run', '--dry-run: contradicts --push (expected only one of the two)'],
  [
    '--password hunter2 --password-stdin',
    '--password-stdin: given together with --password (expected only one of the two)',
  ],
])('%s is refused in one sentence', (line, sentence) => {
  const parse = () => parseCommandLine(line.split(' '));
  expect(parse).toThrow(expect.objectContaining({ message: sentence, code: 'GENERAL' }));
  expect(sentence).not.toContain('hunter2');
});
