import { describe, expect, test } from '@jest/globals';
import type { Credential } from '../../../../src/http/auth/credentials.ts';
import { answer, ask, BEARER, failure, OCTO, provider, REGISTRY, world } from './support.ts';

const BASIC = `Basic ${Buffer.from('octo:s3cret:ß').toString('base64')}`;
const basicOnly = {
  challenge: () => 'Basic realm="r"',
  accepts: (request: { headers: Readonly<Record<string, string>> }) =>
    request.headers['authorization'] === BASIC,
};
const write = ask('/v2/o/app/blobs/uploads/', {
  method: 'POST',
  scopes: ['repository:o/app:pull,push'],
});
const read = ask('/v2/o/app/manifests/x', { scopes: ['repository:o/app:pull'] });
const ping = ask('/v2/');

describe('Basic', () => {
  test('is sent only after it was asked for, then at once', async () => {
    const { send, registryRequests, tokenRequests, secrets } = world(basicOnly);
    await send(write);
    await send(write);
    expect(registryRequests.map(({ headers }) => headers['authorization'])).toEqual([
      undefined,
      BASIC,
      BASIC,
    ]);
    expect(tokenRequests).toHaveLength(0);
    expect(secrets).toEqual(['s3cret:ß', BASIC.slice(6)]);
  });

  test('a wrong password is sent once', async () => {
    const { send, registryRequests } = world({ ...basicOnly, accepts: () => false });
    const error = await failure(send(write));
    expect(error.code).toBe('AUTHENTICATION');
    expect(error.message).toBe('wrong user name or password for registry.example, from the test');
    expect(registryRequests).toHaveLength(2);
    await failure(send(write));
    expect(registryRequests).toHaveLength(3);
  });

  test('a right password without rights is said to be that', async () => {
    const { send } = world({
      ...basicOnly,
      accepts: () => false,
      refusal: { errors: [{ code: 'DENIED', message: 'no' }] },
    });
    expect((await failure(send(write))).message).toBe(
      'not allowed to push to registry.example/o/app with the credentials from the test (it says: no)',
    );
  });

  test('cannot be served by a token', async () => {
    const { send } = world({
      ...basicOnly,
      credentials: provider({ kind: 'identity-token', token: 'x' }),
    });
    expect((await failure(send(write))).message).toContain('asks for a user name and password');
  });
});

describe('registry tokens', () => {
  const credentials = provider({ kind: 'registry-token', token: 'fixed' });

  test('are sent as they are', async () => {
    const { send, tokenRequests, secrets } = world({
      credentials,
      accepts: ({ headers }) => headers['authorization'] === 'Bearer fixed',
    });
    expect((await send(write)).status).toBe(200);
    expect((await send(write)).status).toBe(200);
    expect(tokenRequests).toHaveLength(0);
    expect(secrets).toEqual(['fixed']);
  });

  test('are refused once', async () => {
    const { send, registryRequests } = world({ credentials, accepts: () => false });
    expect((await failure(send(write))).message).toBe(
      'invalid or expired token for registry.example, from the test',
    );
    expect(registryRequests).toHaveLength(2);
  });
});

describe('the choice', () => {
  test.each([`Basic realm="r", ${BEARER}`, `${BEARER}, Basic realm="r"`])(
    'is Bearer in %s',
    async (header) => {
      const { send, tokenRequests } = world({ challenge: () => header });
      expect((await send(write)).status).toBe(200);
      expect(tokenRequests).toHaveLength(1);
    },
  );

  test('is Basic where the Bearer has no realm', async () => {
    const { send } = world({ ...basicOnly, challenge: () => 'Bearer, Basic realm="r"' });
    expect((await send(write)).status).toBe(200);
  });

  test.each([undefined, '', 'Negotiate', '"'])('is none in %s', async (header) => {
    const { send, registryRequests } = world({ challenge: () => header });
    expect((await send(write)).status).toBe(401);
    expect(registryRequests).toHaveLength(1);
  });
});

describe('other hosts', () => {
  test.each([
    'https://elsewhere.example/v2/',
    'https://registry.example:8443/v2/',
    'http://registry.example/v2/',
  ])('%s gets no header and is not believed', async (href) => {
    const { send, tokenRequests, registryRequests, authenticator } = world();
    const foreign = { ...write, url: new URL(href) };
    expect((await send(foreign)).status).toBe(401);
    expect(tokenRequests).toHaveLength(0);
    await send(write);
    await send(foreign);
    expect(registryRequests.at(-1)?.headers['authorization']).toBeUndefined();
    expect(await authenticator.authorization(foreign)).toBeUndefined();
    expect(tokenRequests).toHaveLength(1);
  });

  test('a realm inside is not asked', async () => {
    const { send, tokenRequests } = world({
      challenge: () => 'Bearer realm="https://169.254.169.254/latest"',
    });
    expect((await failure(send(write))).message).toContain('private address');
    expect(tokenRequests).toHaveLength(0);
  });
});

describe('refusals', () => {
  test('no credentials: says where they were looked for', async () => {
    const { send } = world({
      credentials: provider(undefined, 'the inputs, /home/me/.docker/config.json'),
      accepts: () => false,
    });
    const error = await failure(send(write));
    expect(error.code).toBe('AUTHENTICATION');
    expect(error.message).toBe(
      'registry.example wants credentials and none were found (looked in the inputs, /home/me/.docker/config.json)',
    );
    expect(error.hint).toContain('username and password');
  });

  test('no credentials, and the token server wants some', async () => {
    const { send } = world({ credentials: provider(), tokens: () => answer(401) });
    expect((await failure(send(read))).message).toContain('none were found');
  });

  test('a token that is not enough', async () => {
    const { send, registryRequests } = world({ accepts: () => false });
    expect((await failure(send(write))).message).toBe(
      'not allowed to push to registry.example/o/app with the credentials from the test',
    );
    expect(registryRequests).toHaveLength(2);
    expect((await failure(send(read))).message).toContain('not allowed to pull from');
  });

  test.each([
    [401, { details: 'incorrect username or password' }, 'wrong user name or password for'],
    [401, { errors: [{ code: 'DENIED', message: 'x' }] }, 'not allowed to push to'],
    [403, { message: 'access forbidden' }, 'not allowed to push to registry.example/o/app'],
  ])('a token server’s %i', async (status, body, expected) => {
    const { send, tokenRequests } = world({ tokens: () => answer(status, body) });
    expect((await failure(send(write))).message).toContain(expected);
    expect(tokenRequests).toHaveLength(1);
  });

  test('are remembered for a minute, so that no account is locked', async () => {
    const { send, tokenRequests, clock } = world({ tokens: () => answer(401) });
    await Promise.all(Array.from({ length: 8 }, () => failure(send(write))));
    await failure(send(write));
    expect(tokenRequests).toHaveLength(1);
    clock.advance(60_000);
    await failure(send(write));
    expect(tokenRequests).toHaveLength(2);
  });

  test('name where the credentials came from', async () => {
    const credential: Credential = { ...OCTO, from: '/home/me/.docker/config.json' };
    const { send } = world({ credentials: provider(credential), tokens: () => answer(401) });
    const error = await failure(send(write));
    expect(error.message).toContain('from /home/me/.docker/config.json');
    expect(error.hint).toContain('/home/me/.docker/config.json');
  });

  test('what the network says passes unchanged', async () => {
    const { send } = world({ tokens: () => Promise.reject(new Error('ECONNREFUSED')) });
    await expect(send(write)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('an anonymous ping', () => {
  test('is the caller’s to judge', async () => {
    const { send } = world({ credentials: provider(), tokens: () => answer(401) });
    expect((await send(ping)).status).toBe(401);
    expect((await send(ping)).status).toBe(401);
    const second = world({ credentials: provider(), accepts: () => false });
    expect((await second.send(ping)).status).toBe(401);
  });

  test('with credentials it checks them', async () => {
    const { send, tokenRequests } = world({
      challenge: () => `${BEARER},scope="repository:user/image:pull"`,
      tokens: () => answer(401),
    });
    expect((await failure(send(ping))).message).toContain('wrong user name or password');
    expect(tokenRequests[0]?.url.searchParams.getAll('scope')).toEqual([]);
  });
});

describe('secrets', () => {
  const nasty = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');
  const credential: Credential = { kind: 'basic', username: 'u', password: nasty };
  const encoded = Buffer.from(`u:${nasty}`).toString('base64');

  test('are announced before anything is sent with them', async () => {
    const { send, secrets } = world({
      credentials: provider(credential),
      tokens: () => {
        expect(secrets).toEqual([nasty, encoded]);
        return answer(200, { token: 'the-token' });
      },
      accepts: ({ headers }) => {
        const sent = headers['authorization'];
        if (sent !== undefined) expect(secrets).toContain(sent.replace('Bearer ', ''));
        return sent !== undefined;
      },
    });
    expect((await send(write)).status).toBe(200);
    expect(secrets).toEqual([nasty, encoded, 'the-token']);
  });

  test.each([
    [
      'a registry',
      401,
      { accepts: () => false, refusal: { errors: [{ message: `${nasty} ${encoded} t1` }] } },
    ],
    ['a token server', 401, { tokens: () => answer(401, { details: `${nasty} ${encoded}` }) }],
    ['a token server in trouble', 500, { tokens: () => answer(500, { message: `x ${encoded}` }) }],
    [
      'a Basic registry',
      401,
      { ...basicOnly, accepts: () => false, refusal: { errors: [{ message: encoded }] } },
    ],
  ])('do not come back from %s that repeats them', async (_, _status, options) => {
    const { send } = world({ credentials: provider(credential), ...options });
    const error = await failure(send(write));
    const text = JSON.stringify([error.message, error.hint, error.stack, String(error.cause)]);
    expect(text).toContain('***');
    for (const secret of [nasty, encoded, 'Bearer']) expect(text).not.toContain(secret);
    expect(text).not.toContain(JSON.stringify(nasty).slice(1, -1));
  });

  test('a server’s words are one line without workflow commands', async () => {
    const { send } = world({ tokens: () => answer(401, { details: 'a\n::set-output x::b' }) });
    expect((await failure(send(write))).message).not.toMatch(/::|\n/);
  });
});

test('the hint for ghcr.io names the permission', async () => {
  const { notAllowedHint } = await hintFor('ghcr.io');
  expect(notAllowedHint).toContain('packages: write');
  expect(REGISTRY).not.toBe('ghcr.io');
});

async function hintFor(registry: string): Promise<{ notAllowedHint: string | undefined }> {
  const { refusal } = await import('../../../../src/http/auth/refusals.ts');
  const context = { registry, credential: OCTO, looked: 'x', secrets: [] };
  return { notAllowedHint: refusal(context, write, answer(401), true).hint };
}
