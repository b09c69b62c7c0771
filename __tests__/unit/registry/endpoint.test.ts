import { describe, expect, test } from '@jest/globals';
import { networkError } from '../../../src/http/network-error.ts';
import type { HttpRequest, HttpResponse } from '../../../src/http/transport.ts';
import { findOrigin } from '../../../src/registry/endpoint.ts';
import { answer, sleepingClock } from '../http/support.ts';

type Outcome = HttpResponse | string;

interface Given {
  readonly insecure?: boolean;
  readonly plainHttp?: boolean;
  /** what TLS and plain HTTP come to, attempt by attempt: an answer or a system error */
  readonly tls?: readonly Outcome[];
  readonly plain?: readonly Outcome[];
}

async function find(registry: string, given: Given, signal?: AbortSignal) {
  const clock = sleepingClock();
  const asked: string[] = [];
  const left = { 'https:': [...(given.tls ?? [])], 'http:': [...(given.plain ?? [])] };
  const send = async ({ url, method, headers, signal: abort }: HttpRequest) => {
    abort?.throwIfAborted();
    asked.push(`${method} ${url.href}`);
    expect(headers).toEqual({});
    const outcome = left[url.protocol as keyof typeof left].shift();
    if (outcome === undefined) throw new Error(`unexpected request to ${url.href}`);
    if (typeof outcome !== 'string') return Promise.resolve(outcome);
    throw networkError(Object.assign(new Error(outcome), { code: outcome }), registry);
  };
  const policy = { attempts: 3, baseMs: 1, maxMs: 1 };
  const retry = { policy, clock, emit: () => 0 };
  const { insecure = false, plainHttp = false } = given;
  const result = await findOrigin(registry, { insecure, plainHttp, send, retry }, signal).then(
    ({ href }) => href,
    (error: unknown) => error,
  );
  return { result, asked, slept: clock.slept };
}

const OK = answer(200);
const DENIED = answer(401);

describe('where a registry answers', () => {
  test.each([
    ['docker.io', {}, 'https://registry-1.docker.io/'],
    ['ghcr.io', {}, 'https://ghcr.io/'],
    ['host:8443', {}, 'https://host:8443/'],
    ['host:5000', { plainHttp: true }, 'http://host:5000/'],
    ['localhost:5000', { plainHttp: true }, 'http://localhost:5000/'],
  ])('%s is known without asking', async (registry, given, origin) => {
    const { result, asked } = await find(registry, given);
    expect(result).toBe(origin);
    expect(asked).toEqual([]);
  });

  test.each([
    ['localhost:5000', false],
    ['127.0.0.1:5000', false],
    ['[::1]:5000', false],
    ['a.localhost', false],
    ['host.example', true],
  ])('%s (insecure: %p) is asked', async (registry, insecure) => {
    const { result, asked } = await find(registry, { insecure, tls: [DENIED], plain: [OK] });
    expect(result).toBe(`https://${registry}/`);
    expect(asked).toEqual([`GET https://${registry}/v2/`, `GET http://${registry}/v2/`]);
  });

  test.each([
    ['TLS is not spoken', ['ERR_SSL_WRONG_VERSION_NUMBER'], [OK], 'http://localhost:5000/'],
    ['TLS is refused', ['ECONNREFUSED'], [DENIED], 'http://localhost:5000/'],
    [
      'the certificate is not trusted',
      ['DEPTH_ZERO_SELF_SIGNED_CERT'],
      [OK],
      'https://localhost:5000/',
    ],
    ['only TLS is spoken', [OK], ['ECONNRESET'], 'https://localhost:5000/'],
  ])('when %s', async (_, tls, plain, origin) => {
    const { result } = await find('localhost:5000', { tls, plain });
    expect(result).toBe(origin);
  });

  test('a registry that is not up yet is asked again', async () => {
    const refused = 'ECONNREFUSED';
    const { result, slept } = await find('localhost:5000', {
      tls: [refused, 'EPROTO'],
      plain: [refused, OK],
    });
    expect(result).toBe('http://localhost:5000/');
    expect(slept).toHaveLength(1);
  });

  test('one that never comes up is an error', async () => {
    const refused = Array<string>(3).fill('ECONNREFUSED');
    const { result, asked } = await find('localhost:5000', { tls: refused, plain: refused });
    expect(result).toMatchObject({ code: 'NETWORK' });
    expect(asked).toHaveLength(6);
  });

  test('nobody is asked any more when told to stop', async () => {
    const { result, asked } = await find(
      'localhost:5000',
      {},
      AbortSignal.abort(new Error('stop')),
    );
    expect(result).toMatchObject({ message: 'stop' });
    expect(asked).toEqual([]);
  });
});
