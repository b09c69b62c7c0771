export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * A request body is a factory of streams, never a stream: every attempt replays it from the start.
 */
export interface RequestBody {
  /** exact length in bytes, sent as Content-Length */
  readonly size: number;
  open(signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Bytes in memory as a request body. */
export function bodyOf(bytes: Uint8Array): RequestBody {
  return {
    size: bytes.length,
    // oxlint-disable-next-line require-await -- an async iterable is what a body is
    async *open() {
      yield bytes;
    },
  };
}

/** One HTTP request on its way through the chain. */
export interface HttpRequest {
  readonly method: Method;
  readonly url: URL;
  /** names in lower case */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** the registry (`host[:port]`) on whose behalf this is sent; its limits and credentials apply */
  readonly registry: string;
  /** what the token must allow, for example `repository:octo/app:pull,push` */
  readonly scopes?: readonly string[];
  /** `never`: somebody above replays this as part of something larger (an upload session) */
  readonly retry?: 'never';
  /** tidying up: sent at once, also while the registry asks for a pause */
  readonly urgent?: true;
  /** give the response's body as a stream that the caller consumes or destroys */
  readonly stream?: boolean;
  /** the most bytes of a response body that are kept; what follows is cut (default 8 MiB) */
  readonly maxResponseBytes?: number;
  readonly signal?: AbortSignal;
}

/** A response whose body has been consumed, unless the request asked for a stream. */
export interface HttpResponse {
  readonly status: number;
  /** names in lower case; repeated headers joined with a comma */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** only where the request asked for it: to be iterated once, to its end or out of it */
  readonly stream?: AsyncIterable<Uint8Array>;
  /** a failure that was repeated as often as it may be: nobody above tries again */
  readonly exhausted?: true;
}

/** Sends one request and returns its response, whatever its status. */
export type Handler = (request: HttpRequest) => Promise<HttpResponse>;

/** Changes one exchange: gets the rest of the chain, returns a handler that uses it. */
export type Middleware = (next: Handler) => Handler;

/** Wraps `terminal` in `middlewares`, outermost first. */
export function compose(middlewares: readonly Middleware[], terminal: Handler): Handler {
  return middlewares.reduceRight<Handler>((next, middleware) => middleware(next), terminal);
}

/** What the network library gives back: the body still unread. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** The end of the chain: the only thing that touches sockets. */
export interface Transport {
  send(request: HttpRequest): Promise<RawResponse>;
  close(): Promise<void>;
}
