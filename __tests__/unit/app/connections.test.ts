import { describe, expect, test } from '@jest/globals';
import { createConnections } from '../../../src/app/connections.ts';
import type { Config } from '../../../src/config/config.ts';
import type { HttpRequest } from '../../../src/http/transport.ts';
import { call, pullScope } from '../../../src/registry/connection.ts';
import { jwt, OCTO, provider } from '../http/auth/support.ts';
import { sleepingClock } from '../http/support.ts';

const HOST = 'registry.example';
const BASIC = 'Basic realm="r"';
// A public address: token servers inside are not asked.
const BEARER = 'Bearer realm="https://93.184.216.34/token",service="svc"';

/** A connection over a network of functions; what is sent without credentials is refused. */
async function connected(challenge: string, token = 'opaque') {
  const requests: HttpRequest[] = [];
  const config = { registries: {}, concurrency: 4, maxConcurrency: 8 } as unknown as Config;
  const clock = sleepingClock();
  const emit = (): number => 0;
  const connect = createConnections({
    config,
    credentials: provider(OCTO),
    mask: () => undefined,
    parts: {
      userAgent: 'test',
      retry: { policy: { attempts: 1, baseMs: 1, maxMs: 1 }, clock, emit },
      transport: {
        close: async () => undefined,
        send: async (request) => {
          requests.push(request);
          const refused = request.url.host === HOST && !request.headers['authorization'];
          return {
            status: refused ? 401 : 200,
            headers: refused ? { 'www-authenticate': challenge } : {},
            body: (async function* () {
              yield Buffer.from(JSON.stringify({ token }));
            })(),
          };
        },
      },
    },
  });
  const connection = await connect(HOST, new AbortController().signal);
  const read = (): Promise<unknown> =>
    call(connection, {
      method: 'GET',
      url: new URL(`https://${HOST}/v2/app/tags/list`),
      scopes: [pullScope('app')],
    });
  return { connection, requests, read };
}

describe('a connection', () => {
  test('tells whether the registry has asked for credentials', async () => {
    const { connection, read } = await connected(BASIC);
    expect(connection.challenged?.()).toBe(false);
    await read();
    expect(connection.challenged?.()).toBe(true);
  });

  test('sends without credentials what is to go without', async () => {
    const { connection, requests, read } = await connected(BASIC);
    await read();
    const request = { method: 'GET', headers: {}, registry: HOST } as const;
    const url = new URL(`https://${HOST}/v2/app/blobs/uploads/1`);
    const response = await connection.anonymous?.({ ...request, url });
    expect(response?.status).toBe(401);
    expect(requests.at(-1)?.url).toEqual(url);
    expect(requests.at(-1)?.headers['authorization']).toBeUndefined();
  });

  test.each([
    ['that says yes', jwt({ access: ['to', 'from'].map(granted) }), true],
    ['that says no', jwt({ access: [granted('to')] }), false],
    ['that says nothing', 'opaque', true],
  ])('asks for a token %s, and believes it', async (_, token, expected) => {
    const { connection, requests, read } = await connected(BEARER, token);
    await read();
    await expect(connection.mayPull?.('from', 'to')).resolves.toBe(expected);
    expect(requests.at(-1)?.url.searchParams.getAll('scope')).toEqual([
      'repository:from:pull',
      'repository:to:pull,push',
    ]);
  });
});

function granted(name: string): object {
  return { type: 'repository', name, actions: ['pull', 'push'] };
}
