/** A line to a server on which every answer takes its time, and how often one waited for another. */
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** How late answers arrive: much longer than it takes to send requests that wait for nothing. */
const LATE_MS = 300;

/** A question and its answer: of one request, or of a connection's first words. */
interface Exchange {
  readonly asked: number;
  answered: number;
}

export interface RoundLine {
  /** what to push to instead of the server: `127.0.0.1:PORT` */
  readonly host: string;
  /** Round trips since the last call: what is asked at the same time takes one. */
  rounds(): number;
  stop(): Promise<void>;
}

/** The longest chain of exchanges each of which began when the one before it had ended. */
function longestChain(exchanges: readonly Exchange[]): number {
  let [count, end] = [0, 0];
  for (const { asked, answered } of exchanges.toSorted((a, b) => a.answered - b.answered)) {
    if (asked < end) continue;
    count += 1;
    end = answered;
  }
  return count;
}

function relay(client: Socket, upstream: Socket, exchanges: Exchange[]): void {
  let open: Exchange | undefined;
  client.on('data', (chunk) => {
    if (!open) exchanges.push((open = { asked: performance.now(), answered: Infinity }));
    upstream.write(chunk);
  });
  upstream.on('data', (chunk) => {
    const answered = open;
    open = undefined;
    setTimeout(() => {
      if (answered) answered.answered = performance.now();
      client.write(chunk);
    }, LATE_MS);
  });
  upstream.once('close', () => setTimeout(() => client.destroy(), LATE_MS));
  client.once('close', () => upstream.destroy());
  // Who is cut off sees it as the end of its connection.
  for (const socket of [client, upstream]) socket.on('error', () => undefined);
}

/** Starts it on a free port of 127.0.0.1. @param port of the server, on this machine */
export async function startRoundLine(port: number): Promise<RoundLine> {
  const exchanges: Exchange[] = [];
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    client.once('close', () => clients.delete(client));
    relay(client, connect(port, '127.0.0.1'), exchanges);
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    rounds: () => longestChain(exchanges.splice(0)),
    stop: async () => {
      const closed = new Promise((done) => server.close(done));
      for (const client of clients) client.destroy();
      await closed;
    },
  };
}
