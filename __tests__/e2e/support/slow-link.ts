/** A slow line to a registry: a TCP relay that passes requests on at a given rate. */
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';

/** A running relay. */
export interface SlowLink {
  /** what to push to */
  readonly host: string;
  /** bytes passed on towards the registry so far */
  readonly passed: () => number;
  stop(): Promise<void>;
}

const TICK_MS = 50;

/**
 * Starts a relay to a port of 127.0.0.1; answers come back at full speed.
 * @param bytesPerSecond of all connections together
 */
export async function startSlowLink(port: number, bytesPerSecond: number): Promise<SlowLink> {
  const sockets = new Set<Socket>();
  const share = (bytesPerSecond * TICK_MS) / 1000;
  let budget = 0;
  let total = 0;
  const pump = (from: Socket, to: Socket): void => {
    while (budget > 0) {
      const chunk = from.read() as Buffer | null;
      if (chunk === null) return;
      budget -= chunk.length;
      total += chunk.length;
      to.write(chunk);
    }
  };
  const lines = new Set<() => void>();
  const timer = setInterval(() => {
    budget = Math.min(budget + share, share);
    for (const line of lines) line();
  }, TICK_MS);
  const server = createServer((client) => {
    const upstream = createConnection(port, '127.0.0.1');
    const line = (): void => pump(client, upstream);
    lines.add(line);
    client.on('readable', line);
    upstream.pipe(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        lines.delete(line);
        client.destroy();
        upstream.destroy();
      });
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed: () => total,
    stop: () =>
      new Promise((done) => {
        clearInterval(timer);
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A host behind which nothing answers, as behind a firewall. */
export interface SilentHost {
  readonly host: string;
  /** resolves when somebody has connected */
  readonly connected: Promise<void>;
  stop(): Promise<void>;
}

/** Starts a host that accepts connections, reads, and never says a word. */
export async function startSilentHost(): Promise<SilentHost> {
  const sockets = new Set<Socket>();
  const server = createServer();
  const connected = new Promise<void>((done) => {
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined).resume();
      done();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connected,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
