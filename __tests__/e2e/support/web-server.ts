/** A web server in this process that is asked for a registry: it counts, and answers what it is told. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A running server. */
export interface WebServer {
  readonly host: string;
  /** `METHOD /path` of every request so far */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

/** A page, as every path of a web server that is no registry answers. */
export function webPage(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end('<!doctype html><title>Welcome</title><h1>It works!</h1>');
}

/** Starts it on a free port of 127.0.0.1; bodies are taken and forgotten. */
export async function startWebServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void = webPage,
): Promise<WebServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    request.resume();
    answer(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
