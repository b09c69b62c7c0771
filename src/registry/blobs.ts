import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import {
  apiUrl,
  call,
  expect,
  pullScope,
  pushScope,
  type Call,
  type Connection,
} from './connection.ts';
import { registryError } from './error.ts';
import { resolveLocation } from './location.ts';

/** True when the repository holds the blob. */
export async function blobExists(
  connection: Connection,
  repository: string,
  digest: Digest,
  signal?: AbortSignal,
  scopes: readonly string[] = [pushScope(repository)],
): Promise<boolean> {
  const response = await expect(connection, `look for blob ${digest}`, [200, 404], {
    method: 'HEAD',
    url: apiUrl(connection, `${repository}/blobs/${digest}`),
    scopes,
    signal,
  });
  return response.status === 200;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MAX_REDIRECTS = 5;

/** Asks for a blob, and follows the registry to the object store that really holds it. */
async function requestBlob(
  connection: Connection,
  doing: string,
  first: Call,
): Promise<AsyncIterable<Uint8Array> & { readonly partial?: boolean }> {
  let options = first;
  for (let hops = 0; ; hops += 1) {
    const response = await call(connection, options);
    if (response.stream)
      return Object.assign(response.stream, { partial: response.status === 206 });
    if (!REDIRECTS.has(response.status) || hops >= MAX_REDIRECTS) {
      throw registryError(connection.registry, doing, options, response);
    }
    const { location } = response.headers;
    const { registry, origin, resolve } = connection;
    const url = await resolveLocation(location, options.url, origin, registry, resolve);
    options = { ...first, url };
  }
}

/**
 * Reads a blob, from an offset on.
 * @throws RegistryError when it is not there; PushError NETWORK when the connection breaks midway
 */
export async function* openBlob(
  connection: Connection,
  repository: string,
  descriptor: Descriptor,
  from = 0,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { digest } = descriptor;
  const stream = await requestBlob(connection, `read blob ${digest} of ${repository}`, {
    method: 'GET',
    url: apiUrl(connection, `${repository}/blobs/${digest}`),
    headers: from > 0 ? { range: `bytes=${from}-` } : {},
    scopes: [pullScope(repository)],
    stream: true,
    signal,
  });
  // A server that ignores Range sends everything from the start.
  let skip = stream.partial ? 0 : from;
  for await (const chunk of stream) {
    if (skip >= chunk.length) {
      skip -= chunk.length;
      continue;
    }
    yield skip > 0 ? chunk.subarray(skip) : chunk;
    skip = 0;
  }
}
