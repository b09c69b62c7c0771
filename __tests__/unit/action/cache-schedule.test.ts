import { describe, expect, test } from '@jest/globals';
import { SaveSchedule } from '../../../src/action/cache-schedule.ts';
import { MIB, Stopwatch } from './cache-support.ts';

const GIB = 1024 * MIB;

/** Tells it once a second how far the push has come, and returns when it saved. Seconds. */
function saves(
  seconds: number,
  bytesPerSecond: number,
  uploading: (second: number) => boolean,
): number[] {
  const clock = new Stopwatch();
  const schedule = new SaveSchedule(clock.now);
  const times: number[] = [];
  for (let second = 0; second <= seconds; second += 1) {
    const progress = { bytes: second * bytesPerSecond, left: uploading(second) ? 1024 : 0 };
    if (schedule.isDue(progress)) {
      schedule.saved(progress);
      times.push(second);
    }
    clock.time += 1000;
  }
  return times;
}

describe('when a state is saved', () => {
  test('not at all while there is no upload to go on with', () => {
    expect(saves(300, 100 * MIB, () => false)).toEqual([]);
  });

  test('not in a push of a few seconds', () => {
    expect(saves(9, 100 * MIB, () => true)).toEqual([]);
  });

  test('at once where much is still to be sent', () => {
    const clock = new Stopwatch();
    const schedule = new SaveSchedule(clock.now);
    expect(schedule.isDue({ bytes: 0, left: 64 * MIB - 1 })).toBe(false);
    expect(schedule.isDue({ bytes: 0, left: 64 * MIB })).toBe(true);
  });

  test('ten seconds into the first upload, then every minute', () => {
    expect(saves(200, MIB, (second) => second >= 5)).toEqual([15, 75, 135, 195]);
  });

  test('blobs that end in between do not stop it', () => {
    expect(saves(100, MIB, (second) => second % 7 === 0)).toEqual([10, 70]);
  });

  test('after every GiB, but ten seconds apart', () => {
    expect(saves(60, GIB / 20, () => true)).toEqual([10, 30, 50]);
    expect(saves(35, GIB, () => true)).toEqual([10, 20, 30]);
  });

  test('thirty times at most', () => {
    expect(saves(3600, GIB, () => true)).toHaveLength(30);
  });
});
