import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from './connections.ts';
import type { Context } from './context.ts';
import { pace } from './faults.ts';
import type { FaultAction } from './faults.ts';
import type { LiveRecord } from './recorder.ts';
import type { Route } from './routes.ts';
import type { RuleId } from './rules.ts';

/** The connection ended while a body was coming; nobody is left to answer. */
export class Interrupted extends Error {}

/** Gives the last bytes of a cut answer time to leave before the reset overtakes them. */
const CUT_DELAY_MS = 30;

/** One request and its answer, with the fault that applies to them. */
export class Exchange {
  readonly context: Context;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly connection: Connection;
  readonly record: LiveRecord;
  readonly route: Route;
  readonly fault: FaultAction;
  #reading = false;

  constructor(
    context: Context,
    request: IncomingMessage,
    response: ServerResponse,
    arrival: { connection: Connection; record: LiveRecord; route: Route; fault: FaultAction },
  ) {
    this.context = context;
    this.request = request;
    this.response = response;
    this.connection = arrival.connection;
    this.record = arrival.record;
    this.route = arrival.route;
    this.fault = arrival.fault;
  }

  get query(): URLSearchParams {
    return this.record.query;
  }

  /** Whether, as far as can be known, the client will get the whole answer. */
  get deliverable(): boolean {
    const { dropResponse, cutResponseAfterBytes, answerStatus } = this.fault;
    const whole = dropResponse !== true && cutResponseAfterBytes === undefined;
    return whole && answerStatus === undefined && !this.connection.socket.destroyed;
  }

  /** Length of the body as declared; undefined when it is not. */
  get contentLength(): number | undefined {
    const value = this.header('content-length');
    return value === undefined ? undefined : Number(value);
  }

  /** Whether the request announces at least one byte of a body. */
  get hasBody(): boolean {
    return (this.contentLength ?? 0) > 0 || this.header('transfer-encoding') !== undefined;
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  violate(rule: RuleId, detail = ''): void {
    const { method, url } = this.record;
    this.context.violations.add(rule, `${method} ${url}`, detail);
  }

  /** The body, with the faults that concern it. Throws {@link Interrupted} when it is cut. */
  async *body(): AsyncGenerator<Buffer> {
    this.#reading = true;
    const { cutAfterBytes: cut = Infinity, stallAfterBytes: stall = Infinity } = this.fault;
    try {
      for await (const piece of this.request.iterator({ destroyOnReturn: false })) {
        const chunk = (piece as Buffer).subarray(0, cut - this.record.bytesIn);
        this.record.bytesIn += chunk.length;
        yield chunk;
        if (this.record.bytesIn >= cut) this.reset();
        if (this.record.bytesIn >= stall) await this.gone();
        if (this.connection.socket.bytesRead >= this.connection.limit) this.reset(true);
        if (this.connection.socket.destroyed) break;
        await pace(chunk.length, this.fault.readBytesPerSecond);
      }
    } catch {
      // The client went away; that is told by the request being incomplete.
    }
    if (!this.request.complete || this.connection.socket.destroyed) {
      this.record.cut = true;
      throw new Interrupted();
    }
  }

  /** Takes the body from the wire and forgets it. */
  async drain(): Promise<void> {
    if (this.#reading) return;
    for await (const chunk of this.body()) void chunk;
  }

  /** Waits until the client gives up. */
  async gone(): Promise<void> {
    if (this.response.destroyed) return;
    await new Promise<void>((resolve) => {
      this.response.once('close', resolve);
    });
  }

  /** Ends the connection with a reset, as a broken network does. */
  reset(byConnection = false): void {
    if (this.connection.socket.destroyed) return;
    this.record.cut = true;
    if (byConnection) this.context.faults.noteReset();
    this.connection.socket.resetAndDestroy();
  }

  /** Answers; returns when the answer is written or the client is gone. */
  async reply(
    status: number,
    headers: OutgoingHttpHeaders = {},
    body: Iterable<Buffer> = [],
  ): Promise<void> {
    // Whatever of the body nobody wanted must still be counted and taken off the wire.
    if (!this.#reading) this.drain().catch(() => undefined);
    if (this.fault.dropResponse === true) {
      this.reset();
      return;
    }
    const { answerStatus } = this.fault;
    const disguised = answerStatus !== undefined;
    this.record.status = answerStatus ?? status;
    this.#noteWait(this.record.status, headers);
    if (this.response.destroyed) return;
    const plain = { 'content-length': 0 };
    this.response.writeHead(this.record.status, this.#finalHeaders(disguised ? plain : headers));
    if (this.record.method !== 'HEAD' && !disguised) await this.#write(body);
    if (this.response.destroyed) return;
    const done = new Promise<void>((resolve) => {
      this.response.once('close', resolve).once('finish', resolve);
    });
    this.response.end();
    await done;
  }

  /** Answers JSON. */
  async replyJson(status: number, json: unknown, headers: OutgoingHttpHeaders = {}): Promise<void> {
    const bytes = Buffer.from(JSON.stringify(json));
    const type = { 'content-type': 'application/json', 'content-length': bytes.length };
    await this.reply(status, { ...type, ...headers }, [bytes]);
  }

  /** Answers an error in the form of the specification. */
  async fail(
    status: number,
    code: string,
    message: string,
    headers: OutgoingHttpHeaders = {},
  ): Promise<void> {
    await this.replyJson(status, { errors: [{ code, message, detail: null }] }, headers);
  }

  #finalHeaders(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
    const { lyingRange, location, addHeaders } = this.fault;
    const base: OutgoingHttpHeaders = { 'docker-distribution-api-version': 'registry/2.0' };
    if (this.context.options.features.setCookie) base['set-cookie'] = 'bait=1; Path=/';
    const result: OutgoingHttpHeaders = { ...base, ...headers, ...addHeaders };
    if (lyingRange !== undefined && headers['range'] !== undefined) result['range'] = lyingRange;
    if (location !== undefined && typeof headers['location'] === 'string') {
      result['location'] =
        location === 'foreign' ? this.#onForeignHost(headers['location']) : location;
    }
    return result;
  }

  #onForeignHost(location: string): string {
    const path = location.replace(/^https?:\/\/[^/]+/, '');
    return `${this.context.urls.foreign ?? ''}${path}`;
  }

  async #write(body: Iterable<Buffer>): Promise<void> {
    let room = this.fault.cutResponseAfterBytes ?? Infinity;
    for (const piece of inSteps(body, this.fault.writeBytesPerSecond)) {
      if (this.response.destroyed) return;
      const part = this.#corrupted(piece.subarray(0, room));
      room -= part.length;
      await pace(part.length, this.fault.writeBytesPerSecond);
      if (part.length > 0 && !this.response.write(part)) await this.#drained();
      if (room <= 0) break;
    }
    if (this.fault.cutResponseAfterBytes !== undefined) {
      this.response.flushHeaders();
      await delay(CUT_DELAY_MS);
      this.reset();
    }
  }

  #corrupted(piece: Buffer): Buffer {
    if (this.fault.corruptBody !== true) return piece;
    return Buffer.from(piece.map((byte) => byte ^ 1));
  }

  async #drained(): Promise<void> {
    if (this.response.destroyed) return;
    await new Promise<void>((resolve) => {
      this.response.once('drain', resolve).once('close', resolve);
    });
  }

  #noteWait(status: number, headers: OutgoingHttpHeaders): void {
    const retryAfter = { ...headers, ...this.fault.addHeaders }['retry-after'];
    if ((status !== 429 && status !== 503) || retryAfter === undefined) return;
    const { method, url } = this.record;
    const alike = this.context.recorder.running((r) => r.method === method && r.url === url);
    this.context.waits.note(this.record, retryAfter, alike > 1);
  }
}

/** Cuts an answer that is to be slow into twentieths of a second. */
function* inSteps(body: Iterable<Buffer>, rate: number | undefined): Generator<Buffer> {
  const step = rate === undefined ? Infinity : Math.max(1, Math.ceil(rate / 20));
  for (const piece of body) {
    if (piece.length <= step) yield piece;
    else for (let at = 0; at < piece.length; at += step) yield piece.subarray(at, at + step);
  }
}
