import { leadsInside, type Resolve } from '../http/addresses.ts';
import { redactUrl } from '../http/redact.ts';
import { PushError } from '../util/errors.ts';
import { printable } from '../util/text.ts';

function refuse(registry: string, location: string, why: string): PushError {
  const shown = URL.canParse(location) ? redactUrl(new URL(location)) : location;
  return new PushError(`${registry} sends us to "${printable(shown, 150)}", which ${why}.`, {
    code: 'REGISTRY',
    hint: 'This looks like a misconfigured or hostile registry; nothing was sent there.',
  });
}

/**
 * Resolves a Location, an upload's or a redirect's. It is opaque: relative or absolute, its query kept.
 * A registry behind a TLS proxy may write http:// for its own host; that is read as https.
 * @param origin the registry's own origin
 * @throws PushError when it leads from TLS to plain HTTP elsewhere, or from a public registry to a
 *   private address (server-side request forgery by way of us)
 */
export async function resolveLocation(
  location: string | undefined,
  requestUrl: URL,
  origin: URL,
  registry: string,
  resolve: Resolve,
): Promise<URL> {
  if (!location)
    throw refuse(registry, '', 'is no address at all (the Location header is missing)');
  let url: URL;
  try {
    url = new URL(location, requestUrl);
  } catch {
    throw refuse(registry, location, 'is not a URL');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw refuse(registry, location, 'is neither http nor https');
  }
  if (url.username || url.password) throw refuse(registry, location, 'carries credentials');
  if (
    url.hostname === origin.hostname &&
    url.protocol === 'http:' &&
    origin.protocol === 'https:'
  ) {
    url.protocol = origin.protocol;
    url.port = origin.port;
  }
  if (url.origin === origin.origin) return url;
  if (url.protocol === 'http:' && origin.protocol === 'https:') {
    throw refuse(registry, location, 'is not encrypted');
  }
  const inside = await leadsInside(url.hostname, resolve);
  if (inside && !(await leadsInside(origin.hostname, resolve))) {
    throw refuse(registry, location, 'is inside the private network');
  }
  return url;
}

/** Adds query parameters to an opaque URL without touching those that are there. */
export function withQuery(url: URL, parameters: Readonly<Record<string, string>>): URL {
  const next = new URL(url);
  // Not searchParams: it would re-encode what the registry wrote.
  const added = Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll('%3A', ':')}`)
    .join('&');
  next.search = next.search ? `${next.search}&${added}` : added;
  return next;
}
