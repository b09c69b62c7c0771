import { describe, expect, jest, test } from '@jest/globals';
import {
  asPushError,
  configError,
  EXIT_CODES,
  imageError,
  isAbort,
  messageOf,
  PushError,
  systemCode,
} from '../../../src/util/errors.ts';
import { createEmitter, type PushEvent } from '../../../src/util/events.ts';

describe('errors', () => {
  test('the exit codes are those of the old command', () => {
    expect(EXIT_CODES).toEqual({
      GENERAL: 1,
      AUTHENTICATION: 2,
      NETWORK: 3,
      IMAGE: 4,
      REGISTRY: 5,
      TIMEOUT: 6,
      POLICY: 7,
    });
  });

  test('have a code, a stage and a way out', () => {
    const cause = new Error('cause');
    expect(configError('wrong', 'do this', cause)).toMatchObject({
      name: 'PushError',
      message: 'wrong',
      code: 'GENERAL',
      stage: 'config',
      hint: 'do this',
      retryable: false,
      cause,
    });
    expect(imageError('damaged')).toMatchObject({ code: 'IMAGE', hint: undefined });
    expect('cause' in imageError('damaged')).toBe(false);
  });

  test.each([
    [new Error('message'), 'message'],
    ['text', 'text'],
    [null, 'null'],
    [42, '42'],
  ])('the message of %p', (thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
    expect(asPushError(thrown)).toMatchObject({ message, code: 'GENERAL', cause: thrown });
  });

  test('what is one already stays as it is', () => {
    const error = imageError('damaged');
    expect(asPushError(error)).toBe(error);
  });

  test('the code of the system is found below', () => {
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    expect(systemCode(refused)).toBe('ECONNREFUSED');
    expect(systemCode(new Error('outer', { cause: refused }))).toBe('ECONNREFUSED');
    // The code of our own errors is something else.
    expect(systemCode(new PushError('ours', { code: 'NETWORK', cause: refused }))).toBe(
      'ECONNREFUSED',
    );
    expect(systemCode(new PushError('ours', { code: 'NETWORK' }))).toBeUndefined();
    expect(systemCode('text')).toBeUndefined();
  });

  test('a circle of causes has an end', () => {
    const error = new Error('a circle');
    error.cause = error;
    expect(systemCode(error)).toBeUndefined();
  });

  test.each([
    [new DOMException('told to', 'AbortError'), true],
    [Object.assign(new Error('told to'), { code: 'ABORT_ERR' }), true],
    [new Error('failed'), false],
    ['AbortError', false],
  ])('%p is the end of work that was told to stop: %p', (thrown, yes) => {
    expect(isAbort(thrown)).toBe(yes);
  });
});

describe('events', () => {
  test('are numbered, timed and handed to all', () => {
    const seen: PushEvent[] = [];
    const emit = createEmitter([(event) => seen.push(event)], () => 7);
    const id = emit({ type: 'stage-started', stage: 'open' });
    emit({ type: 'note', message: 'hello' }, id);
    expect(seen).toEqual([
      { type: 'stage-started', stage: 'open', id: 1, time: 7 },
      { type: 'note', message: 'hello', id: 2, parent: 1, time: 7 },
    ]);
  });

  test('a sink that throws is not asked again, and hurts nobody', () => {
    const broken = jest.fn(() => {
      throw new Error('broken');
    });
    const good = jest.fn();
    const emit = createEmitter([broken, good], () => 0);
    emit({ type: 'note', message: 'one' });
    emit({ type: 'note', message: 'two' });
    expect(broken).toHaveBeenCalledTimes(1);
    expect(good).toHaveBeenCalledTimes(2);
  });
});
