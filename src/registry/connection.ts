import type { Resolve } from '../http/addresses.ts';
import type { CongestionController } from '../http/congestion.ts';
import type { RetryOptions } from '../http/retry.ts';
import type { Handler, HttpRequest, HttpResponse, Method, RequestBody } from '../http/transport.ts';
import type { Capabilities } from './capabilities.ts';
import { registryError } from './error.ts';

/** What talking to one registry takes; made by the composition root. */
export interface Connection {
  /** name as in references: `host[:port]` or `docker.io` */
  readonly registry: string;
  /** where its API answers */
  readonly origin: URL;
  /** the whole middleware chain */
  readonly send: Handler;
  readonly retry: RetryOptions;
  readonly congestion: CongestionController;
  /** what the registry is known to be able to do; learns while it is used */
  readonly capabilities: Capabilities;
  readonly resolve: Resolve;
  /** sends without credentials, and past what paces the registry's own requests */
  readonly anonymous?: Handler;
  /** whether the registry has asked for credentials so far */
  readonly challenged?: () => boolean;
  /**
   * Whether a mount in `pushTo` from `repository` would be sent with a token that allows it. False
   * where the token says that it does not, or where none was given for the two together; true
   * where nobody can know. Asks the token server where it has to.
   * @throws only the reason of `signal`
   */
  readonly mayPull?: (repository: string, pushTo: string, signal?: AbortSignal) => Promise<boolean>;
}

export interface Call {
  readonly method: Method;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  readonly scopes: readonly string[];
  readonly retry?: 'never';
  readonly urgent?: true;
  readonly stream?: boolean;
  readonly maxResponseBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What the token must allow to read from a repository. */
export function pullScope(repository: string): string {
  return `repository:${repository}:pull`;
}

/** What the token must allow to write to a repository; reading what is there is part of it. */
export function pushScope(repository: string): string {
  return `repository:${repository}:pull,push`;
}

/** What the token must allow to delete from a repository. */
export function deleteScope(repository: string): string {
  return `repository:${repository}:delete`;
}

/** The URL of a path under /v2/. */
export function apiUrl(connection: Connection, path: string): URL {
  return new URL(`/v2/${path}`, connection.origin);
}

/** Sends one request of this registry through the chain. */
export function call(connection: Connection, options: Call): Promise<HttpResponse> {
  const { signal, headers, ...rest } = options;
  const request: HttpRequest = {
    ...rest,
    headers: headers ?? {},
    registry: connection.registry,
    ...(signal ? { signal } : {}),
  };
  return connection.send(request);
}

/**
 * Sends a request and checks its status.
 * @param doing what is attempted, for the error's sentence
 * @throws RegistryError on every other status
 */
export async function expect(
  connection: Connection,
  doing: string,
  statuses: readonly number[],
  options: Call,
): Promise<HttpResponse> {
  const response = await call(connection, options);
  if (statuses.includes(response.status)) return response;
  throw registryError(connection.registry, doing, options, response);
}
