import type { Clock } from '../util/clock.ts';
import { Limiter } from '../util/limiter.ts';
import { announcedWait, isThrottled } from './throttle.ts';
import type { Middleware } from './transport.ts';

export interface CongestionOptions {
  readonly clock: Clock;
  /** blobs under way at a time */
  readonly uploads?: number;
  /** manifests, tags and questions under way at a time: they never wait behind a body */
  readonly requests?: number;
}

/**
 * Owns what one registry is asked to bear: nothing else slows a push down. Two lanes, so that a
 * small JSON request never waits behind a body, and one pause that all obey when the registry asks.
 */
export class CongestionController {
  readonly #clock: Clock;
  readonly #lanes: Readonly<Record<'upload' | 'request', Limiter>>;
  #pausedUntil = 0;

  constructor(options: CongestionOptions) {
    this.#clock = options.clock;
    this.#lanes = {
      upload: new Limiter(options.uploads ?? 8),
      request: new Limiter(options.requests ?? 16),
    };
  }

  /** Runs one blob (`upload`) or one other job (`request`) when its lane has a place. */
  run<T>(lane: 'upload' | 'request', work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#lanes[lane].run(work, signal);
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
    const response = await next(request);
    if (isThrottled(response) || response.status === 503) {
      const wait = announcedWait(response, clock.now());
      if (wait !== undefined) controller.pauseUntil(clock.now() + wait);
    }
    return response;
  };
}
