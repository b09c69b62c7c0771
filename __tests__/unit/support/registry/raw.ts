import { Agent, request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from '@jest/globals';
import {
  MANIFEST_TYPES,
  OCI_INDEX,
  OCI_MANIFEST,
  digestOf,
} from '../../../support/registry/index.ts';
import type { Descriptor, RuleId, StrictRegistry } from '../../../support/registry/index.ts';

/** An answer, whole. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly json: () => unknown;
}

/** What {@link send} is told. */
export interface Sending {
  /** null leaves a header out that would be there otherwise. */
  readonly headers?: Record<string, string | string[] | null>;
  readonly body?: Buffer | string;
  readonly agent?: Agent;
}

export const REPO = 'team/app';
export const OCTETS = 'application/octet-stream';
export const ACCEPT = MANIFEST_TYPES.join(', ');

/** Connections that stay open, for what is proved by the order on one connection. */
export const keepAlive = (): Agent => new Agent({ keepAlive: true, maxSockets: 1 });

/** Sends one request as it is told, right or wrong. */
export async function send(
  target: string,
  method: string,
  path: string,
  { headers = {}, body, agent }: Sending = {},
): Promise<Answer> {
  const { hostname, port } = new URL(target);
  const given: OutgoingHttpHeaders = { 'user-agent': 'raw-test' };
  if (body !== undefined) given['content-length'] = Buffer.byteLength(body);
  for (const [name, value] of Object.entries(headers)) {
    if (value === null) delete given[name];
    else given[name] = value;
  }
  return await new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method, path, headers: given, agent });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const json = (): unknown => JSON.parse(bytes.toString());
        const { statusCode = 0 } = response;
        resolve({ status: statusCode, headers: response.headers, body: bytes, json });
      });
    });
    request.end(body);
  });
}

/** Sends bytes that no HTTP library would send, and answers what comes back. */
export async function wire(target: string, text: string): Promise<string> {
  const { port } = new URL(target);
  return await new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      resolve(Buffer.concat(chunks).toString());
    });
    socket.write(text);
  });
}

/** A client that does everything right, for what comes before and after the wrong step. */
export class GoodClient {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #agent: Agent | undefined;

  constructor(registry: StrictRegistry, headers: Record<string, string> = {}, agent?: Agent) {
    this.#url = registry.url;
    this.#headers = headers;
    this.#agent = agent;
  }

  async send(method: string, path: string, sending: Sending = {}): Promise<Answer> {
    const headers = { ...this.#headers, ...sending.headers };
    const agent = this.#agent === undefined ? {} : { agent: this.#agent };
    const { origin, pathname, search } = new URL(path, this.#url);
    return await send(origin, method, pathname + search, { ...agent, ...sending, headers });
  }

  /** Opens a session and answers its Location. */
  async start(repo = REPO): Promise<string> {
    const answer = await this.send('POST', `/v2/${repo}/blobs/uploads/`);
    expect(answer.status).toBe(202);
    return answer.headers.location ?? '';
  }

  async patch(location: string, start: number, body: Buffer): Promise<Answer> {
    return await this.send('PATCH', location, { headers: chunk(start, body.length), body });
  }

  /** Closes a session, with a body or without. */
  async put(location: string, digest: string, body?: Buffer, from?: number): Promise<Answer> {
    const path = withDigest(location, digest);
    if (body === undefined) {
      return await this.send('PUT', path, { headers: { 'content-length': '0' } });
    }
    const range = from === undefined ? {} : chunk(from, body.length);
    return await this.send('PUT', path, { headers: { 'content-type': OCTETS, ...range }, body });
  }

  async pushBlob(body: Buffer, repo = REPO): Promise<Descriptor> {
    const digest = digestOf(body);
    const answer = await this.put(await this.start(repo), digest, body);
    expect(answer.status).toBe(201);
    return { mediaType: OCTETS, digest, size: body.length };
  }

  async pushManifest(bytes: Buffer, reference: string, type = OCI_MANIFEST): Promise<Answer> {
    const headers = { 'content-type': type };
    return await this.send('PUT', `/v2/${REPO}/manifests/${reference}`, { headers, body: bytes });
  }

  async getManifest(reference: string, method = 'GET'): Promise<Answer> {
    const headers = { accept: ACCEPT };
    return await this.send(method, `/v2/${REPO}/manifests/${reference}`, { headers });
  }
}

/** Appends the digest to a Location the way it must be: without touching the rest. */
export function withDigest(location: string, digest: string): string {
  return `${location}${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`;
}

/** The headers of a chunk. */
export function chunk(start: number, length: number): Record<string, string> {
  return { 'content-type': OCTETS, 'content-range': `${start}-${start + length - 1}` };
}

/** An image manifest. */
export function imageOf(config: Descriptor, layers: Descriptor[], extra: object = {}): Buffer {
  const fields = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers, ...extra };
  return Buffer.from(JSON.stringify(fields));
}

/** An image index. */
export function indexOf(manifests: Descriptor[], extra: object = {}): Buffer {
  const fields = { schemaVersion: 2, mediaType: OCI_INDEX, manifests, ...extra };
  return Buffer.from(JSON.stringify(fields));
}

/** Expects exactly these rules to have been broken, and the test to be told. */
export async function expectBroken(registry: StrictRegistry, ...rules: RuleId[]): Promise<void> {
  // A connection that ended is noticed a little later.
  await delay(5);
  let message = '';
  try {
    registry.assertClean();
  } catch (error) {
    message = (error as Error).message;
  }
  const found = [...message.matchAll(/^- ([a-z-]+):/gm)].map((match) => match[1]);
  expect(new Set(found)).toEqual(new Set(rules));
}
