import { describe, expect, test } from '@jest/globals';
import type { HttpRequest } from '../../../../src/http/transport.ts';
import { answer, ask, BEARER, jwt, provider, world, type WorldOptions } from './support.ts';

const PUSH = 'repository:to:pull,push';
const PULL = 'repository:from:pull';
const push = ask('/v2/to/blobs/uploads/', { method: 'POST', scopes: [PUSH] });
const mount = ask('/v2/to/blobs/uploads/', { method: 'POST', scopes: [PUSH, PULL] });

function scopesOf({ url }: HttpRequest): readonly string[] {
  return url.searchParams.getAll('scope');
}

/** The claim that grants scopes as they were asked for. */
function claim(scopes: readonly string[]): object[] {
  return scopes.map((scope) => {
    const [type, name, actions = ''] = scope.split(':');
    return { type, name, actions: actions.split(',') };
  });
}

/** A token server that speaks in JWTs and grants what `granted` lets through. */
function granting(granted: (scope: string) => boolean): WorldOptions {
  return {
    tokens: (request, count) =>
      answer(200, { token: jwt({ jti: count, access: claim(scopesOf(request).filter(granted)) }) }),
  };
}

describe('whether the registry has asked for credentials', () => {
  test.each([
    ['Basic', 'Basic realm="r"'],
    ['Bearer', BEARER],
  ])('is known from its first challenge (%s)', async (_, challenge) => {
    const { authenticator, send } = world({ challenge: () => challenge, accepts: () => false });
    expect(authenticator.asked()).toBe(false);
    await send(push).catch(() => undefined);
    expect(authenticator.asked()).toBe(true);
  });

  test('is not so where it answers', async () => {
    const { authenticator, send } = world({ accepts: () => true });
    await send(push);
    expect(authenticator.asked()).toBe(false);
  });

  test('is not so where another host has', async () => {
    const { authenticator, send } = world();
    await send({ ...push, url: new URL('https://elsewhere.example/v2/') });
    expect(authenticator.asked()).toBe(false);
  });
});

describe('what a request may do', () => {
  test('is everything before anything was asked for', async () => {
    const { authenticator, tokenRequests } = world();
    await expect(authenticator.grants(mount, PULL)).resolves.toBe(true);
    expect(tokenRequests).toHaveLength(0);
  });

  test('is everything with a password', async () => {
    const { authenticator, send } = world({
      challenge: () => 'Basic realm="r"',
      accepts: ({ headers }) => headers['authorization'] !== undefined,
    });
    await send(push);
    await expect(authenticator.grants(mount, PULL)).resolves.toBe(true);
  });

  test.each([
    ['all', () => true, true],
    ['less', (scope: string) => scope === PUSH, false],
    ['nothing', () => false, false],
  ] as const)('is in the token: %s', async (_, granted, expected) => {
    const { authenticator, send, tokenRequests } = world(granting(granted));
    await send(push);
    await expect(authenticator.grants(mount, PULL)).resolves.toBe(expected);
    await expect(authenticator.grants(mount, PULL)).resolves.toBe(expected);
    expect(tokenRequests.map(scopesOf)).toEqual([[PUSH], [PULL, PUSH]]);
  });

  test('the request is then sent with the token that was looked at', async () => {
    const { authenticator, send, tokenRequests } = world(granting(() => true));
    await send(push);
    await authenticator.grants(mount, PULL);
    expect((await send(mount)).status).toBe(200);
    expect(tokenRequests).toHaveLength(2);
  });

  test('is not known of an opaque token', async () => {
    const { authenticator, send } = world();
    await send(push);
    await expect(authenticator.grants(mount, PULL)).resolves.toBeUndefined();
  });

  test('is read from a token that is sent as it is, too', async () => {
    const token = jwt({ access: claim([PUSH]) });
    const { authenticator, send } = world({
      credentials: provider({ kind: 'registry-token', token }),
      accepts: ({ headers }) => headers['authorization'] === `Bearer ${token}`,
    });
    await send(push);
    await expect(authenticator.grants(mount, PULL)).resolves.toBe(false);
  });
});

describe('a token server that refuses both together', () => {
  test.each([400, 401, 403])('with %i: no, and it is asked once', async (status) => {
    const { authenticator, send, tokenRequests, clock } = world({
      tokens: (request, count) =>
        scopesOf(request).includes(PULL) || request.method === 'POST'
          ? answer(status)
          : answer(200, { token: `t${count}`, expires_in: 300 }),
    });
    await send(push);
    await expect(authenticator.grants(mount, PULL)).resolves.toBe(false);
    const asked = tokenRequests.length;
    await expect(authenticator.grants(mount, PULL)).resolves.toBe(false);
    expect(tokenRequests).toHaveLength(asked);
    // Neither the token there is nor the next one suffers from it.
    expect((await send(push)).status).toBe(200);
    clock.advance(290_000);
    expect((await send(push)).status).toBe(200);
    expect(tokenRequests.map(scopesOf).at(-1)).toEqual([PUSH]);
  });

  test.each([
    ['in trouble', () => answer(503)],
    ['without a token', () => answer(200, '{}')],
    ['out of reach', () => Promise.reject(new Error('ECONNREFUSED'))],
  ])('%s: no', async (_, trouble) => {
    const { authenticator, send } = world({
      tokens: (request) =>
        scopesOf(request).includes(PULL) ? trouble() : answer(200, { token: 'good' }),
      accepts: ({ headers }) => headers['authorization'] === 'Bearer good',
    });
    await send(push);
    await expect(authenticator.grants(mount, PULL)).resolves.toBe(false);
    expect((await send(push)).status).toBe(200);
  });

  test('who is told to stop hears why', async () => {
    const stop = new AbortController();
    const { authenticator, send } = world({
      tokens: (request) => {
        if (!scopesOf(request).includes(PULL)) return answer(200, { token: 'good' });
        stop.abort(new Error('enough'));
        throw stop.signal.reason as Error;
      },
    });
    await send(push);
    const asking = authenticator.grants({ ...mount, signal: stop.signal }, PULL);
    await expect(asking).rejects.toThrow('enough');
  });
});

describe('a token that was given short', () => {
  test('is not used for others, who get their own', async () => {
    // The combination gets nothing at all, as some servers have it.
    const { authenticator, send, tokenRequests, registryRequests, clock } = world({
      tokens: (request, count) => {
        const scopes = scopesOf(request);
        const access = claim(scopes.length > 1 ? [] : scopes);
        return answer(200, { token: jwt({ jti: count, access }), expires_in: 60 * count });
      },
    });
    await send(push);
    await expect(authenticator.grants(mount, PULL)).resolves.toBe(false);
    // The first has to be replaced, the second is still good, but not for this.
    clock.advance(50_000);
    expect((await send(push)).status).toBe(200);
    expect(tokenRequests.map(scopesOf)).toEqual([[PUSH], [PULL, PUSH], [PUSH]]);
    // One challenge in the beginning, and none since.
    expect(registryRequests).toHaveLength(3);
  });

  test('is used all the same by those who asked for it', async () => {
    const { send, tokenRequests } = world(granting(() => false));
    await send(push);
    await send(push);
    expect(tokenRequests).toHaveLength(1);
  });
});
