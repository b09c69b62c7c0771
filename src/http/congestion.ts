import { AdaptiveLimit, SAME_TROUBLE_MS } from '../util/adaptive-limit.ts';
import type { Clock } from '../util/clock.ts';
import { PushError } from '../util/errors.ts';
import { Limiter } from '../util/limiter.ts';
import { announcedWait, isThrottled } from './throttle.ts';
import type { Middleware } from './transport.ts';

export interface CongestionOptions {
  readonly clock: Clock;
  /** blobs under way at a time; `auto` finds out what link and registry bear */
  readonly uploads?: number | 'auto';
  /** as far as `auto` may go (default 16: runners share an address) */
  readonly maxUploads?: number;
  /** manifests, tags and questions under way at a time: they never wait behind a body */
  readonly requests?: number;
}

/** Where `auto` starts: what peers use for good. */
const START = 4;

/**
 * Owns what one registry is asked to bear: nothing else slows a push down. Two lanes, so that a
 * small JSON request never waits behind a body, and one pause that all obey when the registry asks.
 */
export class CongestionController {
  readonly #clock: Clock;
  readonly #lanes: Readonly<Record<'upload' | 'request', Limiter>>;
  readonly #adaptive: AdaptiveLimit | undefined;
  readonly #requests: number;
  #pausedUntil = 0;
  #most = 0;
  #lastTrouble = Number.NEGATIVE_INFINITY;

  constructor(options: CongestionOptions) {
    const { clock, uploads = 'auto', maxUploads = 16, requests = 16 } = options;
    this.#clock = clock;
    this.#requests = requests;
    const start = uploads === 'auto' ? Math.min(START, maxUploads) : uploads;
    if (uploads === 'auto') {
      this.#adaptive = new AdaptiveLimit({ start, max: maxUploads, now: () => clock.now() });
    }
    this.#lanes = { upload: new Limiter(start), request: new Limiter(requests) };
    this.#most = start;
  }

  /** Runs one blob (`upload`) or one other job (`request`) when its lane has a place. */
  async run<T>(
    lane: 'upload' | 'request',
    work: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const result = await this.#lanes[lane].run(work, signal);
    if (lane === 'upload') this.#adapt((adaptive) => adaptive.succeeded());
    else this.#resizeRequests((now) => now + 1);
    return result;
  }

  /** Bytes of a blob that have left for the network. */
  sent(bytes: number): void {
    this.#adapt((adaptive) => adaptive.sent(bytes));
  }

  /** The registry or the way to it is overloaded: throttling, 503, a reset, a timeout. */
  troubled(): void {
    this.#adapt((adaptive) => adaptive.troubled());
    const now = this.#clock.now();
    if (now - this.#lastTrouble < SAME_TROUBLE_MS) return;
    this.#lastTrouble = now;
    this.#resizeRequests((current) => Math.floor(current / 2));
  }

  /** Uploads at a time: what it has settled on, and the most there were. */
  get concurrency(): { readonly now: number; readonly most: number } {
    return { now: this.#lanes.upload.concurrency, most: this.#most };
  }

  #resizeRequests(size: (current: number) => number): void {
    const lane = this.#lanes.request;
    const wanted = Math.min(this.#requests, Math.max(1, size(lane.concurrency)));
    if (wanted !== lane.concurrency) lane.concurrency = wanted;
  }

  #adapt(change: (adaptive: AdaptiveLimit) => void): void {
    if (!this.#adaptive) return;
    change(this.#adaptive);
    const { limit } = this.#adaptive;
    if (limit !== this.#lanes.upload.concurrency) this.#lanes.upload.concurrency = limit;
    this.#most = Math.max(this.#most, this.#adaptive.limit);
  }

  /** Nothing is sent before `time` (ms since 1970); the latest wish wins. */
  pauseUntil(time: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, time);
  }

  /** Resolves when the registry's pause is over. */
  async ready(signal?: AbortSignal): Promise<void> {
    for (let wait = this.#wait(); wait > 0; wait = this.#wait()) {
      await this.#clock.sleep(wait, signal);
    }
  }

  #wait(): number {
    return this.#pausedUntil - this.#clock.now();
  }
}

/** Holds requests back while their registry asks for a pause, and notices when it does. */
export function congestion(
  controllerFor: (registry: string) => CongestionController,
  clock: Clock,
): Middleware {
  return (next) => async (request) => {
    const controller = controllerFor(request.registry);
    if (!request.urgent) await controller.ready(request.signal);
    try {
      const response = await next(request);
      const throttled = isThrottled(response);
      if (throttled || response.status === 503) controller.troubled();
      const wait = throttled || response.status === 503 ? announcedWait(response, clock.now()) : 0;
      if (wait) controller.pauseUntil(clock.now() + wait);
      return response;
    } catch (error) {
      if (error instanceof PushError && error.code === 'NETWORK') controller.troubled();
      throw error;
    }
  };
}
