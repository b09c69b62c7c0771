import { createServer, request as forward } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

export interface Proxy {
  readonly url: string;
  /** what it was asked for: `CONNECT host:port`, or the method and absolute URL of plain requests */
  readonly requests: readonly string[];
  /** the Proxy-Authorization headers it got */
  readonly logins: readonly string[];
  stop(): Promise<void>;
}

/** A proxy that knows one name, and takes every request for it to this machine. */
export async function startProxy(name: string): Promise<Proxy> {
  const requests: string[] = [];
  const logins: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const url = new URL(request.url ?? '');
    if (url.hostname !== name) {
      response.writeHead(502).end();
      return;
    }
    const { port, pathname, search } = url;
    const { method, headers } = request;
    const onward = { host: '127.0.0.1', port, path: pathname + search, method, headers };
    request.pipe(
      forward(onward, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      }),
    );
  });
  server.on('connect', (request, client: Socket, head) => {
    requests.push(`CONNECT ${request.url}`);
    const login = request.headers['proxy-authorization'];
    if (login !== undefined) logins.push(login);
    const [host, port] = (request.url ?? '').split(':');
    if (host !== name) {
      client.end('HTTP/1.1 502 Unknown\r\n\r\n');
      return;
    }
    const onward = connect(Number(port), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.write(head);
      client.pipe(onward).pipe(client);
    });
    for (const socket of [client, onward]) {
      sockets.add(socket);
      socket.on('error', () => onward.destroy());
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    logins,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
