import type { Clock } from '../../../src/util/clock.ts';
import type { Handler, HttpRequest, HttpResponse } from '../../../src/http/transport.ts';

export const REGISTRY = 'registry.example';

/** A clock on which sleeping takes no time, and which remembers how long it was to be. */
export function sleepingClock(start = 1_000_000): Clock & { readonly slept: number[] } {
  let now = start;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    sleep: (milliseconds, signal) => {
      signal?.throwIfAborted();
      slept.push(milliseconds);
      now += milliseconds;
      return Promise.resolve();
    },
  };
}

export function answer(
  status: number,
  body: unknown = '',
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers, body: Buffer.from(text) };
}

export function ask(path = '/v2/', rest: Partial<HttpRequest> = {}): HttpRequest {
  const url = new URL(path, `https://${REGISTRY}`);
  return { method: 'GET', url, headers: {}, registry: REGISTRY, ...rest };
}

/** Answers from a list, one after another, and remembers what it was asked. */
export function scripted(
  ...script: readonly (HttpResponse | Error)[]
): Handler & { readonly requests: HttpRequest[] } {
  const requests: HttpRequest[] = [];
  const left = [...script];
  const handler: Handler = (request) => {
    requests.push(request);
    const next = left.shift();
    if (next === undefined)
      return Promise.reject(new Error(`unexpected request ${request.url.href}`));
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  };
  return Object.assign(handler, { requests });
}
