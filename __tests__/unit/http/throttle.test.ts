import { describe, expect, test } from '@jest/globals';
import { announcedWait, isThrottled, MAX_ANNOUNCED_WAIT_MS } from '../../../src/http/throttle.ts';
import { answer } from './support.ts';

const NOW = Date.parse('2026-01-02T03:04:05Z');

describe('an announced wait', () => {
  test.each([
    ['30', 30_000],
    ['0', 0],
    ['0.5', 500],
    [' 7 ', 7000],
    ['3600', MAX_ANNOUNCED_WAIT_MS],
    ['99999999999999999999', MAX_ANNOUNCED_WAIT_MS],
    ['Fri, 02 Jan 2026 03:05:05 GMT', 60_000],
    ['Fri, 02 Jan 2026 03:00:00 GMT', 0],
    ['Fri, 02 Jan 2099 03:00:00 GMT', MAX_ANNOUNCED_WAIT_MS],
    ['1m30s', 90_000],
    ['1.5s', 1500],
    ['250ms', 250],
    ['217.944µs', 0.217944],
    ['2h', MAX_ANNOUNCED_WAIT_MS],
    ['-5', 0],
    ['soon', undefined],
    ['', undefined],
    ['5 apples', undefined],
  ])('of Retry-After: %s', (header, wait) => {
    const response = answer(429, '', { 'retry-after': header });
    const found = announcedWait(response, NOW);
    if (wait === undefined) expect(found).toBeUndefined();
    else expect(found).toBeCloseTo(wait, 6);
  });

  test('is found in the body, as GHCR writes it', () => {
    const message = 'retry-after: 217.944µs, allowed: 44000/minute';
    const body = { errors: [{ code: 'TOOMANYREQUESTS', message }] };
    expect(announcedWait(answer(429, body), NOW)).toBeCloseTo(0.217944, 6);
    expect(announcedWait(answer(429, 'retry-after: 2m'), NOW)).toBe(120_000);
    expect(announcedWait(answer(200, 'retry-after: 2m'), NOW)).toBeUndefined();
    expect(announcedWait(answer(429, 'slow down'), NOW)).toBeUndefined();
  });

  test('in the header counts more than in the body', () => {
    const response = answer(429, 'retry-after: 2m', { 'retry-after': '1' });
    expect(announcedWait(response, NOW)).toBe(1000);
  });
});

describe('a registry asks for fewer requests', () => {
  test.each([
    [429, '', true],
    [403, 'You have exceeded a secondary rate limit', true],
    [400, '{"errors":[{"code":"TOOMANYREQUESTS"}]}', true],
    [400, '{"__type":"ThrottlingException"}', true],
    [503, '', false],
    [403, 'DENIED', false],
    [200, 'TOOMANYREQUESTS', false],
  ])('with %i %s: %p', (status, body, yes) => {
    expect(isThrottled(answer(status, body))).toBe(yes);
  });

  test('is looked for at the start of the body only', () => {
    expect(isThrottled(answer(500, `${' '.repeat(1_000_000)}TOOMANYREQUESTS`))).toBe(false);
  });
});
