import type { IncomingHttpHeaders } from 'node:http';

/** One upload that the registry behind the proxy has opened. */
export interface Session {
  /** the newest Location, as the registry wrote it */
  location: string;
  /** bytes the registry says it has */
  offset: number;
  ended: boolean;
}

/** What is known when a request arrives. */
export interface Seen {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly session: Session | undefined;
  /** digests the client has seen confirmed in this repository: HEAD 200, 201, mount */
  readonly confirmed: ReadonlySet<string>;
  /** when this very request may be sent again after a 429, ms since 1970 */
  readonly notBefore: number;
  readonly now: number;
}

const SESSION_PATH = /\/blobs\/uploads?\/[^/?]+/;
const OCTETS = 'application/octet-stream';

/** Our clock is read after the answer has left, and the client's wait begins when it arrives. */
const CLOCK_MS = 20;

/**
 * Only what must have been seen is held against a client: the answer to this very request. What
 * else was on its way when the registry asked for a pause, a busy machine may deliver much later.
 * (The strict registry in the integration tests scripts its answers and so judges all requests.)
 */
function checkAny({ headers, notBefore, now }: Seen): string[] {
  const broken: string[] = [];
  if (!headers['user-agent']) broken.push('no User-Agent');
  if (now + CLOCK_MS < notBefore) broken.push('repeated before Retry-After was over');
  return broken;
}

function checkChunk({ headers, session }: Seen): string[] {
  const broken: string[] = [];
  const { 'content-length': length, 'content-range': range, 'content-type': type } = headers;
  if (type !== OCTETS) broken.push(`PATCH with Content-Type ${type}`);
  if (length === undefined) broken.push('chunk without Content-Length');
  const [, start, end] = /^(\d+)-(\d+)$/.exec(range ?? '') ?? [];
  if (start === undefined || end === undefined) return [...broken, `Content-Range is ${range}`];
  if (Number(end) - Number(start) + 1 !== Number(length)) {
    broken.push('Content-Range and Content-Length disagree');
  }
  if (session && Number(start) !== session.offset) {
    broken.push(`chunk starts at ${start}, but the registry has ${session.offset} bytes`);
  }
  return broken;
}

function checkCommit({ headers, url, session }: Seen): string[] {
  const broken: string[] = [];
  const length = headers['content-length'];
  if (!url.searchParams.get('digest')) broken.push('PUT without digest');
  if (length === undefined) broken.push('PUT without Content-Length');
  if (Number(length) > 0) {
    if (headers['content-type'] !== OCTETS) {
      broken.push(`PUT with Content-Type ${headers['content-type']}`);
    }
    if (session && session.offset > 0 && !headers['content-range']) {
      broken.push('last chunk in a PUT without Content-Range');
    }
  }
  return broken;
}

function checkSession(seen: Seen): string[] {
  const { session, url, method } = seen;
  const broken: string[] = [];
  if (!session) return ['upload URL that no Location has given'];
  if (session.ended) broken.push('request to an upload that has ended');
  for (const [name, value] of new URL(session.location, url).searchParams) {
    if (url.searchParams.get(name) !== value) broken.push(`${name} of the Location is not carried`);
  }
  if (method === 'PATCH') broken.push(...checkChunk(seen));
  if (method === 'PUT') broken.push(...checkCommit(seen));
  return broken;
}

function checkStart({ headers, url }: Seen): string[] {
  const broken: string[] = [];
  if (headers['content-length'] === undefined) broken.push('POST without Content-Length');
  if (url.searchParams.has('from') && !url.searchParams.has('mount')) {
    broken.push('from without mount');
  }
  return broken;
}

function checkManifest({ method, headers }: Seen): string[] {
  if (method === 'PUT') {
    const type = headers['content-type'] ?? '';
    return /^application\/vnd\.(oci|docker)\./.test(type) ? [] : [`manifest of type ${type}`];
  }
  if (method !== 'GET' && method !== 'HEAD') return [];
  return /manifest|index/.test(headers.accept ?? '') ? [] : ['manifest asked for without Accept'];
}

/** What is wrong with a request, before its body is known. */
export function checkRequest(seen: Seen): readonly string[] {
  const { pathname } = seen.url;
  const broken = checkAny(seen);
  if (SESSION_PATH.test(pathname)) return [...broken, ...checkSession(seen)];
  if (/\/blobs\/uploads\/?$/.test(pathname)) return [...broken, ...checkStart(seen)];
  if (/\/manifests\//.test(pathname)) return [...broken, ...checkManifest(seen)];
  return broken;
}

/** What is wrong with a manifest that is pushed: it names what nobody has confirmed. */
export function checkManifestBody(body: Buffer, confirmed: ReadonlySet<string>): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return ['manifest that is not JSON'];
  }
  const { config, layers, manifests } = value as {
    config?: { digest: string };
    layers?: { digest: string; mediaType: string; urls?: string[] }[];
    manifests?: { digest: string }[];
  };
  const own = (layers ?? []).filter(({ mediaType }) => !/foreign|nondistributable/.test(mediaType));
  return [...(config ? [config] : []), ...own, ...(manifests ?? [])]
    .filter(({ digest }) => !confirmed.has(digest))
    .map(({ digest }) => `manifest sent before ${digest.slice(0, 19)} was confirmed`);
}
