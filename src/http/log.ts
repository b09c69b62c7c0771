import type { Clock } from '../util/clock.ts';
import { messageOf } from '../util/errors.ts';
import type { Emit } from '../util/events.ts';
import { formatBytes, formatDuration } from '../util/text.ts';
import { redactUrl } from './redact.ts';
import type { HttpRequest, Middleware } from './transport.ts';

function describe(request: HttpRequest): string {
  const size = request.body && request.body.size > 0 ? ` (${formatBytes(request.body.size)})` : '';
  return `${request.method} ${redactUrl(request.url)}${size}`;
}

/** One detail line per attempt: method, URL without state, status, time. Never a header or a body. */
export function log(emit: Emit, clock: Clock): Middleware {
  return (next) => async (request) => {
    const started = clock.now();
    const elapsed = (): string => formatDuration(clock.now() - started);
    try {
      const response = await next(request);
      emit({
        type: 'detail',
        message: `${describe(request)} → ${response.status} in ${elapsed()}`,
      });
      return response;
    } catch (error) {
      const message = `${describe(request)} → ${messageOf(error)} after ${elapsed()}`;
      emit({ type: 'detail', message });
      throw error;
    }
  };
}
