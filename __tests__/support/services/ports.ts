/** Ports for servers that cannot be told "any free one" and say which it was. */
import { createServer } from 'node:net';

/** Below the range the system gives to outgoing connections, which would take ports at random. */
const FIRST_PORT = 12_000;
const PORTS_PER_WORKER = 1_000;
const WORKERS = 16;
const ATTEMPTS = 50;

/**
 * A port of 127.0.0.1 nobody listens on. Every jest worker draws from a range of its own: between
 * this check and the server's start another suite must not be given the same number.
 */
export async function freePort(): Promise<number> {
  const worker = Number(process.env['JEST_WORKER_ID'] ?? 0) % WORKERS;
  const first = FIRST_PORT + worker * PORTS_PER_WORKER;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = first + Math.floor(Math.random() * PORTS_PER_WORKER);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${first} and ${first + PORTS_PER_WORKER}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}
