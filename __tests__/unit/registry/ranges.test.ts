import { describe, expect, test } from '@jest/globals';
import { contentRange, parseOffset, smallerThan } from '../../../src/registry/upload/ranges.ts';

const MiB = 1024 * 1024;

test('Content-Range has no unit and counts both ends', () => {
  expect(contentRange({ start: 0, end: 10 })).toBe('0-9');
  expect(contentRange({ start: 10, end: 11 })).toBe('10-10');
});

describe('parseOffset', () => {
  test.each([
    ['0-9', 10],
    ['bytes=0-9', 10],
    ['0-0', 0],
    ['0--1', 0],
    [' 0-1048575 ', MiB],
    ['5-9', undefined],
    ['0-', undefined],
    ['nonsense', undefined],
    ['0-99999999999999999999', undefined],
    [undefined, undefined],
  ])('%s is %s bytes', (range, offset) => {
    expect(parseOffset(range)).toBe(offset);
  });
});

describe('smallerThan', () => {
  test('goes down by what people configure, and ends', () => {
    const tried: number[] = [];
    for (let size = smallerThan(1536 * MiB); size !== undefined; size = smallerThan(size)) {
      tried.push(size);
    }
    expect(tried[0]).toBe(512 * MiB);
    expect(tried.at(-1)).toBeLessThan(MiB);
    expect(tried).toEqual(tried.toSorted((left, right) => right - left));
  });

  test('a body below nginx’s default of 1 MiB is not made smaller', () => {
    expect(smallerThan(1000)).toBeUndefined();
  });
});
