import { describe, expect, test } from '@jest/globals';
import { exchange } from '../../../src/http/exchange.ts';
import { log } from '../../../src/http/log.ts';
import { redactUrl } from '../../../src/http/redact.ts';
import {
  compose,
  type Middleware,
  type RawResponse,
  type Transport,
} from '../../../src/http/transport.ts';
import { userAgent } from '../../../src/http/user-agent.ts';
import type { PushEventBody } from '../../../src/util/events.ts';
import { answer, ask, scripted, sleepingClock } from './support.ts';

/** A body in pieces that knows how much of it was taken, and whether it was let go. */
function body(pieces: readonly string[]) {
  const seen = { taken: 0, closed: false };
  async function* stream(): AsyncGenerator<Uint8Array> {
    try {
      for (const piece of pieces) {
        seen.taken += 1;
        yield await Promise.resolve(Buffer.from(piece));
      }
    } finally {
      seen.closed = true;
    }
  }
  return { seen, stream: stream() };
}

function transport(response: RawResponse): Transport {
  return { send: () => Promise.resolve(response), close: () => Promise.resolve() };
}

describe('the chain', () => {
  test('is written from the outside in', async () => {
    const order: string[] = [];
    const named =
      (name: string): Middleware =>
      (next) =>
      async (request) => {
        order.push(`> ${name}`);
        const response = await next(request);
        order.push(`< ${name}`);
        return response;
      };
    const send = compose([named('outer'), named('inner')], (request) => {
      order.push(request.method);
      return Promise.resolve(answer(200));
    });
    await send(ask());
    expect(order).toEqual(['> outer', '> inner', 'GET', '< inner', '< outer']);
  });

  test('says who asks', async () => {
    const next = scripted(answer(200));
    await userAgent('tester/1')(next)(ask('/', { headers: { accept: 'x' } }));
    expect(next.requests[0]?.headers).toEqual({ accept: 'x', 'user-agent': 'tester/1' });
  });
});

describe('an exchange', () => {
  test('takes a body to its end', async () => {
    const { seen, stream } = body(['a', 'b', 'c']);
    const send = exchange(transport({ status: 200, headers: { x: 'y' }, body: stream }));
    const response = await send(ask());
    expect(response).toMatchObject({ status: 200, headers: { x: 'y' } });
    expect(Buffer.from(response.body).toString()).toBe('abc');
    expect(seen).toEqual({ taken: 3, closed: true });
  });

  test('cuts a body without end, and lets go of it', async () => {
    const { seen, stream } = body(Array<string>(1000).fill('0123456789'));
    const send = exchange(transport({ status: 400, headers: {}, body: stream }));
    const response = await send(ask('/', { maxResponseBytes: 25 }));
    expect(response.body).toHaveLength(25);
    expect(seen).toEqual({ taken: 3, closed: true });
  });

  test('hands a stream on untouched where one was asked for', async () => {
    const { seen, stream } = body(['a', 'b']);
    const send = exchange(transport({ status: 206, headers: {}, body: stream }));
    const response = await send(ask('/', { stream: true }));
    expect(seen.taken).toBe(0);
    const pieces: string[] = [];
    for await (const piece of response.stream ?? []) pieces.push(Buffer.from(piece).toString());
    expect(pieces).toEqual(['a', 'b']);
  });

  test('reads what came instead of a stream', async () => {
    const { seen, stream } = body(['no']);
    const send = exchange(transport({ status: 404, headers: {}, body: stream }));
    const response = await send(ask('/', { stream: true }));
    expect(response.stream).toBeUndefined();
    expect(Buffer.from(response.body).toString()).toBe('no');
    expect(seen.closed).toBe(true);
  });
});

describe('a URL in a log', () => {
  test.each([
    ['https://user:secret@host/v2/', 'https://host/v2/'],
    ['https://host/u?_state=secret&digest=sha256:1', 'https://host/u?_state=…&digest=sha256:1'],
    ['https://host/u?X-Amz-Signature=s&X-Amz-Signature=t', 'https://host/u?X-Amz-Signature=…'],
    [
      'https://host/token?service=s&scope=repository:a:pull',
      'https://host/token?service=s&scope=repository:a:pull',
    ],
    ['https://host/u?mount=sha256:1&from=a%2Fb#token', 'https://host/u?mount=sha256:1&from=a/b'],
    ['https://host/%ff', 'https://host/%ff'],
  ])('%s', (url, shown) => {
    expect(redactUrl(new URL(url))).toBe(shown);
  });
});

describe('the log', () => {
  function logged() {
    const events: PushEventBody[] = [];
    const middleware = log((event) => events.push(event), sleepingClock());
    const lines = (): string[] =>
      events.map((event) => (event.type === 'detail' ? event.message : event.type));
    return { middleware, lines };
  }

  test('has one line for each attempt, without headers, bodies and state', async () => {
    const { middleware, lines } = logged();
    const request = ask('/u?_state=secret-state', {
      method: 'PUT',
      headers: { authorization: 'Bearer secret-token' },
      body: { size: 2048, open: () => body(['secret body']).stream },
    });
    await middleware(scripted(answer(201, 'secret answer', { location: '/secret' })))(request);
    expect(lines()).toEqual(['PUT https://registry.example/u?_state=… (2.00 KiB) → 201 in 0 ms']);
  });

  test('also for those that failed', async () => {
    const { middleware, lines } = logged();
    const failing = middleware(scripted(new Error('it broke')))(ask('/v2/'));
    await expect(failing).rejects.toThrow('it broke');
    expect(lines()).toEqual(['GET https://registry.example/v2/ → it broke after 0 ms']);
  });
});
