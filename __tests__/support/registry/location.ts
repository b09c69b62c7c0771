import type { Context } from './context.ts';
import type { Exchange } from './exchange.ts';
import { opaqueState } from './sessions.ts';
import type { UploadSession } from './sessions.ts';

/** Makes the next upload Location of a session and remembers what must come back. */
export function nextLocation(context: Context, exchange: Exchange, session: UploadSession): string {
  const { locationStyle, foreignUploads } = context.options.features;
  const stateful = locationStyle === 'query-state' || locationStyle === 'absolute-query-state';
  const query = new Map(stateful ? [['_state', opaqueState(session)]] : []);
  session.issue(query, exchange.deliverable);
  const search = [...query]
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  const path = search === '' ? session.path : `${session.path}?${search}`;
  if (foreignUploads) return `${context.urls.foreign ?? ''}${path}`;
  return isAbsolute(context) ? `${origin(context, exchange)}${path}` : path;
}

/** Location of something that can be pulled. */
export function contentLocation(context: Context, exchange: Exchange, path: string): string {
  return isAbsolute(context) ? `${origin(context, exchange)}${path}` : path;
}

/** Scheme and host as the client called them, so that this works behind a proxy, too. */
export function origin(context: Context, exchange: Exchange): string {
  return `${context.options.scheme}://${exchange.header('host') ?? ''}`;
}

function isAbsolute(context: Context): boolean {
  return context.options.features.locationStyle.startsWith('absolute');
}
