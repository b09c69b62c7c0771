/** GitHub's Actions cache service, version 2, and the blob store behind it, in this process. */
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  CacheEntries,
  scopesOf,
  type CacheAnswer,
  type CacheEntry,
  type CacheRequest,
} from './cache-server-entries.ts';

export { cacheToken, type CacheEntry } from './cache-server-entries.ts';

/** Something that goes wrong for requests such as `POST /twirp/…/CreateCacheEntry`. */
export interface CacheFault {
  readonly match: RegExp;
  /** how often; always by default */
  times?: number;
  /** an answer instead of the right one */
  readonly status?: number;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** the connection is cut */
  readonly cut?: boolean;
  /** there is no answer at all */
  readonly hang?: boolean;
  /** a download ends after so many bytes, though more were announced */
  readonly truncateAt?: number;
}

export interface CacheServerOptions {
  /** Default 10 GiB: what is kept in all. */
  readonly limitBytes?: number;
}

/** A running cache service. */
export interface CacheServer {
  /** what ACTIONS_RESULTS_URL is set to; ends with a slash */
  readonly url: string;
  /** oldest first, unfinished ones too */
  readonly entries: readonly CacheEntry[];
  /** method and path of each request, without names of blobs and signatures */
  readonly requests: readonly string[];
  readonly faults: CacheFault[];
  stop(): Promise<void>;
}

const SERVICE = '/twirp/github.actions.results.api.v1.CacheService/';
const BLOB = '/blob/';

/** Starts the service on a free port of 127.0.0.1. */
export async function startCacheServer(options: CacheServerOptions = {}): Promise<CacheServer> {
  const { limitBytes = 10 * 1024 ** 3 } = options;
  const service: Service = {
    entries: new CacheEntries(limitBytes),
    requests: [],
    faults: [],
    base: '',
  };
  const server = createServer((request, response) => {
    answer(service, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else send(response, { status: 500, body: { code: 'internal', msg: String(error) } });
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  service.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url: service.base,
    entries: service.entries.all,
    requests: service.requests,
    faults: service.faults,
    stop: () => stop(server),
  };
}

interface Service {
  readonly entries: CacheEntries;
  readonly requests: string[];
  readonly faults: CacheFault[];
  base: string;
}

function stop(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
}

function send(response: ServerResponse, { status = 200, body }: CacheAnswer, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

async function answer(
  service: Service,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://cache');
  const comp = url.searchParams.get('comp');
  const shown = url.pathname.replace(/[0-9a-f-]{36}/, 'ID') + (comp ? `?comp=${comp}` : '');
  service.requests.push(`${request.method} ${shown}`);
  const body = await buffer(request);
  const fault = faultFor(service.faults, `${request.method} ${shown}`);
  if (fault?.hang) return;
  if (fault?.cut) {
    request.socket.destroy();
  } else if (fault?.status !== undefined) {
    send(response, { status: fault.status, body: fault.body ?? {} }, fault.headers);
  } else if (url.pathname.startsWith(BLOB)) {
    const name = url.pathname.slice(BLOB.length);
    const entry = service.entries.all.find(({ blob }) => blob === name);
    answerBlob(entry, { request, url, body, truncateAt: fault?.truncateAt }, response);
  } else {
    send(response, answerCall(service, request, url.pathname, body));
  }
}

function faultFor(faults: readonly CacheFault[], what: string): CacheFault | undefined {
  const fault = faults.find(({ match, times = 1 }) => times > 0 && match.test(what));
  if (fault?.times !== undefined) fault.times -= 1;
  return fault;
}

function answerCall(
  { entries, base }: Service,
  request: IncomingMessage,
  path: string,
  body: Buffer,
): CacheAnswer {
  const call = path.startsWith(SERVICE) ? path.slice(SERVICE.length) : '';
  const scopes = scopesOf(request.headers.authorization);
  if (scopes === undefined) {
    return { status: 401, body: { code: 'unauthenticated', msg: 'no token' } };
  }
  const asked = JSON.parse(body.toString() || '{}') as CacheRequest;
  switch (call) {
    case 'CreateCacheEntry':
      return entries.create(asked, scopes, base);
    case 'FinalizeCacheEntryUpload':
      return entries.finish(asked, scopes);
    case 'GetCacheEntryDownloadURL':
      return entries.find(asked, scopes, base);
    default:
      return { status: 404, body: { code: 'bad_route', msg: path } };
  }
}

interface BlobRequest {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly body: Buffer;
  readonly truncateAt: number | undefined;
}

/** The part of Azure's blob store that the toolkit uses: one PUT, or blocks and their list. */
function answerBlob(
  entry: CacheEntry | undefined,
  { request, url, body, truncateAt }: BlobRequest,
  response: ServerResponse,
): void {
  const headers = {
    'x-ms-request-id': randomUUID(),
    'x-ms-version': '2025-11-05',
    etag: '"0x8D"',
    'last-modified': new Date(0).toUTCString(),
  };
  if (entry === undefined || !url.searchParams.has('sig')) {
    response.writeHead(404, { ...headers, 'x-ms-error-code': 'BlobNotFound' }).end();
    return;
  }
  if (request.method === 'PUT') {
    storeBlob(entry, url, body);
    const md5 = createHash('md5').update(body).digest('base64');
    response.writeHead(201, { ...headers, 'content-md5': md5 }).end();
    return;
  }
  readBlob(entry.data, request, response, { headers, truncateAt });
}

function storeBlob(entry: CacheEntry, url: URL, body: Buffer): void {
  const comp = url.searchParams.get('comp');
  if (comp === 'block') {
    entry.blocks.set(url.searchParams.get('blockid') ?? '', body);
  } else if (comp === 'blocklist') {
    const ids = [...body.toString().matchAll(/<(?:Latest|Uncommitted|Committed)>([^<]+)</g)];
    entry.data = Buffer.concat(ids.map(([, id = '']) => entry.blocks.get(id) ?? Buffer.alloc(0)));
  } else {
    entry.data = body;
  }
}

function readBlob(
  data: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
  {
    headers,
    truncateAt,
  }: {
    readonly headers: Readonly<Record<string, string>>;
    readonly truncateAt: number | undefined;
  },
): void {
  const asked = request.headers['x-ms-range'] ?? request.headers.range ?? '';
  const [range, from = '0', to = ''] = /bytes=(\d+)-(\d*)/.exec(String(asked)) ?? [];
  const first = Number(from);
  const last = to === '' ? data.length - 1 : Math.min(Number(to), data.length - 1);
  const part = data.subarray(first, last + 1);
  response.writeHead(range && request.method === 'GET' ? 206 : 200, {
    ...headers,
    'x-ms-blob-type': 'BlockBlob',
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
    'content-length': request.method === 'HEAD' ? data.length : part.length,
    ...(range ? { 'content-range': `bytes ${first}-${last}/${data.length}` } : {}),
  });
  if (request.method === 'HEAD') {
    response.end();
  } else if (truncateAt === undefined) {
    response.end(part);
  } else {
    response.write(part.subarray(0, truncateAt), () => response.destroy());
  }
}
