import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
// Its parts, not the whole: with fetch, caches, mocks and WebSockets it takes as long to load as
// Node takes to start (.github/adr/0003).
import requestOf from 'undici/lib/api/api-request.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import { networkError } from './network-error.ts';
import type { HttpRequest, RawResponse, RequestBody, Transport } from './transport.ts';

export interface ProxySettings {
  readonly http?: string;
  readonly https?: string;
  readonly none?: string;
}

export interface TransportOptions {
  /** accept any certificate */
  readonly insecure?: boolean;
  /** PEM text of authorities that are trusted besides Node's own */
  readonly ca?: string;
  readonly proxy?: ProxySettings;
  /** milliseconds until a connection must stand (default 20,000) */
  readonly connectTimeoutMs?: number;
  /** milliseconds a server may be silent before or within its answer (default 240,000) */
  readonly silenceMs?: number;
}

/** Node's default authorities are replaced by `ca`, not extended: they have to be named again. */
async function trusted(ca: string | undefined): Promise<string[] | undefined> {
  if (ca === undefined) return undefined;
  const { getCACertificates } = await import('node:tls');
  return [...getCACertificates('default'), ca];
}

async function createDispatcher(options: TransportOptions): Promise<Dispatcher> {
  const ca = await trusted(options.ca);
  const tls = {
    ...(options.insecure ? { rejectUnauthorized: false } : {}),
    ...(ca ? { ca } : {}),
  };
  const settings = {
    // One TCP connection per upload: HTTP/2 would share one congestion and flow-control window.
    allowH2: false,
    connect: { ...tls, timeout: options.connectTimeoutMs ?? 20_000 },
    headersTimeout: options.silenceMs ?? 240_000,
    bodyTimeout: options.silenceMs ?? 240_000,
    keepAliveTimeout: 30_000,
  };
  const { http, https, none } = options.proxy ?? {};
  if (!http && !https) return new Agent(settings);
  const { EnvHttpProxyAgent } = await import('undici');
  return new EnvHttpProxyAgent({
    ...settings,
    // Empty, not missing: what is missing would be looked up in the process's own environment.
    httpProxy: http ?? '',
    httpsProxy: https ?? '',
    noProxy: none ?? '',
    requestTls: { ...tls },
  });
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

/** Remembers what the body's own source threw: the library would report a broken connection. */
class ObservedBody {
  error: Error | undefined;
  readonly #body: RequestBody;
  readonly #signal: AbortSignal | undefined;

  constructor(body: RequestBody, signal?: AbortSignal) {
    this.#body = body;
    this.#signal = signal;
  }

  async *stream(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#body.open(this.#signal);
    } catch (error) {
      this.error = Error.isError(error) ? error : new Error(String(error));
      throw error;
    }
  }
}

/** Where a request really went, for messages: the host of a foreign Location is named, too. */
function destination(request: HttpRequest): string {
  const { host } = request.url;
  return host === request.registry ? host : `${request.registry} (${host})`;
}

function lengthHeader(request: HttpRequest): Record<string, string> {
  if (request.body) return { 'content-length': String(request.body.size) };
  const empty = request.method === 'POST' || request.method === 'PUT' || request.method === 'PATCH';
  return empty ? { 'content-length': '0' } : {};
}

/** The library looks at a signal only when a connection stands, and a silent host lets it wait. */
function untilAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return answer;
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    const forget = (): void => signal.removeEventListener('abort', abort);
    answer.then(resolve, reject).finally(forget);
  });
}

class UndiciTransport implements Transport {
  readonly #options: TransportOptions;
  #dispatcher: Promise<Dispatcher> | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  async send(request: HttpRequest): Promise<RawResponse> {
    this.#dispatcher ??= createDispatcher(this.#options);
    const dispatcher = await this.#dispatcher;
    const { url, method, signal } = request;
    const observed =
      request.body && request.body.size > 0 ? new ObservedBody(request.body, signal) : undefined;
    try {
      const answer = requestOf.call(dispatcher, {
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers: { ...request.headers, ...lengthHeader(request) },
        // Without this the socket is closed after every HEAD.
        reset: false,
        ...(observed ? { body: observed.stream() as unknown as Readable } : {}),
        ...(signal ? { signal } : {}),
      });
      const { statusCode, headers, body } = await untilAborted(answer, signal);
      return { status: statusCode, headers: flatten(headers), body: readBody(body, request) };
    } catch (error) {
      signal?.throwIfAborted();
      throw observed?.error ?? networkError(error, destination(request));
    }
  }

  async close(): Promise<void> {
    const dispatcher = await this.#dispatcher;
    await dispatcher?.destroy();
  }
}

/** The response's bytes; a body that breaks midway is a network error like any other. */
async function* readBody(body: Readable, request: HttpRequest): AsyncGenerator<Uint8Array> {
  try {
    yield* body as AsyncIterable<Uint8Array>;
  } catch (error) {
    request.signal?.throwIfAborted();
    throw networkError(error, destination(request));
  }
}

/** The only thing that touches sockets; its pool is made at the first request. */
export function createTransport(options: TransportOptions = {}): Transport {
  return new UndiciTransport(options);
}
