import { describe, expect, test } from '@jest/globals';
import { policyFor } from '../../../../src/push/tags/policy.ts';

describe('the policy for a tag', () => {
  test.each([
    ['latest', 'latest', true],
    ['latest', 'latest-1', false],
    ['*', 'anything', true],
    ['*.*.*', '1.2.3', true],
    ['*.*.*', '1.2', false],
    ['*.*.*', '1.2.3.4', true],
    ['v*', 'v1', true],
    ['v*', 'dev', false],
    ['*-rc*', '1.0.0-rc.1', true],
    ['*-rc', '1.0.0-rc-rc', true],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['**', 'x', true],
    ['1.2', '1x2', false],
  ])('%s and %s: %p', (pattern, tag, fits) => {
    const policy = policyFor([{ pattern, policy: 'forward' }], tag);
    expect(policy).toBe(fits ? 'forward' : 'move');
  });

  test('the first rule that fits holds', () => {
    const rules = [
      { pattern: 'latest', policy: 'forward' },
      { pattern: '*', policy: 'never-move' },
    ] as const;
    expect(policyFor(rules, 'latest')).toBe('forward');
    expect(policyFor(rules, '1')).toBe('never-move');
    expect(policyFor([], '1')).toBe('move');
  });

  test('a pattern of many stars takes no time', () => {
    const rule = { pattern: `${'*a'.repeat(60)}b`, policy: 'forward' } as const;
    expect(policyFor([rule], 'a'.repeat(128))).toBe('move');
  });
});
