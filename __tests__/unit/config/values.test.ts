import { describe, expect, test } from '@jest/globals';
import { nearest } from '../../../src/config/nearest.ts';
import { parseTargets, sourceRegistries } from '../../../src/config/targets.ts';
import {
  duration,
  fileSize,
  flag,
  list,
  platforms,
  size,
  sources,
  suffixTemplate,
  wholeNumber,
} from '../../../src/config/values.ts';
import { formatReference } from '../../../src/oci/reference.ts';

const REFUSED = Symbol('refused');

describe('durations', () => {
  test.each([
    ['30s', 30_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['1h0m30s', 3_630_000],
    ['500ms', 500],
    ['90', 90_000],
    ['0.5', 500],
    [' 5m ', 300_000],
    ['0', 0],
    ['500h', 1_800_000_000],
    ['501h', REFUSED],
    ['99999999999999999999', REFUSED],
    ['1d', REFUSED],
    ['-5s', REFUSED],
    ['5 s', REFUSED],
    ['10m5', REFUSED],
    ['s', REFUSED],
    ['1e3', REFUSED],
    ['Infinity', REFUSED],
  ])('%s', (given, expected) => {
    const result = duration.safeParse(given);
    expect(result.success ? result.data : REFUSED).toBe(expected);
  });
});

describe('sizes', () => {
  const KiB = 1024;
  test.each([
    ['64KiB', 64 * KiB, 64 * KiB],
    ['65536', 64 * KiB, 64 * KiB],
    [' 16 MB ', 16 * KiB ** 2, 16 * KiB ** 2],
    ['16m', 16 * KiB ** 2, 16 * KiB ** 2],
    ['1GiB', KiB ** 3, KiB ** 3],
    ['1073741825', KiB ** 3 + 1, REFUSED],
    ['1024g', KiB ** 4, REFUSED],
    ['1025g', REFUSED, REFUSED],
    ['65535', REFUSED, REFUSED],
    ['1.5MiB', REFUSED, REFUSED],
    ['-1MiB', REFUSED, REFUSED],
    ['1TiB', REFUSED, REFUSED],
    ['', REFUSED, REFUSED],
    [['1MiB'], REFUSED, REFUSED],
  ])('%j', (given, ofChunk, ofFile) => {
    const [chunk, file] = [size.safeParse(given), fileSize.safeParse(given)];
    expect(chunk.success ? chunk.data : REFUSED).toBe(ofChunk);
    expect(file.success ? file.data : REFUSED).toBe(ofFile);
  });
});

describe("the booleans of YAML 1.2's core schema", () => {
  test.each([
    ['true', true],
    ['True', true],
    ['TRUE', true],
    ['false', false],
    ['False', false],
    ['FALSE', false],
    ['tRue', REFUSED],
    ['yes', REFUSED],
    ['on', REFUSED],
    ['1', REFUSED],
    ['', REFUSED],
    [true, REFUSED],
  ])('%p', (given, expected) => {
    const result = flag.safeParse(given);
    expect(result.success ? result.data : REFUSED).toBe(expected);
  });
});

describe('lists', () => {
  test.each([
    ['a,b', ['a', 'b']],
    ['a\nb\r\nc', ['a', 'b', 'c']],
    [' a ,\n\n, b,a', ['a', 'b']],
    ['a # b', ['a # b']],
    [
      ['a', 'b,c'],
      ['a', 'b', 'c'],
    ],
    ['', []],
    [['a', ['b']], REFUSED],
    [{ a: 'b' }, REFUSED],
  ])('%j', (given, expected) => {
    const result = list.safeParse(given);
    expect(result.success ? result.data : REFUSED).toEqual(expected);
  });

  test('platforms are normalised', () => {
    expect(platforms.parse('linux/aarch64,Linux/arm\nlinux/amd64/v3')).toEqual([
      { os: 'linux', architecture: 'arm64' },
      { os: 'linux', architecture: 'arm', variant: 'v7' },
      { os: 'linux', architecture: 'amd64', variant: 'v3' },
    ]);
  });
});

test.each([
  ['1', 1],
  ['100', 100],
  [' 7 ', 7],
  ['0', REFUSED],
  ['101', REFUSED],
  ['1.5', REFUSED],
  ['0x10', REFUSED],
  ['-1', REFUSED],
  ['9'.repeat(30), REFUSED],
])('whole number %s', (given, expected) => {
  const result = wholeNumber(1, 100).safeParse(given);
  expect(result.success ? result.data : REFUSED).toBe(expected);
});

describe('tags', () => {
  test.each([
    ['app', undefined, 'docker.io/library/app:latest'],
    ['octo/app:1', undefined, 'docker.io/octo/app:1'],
    ['app:1', 'r.io:5000', 'r.io:5000/app:1'],
    ['octo/app', 'r.io', 'r.io/octo/app:latest'],
    ['localhost/app:1', 'r.io', 'localhost/app:1'],
    ['GHCR.io/octo/app:V1', 'r.io', 'ghcr.io/octo/app:V1'],
  ])('%s at %s', (text, registry, expected) => {
    expect(parseTargets([text], registry, 'tags').map(formatReference)).toEqual([expected]);
  });

  test('two spellings of one target are one', () => {
    const tags = ['app', 'app:latest', 'docker.io/library/app'];
    expect(parseTargets(tags, undefined, 'tags')).toHaveLength(1);
  });

  test.each([
    [['docker://r.io/a/b:1'], ['r.io']],
    [['docker://alpine'], ['docker.io']],
    [['docker://A B'], []],
    [['oci:docker'], []],
    [
      ['oci:docker', 'docker://alpine', 'docker://r.io/a'],
      ['docker.io', 'r.io'],
    ],
    [[], []],
  ])('the registries of the sources %j', (sources, registries) => {
    expect(sourceRegistries(sources)).toEqual(registries);
  });
});

test.each([
  ['tag', 'tags'],
  ['Tags', 'tags'],
  ['retry_attempts', 'retry-attempts'],
  ['regsitry', 'registry'],
  ['user', undefined],
  ['x', undefined],
  ['completely-different', undefined],
  ['x'.repeat(10_000), undefined],
])('nearest to %.20s', (given, expected) => {
  expect(nearest(given, ['tags', 'username', 'registry', 'retry-attempts'])).toBe(expected);
});

describe('sources', () => {
  test.each<readonly [unknown, readonly string[] | undefined]>([
    ['oci:a', ['oci:a']],
    [' oci:a,b \n\n docker://r.io/a:1 \r\n oci:a,b', ['oci:a,b', 'docker://r.io/a:1']],
    [
      ['oci:a', 'oci:b'],
      ['oci:a', 'oci:b'],
    ],
    [['oci:a', 7], undefined],
    [{ oci: 'a' }, undefined],
  ])('%j', (given, expected) => {
    const { data } = sources.safeParse(given);
    expect(data).toEqual(expected);
  });
});

describe('suffixes of platforms', () => {
  test.each(['-{os}-{arch}-{variant}', '.{arch}{variant}', '_x', '{os}{os}'])('%s', (template) => {
    expect(suffixTemplate.safeParse(` ${template}\n`).data).toBe(template);
  });

  test.each(['-{architecture}', '-{os}/{arch}', '-{ os }', '-{os', '-$(x)', ':{os}', 'a b'])(
    '%s is none',
    (template) => {
      const { error } = suffixTemplate.safeParse(template);
      expect(error?.issues[0]?.message).toContain('only {os}, {arch} and {variant}');
    },
  );
});
