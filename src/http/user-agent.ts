import type { Middleware } from './transport.ts';

/** Says who is asking, so that a registry's operator can tell us from others. */
export function userAgent(value: string): Middleware {
  return (next) => (request) =>
    next({ ...request, headers: { ...request.headers, 'user-agent': value } });
}
