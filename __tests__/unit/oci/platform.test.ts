import { describe, expect, test } from '@jest/globals';
import { FormatError } from '../../../src/oci/format-error.ts';
import {
  comparePlatforms,
  formatPlatform,
  matchesPlatform,
  normalizePlatform,
  parsePlatform,
  platformKey,
  platformOfConfig,
  type Platform,
} from '../../../src/oci/platform.ts';

describe('platforms', () => {
  test.each([
    ['linux/amd64', 'linux/amd64'],
    ['linux/amd64/v1', 'linux/amd64'],
    ['linux/amd64/v2', 'linux/amd64/v2'],
    ['linux/x86_64', 'linux/amd64'],
    ['linux/x86-64', 'linux/amd64'],
    ['Linux/AMD64', 'linux/amd64'],
    ['linux/i386', 'linux/386'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/8', 'linux/arm64'],
    ['linux/arm64/v9', 'linux/arm64/v9'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/7', 'linux/arm/v7'],
    ['linux/arm/v6', 'linux/arm/v6'],
    ['linux/armhf', 'linux/arm/v7'],
    ['linux/armel', 'linux/arm/v6'],
    ['macos/arm64', 'darwin/arm64'],
    [' linux/riscv64 ', 'linux/riscv64'],
    ['linux/s390x', 'linux/s390x'],
    ['linux/ppc64le', 'linux/ppc64le'],
    ['linux/i386/v5', 'linux/386'],
    ['linux/armhf/v6', 'linux/arm/v7'],
    ['linux/armel/v7', 'linux/arm/v6'],
    ['linux/aarch64/v8', 'linux/arm64'],
    ['linux/x86_64/v3', 'linux/amd64/v3'],
    ['linux/arm/5', 'linux/arm/v5'],
    ['linux/arm/v8', 'linux/arm/v8'],
  ])('%s is %s', (text, name) => {
    expect(formatPlatform(parsePlatform(text))).toBe(name);
  });

  test.each(['', 'linux', 'linux/', '/amd64', 'linux/amd64/v1/x', 'linux/am d64', 'linux//v7'])(
    '%j is none',
    (text) => {
      expect(() => parsePlatform(text)).toThrow(FormatError);
    },
  );

  test('keep what else is said of them', () => {
    const platform = { os: 'windows', architecture: 'amd64', 'os.version': '10.0.20348.1' };
    expect(normalizePlatform(platform)).toEqual(platform);
    expect(formatPlatform(platform)).toBe('windows/amd64:10.0.20348.1');
  });

  test.each([
    ['linux/arm64', 'linux/arm64/v8', true],
    ['linux/arm', 'linux/arm/v7', true],
    ['linux/arm/v6', 'linux/arm', false],
    ['linux/amd64', 'linux/amd64/v2', false],
    ['linux/amd64', 'windows/amd64', false],
  ])('%s wants %s: %p', (wanted, offered, yes) => {
    expect(matchesPlatform(parsePlatform(wanted), parsePlatform(offered))).toBe(yes);
  });

  test('compare an os.version only where one is wanted', () => {
    const old = { os: 'windows', architecture: 'amd64', 'os.version': '10.0.17763.1' };
    const wanted = { os: 'windows', architecture: 'amd64' };
    expect(matchesPlatform(wanted, old)).toBe(true);
    expect(matchesPlatform({ ...wanted, 'os.version': '10.0.20348.1' }, old)).toBe(false);
    expect(matchesPlatform(old, wanted)).toBe(false);
  });
});

describe('an order of platforms', () => {
  const windows = (version: string, ...features: string[]): Platform => ({
    os: 'windows',
    architecture: 'amd64',
    'os.version': version,
    ...(features.length > 0 ? { 'os.features': features } : {}),
  });
  const SORTED: readonly Platform[] = [
    'amd64',
    'amd64/v2',
    'amd64/v3',
    'amd64/v4',
    'arm/v5',
    'arm/v6',
    'arm',
    'arm/v8',
    'arm64',
    'arm64/v9',
    'ppc64le',
    'riscv64',
    's390x',
  ]
    .map((name) => parsePlatform(`linux/${name}`))
    .concat(windows('10.0.9.1'), windows('10.0.17763.1'), windows('10.0.17763.1', 'win32k'));

  test('has the least demanding first, whatever the order they come in', () => {
    const shuffled = SORTED.map((platform, at) => ({ platform, at: (at * 7) % SORTED.length }))
      .toSorted((left, right) => left.at - right.at)
      .map(({ platform }) => platform);
    expect(shuffled.toSorted(comparePlatforms)).toEqual(SORTED);
    expect(SORTED.toReversed().toSorted(comparePlatforms)).toEqual(SORTED);
  });

  test('has a key for each, which is one for all names of one', () => {
    expect(new Set(SORTED.map(platformKey)).size).toBe(SORTED.length);
    const aarch64 = { os: 'Linux', architecture: 'aarch64', variant: '8' };
    expect(platformKey(aarch64)).toBe(platformKey(parsePlatform('linux/arm64')));
    expect(platformKey(windows('1', 'a', 'b'))).toBe(platformKey(windows('1', 'b', 'a')));
    expect(comparePlatforms(aarch64, parsePlatform('linux/arm64'))).toBe(0);
  });
});

test.each<readonly [unknown, Platform | undefined]>([
  [
    { os: 'linux', architecture: 's390x', rootfs: {} },
    { os: 'linux', architecture: 's390x' },
  ],
  [
    { os: 'linux', architecture: 'arm', variant: 'v6', 'os.version': '' },
    { os: 'linux', architecture: 'arm', variant: 'v6' },
  ],
  [
    {
      os: 'windows',
      architecture: 'amd64',
      'os.version': '10.0.20348.1',
      'os.features': ['win32k'],
    },
    {
      os: 'windows',
      architecture: 'amd64',
      'os.version': '10.0.20348.1',
      'os.features': ['win32k'],
    },
  ],
  [
    { os: 'linux', architecture: 'amd64', variant: 7, 'os.features': 'x' },
    parsePlatform('linux/amd64'),
  ],
  [{ os: '', architecture: '' }, undefined],
  [{ os: 'linux' }, undefined],
  [null, undefined],
  ['text', undefined],
])('the config %j names a platform', (config, platform) => {
  expect(platformOfConfig(config)).toEqual(platform);
});
