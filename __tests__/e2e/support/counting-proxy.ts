/**
 * A proxy before a registry that counts what goes to it and can stop the line at an exact byte, so
 * that a push can be killed there. What is counted has been handed to the registry's connection:
 * no piece is passed on before the one before it has left this process.
 */
import {
  createServer,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { createLine, type Line, type Room } from './counting-line.ts';

/** One request and its answer, as far as they have come. */
export interface Exchange {
  readonly method: string;
  /** path and query */
  readonly url: string;
  /** path of the upload session, by the name it had first; undefined outside of uploads */
  readonly session: string | undefined;
  /** what `Content-Range` says of the first byte; 0 without it */
  readonly start: number;
  /** bytes of its body that went to the registry */
  readonly sent: number;
  /** 0 while there is no answer */
  readonly status: number;
  /** the blob, where the request names it or a later one of its session has */
  readonly digest: string | undefined;
}

export interface CountingProxyOptions {
  /** the registry behind it: `http://127.0.0.1:5000`, or https with whatever certificate */
  readonly upstream: string;
  /** of all bodies together; as fast as it goes without */
  readonly bytesPerSecond?: number;
}

export interface CountingProxy {
  /** what to push to instead of the registry: `127.0.0.1:PORT`, plain HTTP */
  readonly host: string;
  /** every request so far, in order of arrival */
  readonly exchanges: readonly Exchange[];
  /** Stops the line where `room` says so; resolves when it stands. */
  haltWhere(room: Room): Promise<void>;
  /** Ends every connection to the registry, as a network does when its sender is gone. */
  cut(): Promise<void>;
  stop(): Promise<void>;
}

/** Sockets read no more than this ahead of what has been passed on. */
const READ_AHEAD = 64 * 1024;
/** The client's connections are kept: only a registry may close them between two requests. */
const KEEP_ALIVE_MS = 60_000;

interface Mutable extends Exchange {
  sent: number;
  status: number;
}

interface State {
  readonly upstream: URL;
  readonly exchanges: Mutable[];
  readonly line: Line;
  /** a session's first path by each of its later ones */
  readonly sessions: Map<string, string>;
  /** the digest by the session's first path */
  readonly digests: Map<string, string>;
  readonly onwards: Set<ClientRequest>;
}

/** The headers of this hop alone end here. */
function passedOn(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const { connection: _, 'keep-alive': __, ...rest } = headers;
  return rest;
}

function describe(state: State, message: IncomingMessage): Mutable {
  const url = new URL(message.url ?? '/', 'http://registry.test');
  const known = state.sessions.get(url.pathname);
  const isUpload = known !== undefined || /\/blobs\/uploads?\//.test(url.pathname);
  const session = isUpload ? (known ?? url.pathname) : undefined;
  const method = message.method ?? 'GET';
  const named = url.searchParams.get('digest');
  // All uploads begin at the same path.
  const isOpening = method === 'POST';
  if (session !== undefined && named !== null && !isOpening) state.digests.set(session, named);
  const [start = '0'] = (message.headers['content-range'] ?? '0').split('-');
  return {
    method,
    url: message.url ?? '/',
    session,
    start: Number(start),
    sent: 0,
    status: 0,
    get digest() {
      return named ?? (session && !isOpening ? state.digests.get(session) : undefined);
    },
  };
}

/** A session that gets a new address keeps its first name; a POST's answer gives that name. */
function follow(state: State, exchange: Mutable, location: string | undefined): void {
  if (exchange.session === undefined || !location) return;
  const path = new URL(location, 'http://registry.test').pathname;
  const isNew = exchange.method === 'POST';
  if (!state.sessions.has(path)) state.sessions.set(path, isNew ? path : exchange.session);
}

/** True when the piece has left this process; false when the registry takes no more. */
function write(onward: ClientRequest, piece: Buffer): Promise<boolean> {
  return new Promise((passed) => {
    onward.write(piece, (error) => passed(!error));
  });
}

/**
 * Passes a body on. Where the registry has answered early and takes no more, the rest is read and
 * forgotten: closing the line instead could cost the client the answer.
 */
async function passBody(
  state: State,
  exchange: Mutable,
  message: IncomingMessage,
  onward: ClientRequest,
): Promise<void> {
  let taken = true;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    for (let done = 0; taken && done < chunk.length;) {
      const room = await state.line.room(exchange, chunk.length - done);
      const piece = chunk.subarray(done, done + room);
      // An early answer has to be seen before its connection breaks under what comes after it.
      await setImmediate();
      taken = exchange.status === 0 && (await write(onward, piece));
      if (!taken) break;
      exchange.sent += piece.length;
      if (exchange.session !== undefined) state.line.passed(piece.length);
      done += piece.length;
    }
  }
  if (taken) onward.end();
}

function forward(state: State, message: IncomingMessage, response: ServerResponse): void {
  const exchange = describe(state, message);
  state.exchanges.push(exchange);
  const { method = 'GET', headers } = message;
  const ask = state.upstream.protocol === 'https:' ? httpsRequest : httpRequest;
  const options = { method, headers: passedOn(headers), agent: false, rejectUnauthorized: false };
  const onward = ask(new URL(message.url ?? '/', state.upstream), options, (answer) => {
    exchange.status = answer.statusCode ?? 502;
    if (exchange.status < 300) follow(state, exchange, answer.headers.location);
    response.writeHead(exchange.status, passedOn(answer.headers));
    answer.on('error', () => response.destroy());
    answer.pipe(response);
  });
  state.onwards.add(onward);
  // After an early answer the connection breaks, too: the answer counts.
  onward.on('error', () => {
    if (!response.headersSent) response.destroy();
  });
  onward.once('close', () => state.onwards.delete(onward));
  response.once('close', () => {
    if (!response.writableFinished) onward.destroy();
  });
  passBody(state, exchange, message, onward).catch(() => onward.destroy());
}

/** Starts it on a free port of 127.0.0.1, which it keeps while the registry comes and goes. */
export async function startCountingProxy(options: CountingProxyOptions): Promise<CountingProxy> {
  const state: State = {
    upstream: new URL(options.upstream),
    exchanges: [],
    line: createLine(options.bytesPerSecond ?? Infinity),
    sessions: new Map(),
    digests: new Map(),
    onwards: new Set(),
  };
  const server = createServer({ highWaterMark: READ_AHEAD }, (message, response) => {
    message.on('error', () => undefined);
    forward(state, message, response);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const cut = async (): Promise<void> => {
    const open = [...state.onwards];
    const closed = open.map((onward) => new Promise((done) => onward.once('close', done)));
    for (const onward of open) onward.destroy();
    state.line.reopen();
    await Promise.all(closed);
  };
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges: state.exchanges,
    haltWhere: (room) => state.line.haltWhere(room),
    cut,
    stop: async () => {
      state.line.stop();
      server.closeAllConnections();
      await cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Bytes of blobs that went to the registry in these exchanges. */
export function bytesSent(exchanges: readonly Exchange[]): number {
  return exchanges.reduce((sum, { session, sent }) => sum + (session === undefined ? 0 : sent), 0);
}

/** Digests of the blobs that the registry has taken in these exchanges. */
export function committed(exchanges: readonly Exchange[]): string[] {
  return exchanges.flatMap(({ session, status, digest }) =>
    session !== undefined && status === 201 && digest !== undefined ? [digest] : [],
  );
}
