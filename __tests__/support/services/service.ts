/** What all launchers share: a folder of their own, a port of their own, and how they end. */
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import type { RunningProcess } from './process.ts';

const PORT_ATTEMPTS = 3;
const PORT_TAKEN = /address already in use|EADDRINUSE/i;

/** A server that runs for one suite. */
export interface Service {
  /** e.g. `https://127.0.0.1:12345` */
  readonly url: string;
  /** e.g. `127.0.0.1:12345` */
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** What it has printed so far. */
  readonly log: () => string;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** A user a server knows. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** A certificate and its key, as paths of PEM files. */
export interface KeyPair {
  readonly certFile: string;
  readonly keyFile: string;
}

/** An empty folder of its own for one server or test. */
export function temporaryFolder(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `push-test-${name}-`));
}

/** Removes a folder with all that is in it. */
export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/**
 * Runs `start` with a folder and a free port, and wraps what it started.
 * A port that was taken in between is replaced; one the caller chose is not.
 */
export async function startService(
  name: string,
  options: { readonly port?: number | undefined; readonly tls?: boolean },
  start: (port: number, folder: string) => Promise<RunningProcess>,
): Promise<Service> {
  const folder = await temporaryFolder(name);
  try {
    const [port, running] = await onFreePort(options.port, (port) => start(port, folder));
    const host = `127.0.0.1:${port}`;
    return {
      url: `${options.tls === true ? 'https' : 'http'}://${host}`,
      host,
      port,
      pid: running.pid,
      log: running.log,
      async stop() {
        await running.stop();
        await removeFolder(folder);
      },
    };
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
}

async function onFreePort<T>(
  chosen: number | undefined,
  start: (port: number) => Promise<T>,
): Promise<[number, T]> {
  for (let attempt = 1; ; attempt += 1) {
    const port = chosen ?? (await freePort());
    try {
      return [port, await start(port)];
    } catch (error) {
      const taken = error instanceof Error && PORT_TAKEN.test(error.message);
      if (!taken || chosen !== undefined || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/**
 * A probe: whether a GET is answered with any status below 500.
 * The certificate is not looked at: this asks whether the server is up, not who it is.
 */
export function answers(
  target: string | { readonly socketPath: string; readonly path: string },
): () => Promise<boolean> {
  return () =>
    new Promise((done) => {
      const common: RequestOptions = { timeout: 2_000, agent: false };
      const request =
        typeof target !== 'string'
          ? httpRequest({ ...common, ...target })
          : target.startsWith('https:')
            ? httpsRequest(target, { ...common, rejectUnauthorized: false })
            : httpRequest(target, common);
      request.once('response', (response) => {
        response.resume();
        done((response.statusCode ?? 500) < 500);
      });
      request.once('timeout', () => request.destroy());
      request.once('error', () => done(false));
      request.once('close', () => done(false));
      request.end();
    });
}
