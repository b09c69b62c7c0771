import { describe, expect, test } from '@jest/globals';
import { compareVersions, parseVersion } from '../../../src/util/semver.ts';

/** By semver.org, "Precedence", and the cases people get wrong. */
const ASCENDING = [
  '0.9.9',
  '1.0.0-0',
  '1.0.0-1',
  '1.0.0-2',
  '1.0.0-11',
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0',
  '1.0.1-rc',
  'v1.2.9',
  '1.2.10',
  '1.10.0',
  '2.0.0',
  '10.0.0',
  '99999999999999999998.0.0',
  '99999999999999999999.0.0',
];

describe('versions', () => {
  test('are ordered as semver 2.0 has it', () => {
    const versions = ASCENDING.map((text) => parseVersion(text)!);
    for (const [left, one] of versions.entries()) {
      for (const [right, other] of versions.entries()) {
        expect(Math.sign(compareVersions(one, other))).toBe(Math.sign(left - right));
      }
    }
  });

  test.each([
    ['1.2.3', '1.2.3+build.7'],
    ['1.2.3', 'v1.2.3'],
    ['1.2.3-rc.1+a', ' 1.2.3-rc.1+b '],
  ])('neither of %s and %s comes before the other', (left, right) => {
    expect(compareVersions(parseVersion(left)!, parseVersion(right)!)).toBe(0);
  });

  test.each([
    '1',
    '1.2',
    '1.2.3.4',
    '01.2.3',
    '1.2.3-',
    '1.2.3-01',
    '1.2.x',
    'latest',
    'main',
    '',
    '1.2.3-a..b',
    'vv1.2.3',
    `1.2.3-${'a'.repeat(300)}`,
  ])('%p is none', (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });
});
