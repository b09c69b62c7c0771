import { setTimeout as delay } from 'node:timers/promises';
import type { RequestKind } from './kinds.ts';
import { seededRandom } from './random.ts';
import type { RecordedRequest } from './types.ts';

/** Which requests a fault is for. Everything given must agree. */
export interface FaultMatch {
  readonly method?: string;
  /** A request kind, an exact path, or an expression over path and query. */
  readonly path?: RegExp | RequestKind | (string & {});
  readonly repo?: string;
  readonly reference?: string;
  readonly role?: RecordedRequest['role'];
  /** Only the n-th request that agrees with the rest, counted from 1. */
  readonly nth?: number;
  /** Only each n-th of them. */
  readonly every?: number;
}

/** What happens to a request; several can be given at once. */
export interface FaultAction {
  /** Answers this instead of doing the work; the body is taken from the wire and forgotten. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** With `status`: answers only once the whole body has come. */
  readonly afterBody?: boolean;
  /** Does the work, then answers this status as if it had failed. */
  readonly answerStatus?: number;
  /** Waits before anything else. */
  readonly delayMs?: number;
  /** Never answers. */
  readonly hang?: boolean;
  /** Takes this many bytes of the request's body and then no more, for ever. */
  readonly stallAfterBytes?: number;
  /** Resets the connection after this many bytes of the request's body. */
  readonly cutAfterBytes?: number;
  /** Does the work, then resets the connection after this many bytes of the answer's body. */
  readonly cutResponseAfterBytes?: number;
  /** Does the work, then resets the connection without an answer. */
  readonly dropResponse?: boolean;
  /** Replaces the Range of the answer. */
  readonly lyingRange?: string;
  /** Replaces the Location of the answer; `foreign` is the same path on the foreign host. */
  readonly location?: string;
  /** Treats the token as expired, from now on. */
  readonly expireToken?: boolean;
  /** Treats every token as expired, from now on. */
  readonly expireAllTokens?: boolean;
  /** Forgets the upload session before the request is looked at. */
  readonly forgetSession?: boolean;
  /** Adds to, or replaces in, an otherwise honest answer. */
  readonly addHeaders?: Readonly<Record<string, string>>;
  /** Flips a bit in each byte of the answer's body. */
  readonly corruptBody?: boolean;
  /** Takes the request's body at this rate. */
  readonly readBytesPerSecond?: number;
  /** Gives the answer's body at this rate. */
  readonly writeBytesPerSecond?: number;
}

/** One scripted fault. */
export interface Fault {
  readonly match?: FaultMatch;
  /** How often it is applied (default 1, with `every` always; Infinity: always). */
  readonly times?: number;
  readonly do: FaultAction;
}

/** Options of {@link FaultScript.resetEvery}. */
export interface ConnectionReset {
  /** Resets each n-th connection … */
  readonly every: number;
  /** … after a number of received bytes between these two. */
  readonly minBytes: number;
  readonly maxBytes: number;
  /** The same seed draws the same numbers. */
  readonly seed: number;
}

/** A fault that is waiting or was used, for a test that wants to know whether it happened. */
export interface ActiveFault extends Fault {
  /** How often it was applied. */
  readonly applied: number;
}

/**
 * The script of what goes wrong. The first fault that matches a request is applied to it, and those
 * after it do not count that request.
 */
export class FaultScript {
  #faults: { fault: Fault; seen: number; applied: number }[] = [];
  #reset: { readonly every: number; readonly draw: () => number } | undefined;
  #resets = 0;

  /** Adds one fault. */
  add(fault: Fault): void {
    const { headers, addHeaders } = fault.do;
    const action = { ...fault.do, ...lowerCase({ headers, addHeaders }) };
    this.#faults.push({ fault: { ...fault, do: action }, seen: 0, applied: 0 });
  }

  /** Answers 429 to the next `count` requests that match. */
  storm(count: number, retryAfter?: number | string, match: FaultMatch = {}): void {
    const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
    const body = '{"errors":[{"code":"TOOMANYREQUESTS","message":"too many requests"}]}';
    this.add({ match, times: count, do: { status: 429, headers, body } });
  }

  /** Resets each n-th connection after a random number of bytes. */
  resetEvery(every: number, minBytes: number, maxBytes: number, seed: number): void {
    const random = seededRandom(seed);
    const draw = (): number => Math.floor(minBytes + random() * (maxBytes - minBytes));
    this.#reset = { every, draw };
  }

  /** How many connections {@link resetEvery} has reset. */
  get resets(): number {
    return this.#resets;
  }

  /** All faults with how often they were applied. */
  get all(): ActiveFault[] {
    return this.#faults.map(({ fault, applied }) => ({ ...fault, applied }));
  }

  clear(): void {
    this.#faults = [];
    this.#reset = undefined;
    this.#resets = 0;
  }

  /** The action for this request, if any; counts it. Called by the server. */
  take(request: RecordedRequest): FaultAction | undefined {
    for (const entry of this.#faults) {
      const { match = {} } = entry.fault;
      const { times = match.every === undefined ? 1 : Infinity } = entry.fault;
      if (entry.applied >= times || !agrees(match, request)) continue;
      entry.seen += 1;
      if (match.nth !== undefined && entry.seen !== match.nth) continue;
      if (match.every !== undefined && entry.seen % match.every !== 0) continue;
      entry.applied += 1;
      return entry.fault.do;
    }
    return undefined;
  }

  /** After how many bytes this connection is reset, if at all. Called by the server. */
  connectionLimit(connection: number): number {
    if (this.#reset === undefined || connection % this.#reset.every !== 0) return Infinity;
    return this.#reset.draw();
  }

  /** Notes that a connection was reset. Called by the server. */
  noteReset(): void {
    this.#resets += 1;
  }
}

/** Waits as long as it takes to move this many bytes at a rate. */
export async function pace(bytes: number, bytesPerSecond: number | undefined): Promise<void> {
  if (bytesPerSecond !== undefined) await delay((bytes / bytesPerSecond) * 1000);
}

/** Header names as the rest of the registry writes them. */
function lowerCase(groups: Record<string, FaultAction['headers'] | undefined>): FaultAction {
  const given = Object.entries(groups).flatMap(([group, headers]) => {
    if (headers === undefined) return [];
    const lowered = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    return [[group, Object.fromEntries(lowered)]];
  });
  return Object.fromEntries(given) as FaultAction;
}

function agrees(match: FaultMatch, request: RecordedRequest): boolean {
  return (
    (match.method === undefined || match.method === request.method) &&
    (match.repo === undefined || match.repo === request.repo) &&
    (match.reference === undefined || match.reference === request.reference) &&
    (match.role === undefined || match.role === request.role) &&
    (match.path === undefined || agreesOnPath(match.path, request))
  );
}

function agreesOnPath(path: RegExp | string, request: RecordedRequest): boolean {
  if (path instanceof RegExp) return path.test(request.url);
  return path === request.kind || path === request.path;
}
