import type { HttpResponse, RequestBody } from '../../http/transport.ts';
import type { Digest } from '../../oci/digest.ts';
import { apiUrl, call, pullScope, pushScope, type Call, type Connection } from '../connection.ts';
import { registryError } from '../error.ts';
import { resolveLocation, withQuery } from '../location.ts';
import { UploadSession } from './session.ts';

/** How long an answer that opens a session is waited for when everything else has stopped. */
const LINGER_MS = 300;

/**
 * Sends a request that opens a session. Who is told to stop meanwhile still waits a moment for the
 * answer: without its Location nobody could give the session back.
 */
async function opening(connection: Connection, request: Call): Promise<HttpResponse> {
  const { signal } = request;
  if (!signal) return call(connection, request);
  signal.throwIfAborted();
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    timer = setTimeout(() => late.abort(signal.reason), LINGER_MS);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await call(connection, { ...request, signal: late.signal });
  } finally {
    signal.removeEventListener('abort', stop);
    clearTimeout(timer);
  }
}

async function sessionOf(
  connection: Connection,
  repository: string,
  request: Call,
  response: HttpResponse,
): Promise<UploadSession> {
  const { registry, origin, resolve, capabilities } = connection;
  if (response.status !== 202) {
    throw registryError(registry, `start an upload to ${repository}`, request, response);
  }
  const minimum = Number(response.headers['oci-chunk-min-length'] ?? 0);
  if (Number.isSafeInteger(minimum) && minimum > 0) capabilities.minimumAnnounced(minimum);
  const { location } = response.headers;
  const url = await resolveLocation(location, request.url, origin, registry, resolve);
  return new UploadSession(connection, repository, url);
}

/** Opens an upload. */
export async function startUpload(
  connection: Connection,
  repository: string,
  signal?: AbortSignal,
): Promise<UploadSession> {
  const request: Call = {
    method: 'POST',
    url: apiUrl(connection, `${repository}/blobs/uploads/`),
    scopes: [pushScope(repository)],
    signal,
  };
  return sessionOf(connection, repository, request, await opening(connection, request));
}

/**
 * Mounts a blob from another repository of the same registry, or opens an upload in the same request.
 * @param from the repository that is believed to hold it
 */
export async function mountOrStart(
  connection: Connection,
  repository: string,
  digest: Digest,
  from: string,
  signal?: AbortSignal,
): Promise<'mounted' | UploadSession> {
  const uploads = apiUrl(connection, `${repository}/blobs/uploads/`);
  const request: Call = {
    method: 'POST',
    url: withQuery(uploads, { mount: digest, from }),
    scopes: [pushScope(repository), pullScope(from)],
    // A mount is a short cut: what fails is not worth waiting for, the upload goes on without.
    retry: 'never',
    signal,
  };
  const response = await opening(connection, request);
  if (response.status === 201) return 'mounted';
  return sessionOf(connection, repository, request, response);
}

/**
 * Sends a whole blob in the POST. Registries that do not know this open an upload instead, as if
 * the bytes had not been there.
 */
export async function postWhole(
  connection: Connection,
  repository: string,
  digest: Digest,
  body: RequestBody,
  signal?: AbortSignal,
): Promise<'stored' | UploadSession> {
  const uploads = apiUrl(connection, `${repository}/blobs/uploads/`);
  const request: Call = {
    method: 'POST',
    url: withQuery(uploads, { digest }),
    headers: { 'content-type': 'application/octet-stream' },
    body,
    scopes: [pushScope(repository)],
    retry: 'never',
    signal,
  };
  const response = await opening(connection, request);
  if (response.status === 201) return 'stored';
  return sessionOf(connection, repository, request, response);
}
