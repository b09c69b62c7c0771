import type { RequestBody } from '../../http/transport.ts';
import type { Digest } from '../../oci/digest.ts';
import { call, expect, pushScope, type Connection } from '../connection.ts';
import { registryError, RegistryError } from '../error.ts';
import { resolveLocation, withQuery } from '../location.ts';
import { contentRange, parseOffset, type Range } from './ranges.ts';

/** Giving an upload back must not hold up somebody who wants to leave, milliseconds. */
const CANCEL_BUDGET_MS = 500;

const OCTETS = { 'content-type': 'application/octet-stream' };

/**
 * An upload that a registry has opened for one blob. It ends in exactly one way: committed, or
 * cancelled; a session that is neither stays in the registry for a week. Its Location is opaque and
 * changes with every answer. What changes it is not repeated: whoever owns the blob decides how to
 * go on.
 */
export class UploadSession {
  readonly #connection: Connection;
  readonly #repository: string;
  #location: URL;
  #open = true;

  constructor(connection: Connection, repository: string, location: URL) {
    this.#connection = connection;
    this.#repository = repository;
    this.#location = location;
  }

  /** Where it answers now. */
  get location(): URL {
    return this.#location;
  }

  /** False once it was committed or cancelled, or the registry is known to have forgotten it. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** Sends the whole blob in one PUT. */
  putWhole(digest: Digest, body: RequestBody, signal?: AbortSignal): Promise<void> {
    return this.#commit(digest, { body, headers: OCTETS }, signal);
  }

  /** Sends the last chunk in the PUT that ends the upload. */
  putLast(digest: Digest, range: Range, body: RequestBody, signal?: AbortSignal): Promise<void> {
    const headers = { ...OCTETS, 'content-range': contentRange(range) };
    return this.#commit(digest, { body, headers }, signal);
  }

  /** Ends an upload whose bytes are all there. */
  finish(digest: Digest, signal?: AbortSignal): Promise<void> {
    return this.#commit(digest, {}, signal);
  }

  /** Sends one chunk. ECR answers 201 instead of 202, and others have been seen with 204. */
  async patch(range: Range, body: RequestBody, signal?: AbortSignal): Promise<void> {
    const doing = `take bytes ${contentRange(range)} into ${this.#repository}`;
    const request = this.#request('PATCH', this.#location, signal);
    const response = await expect(this.#connection, doing, [202, 201, 204], {
      ...request,
      headers: { ...OCTETS, 'content-range': contentRange(range) },
      body,
    });
    await this.#follow(response.headers['location']);
  }

  /**
   * Asks how many bytes the registry has.
   * @returns bytes; undefined when it does not say, or has forgotten the session
   */
  async offset(signal?: AbortSignal): Promise<number | undefined> {
    const { retry: _never, ...request } = this.#request('GET', this.#location, signal);
    const response = await call(this.#connection, request);
    if (response.status !== 204 && response.status !== 200 && response.status !== 202) {
      const { registry } = this.#connection;
      const { codes } = registryError(registry, 'say how far it is', request, response);
      const unknown = response.status === 404 || codes.includes('BLOB_UPLOAD_UNKNOWN');
      if (unknown) this.#open = false;
      return undefined;
    }
    await this.#follow(response.headers['location']);
    return parseOffset(response.headers['range']);
  }

  /**
   * Frees what the registry keeps for this upload; best effort, for registries forget by themselves.
   * @param signal who has more time, or less, than half a second; the push's own may have been aborted
   */
  async cancel(signal: AbortSignal = AbortSignal.timeout(CANCEL_BUDGET_MS)): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    try {
      if (await this.#delete(signal)) return;
      // Distribution wants the address of how far it has come, which an upload that broke has not
      // been told.
      await this.offset(signal);
      await this.#delete(signal);
    } catch {
      // The registry drops abandoned uploads itself, usually after a week.
    }
  }

  /** False when the registry knows it by another address now. */
  async #delete(signal: AbortSignal): Promise<boolean> {
    const request = this.#request('DELETE', this.#location, signal);
    const { status } = await call(this.#connection, { ...request, urgent: true });
    return status !== 416;
  }

  async #commit(
    digest: Digest,
    content: { readonly body?: RequestBody; readonly headers?: Readonly<Record<string, string>> },
    signal?: AbortSignal,
  ): Promise<void> {
    const doing = `take blob ${digest} into ${this.#repository}`;
    try {
      await expect(this.#connection, doing, [201, 204], {
        ...this.#request('PUT', withQuery(this.#location, { digest }), signal),
        ...content,
      });
      this.#open = false;
    } catch (error) {
      // What is not there need not be cancelled.
      if (error instanceof RegistryError && error.status === 404) this.#open = false;
      throw error;
    }
  }

  #request<M extends 'PUT' | 'PATCH' | 'GET' | 'DELETE'>(
    method: M,
    url: URL,
    signal?: AbortSignal,
  ) {
    const scopes = [pushScope(this.#repository)];
    return { method, url, scopes, retry: 'never', signal } as const;
  }

  /** Keeps the newest Location; the old one holds where an answer has none. */
  async #follow(location: string | undefined): Promise<void> {
    if (!location) return;
    const { registry, origin, resolve } = this.#connection;
    this.#location = await resolveLocation(location, this.#location, origin, registry, resolve);
  }
}
