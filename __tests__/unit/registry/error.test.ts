import { describe, expect, test } from '@jest/globals';
import { problemsOf, registryError } from '../../../src/registry/error.ts';
import { PushError } from '../../../src/util/errors.ts';
import { answer } from '../http/support.ts';

const REQUEST = { method: 'PUT', url: new URL('https://r.example/v2/a/blobs/u?_state=s') } as const;

function said(code: string, message?: string) {
  return { errors: [{ code, ...(message === undefined ? {} : { message }) }] };
}

function errorOf(
  status: number,
  body: unknown = '',
  headers: Readonly<Record<string, string>> = {},
) {
  return registryError('r.example', 'take blob x', REQUEST, answer(status, body, headers));
}

describe('a refusal', () => {
  test.each([
    [401, '', 'AUTHENTICATION', /username and password/, false],
    [403, said('DENIED', 'no'), 'AUTHENTICATION', /rights/, false],
    [403, said('DENIED', 'tag immutability is on'), 'REGISTRY', /immutable/, false],
    [403, said('DENIED', 'quota exceeded'), 'REGISTRY', /quota/, false],
    [403, 'You have exceeded a secondary rate limit', 'REGISTRY', /overloaded/, true],
    [400, said('X', 'image tag is immutable'), 'REGISTRY', /immutable/, false],
    [412, said('PRECONDITION'), 'REGISTRY', /immutable/, false],
    [404, said('NAME_UNKNOWN'), 'REGISTRY', /Create the repository/, false],
    [400, said('MANIFEST_INVALID'), 'REGISTRY', /verbose/, false],
    [413, '<html>too large</html>', 'REGISTRY', /client_max_body_size/, false],
    [429, said('TOOMANYREQUESTS'), 'REGISTRY', /overloaded/, true],
    [500, 'oops', 'REGISTRY', /overloaded or broken/, true],
    [503, '', 'REGISTRY', /overloaded or broken/, true],
  ])('%i %j is %s', (status, body, code, hint, retryable) => {
    const error = errorOf(status, body);
    expect(error).toBeInstanceOf(PushError);
    expect(error).toMatchObject({ name: 'RegistryError', status, code, retryable });
    expect(error.hint).toMatch(hint);
    expect(error.message).toContain(`status ${status}`);
  });

  test('is in the words of the registry', () => {
    const errors = [{ code: 'A', message: 'one' }, { code: 'B' }, { message: 'three' }];
    const error = errorOf(400, { errors });
    expect(error.message).toBe(
      'r.example refused to take blob x: status 400 (A: one; B; UNKNOWN: three).',
    );
    expect(error.codes).toEqual(['A', 'B', 'UNKNOWN']);
  });

  test('names the request without its secrets, and its number', () => {
    const error = errorOf(400, '', { 'x-github-request-id': 'AB:12' });
    expect(error).toMatchObject({
      method: 'PUT',
      url: 'https://r.example/v2/a/blobs/u?_state=…',
      requestId: 'AB:12',
    });
    expect(errorOf(400).requestId).toBeUndefined();
  });

  test('knows how long to wait', () => {
    expect(errorOf(429, '', { 'retry-after': '7' }).retryAfterMs).toBe(7000);
    expect(errorOf(429).retryAfterMs).toBeUndefined();
  });

  test('that was repeated often enough is final', () => {
    const response = { ...answer(503), exhausted: true } as const;
    expect(registryError('r', 'x', REQUEST, response).retryable).toBe(false);
  });

  test('by a web page is not by a registry', () => {
    const html = { 'content-type': 'text/html; charset=utf-8' };
    const error = errorOf(404, '<h1>Not found</h1>', html);
    expect(error).toMatchObject({ code: 'REGISTRY' });
    expect(error.message).toMatch(/does not answer like a container registry.*web page/);
    // A proxy before a real one may well speak HTML.
    expect(errorOf(502, '<h1>Bad gateway</h1>', html).message).toContain('refused');
    const version = { ...html, 'docker-distribution-api-version': 'registry/2.0' };
    expect(errorOf(404, '', version).message).toContain('refused');
  });

  test('is safe to print', () => {
    const error = errorOf(400, said('::error::', 'a\r\nb\u001b[31m ##[x] '.repeat(100)));
    expect(error.message).not.toMatch(/::|##\[|\p{Cc}/u);
    expect(error.message.length).toBeLessThan(1000);
  });
});

describe('the problems in an answer', () => {
  test.each([
    ['', []],
    ['<html>', []],
    ['null', []],
    ['[]', []],
    ['"text"', []],
    ['{}', []],
    ['{"errors":{}}', []],
    ['{"errors":[null,1,"x",{}]}', []],
    ['{"errors":[{"code":1,"message":{}}]}', [{ code: 'UNKNOWN', message: '' }]],
    ['{"code":"A","message":"b"}', [{ code: 'A', message: 'b' }]],
  ])('%s', (body, problems) => {
    expect(problemsOf(answer(400, body))).toEqual(problems);
  });

  test('are a few at most', () => {
    const errors = Array.from({ length: 1000 }, () => ({ code: 'A' }));
    expect(problemsOf(answer(400, { errors }))).toHaveLength(5);
  });
});
