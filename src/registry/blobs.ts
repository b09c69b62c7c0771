import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { apiUrl, pullScope, pushScope, type Connection } from './connection.ts';
import { registryError } from './error.ts';
import { follow } from './redirects.ts';

/** True when the repository holds the blob. */
export async function blobExists(
  connection: Connection,
  repository: string,
  digest: Digest,
  signal?: AbortSignal,
  scopes: readonly string[] = [pushScope(repository)],
): Promise<boolean> {
  const options = {
    method: 'HEAD',
    url: apiUrl(connection, `${repository}/blobs/${digest}`),
    scopes,
    signal,
  } as const;
  const response = await follow(connection, options);
  if (response.status === 200 || response.status === 404) return response.status === 200;
  throw registryError(connection.registry, `say whether it has blob ${digest}`, options, response);
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
  const options = {
    method: 'GET',
    url: apiUrl(connection, `${repository}/blobs/${digest}`),
    headers: from > 0 ? { range: `bytes=${from}-` } : {},
    scopes: [pullScope(repository)],
    stream: true,
    signal,
  } as const;
  const response = await follow(connection, options);
  const { stream } = response;
  if (!stream) {
    const doing = `read blob ${digest} of ${repository}`;
    throw registryError(connection.registry, doing, options, response);
  }
  // A server that ignores Range sends everything from the start.
  let skip = response.status === 206 ? 0 : from;
  for await (const chunk of stream) {
    if (skip >= chunk.length) {
      skip -= chunk.length;
      continue;
    }
    yield skip > 0 ? chunk.subarray(skip) : chunk;
    skip = 0;
  }
}
