import { describe, expect, test } from '@jest/globals';
import { PushError } from '../../../src/util/errors.ts';
import { answer } from '../http/support.ts';
import {
  BEGIN,
  breaksAt,
  bring,
  checkpoint,
  GIVEN_BACK,
  has,
  memoryOf,
  MISSING,
  NEW,
  SESSION,
  TAKEN,
  type FakeMemory,
  type Reply,
} from './continue-support.ts';

const HALF = 700_000;
function stopper(): { readonly signal: AbortSignal; readonly stop: () => Error } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    stop: () => {
      controller.abort(new Error('enough'));
      return controller.signal.reason as Error;
    },
  };
}

describe('the session of a blob that is given up', () => {
  const memories: readonly [string, () => FakeMemory | undefined, boolean][] = [
    ['is kept where it is remembered', () => memoryOf(), true],
    ['is given back where nothing is remembered', () => undefined, false],
    [
      'is given back where nobody could find it',
      () => ({ ...memoryOf(), keeps: () => false }),
      false,
    ],
  ];
  const ends = (kept: boolean): readonly string[] => (kept ? [] : ['DELETE uploads/new']);

  test.each(memories)('%s: told to stop in the body', async (_, remember, kept) => {
    const { signal, stop } = stopper();
    const memory = remember();
    const { result, lines, progress } = await bring(
      [BEGIN, { to: 'PUT', takes: HALF, says: stop }, GIVEN_BACK],
      { memory, signal },
    );
    expect(result).toMatchObject({ message: 'enough' });
    expect(lines.slice(2)).toEqual(ends(kept));
    expect(memory?.told.includes('forgotten') ?? false).toBe(!kept && memory !== undefined);
    expect(progress.final).toBe(0);
  });

  test.each(memories)('%s: told to stop between two attempts', async (_, remember, kept) => {
    const { signal, stop } = stopper();
    const { result, lines } = await bring([BEGIN, breaksAt('PUT', HALF), GIVEN_BACK], {
      memory: remember(),
      signal,
      onWait: stop,
    });
    expect(result).toMatchObject({ message: 'enough' });
    expect(lines.slice(2)).toEqual(ends(kept));
  });

  test.each(memories)('%s: after the last attempt', async (_, remember, kept) => {
    const again: Reply[] = [MISSING, { to: 'GET', says: has(HALF) }, breaksAt('PATCH', 1000)];
    const { connection, result, lines } = await bring(
      [
        BEGIN,
        breaksAt('PUT', HALF),
        ...again,
        { to: 'GET', says: has(HALF) },
        breaksAt('PATCH', 1000),
        { to: 'GET', says: has(HALF) },
        breaksAt('PATCH', 1000),
        ...again,
        { to: 'GET', says: has(HALF) },
        breaksAt('PATCH', 1000),
        { to: 'GET', says: has(HALF) },
        breaksAt('PATCH', 1000),
        GIVEN_BACK,
      ],
      { memory: remember() },
    );
    expect(result).toMatchObject({ code: 'NETWORK' });
    expect(connection.retry.policy.attempts).toBe(3);
    expect(lines.filter((line) => line.startsWith('DELETE'))).toEqual(ends(kept));
  });

  test('is given back when not a byte of it was sent', async () => {
    const { signal, stop } = stopper();
    const { lines } = await bring([BEGIN, { to: 'PUT', takes: 0, says: stop }, GIVEN_BACK], {
      memory: memoryOf(),
      signal,
    });
    expect(lines).toEqual(['POST uploads/', 'PUT uploads/new?digest', 'DELETE uploads/new']);
  });

  test('stays with one whose rights have ended', async () => {
    const denied = new PushError('denied', { code: 'AUTHENTICATION' });
    const memory = memoryOf();
    const { result, lines } = await bring([BEGIN, { to: 'PUT', takes: HALF, says: denied }], {
      memory,
    });
    expect(result).toBe(denied);
    expect(lines).toHaveLength(2);
    expect(memory.told).toEqual([`reached 65536 at ${NEW}`]);
  });

  test.each([
    ['the registry means it', answer(400, { errors: [{ code: 'SIZE_INVALID' }] })],
    ['the source is corrupt', new PushError('corrupt', { code: 'IMAGE' })],
  ])('is given back and forgotten where %s', async (_, says) => {
    const memory = memoryOf();
    const { lines } = await bring([BEGIN, { to: 'PUT', takes: HALF, says }, GIVEN_BACK], {
      memory,
    });
    expect(lines.at(-1)).toBe('DELETE uploads/new');
    expect(memory.told).toEqual([`reached 65536 at ${NEW}`, 'forgotten']);
  });

  test('of an earlier run is given back and forgotten where the registry means it', async () => {
    const memory = memoryOf(checkpoint(HALF));
    const { lines } = await bring(
      [
        { to: 'GET', says: has(HALF) },
        TAKEN,
        { to: 'PUT', says: answer(400, { errors: [{ code: 'SIZE_INVALID' }] }) },
        GIVEN_BACK,
      ],
      { memory },
    );
    expect(lines.at(-1)).toBe('DELETE uploads/old');
    expect(memory.earlier()).toBeUndefined();
  });

  test('is forgotten where the blob was mounted instead', async () => {
    const memory = memoryOf(checkpoint(HALF, { location: `${SESSION}/x` }));
    const { result, lines } = await bring([{ to: 'POST', says: answer(201) }], {
      memory,
      mountFrom: 'other',
    });
    expect(result).toEqual({ outcome: 'mounted' });
    expect(lines).toHaveLength(1);
    expect(memory.earlier()).toBeUndefined();
  });
});
