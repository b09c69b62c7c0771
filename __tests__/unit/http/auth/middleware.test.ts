import { describe, expect, test } from '@jest/globals';
import type { Authenticator } from '../../../../src/http/auth/authenticator.ts';
import { auth, authorize } from '../../../../src/http/auth/middleware.ts';
import { compose, type HttpRequest } from '../../../../src/http/transport.ts';
import { PushError } from '../../../../src/util/errors.ts';
import { answer, ask, failure } from './support.ts';

function fake(overrides: Partial<Authenticator> = {}) {
  const sent: (string | undefined)[] = [];
  const authenticator: Authenticator = {
    authorization: () => Promise.resolve('Bearer x'),
    challenged: (_request, _response, header) => {
      sent.push(header);
      return Promise.resolve(true);
    },
    ...overrides,
  };
  return { authenticator, sent };
}

function chain(authenticator: Authenticator, statuses: number[]) {
  const requests: HttpRequest[] = [];
  const send = compose([auth(() => authenticator), authorize(() => authenticator)], (request) => {
    requests.push(request);
    return Promise.resolve(answer(statuses.shift() ?? 200));
  });
  return { send, requests };
}

describe('auth and authorize', () => {
  test('attach the header and tell what was refused', async () => {
    const { authenticator, sent } = fake();
    const { send, requests } = chain(authenticator, [401, 200]);
    expect((await send(ask('/v2/'))).status).toBe(200);
    expect(requests.map(({ headers }) => headers['authorization'])).toEqual([
      'Bearer x',
      'Bearer x',
    ]);
    expect(sent).toEqual(['Bearer x']);
  });

  test('replay once, and pass the second 401 where nobody explains it', async () => {
    const { authenticator, sent } = fake();
    const { send, requests } = chain(authenticator, [401, 401]);
    expect((await send(ask('/v2/'))).status).toBe(401);
    expect(requests).toHaveLength(2);
    expect(sent).toHaveLength(1);
  });

  test('throw the explanation of a second 401', async () => {
    const refusal = new PushError('no', { code: 'AUTHENTICATION' });
    const { authenticator } = fake({ refused: () => Promise.resolve(refusal) });
    const { send } = chain(authenticator, [401, 401]);
    expect(await failure(send(ask('/v2/')))).toBe(refusal);
  });

  test('pass the 401 where another attempt makes no sense', async () => {
    const { authenticator } = fake({ challenged: () => Promise.resolve(false) });
    const { send, requests } = chain(authenticator, [401]);
    expect((await send(ask('/v2/'))).status).toBe(401);
    expect(requests).toHaveLength(1);
  });

  test.each([200, 403, 404, 500])('leave a %i alone', async (status) => {
    const { authenticator, sent } = fake();
    const { send } = chain(authenticator, [status]);
    expect((await send(ask('/v2/'))).status).toBe(status);
    expect(sent).toEqual([]);
  });

  test('keep a header the caller has set', async () => {
    const { authenticator } = fake();
    const { send, requests } = chain(authenticator, []);
    await send(ask('/v2/', { headers: { authorization: 'mine' } }));
    expect(requests[0]?.headers['authorization']).toBe('mine');
  });

  test('ask for the header per attempt', async () => {
    let count = 0;
    const { authenticator } = fake({
      authorization: () => Promise.resolve(`Bearer ${(count += 1)}`),
    });
    const headers: (string | undefined)[] = [];
    const send = authorize(() => authenticator)((request) => {
      headers.push(request.headers['authorization']);
      return Promise.resolve(answer(200));
    });
    await send(ask('/v2/'));
    await send(ask('/v2/'));
    expect(headers).toEqual(['Bearer 1', 'Bearer 2']);
  });
});
