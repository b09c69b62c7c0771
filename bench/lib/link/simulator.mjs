/** The simulated link: accepts connections, opens their other half, and keeps count. */
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Channel } from './channel.mjs';
import { Flow } from './flow.mjs';
import { Pacer } from './pacer.mjs';

const FINEST_GRAIN_MS = 0.05;
/** What a nap of the finest grain takes in truth, on average, in both places where it delays. */
const NAP_ERROR_MS = 0.12;
/** What connections may take to close. */
const CLOSING_MS = 2_000;

/**
 * @typedef {object} LinkOptions
 * @property {number} rttMs round-trip time; a new connection waits for one before its first byte
 * @property {number} bitsPerSecond shared by all connections, in each direction
 * @property {number} windowBytes what one connection may have unacknowledged
 * @property {{ host: string, port: number }} upstream
 */

export class Simulator {
  #options;
  #up;
  #down;
  #later = [];
  #pacer;
  #counters;
  #open = new Set();

  /** @param {LinkOptions} options */
  constructor(options) {
    this.#options = options;
    const { rttMs, bitsPerSecond } = options;
    const grainMs = Math.min(Math.max(rttMs / 20, FINEST_GRAIN_MS), 1);
    const channel = {
      bytesPerMs: bitsPerSecond / 8 / 1000,
      latencyMs: rttMs / 2,
      horizonMs: 3 * grainMs,
      slackMs: grainMs < 1 ? NAP_ERROR_MS : grainMs / 2,
    };
    this.#up = new Channel(channel);
    this.#down = new Channel(channel);
    this.#pacer = new Pacer(grainMs, (now) => this.#tick(now));
    this.#startCounting();
  }

  /** Counts from zero, once the connections of whoever came before are gone. */
  async reset() {
    const deadline = performance.now() + CLOSING_MS;
    while (this.#open.size > 0 && performance.now() < deadline) await sleep(5);
    this.#startCounting();
  }

  #startCounting() {
    const counters = { connections: 0, requests: 0, bytesUp: 0, bytesDown: 0 };
    this.#counters = { ...counters, peakConnections: this.#open.size, from: undefined, to: 0 };
  }

  /** What has passed; `busyMs` is from the first connection to the last byte of an answer. */
  get counters() {
    const { from, to, ...counts } = this.#counters;
    return { ...counts, busyMs: from === undefined ? 0 : Math.max(to - from, 0) };
  }

  /** @returns {Promise<number>} the port it listens on */
  listen() {
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    server.on('connection', (client) => this.#accept(client));
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => resolve(server.address().port));
    });
  }

  #accept(client) {
    const { upstream, rttMs, windowBytes } = this.#options;
    const registry = net.connect({ ...upstream, allowHalfOpen: true, noDelay: true });
    this.#open.add(client);
    const now = performance.now();
    this.#counters.from ??= now;
    this.#counters.connections += 1;
    this.#counters.peakConnections = Math.max(this.#counters.peakConnections, this.#open.size);
    // The client believes it is connected: its handshake's round trip is spent here.
    this.#at(now + rttMs, () => client.resume());
    this.#couple(client, registry, windowBytes);
  }

  #couple(client, registry, windowBytes) {
    // HTTP/1.1 without pipelining: a request is where the client speaks after the registry did.
    let clientsTurn = true;
    const wake = (due) => this.#pacer.wake(due);
    const later = (due, work) => this.#at(due, work);
    const onSent = (bytes) => {
      this.#counters.bytesUp += bytes;
      if (clientsTurn && bytes > 0) this.#counters.requests += 1;
      if (bytes > 0) clientsTurn = false;
    };
    const onAnswer = (bytes) => (this.#counters.bytesDown += bytes);
    const onArrived = () => {
      clientsTurn = true;
      this.#counters.to = performance.now();
    };
    const up = { source: client, sink: registry, channel: this.#up, windowBytes };
    const down = { source: registry, sink: client, channel: this.#down, windowBytes };
    new Flow({ ...up, hooks: { wake, later, onSent, onDelivered: () => undefined } }).start();
    new Flow({ ...down, hooks: { wake, later, onSent: onAnswer, onDelivered: onArrived } }).start();
    // 'data' listeners made the socket flow: it has to wait for its handshake.
    client.pause();
    client.on('close', () => this.#open.delete(client));
    client.on('error', () => registry.destroy());
    registry.on('error', () => client.destroy());
  }

  /** Work for a time; the delays differ little, so that it is nearly always the last. */
  #at(due, work) {
    let place = this.#later.length;
    while (place > 0 && this.#later[place - 1].due > due) place -= 1;
    this.#later.splice(place, 0, { due, work });
    this.#pacer.wake(due);
  }

  #tick(now) {
    while (this.#later.length > 0 && this.#later[0].due <= now) this.#later.shift().work();
    this.#up.tick(now);
    this.#down.tick(now);
    const laterDue = this.#later.length > 0 ? this.#later[0].due : Infinity;
    return Math.min(this.#up.nextDue(), this.#down.nextDue(), laterDue);
  }
}
