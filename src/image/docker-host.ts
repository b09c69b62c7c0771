import { readFile } from 'node:fs/promises';
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { join } from 'node:path';
import { configError, imageError, isAbort, messageOf, systemCode } from '../util/errors.ts';
import { printable } from '../util/text.ts';
import type { DockerHost } from './options.ts';

/** A Docker daemon's API (podman's service speaks it, too). */
export interface DaemonApi {
  /** socket or address, for messages */
  readonly address: string;
  /**
   * GET of a path below the API's root; the caller reads or destroys the answer.
   * @throws PushError IMAGE when nobody answers
   */
  get(path: string, signal?: AbortSignal): Promise<IncomingMessage>;
}

interface Endpoint {
  readonly tls: boolean;
  readonly options: RequestOptions;
  readonly prefix: string;
}

const DEFAULT_HOST =
  process.platform === 'win32' ? 'npipe:////./pipe/docker_engine' : 'unix:///var/run/docker.sock';

function unsupported(host: string): Error {
  const ssh = host.startsWith('ssh:');
  return configError(
    `DOCKER_HOST is ${printable(host)}, which is not supported.`,
    ssh
      ? 'Save the image there with docker save, and name the file as the source.'
      : 'Known are unix://, npipe://, tcp://, http:// and https://.',
  );
}

function tcpEndpoint(host: string, secured: boolean): Endpoint {
  const url = URL.parse(host.replace(/^tcp:/, secured ? 'https:' : 'http:'));
  if (!url || url.hostname === '') throw unsupported(host);
  const tls = url.protocol === 'https:';
  const port = url.port || (host.startsWith('tcp:') ? (tls ? '2376' : '2375') : undefined);
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const prefix = url.pathname.replace(/\/$/, '');
  return { tls, prefix, options: { hostname, ...(port ? { port } : {}) } };
}

/** @throws PushError GENERAL for a host that is not understood */
export function parseDockerHost(host: string, secured: boolean): Endpoint {
  const [scheme, rest = ''] = host.split(/:\/\/(.*)/s);
  if ((scheme === 'unix' || scheme === 'npipe') && rest !== '') {
    return { tls: false, prefix: '', options: { socketPath: rest } };
  }
  if (scheme === 'tcp' || scheme === 'http' || scheme === 'https') {
    return tcpEndpoint(host, secured);
  }
  throw unsupported(host);
}

/** As Docker's own client: certificates mean TLS, and DOCKER_TLS_VERIFY that they are checked. */
async function tlsOptions({ certPath, tlsVerify }: DockerHost): Promise<object> {
  if (certPath === undefined) return {};
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map(async (name) =>
      readFile(join(certPath, name)).catch((error: unknown) => {
        throw configError(
          `${name} of the Docker daemon cannot be read in ${certPath}.`,
          'Check DOCKER_CERT_PATH.',
          error,
        );
      }),
    ),
  );
  return { ca, cert, key, rejectUnauthorized: tlsVerify === true };
}

function unreachable(address: string, error: unknown): Error {
  if (isAbort(error)) return error as Error;
  const code = systemCode(error);
  return imageError(
    `the Docker daemon at ${address} does not answer (${code ?? printable(messageOf(error))}).`,
    code === 'EACCES'
      ? 'This user may not use its socket: add it to the docker group, or use docker save.'
      : 'Start it, or let DOCKER_HOST say where it is.',
    error,
  );
}

/** @throws PushError GENERAL when DOCKER_HOST or the certificates cannot be used */
export async function connectDaemon(dockerHost: DockerHost = {}): Promise<DaemonApi> {
  const address = dockerHost.host || DEFAULT_HOST;
  const secured = dockerHost.certPath !== undefined || dockerHost.tlsVerify === true;
  const { tls, options, prefix } = parseDockerHost(address, secured);
  const extra = tls ? await tlsOptions(dockerHost) : {};
  return {
    address,
    get: (path, signal) =>
      new Promise((resolve, reject) => {
        const send = tls ? requestHttps : requestHttp;
        const all = { ...options, ...extra, path: prefix + path, agent: false as const };
        send({ ...all, ...(signal ? { signal } : {}) }, resolve)
          .on('error', (error) => reject(unreachable(address, error)))
          .end();
      }),
  };
}
