import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { digestOf } from '../registry/index.ts';
import { checkManifestBody, checkRequest, type Session } from './checks.ts';

export interface StrictProxyOptions {
  /** the registry behind it: `http://127.0.0.1:5000`, or https with whatever certificate */
  readonly upstream: string;
}

export interface StrictProxy {
  /** what to push to instead of the registry: `127.0.0.1:PORT`, plain HTTP */
  readonly host: string;
  /** what a correct client would not have sent, one sentence each */
  readonly violations: readonly string[];
  readonly requests: number;
  /** uploads that were opened and neither committed nor cancelled */
  openSessions(): number;
  stop(): Promise<void>;
}

interface State {
  readonly violations: string[];
  readonly sessions: Map<string, Session>;
  readonly confirmed: Map<string, Set<string>>;
  requests: number;
  /** requests that were answered 429, and when each may be sent again, ms since 1970 */
  readonly refused: Map<string, number>;
}

function repositoryOf(path: string): string {
  return /^\/v2\/(.+?)\/(?:blobs|manifests|referrers|tags)\//.exec(path)?.[1] ?? '';
}

/** The path of an upload without its query names the session. */
function keyOf(location: string, base: URL): string {
  return new URL(location, base).pathname;
}

function confirmedIn(state: State, repository: string): Set<string> {
  const known = state.confirmed.get(repository) ?? new Set<string>();
  state.confirmed.set(repository, known);
  return known;
}

/** Digests that the answer confirms to be in the repository. */
function confirmedBy(method: string, url: URL, status: number, digest?: string): string[] {
  const { searchParams, pathname } = url;
  if (status === 201) {
    const named = [digest, searchParams.get('digest'), searchParams.get('mount')];
    return named.filter((name) => typeof name === 'string');
  }
  const asked = decodeURIComponent(pathname.split('/').at(-1) ?? '');
  return status === 200 && method === 'HEAD' && asked.startsWith('sha256:') ? [asked] : [];
}

/** Follows the upload that an answer is about. */
function follow(state: State, method: string, url: URL, answer: IncomingMessage): void {
  const { location, range } = answer.headers;
  const session = state.sessions.get(url.pathname);
  if (method === 'POST' && answer.statusCode === 202 && location) {
    state.sessions.set(keyOf(location, url), { location, offset: 0, ended: false });
    return;
  }
  if (!session) return;
  const ended = method === 'DELETE' || answer.statusCode === 404 || answer.statusCode === 201;
  const stored =
    method === 'PATCH' && answer.statusCode === 202 ? range?.split('-').at(-1) : undefined;
  state.sessions.delete(url.pathname);
  const next = location && !ended ? location : session.location;
  state.sessions.set(keyOf(next, url), {
    location: next,
    offset: stored === undefined ? session.offset : Number(stored) + 1,
    ended: session.ended || ended,
  });
}

/** Learns from the registry's answer what the client may do next. */
function learn(
  state: State,
  method: string,
  url: URL,
  answer: IncomingMessage,
  digest?: string,
): void {
  const status = answer.statusCode ?? 0;
  const retryAfter = Number(answer.headers['retry-after'] ?? 0);
  // All uploads begin with the same POST: which of them comes again, nobody can tell.
  if (status === 429 && method !== 'POST') {
    state.refused.set(`${method} ${url.href}`, Date.now() + 1000 * retryAfter);
  }
  const confirmed = confirmedIn(state, repositoryOf(url.pathname));
  for (const name of confirmedBy(method, url, status, digest)) confirmed.add(name);
  follow(state, method, url, answer);
}

/** Manifests are small: they are read whole, to be checked before the registry sees them. */
async function readManifest(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function forward(
  state: State,
  upstream: URL,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(message.url ?? '/', `http://${message.headers.host}`);
  const method = message.method ?? 'GET';
  const confirmed = confirmedIn(state, repositoryOf(url.pathname));
  const notBefore = state.refused.get(`${method} ${url.href}`) ?? 0;
  const session = state.sessions.get(url.pathname);
  const note = (broken: readonly string[]): void => {
    for (const rule of broken) state.violations.push(`${method} ${url.pathname}: ${rule}`);
  };
  state.requests += 1;
  const { headers } = message;
  note(checkRequest({ method, url, headers, session, confirmed, notBefore, now: Date.now() }));
  const isManifest = method === 'PUT' && url.pathname.includes('/manifests/');
  const body = isManifest ? await readManifest(message) : undefined;
  if (body) note(checkManifestBody(body, confirmed));
  const ask = upstream.protocol === 'https:' ? httpsRequest : httpRequest;
  const target = new URL(message.url ?? '/', upstream);
  const onward = ask(target, { method, headers, rejectUnauthorized: false }, (answer) => {
    learn(state, method, url, answer, body && digestOf(body));
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  message.on('error', () => onward.destroy());
  if (body) onward.end(body);
  else message.pipe(onward);
}

/**
 * Stands before a real registry and notes everything that a correct client would not send. The
 * registry decides what is answered; this only watches.
 */
export async function startStrictProxy({ upstream }: StrictProxyOptions): Promise<StrictProxy> {
  const state: State = {
    violations: [],
    sessions: new Map(),
    confirmed: new Map(),
    requests: 0,
    refused: new Map(),
  };
  const target = new URL(upstream);
  const server = createServer((message, response) => {
    forward(state, target, message, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    violations: state.violations,
    get requests() {
      return state.requests;
    },
    openSessions: () => [...state.sessions.values()].filter(({ ended }) => !ended).length,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
