import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Context } from './context.ts';
import { serve } from './serve.ts';
import type { Listener } from './serve.ts';

/** One server of the registry. */
export interface Running {
  readonly host: string;
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** What Node says of bytes that are no request. */
interface ParseError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer;
}

/** First byte of a TLS handshake. */
const TLS_HANDSHAKE = 0x16;

/** Where and how to listen. */
export interface ListenOptions {
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
}

/** Starts a server for one of the registry's roles. */
export async function listen(
  context: Context,
  listener: Listener,
  options: ListenOptions,
): Promise<Running> {
  const timeouts = { keepAliveTimeout: 60_000, requestTimeout: 0, headersTimeout: 0 };
  const server: Server =
    options.tls === undefined
      ? createServer(timeouts)
      : createTlsServer({ ...timeouts, ...options.tls });
  server.on('request', (request, response) => {
    void serve(context, listener, request, response);
  });
  server.on('clientError', (error: ParseError, socket: Socket) => {
    // A broken connection is nobody's fault here; only what the parser found counts.
    if (error.code?.startsWith('HPE_') !== true || error.code === 'HPE_INVALID_EOF_STATE') {
      socket.destroy();
      return;
    }
    // A client may find out by a TLS handshake, and this answer to it, that this is plain HTTP.
    if (error.rawPacket?.[0] !== TLS_HANDSHAKE) {
      context.violations.add('malformed-http', listener.role, `${error.code} ${error.message}`);
    }
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  context.connections.watch(server, context.faults, context.recorder);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.hostname, resolve);
  });
  const host = `${options.hostname}:${(server.address() as AddressInfo).port}`;
  const url = `${options.tls === undefined ? 'http' : 'https'}://${host}`;
  return { host, url, stop: async () => await stop(server) };
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  server.closeAllConnections();
  await closed;
}
