import { describe, expect, test } from '@jest/globals';
import { FormatError } from '../../../src/oci/format-error.ts';
import {
  formatPlatform,
  matchesPlatform,
  normalizePlatform,
  parsePlatform,
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
