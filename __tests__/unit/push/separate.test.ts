import { describe, expect, test } from '@jest/globals';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { suffixedTag, suffixesFor, suffixFor } from '../../../src/push/separate.ts';

describe('a suffix', () => {
  test.each([
    ['-{os}-{arch}-{variant}', 'linux/amd64', '-linux-amd64'],
    ['-{os}-{arch}-{variant}', 'linux/arm', '-linux-arm-v7'],
    ['-{os}-{arch}-{variant}', 'linux/arm64/v8', '-linux-arm64'],
    ['-{os}-{arch}-{variant}', 'linux/amd64/v3', '-linux-amd64-v3'],
    ['-{arch}{variant}', 'linux/arm/v6', '-armv6'],
    ['-{arch}{variant}', 'linux/riscv64', '-riscv64'],
    ['.{variant}.{os}', 'linux/s390x', '.linux'],
    ['_{arch}_{variant}_{os}', 'linux/ppc64le', '_ppc64le_linux'],
    ['-x', 'linux/ppc64le', '-x'],
  ])('%s for %s is %s', (template, platform, suffix) => {
    expect(suffixFor(template, parsePlatform(platform))).toBe(suffix);
  });

  test('is one for each platform', () => {
    const platforms = ['linux/amd64', 'linux/arm64'].map(parsePlatform);
    expect(suffixesFor('-{arch}', platforms)).toEqual(['-amd64', '-arm64']);
    expect(() => suffixesFor('-{os}', platforms)).toThrow(
      'platform-suffix: -{os} makes "-linux" of both linux/amd64 and linux/arm64.',
    );
    const windows = ['10.0.1', '10.0.2'].map((version) => ({
      os: 'windows',
      architecture: 'amd64',
      'os.version': version,
    }));
    expect(() => suffixesFor('-{os}-{arch}', windows)).toThrow(
      /of both windows\/amd64:10.0.1 and windows\/amd64:10.0.2/,
    );
  });
});

test('a tag with its suffix is still a tag', () => {
  expect(suffixedTag('1.2.3', '-linux-amd64')).toBe('1.2.3-linux-amd64');
  expect(() => suffixedTag('a'.repeat(120), '-linux-amd64')).toThrow(/is not a tag/);
  expect(() => suffixedTag('a', '-we/ird')).toThrow(/"a-we\/ird"/);
});
