import { describe, expect, test } from '@jest/globals';
import { LengthError, readAll } from '../../../src/util/bytes.ts';

async function* chunksOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  // One buffer for all, as sources have it.
  const buffer = Buffer.alloc(16);
  for (const text of texts) {
    buffer.write(text);
    yield buffer.subarray(0, text.length);
  }
}

describe('readAll', () => {
  test('copies chunks whose buffer is used again', async () => {
    expect((await readAll(chunksOf('abc', 'defg', 'h'), 8)).toString()).toBe('abcdefgh');
  });

  test('keeps not one byte more than was promised', async () => {
    await expect(readAll(chunksOf('abc', 'def'), 5)).rejects.toThrow(LengthError);
    await expect(readAll(chunksOf('abc'), 5)).rejects.toThrow('3 instead of 5 bytes');
  });
});
