import type { Context } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { DIGEST, NAME, TAG } from '../grammar.ts';

const SINGLE_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'content-length',
  'content-range',
  'content-type',
  'host',
  'user-agent',
]);

/** Holds a request against the rules for all requests. */
export function checkRequest(context: Context, exchange: Exchange): void {
  const { record, route } = exchange;
  if (exchange.header('user-agent') === undefined) exchange.violate('missing-user-agent');
  if (exchange.header('cookie') !== undefined) exchange.violate('cookie-sent');
  if (route.wrongMethod === true) exchange.violate('unknown-method');
  else if (route.kind === 'unknown') exchange.violate('unknown-path');
  if (route.missingSlash === true) exchange.violate('upload-start-path');
  if (['GET', 'HEAD', 'DELETE'].includes(record.method) && exchange.hasBody) {
    exchange.violate('body-unexpected');
  }
  checkRepeatedHeaders(exchange);
  checkUrl(context, exchange);
  checkWait(context, exchange);
  for (const [rule, detail] of malformedParts(exchange)) exchange.violate(rule, detail);
}

/** The names, tags and digests in a URL that break the grammar, with the rule each breaks. */
export function malformedParts(
  exchange: Exchange,
): ['name-malformed' | 'reference-malformed' | 'digest-malformed', string][] {
  const { route, query } = exchange;
  if (route.kind === 'unknown' || route.kind === 'token') return [];
  const result: ReturnType<typeof malformedParts> = [];
  const names = [route.repo, query.get('from')];
  for (const name of names) {
    if (typeof name === 'string' && !NAME.test(name)) result.push(['name-malformed', name]);
  }
  for (const [isDigest, reference] of references(exchange)) {
    if (isDigest && !DIGEST.test(reference)) result.push(['digest-malformed', reference]);
    if (!isDigest && !TAG.test(reference)) result.push(['reference-malformed', reference]);
  }
  return result;
}

function references({ route, query }: Exchange): [isDigest: boolean, reference: string][] {
  const { kind, reference } = route;
  const result: [boolean, string][] = [];
  if (reference !== undefined) {
    const canBeTag = kind.startsWith('manifest') || kind === 'tag-put';
    result.push([!canBeTag || reference.includes(':'), reference]);
  }
  for (const name of ['digest', 'mount']) {
    for (const digest of query.getAll(name)) result.push([true, digest]);
  }
  for (const tag of query.getAll('tag')) result.push([false, tag]);
  return result;
}

function checkRepeatedHeaders(exchange: Exchange): void {
  const seen = new Set<string>();
  for (let index = 0; index < exchange.request.rawHeaders.length; index += 2) {
    const name = exchange.request.rawHeaders[index]?.toLowerCase() ?? '';
    if (SINGLE_HEADERS.has(name) && seen.has(name)) exchange.violate('header-repeated', name);
    seen.add(name);
  }
}

function checkUrl(context: Context, exchange: Exchange): void {
  const { url } = exchange.record;
  if (!/^[!-~]+$/.test(url) || !decodes(url)) exchange.violate('malformed-url');
  const { mode, password } = context.options.auth;
  if (mode === 'none' || password.length < 4) return;
  const spellings = [password, encodeURIComponent(password)];
  if (spellings.some((spelling) => url.includes(spelling))) {
    exchange.violate('credentials-in-url');
  }
}

function checkWait(context: Context, exchange: Exchange): void {
  // Tidying up does not wait, and a realm counts its own requests.
  if (exchange.route.kind === 'blob-upload-cancel' || exchange.route.kind === 'token') return;
  const early = context.waits.tooEarly(exchange.record);
  if (early > 0) exchange.violate('retry-too-early', `${early} ms too early`);
}

function decodes(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
