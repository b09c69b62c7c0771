import { describe, expect, test } from '@jest/globals';
import type { Credential } from '../../../../src/http/auth/credentials.ts';
import { answer, ask, BEARER, failure, OCTO, provider, readBody, world } from './support.ts';

const PULL = ['repository:o/app:pull'];
const PUSH = ['repository:o/app:pull,push'];
const read = ask('/v2/o/app/manifests/x', { scopes: PULL });
const write = ask('/v2/o/app/blobs/uploads/', { method: 'POST', scopes: PUSH });

describe('a token by GET', () => {
  test('carries Basic, service and every scope', async () => {
    const { send, tokenRequests, registryRequests } = world();
    const scopes = [...PUSH, 'repository:base:pull'];
    await send(ask('/v2/o/app/blobs/uploads/?mount=x&from=base', { method: 'POST', scopes }));
    const [request] = tokenRequests;
    expect(request?.method).toBe('GET');
    expect(request?.url.origin).toBe('https://auth.example');
    expect(request?.url.searchParams.get('service')).toBe('svc');
    expect(request?.url.searchParams.getAll('scope')).toEqual(['repository:base:pull', ...PUSH]);
    expect(request?.headers['authorization']).toBe(
      `Basic ${Buffer.from('octo:s3cret:ß').toString('base64')}`,
    );
    expect(request?.maxResponseBytes).toBe(64 * 1024);
    expect(registryRequests.map(({ headers }) => headers['authorization'])).toEqual([
      undefined,
      'Bearer t1',
    ]);
  });

  test('asks without credentials where there are none', async () => {
    const { send, tokenRequests } = world({ credentials: provider() });
    expect((await send(read)).status).toBe(200);
    expect(tokenRequests[0]?.headers['authorization']).toBeUndefined();
  });

  test('takes access_token too, and keeps the query of the realm', async () => {
    const { send, tokenRequests } = world({
      challenge: () => 'Bearer realm="https://auth.example/token?a=b"',
      tokens: () => answer(200, { access_token: 'at' }),
    });
    expect((await send(read)).status).toBe(200);
    expect(tokenRequests[0]?.url.search).toBe('?a=b&scope=repository%3Ao%2Fapp%3Apull');
  });
});

describe('the cache', () => {
  test('serves the same scopes, and fewer', async () => {
    const { send, tokenRequests, registryRequests } = world();
    await send(write);
    await send(write);
    await send(read);
    expect(tokenRequests).toHaveLength(1);
    expect(registryRequests).toHaveLength(4);
  });

  test('does not serve more', async () => {
    const { send, tokenRequests } = world();
    await send(read);
    await send(write);
    expect(tokenRequests).toHaveLength(2);
  });

  test.each([
    ['300 seconds: 30 before the end', { expires_in: 300 }, 270],
    ['60 seconds where nothing is said: a fifth', {}, 48],
    ['nonsense is 60 seconds', { expires_in: -5 }, 48],
    ['text is read', { expires_in: '100' }, 80],
    ['a token the server had kept', { expires_in: 300, issued_at: '2026-01-01T00:00:00Z' }, 170],
    ['the year 1 says nothing', { expires_in: 300, issued_at: '0001-01-01T00:00:00Z' }, 270],
  ])('%s', async (_, fields, seconds) => {
    const date = 'Thu, 01 Jan 2026 00:01:40 GMT';
    const { send, tokenRequests, clock } = world({
      tokens: (_request, count) => answer(200, { token: `t${count}`, ...fields }, { date }),
    });
    await send(write);
    clock.advance(seconds * 1000 - 1);
    await send(write);
    expect(tokenRequests).toHaveLength(1);
    clock.advance(1);
    const before = tokenRequests.length;
    await send(write);
    expect(tokenRequests).toHaveLength(before + 1);
  });

  test('a token that is refreshed before its end costs no 401', async () => {
    const { send, registryRequests, clock } = world();
    await send(write);
    clock.advance(299_000);
    await send(write);
    expect(registryRequests.map(({ headers }) => headers['authorization'])).toEqual([
      undefined,
      'Bearer t1',
      'Bearer t2',
    ]);
  });

  test('other credentials have their own tokens', async () => {
    const { send, tokenRequests } = world({
      credentials: {
        name: 'x',
        find: (_, repository) =>
          Promise.resolve({ kind: 'basic', username: repository ?? '', password: 'p' }),
      },
    });
    await send(ask('/v2/a/tags/list', { scopes: ['repository:a:pull', 'repository:b:pull'] }));
    await send(ask('/v2/b/tags/list', { scopes: ['repository:b:pull'] }));
    expect(tokenRequests).toHaveLength(2);
  });
});

describe('many at once', () => {
  test('fetch one token', async () => {
    const { send, tokenRequests } = world();
    await Promise.all(Array.from({ length: 8 }, () => send(write)));
    expect(tokenRequests).toHaveLength(1);
  });

  test('replace a revoked token once, also those who hear of it late', async () => {
    const { send, tokenRequests, authenticator, revoke } = world();
    await send(write);
    revoke();
    await Promise.all(Array.from({ length: 8 }, () => send(write)));
    expect(tokenRequests).toHaveLength(2);
    const late = answer(401, '', { 'www-authenticate': BEARER });
    await expect(authenticator.challenged(write, late, 'Bearer t1')).resolves.toBe(true);
    expect(tokenRequests).toHaveLength(2);
  });

  test('a cancelled fetch does not cancel those who shared it', async () => {
    const cancel = new AbortController();
    const { send, tokenRequests } = world({
      tokens: async (request, count) => {
        await new Promise((resolve) => setImmediate(resolve));
        if (request.signal?.aborted) {
          throw Object.assign(new Error('aborted'), { name: 'AbortError' });
        }
        return answer(200, { token: `t${count}` });
      },
    });
    const first = send({ ...write, signal: cancel.signal });
    const second = send({ ...write, signal: new AbortController().signal });
    await new Promise((resolve) => setImmediate(resolve));
    cancel.abort();
    await expect(first).rejects.toThrow(/abort/i);
    await expect(second).resolves.toMatchObject({ status: 200 });
    expect(tokenRequests).toHaveLength(2);
  });
});

describe('a 401 in the middle', () => {
  test('is answered with a new token, even without a challenge', async () => {
    let silent = false;
    const { send, tokenRequests, revoke } = world({
      challenge: () => (silent ? undefined : BEARER),
    });
    await send(write);
    revoke();
    silent = true;
    expect((await send(write)).status).toBe(200);
    expect(tokenRequests).toHaveLength(2);
  });

  test('asks for what the registry wants in addition, and remembers it', async () => {
    const { send, tokenRequests } = world({
      challenge: () => `${BEARER},scope="repository:other:pull"`,
      tokens: (request) =>
        answer(200, {
          token: request.url.searchParams.getAll('scope').length > 1 ? 'wide' : 'slim',
        }),
      accepts: (request) => request.headers['authorization'] === 'Bearer wide',
    });
    await send(write);
    await send(write);
    expect(tokenRequests).toHaveLength(1);
    expect(tokenRequests[0]?.url.searchParams.getAll('scope')).toContain('repository:other:pull');
  });
});

describe('identity tokens', () => {
  const identity: Credential = { kind: 'identity-token', token: 'refresh-1' };

  test('are exchanged by POST, and replaced where the server says so', async () => {
    const { send, tokenRequests, clock, secrets } = world({
      credentials: provider(identity),
      tokens: (_, count) => answer(200, { access_token: `t${count}`, refresh_token: 'refresh-2' }),
    });
    await send(write);
    clock.advance(60_000);
    await send(write);
    const [first, second] = tokenRequests;
    expect(first?.method).toBe('POST');
    expect(first?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(first?.url.search).toBe('');
    expect(first && Object.fromEntries(await readBody(first))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'refresh-1',
      client_id: 'idpbuilder-push',
      service: 'svc',
      scope: PUSH[0],
    });
    expect(second && (await readBody(second)).get('refresh_token')).toBe('refresh-2');
    expect(secrets).toEqual(expect.arrayContaining(['refresh-1', 't1', 'refresh-2', 't2']));
  });

  test('that are not known any more are invalid', async () => {
    const { send } = world({
      credentials: provider(identity),
      tokens: () => answer(400, { error: 'invalid_grant', error_description: 'gone' }),
    });
    const error = await failure(send(write));
    expect(error.message).toBe(
      'invalid or expired token for registry.example, from the test (it says: gone)',
    );
  });
});

describe('a server that refuses GET', () => {
  test.each([400, 404, 405, 501])('with %i is asked by POST', async (status) => {
    const { send, tokenRequests } = world({
      tokens: ({ method }) =>
        method === 'GET' ? answer(status) : answer(200, { access_token: 'posted' }),
    });
    expect((await send(write)).status).toBe(200);
    const [, post] = tokenRequests;
    const fields = post && (await readBody(post));
    expect(fields?.get('grant_type')).toBe('password');
    expect(fields?.get('username')).toBe('octo');
    expect(fields?.get('password')).toBe('s3cret:ß');
  });

  test('and POST has failed for the reason it gave first', async () => {
    const { send } = world({ tokens: ({ method }) => answer(method === 'GET' ? 404 : 405) });
    const error = await failure(send(write));
    expect(error.message).toContain('(auth.example) answered status 404');
  });
});

describe('answers that are no token', () => {
  test.each([
    ['not JSON', answer(200, '<html>'), 'AUTHENTICATION'],
    ['JSON of another kind', answer(200, '[]'), 'AUTHENTICATION'],
    ['an empty token', answer(200, { token: '' }), 'AUTHENTICATION'],
    ['a token with a line break', answer(200, { token: 'a\r\nb: c' }), 'AUTHENTICATION'],
    ['cut off', answer(200, '{"token":"abc'), 'AUTHENTICATION'],
    ['a redirect', answer(302, '', { location: 'https://elsewhere.example' }), 'AUTHENTICATION'],
    ['too many requests', answer(429), 'REGISTRY'],
    ['a server error', answer(503), 'REGISTRY'],
  ])('%s', async (_, response, code) => {
    const { send } = world({ tokens: () => response, credentials: provider(OCTO) });
    expect((await failure(send(write))).code).toBe(code);
  });
});
