import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ResumeWriter, type WriterOptions } from '../../../src/state/resume-writer.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';

let space: Workspace;
let file: string;
/** how often the text was put together: each time is the start of a write */
let texts: number;
let failures: unknown[];
let onWritten: () => void;

beforeEach(async () => {
  space = await createWorkspace();
  file = space.path('a.json');
  texts = 0;
  failures = [];
  onWritten = () => undefined;
  // The timers and the clock; the files are real.
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
});
afterEach(async () => {
  jest.useRealTimers();
  await space.close();
});

function createWriter(options: Partial<WriterOptions> = {}): ResumeWriter {
  return new ResumeWriter({
    file,
    now: () => Date.now(),
    text: () => {
      texts += 1;
      return `text ${texts}`;
    },
    onWritten: () => onWritten(),
    onFailed: (error) => failures.push(error),
    outdated: false,
    ...options,
  });
}

/** Lets the time pass, in which a write begins, and waits for its end. */
async function writing(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  onWritten = resolve;
  jest.advanceTimersByTime(ms);
  await promise;
  // What follows the write, follows it in the same turn.
  await new Promise((done) => setImmediate(done));
}

describe('the writer', () => {
  test('writes nothing in the first 250 ms of a push without large blobs', async () => {
    const writer = createWriter();
    writer.soon();
    jest.advanceTimersByTime(249);
    writer.soon();
    expect(texts).toBe(0);
    await writing(1);
    expect(texts).toBe(1);
    await writer.close(false);
    expect(texts).toBe(1);
    expect(await readFile(file, 'utf8')).toBe('text 1');
  });

  test('writes at once what would be lost in a moment', async () => {
    const writer = createWriter();
    writer.soon();
    writer.atOnce();
    expect(texts).toBe(0);
    await writing(0);
    expect(texts).toBe(1);
    // One write has brought both.
    jest.advanceTimersByTime(10_000);
    expect(texts).toBe(1);
    await writer.close(false);
  });

  test('writes every 100 ms at most', async () => {
    const writer = createWriter();
    jest.advanceTimersByTime(5000);
    writer.soon();
    await writing(0);
    for (let count = 0; count < 50; count += 1) writer.soon();
    jest.advanceTimersByTime(99);
    writer.soon();
    expect(texts).toBe(1);
    await writing(1);
    expect(texts).toBe(2);
    jest.advanceTimersByTime(10_000);
    expect(texts).toBe(2);
    await writer.close(false);
  });

  test('writes one at a time, and then what came meanwhile', async () => {
    const writer = createWriter();
    writer.atOnce();
    jest.advanceTimersByTime(0);
    expect(texts).toBe(1);
    for (let count = 0; count < 50; count += 1) writer.atOnce();
    jest.advanceTimersByTime(1000);
    expect(texts).toBe(1);
    await writing(0);
    await writing(0);
    expect(texts).toBe(2);
    await writer.close(false);
    expect(await readFile(file, 'utf8')).toBe('text 2');
  });

  test('is not put off by a clock that was set back', async () => {
    const writer = createWriter();
    jest.advanceTimersByTime(300);
    writer.soon();
    await writing(0);
    jest.setSystemTime(Date.now() - 3_600_000);
    writer.soon();
    await writing(1000);
    expect(texts).toBe(2);
    await writer.close(false);
  });

  test('rests in proportion to what putting the text together costs', async () => {
    const writer = createWriter({
      text: () => {
        texts += 1;
        jest.advanceTimersByTime(30);
        return 'a large text';
      },
    });
    writer.atOnce();
    await writing(0);
    writer.atOnce();
    jest.advanceTimersByTime(500);
    expect(texts).toBe(1);
    await writing(100);
    expect(texts).toBe(2);
    await writer.close(true);
  });

  test('brings the file up to date in the end', async () => {
    const writer = createWriter();
    writer.soon();
    await writer.close(false);
    expect(await readFile(file, 'utf8')).toBe('text 1');
    writer.soon();
    writer.atOnce();
    jest.advanceTimersByTime(10_000);
    expect(texts).toBe(1);
    expect(writer.isActive).toBe(false);
  });

  test('does not write again in the end what is written', async () => {
    const writer = createWriter();
    await writer.close(false);
    expect(texts).toBe(0);
  });

  test('keeps what can wait for the next write, or the last', async () => {
    const writer = createWriter();
    writer.later();
    jest.advanceTimersByTime(10_000);
    expect(texts).toBe(0);
    await writer.close(false);
    expect(texts).toBe(1);
  });

  test('removes the file in the end, also while it is being written', async () => {
    const writer = createWriter();
    writer.atOnce();
    jest.advanceTimersByTime(0);
    expect(texts).toBe(1);
    await writer.close(true);
    await expect(readFile(file)).rejects.toThrow('ENOENT');
    expect(failures).toEqual([]);
  });

  test('removes a file that has nothing to say', async () => {
    await writeFile(file, 'outdated');
    const writer = createWriter({ text: () => undefined, outdated: true });
    jest.advanceTimersByTime(10_000);
    expect(await readFile(file, 'utf8')).toBe('outdated');
    await writer.close(false);
    await expect(readFile(file)).rejects.toThrow('ENOENT');
  });

  test('gives up after the first failure, and says so once', async () => {
    await mkdir(`${file}/full`, { recursive: true });
    const writer = createWriter();
    writer.atOnce();
    jest.advanceTimersByTime(0);
    writer.atOnce();
    await writer.close(false);
    expect(failures).toEqual([expect.objectContaining({ syscall: 'rename' })]);
    expect(texts).toBe(1);
    await writer.close(true);
    expect(failures).toHaveLength(1);
  });

  test('writes nothing that could not be read again', async () => {
    const writer = createWriter({ text: () => 'x'.repeat(8 * 1024 * 1024 + 1) });
    writer.soon();
    await writer.close(false);
    expect(String(failures[0])).toBe('Error: it has grown too large');
    await expect(readFile(file)).rejects.toThrow('ENOENT');
  });
});
