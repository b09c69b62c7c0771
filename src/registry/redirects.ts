import type { HttpResponse } from '../http/transport.ts';
import { call, type Call, type Connection } from './connection.ts';
import { resolveLocation } from './location.ts';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MAX_REDIRECTS = 5;

/**
 * Sends a GET or HEAD and follows the registry to where the content really is: blobs lie in object
 * stores, and some registries (registry.k8s.io) are nothing but redirects. Login data stays behind.
 * @returns the last answer, a redirect only when there were too many
 * @throws PushError when a redirect leads where it must not
 */
export async function follow(connection: Connection, first: Call): Promise<HttpResponse> {
  const { registry, origin, resolve } = connection;
  let options = first;
  for (let hops = 0; ; hops += 1) {
    const response = await call(connection, options);
    if (!REDIRECTS.has(response.status) || hops >= MAX_REDIRECTS) return response;
    const { location } = response.headers;
    const url = await resolveLocation(location, options.url, origin, registry, resolve);
    options = { ...first, url };
  }
}
