import type { Digest } from '../../oci/digest.ts';
import { apiUrl, call, expect, pullScope, pushScope, type Connection } from '../connection.ts';
import { registryError } from '../error.ts';
import { resolveLocation, withQuery } from '../location.ts';
import type { RequestBody } from '../../http/transport.ts';

/**
 * An upload that a registry has opened for one blob. It ends in exactly one way: committed, or
 * cancelled; a session that is neither stays in the registry for a week.
 */
export class UploadSession {
  readonly #connection: Connection;
  readonly #repository: string;
  #location: URL;
  #state: 'open' | 'committed' | 'cancelled' = 'open';

  constructor(connection: Connection, repository: string, location: URL) {
    this.#connection = connection;
    this.#repository = repository;
    this.#location = location;
  }

  /** Sends the whole blob in one PUT. It is not repeated: whoever owns the blob starts over. */
  async putWhole(digest: Digest, body: RequestBody, signal?: AbortSignal): Promise<void> {
    await expect(this.#connection, `take blob ${digest} into ${this.#repository}`, [201, 204], {
      method: 'PUT',
      url: withQuery(this.#location, { digest }),
      headers: { 'content-type': 'application/octet-stream' },
      body,
      scopes: [pushScope(this.#repository)],
      retry: 'never',
      signal,
    });
    this.#state = 'committed';
  }

  /** Frees what the registry keeps for this upload; best effort, for registries forget by themselves. */
  async cancel(signal?: AbortSignal): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'cancelled';
    try {
      await call(this.#connection, {
        method: 'DELETE',
        url: this.#location,
        scopes: [pushScope(this.#repository)],
        retry: 'never',
        urgent: true,
        signal,
      });
    } catch {
      // The registry drops abandoned uploads itself, usually after a week.
    }
  }
}

/**
 * Opens an upload, or mounts the blob from another repository of the same registry in the same request.
 * @param from repository to mount from
 * @returns `mounted`, or the session to send the blob with
 */
export async function startUpload(
  connection: Connection,
  repository: string,
  digest: Digest,
  from?: string,
  signal?: AbortSignal,
): Promise<'mounted' | UploadSession> {
  const uploads = apiUrl(connection, `${repository}/blobs/uploads/`);
  const request = {
    method: 'POST',
    url: from === undefined ? uploads : withQuery(uploads, { mount: digest, from }),
    // Content-Length: 0 is what some registries insist on; the transport sets it.
    scopes: [pushScope(repository), ...(from === undefined ? [] : [pullScope(from)])],
    signal,
  } as const;
  const response = await call(connection, request);
  if (response.status === 201 && from !== undefined) return 'mounted';
  if (response.status === 202) {
    const { registry, origin, resolve } = connection;
    const { location } = response.headers;
    return new UploadSession(
      connection,
      repository,
      await resolveLocation(location, uploads, origin, registry, resolve),
    );
  }
  throw registryError(connection.registry, `start an upload to ${repository}`, request, response);
}
