import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startLink, type Link, type LinkOptions } from './modules.ts';

const MIB = 1024 * 1024;
const FAST = { rttMs: 0, bitsPerSecond: 1e11, windowBytes: MIB };
/** What the simulator may be early in each direction. Late it may be at will: machines are busy. */
const EARLY_MS = 2;

describe('the simulated link', () => {
  let server: Server;
  let link: Link | undefined;
  const clients: Socket[] = [];
  const served: Socket[] = [];

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    server.on('connection', (socket) => {
      served.push(socket);
      socket.on('error', () => undefined);
    });
    await once(server, 'listening');
  });

  afterEach(async () => {
    for (const socket of [...clients.splice(0), ...served.splice(0)]) socket.destroy();
    await link?.stop();
    link = undefined;
    await new Promise((done) => server.close(done));
  });

  async function start(options: Omit<LinkOptions, 'upstream'>): Promise<Link> {
    const { port } = server.address() as AddressInfo;
    link = await startLink({ ...options, upstream: { host: '127.0.0.1', port } });
    return link;
  }

  function client({ port }: Link): Socket {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    clients.push(socket);
    return socket;
  }

  /** Answers as soon as it has everything. */
  function answerWholes(bytes: number): void {
    server.on('connection', (socket) => {
      let received = 0;
      socket.on('data', (chunk) => {
        received += chunk.length;
        if (received === bytes) socket.write('!');
      });
    });
  }

  async function send(through: Link, bytes: number): Promise<void> {
    const socket = client(through);
    socket.write(Buffer.alloc(bytes));
    await once(socket, 'data');
  }

  async function time(work: () => Promise<unknown>): Promise<number> {
    const started = performance.now();
    await work();
    return performance.now() - started;
  }

  it('passes every byte on, both ways, and the end of each way by itself', async () => {
    server.on('connection', (socket) => {
      const hash = createHash('sha256');
      socket.on('data', (chunk) => hash.update(chunk));
      socket.on('end', () => socket.end(hash.digest()));
    });
    const through = await start(FAST);
    const content = randomBytes(3 * MIB + 1);
    const socket = client(through);
    socket.end(content);
    expect(await buffer(socket)).toEqual(createHash('sha256').update(content).digest());
  });

  it('counts connections, requests and bytes, from the reset on', async () => {
    server.on('connection', (socket) => {
      socket.on('data', () => socket.write('answer'));
      socket.on('end', () => socket.end());
    });
    const through = await start(FAST);
    await send(through, 10);
    for (const socket of clients.splice(0)) socket.destroy();
    await through.reset();
    const socket = client(through);
    for (let request = 0; request < 3; request += 1) {
      socket.write('request');
      await once(socket, 'data');
    }
    expect(await through.counters()).toMatchObject({
      connections: 1,
      peakConnections: 1,
      requests: 3,
      bytesUp: 21,
      bytesDown: 18,
    });
  });

  it('takes a round trip for a connection and one for each question', async () => {
    server.on('connection', (socket) => socket.pipe(socket));
    const through = await start({ ...FAST, rttMs: 60 });
    const socket = client(through);
    const ask = async (): Promise<void> => {
      socket.write('?');
      await once(socket, 'data');
    };
    expect(await time(ask)).toBeGreaterThanOrEqual(2 * 60 - EARLY_MS);
    expect(await time(ask)).toBeGreaterThanOrEqual(60 - EARLY_MS);
    expect((await through.counters()).busyMs).toBeGreaterThanOrEqual(3 * 60 - EARLY_MS);
  });

  it('shares its bandwidth among all connections', async () => {
    answerWholes(MIB / 4);
    const through = await start({ ...FAST, bitsPerSecond: 80e6 });
    const four = Array.from({ length: 4 }, () => send(through, MIB / 4));
    const ideal = (MIB * 8 * 1000) / 80e6;
    expect(await time(() => Promise.all(four))).toBeGreaterThanOrEqual(ideal - EARLY_MS);
  });

  it('keeps one connection to its window per round trip', async () => {
    answerWholes(2 * MIB);
    const through = await start({ ...FAST, rttMs: 40, windowBytes: MIB / 4 });
    // Eight windows; the last read may go beyond the window by one buffer, 64 KiB.
    const roundTrips = Math.floor(8 / (1 + 1 / 4));
    const elapsed = await time(() => send(through, 2 * MIB));
    expect(elapsed).toBeGreaterThanOrEqual(roundTrips * 40 - EARLY_MS);
  });

  it('breaks the connection when the other side does', async () => {
    server.on('connection', (socket) => socket.once('data', () => socket.resetAndDestroy()));
    const through = await start(FAST);
    const socket = client(through);
    socket.on('error', () => undefined);
    socket.write('?');
    await once(socket, 'close');
    expect(socket.destroyed).toBe(true);
  });
});
