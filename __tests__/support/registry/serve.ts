import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { authorize, checkAuthorization, challenge } from './auth.ts';
import { checkRequest, malformedParts } from './checks/request.ts';
import type { Context } from './context.ts';
import { Exchange, Interrupted } from './exchange.ts';
import { HANDLERS } from './handlers/index.ts';
import { takesUploadSlot } from './kinds.ts';
import { parseRoute } from './routes.ts';
import type { Route } from './routes.ts';
import type { RecordedRequest } from './types.ts';

/** What one listener is, and whether it challenges (foreign hosts may). */
export interface Listener {
  readonly role: RecordedRequest['role'];
  readonly challenges?: boolean;
}

/** Serves one request from arrival to answer. Never throws. */
export async function serve(
  context: Context,
  listener: Listener,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const exchange = arrive(context, listener, request, response);
  try {
    checkRequest(context, exchange);
    checkAuthorization(context, exchange);
    if (await applyFault(context, exchange)) return;
    if (context.options.latencyMs > 0) await delay(context.options.latencyMs);
    if (await refuseEarly(context, listener, exchange)) return;
    await HANDLERS[exchange.route.kind](context, exchange);
  } catch (error) {
    if (error instanceof Interrupted) return;
    context.internalErrors.push(error instanceof Error ? error : new Error(String(error)));
    response.destroy();
  } finally {
    context.recorder.end(exchange.record);
  }
}

function arrive(
  context: Context,
  listener: Listener,
  request: IncomingMessage,
  response: ServerResponse,
): Exchange {
  const connection = context.connections.of(request.socket);
  const { path, query } = splitUrl(request.url ?? '');
  const parsed = parseRoute(request.method ?? '', path, query, context.sessions);
  const route = isServed(context, listener, parsed) ? parsed : { kind: 'unknown' as const };
  const { role } = listener;
  const number = connection.number;
  const record = context.recorder.begin({ request, connection: number, role, path, query, route });
  const fault = context.faults.take(record) ?? {};
  record.faulted = Object.keys(fault).length > 0;
  return new Exchange(context, request, response, { connection, record, route, fault });
}

/** Not every listener has every path. */
function isServed(context: Context, { role }: Listener, route: Route): boolean {
  const { mode, separateRealm } = context.options.auth;
  const isToken = route.kind === 'token';
  if (role === 'token') return isToken;
  if (role === 'registry') return !isToken || (mode === 'bearer' && !separateRealm);
  return isToken || route.session !== undefined || route.kind === 'blob-get';
}

/** Applies what comes before the work; says whether that was all. */
async function applyFault(context: Context, exchange: Exchange): Promise<boolean> {
  const { fault, route } = exchange;
  const { session } = route;
  if (fault.delayMs !== undefined) await delay(fault.delayMs);
  if (fault.forgetSession === true && session?.state === 'open') {
    context.sessions.drop(session, 'gone');
  }
  if (fault.cutAfterBytes === 0) {
    exchange.reset();
    throw new Interrupted();
  }
  if (fault.hang === true) {
    await exchange.gone();
    return true;
  }
  if (fault.status === undefined) return false;
  if (fault.afterBody === true) await exchange.drain();
  const bytes = Buffer.from(fault.body ?? defaultBody(fault.status));
  await exchange.reply(
    fault.status,
    { 'content-type': 'application/json', 'content-length': bytes.length, ...fault.headers },
    [bytes],
  );
  noteFaultyAnswer(context, exchange, fault.status);
  return true;
}

/** A session is not what the client left when an answer was made up. */
function noteFaultyAnswer(context: Context, exchange: Exchange, status: number): void {
  const { session, kind } = exchange.route;
  if (session?.state !== 'open') return;
  session.unsure = true;
  // Whoever tries to cancel has done enough, and what is not found need not be cancelled.
  if (kind === 'blob-upload-cancel') context.sessions.drop(session, 'cancelled');
  else if (status === 404) context.sessions.drop(session, 'gone');
}

/** Everything that is decided before a handler looks; says whether the request was answered. */
async function refuseEarly(
  context: Context,
  listener: Listener,
  exchange: Exchange,
): Promise<boolean> {
  const { bodyMax, maxConcurrentUploads } = context.options.features;
  if ((exchange.contentLength ?? 0) > bodyMax) {
    const page = Buffer.from('<html><body><h1>413 Request Entity Too Large</h1></body></html>');
    const headers = { 'content-type': 'text/html', 'content-length': page.length };
    await exchange.reply(413, headers, [page]);
    return true;
  }
  if (exchange.route.kind === 'token') return false;
  if (listener.challenges === true) {
    const headers = { 'www-authenticate': challenge(context, exchange) };
    await exchange.fail(401, 'UNAUTHORIZED', 'a foreign host asks for credentials', headers);
    return true;
  }
  if (!(await authorize(context, exchange))) return true;
  if (await refuseMalformed(exchange)) return true;
  if (!takesUploadSlot(exchange.route.kind)) return false;
  if (context.recorder.takeSlot(exchange.record, maxConcurrentUploads)) return false;
  const { busyRetryAfter } = context.options.features;
  const headers = busyRetryAfter > 0 ? { 'retry-after': String(busyRetryAfter) } : {};
  await exchange.fail(429, 'TOOMANYREQUESTS', 'too many uploads at one time', headers);
  return true;
}

async function refuseMalformed(exchange: Exchange): Promise<boolean> {
  const [problem] = malformedParts(exchange);
  if (problem === undefined) return false;
  const [rule, what] = problem;
  const code = { 'name-malformed': 'NAME_INVALID', 'digest-malformed': 'DIGEST_INVALID' };
  const name = rule === 'reference-malformed' ? 'MANIFEST_INVALID' : code[rule];
  await exchange.fail(400, name, `malformed: ${what}`);
  return true;
}

/** Not by URL: that would tidy up what a client sent. */
function splitUrl(url: string): { path: string; query: URLSearchParams } {
  const mark = url.indexOf('?');
  const raw = mark === -1 ? url : url.slice(0, mark);
  const query = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1));
  try {
    return { path: decodeURIComponent(raw), query };
  } catch {
    return { path: raw, query };
  }
}

function defaultBody(status: number): string {
  const code = status === 429 ? 'TOOMANYREQUESTS' : 'UNKNOWN';
  return JSON.stringify({ errors: [{ code, message: 'scripted fault', detail: null }] });
}
