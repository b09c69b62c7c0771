import type { Context } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { CHUNK_RANGE } from '../grammar.ts';
import type { UploadSession } from '../sessions.ts';

/** First and last byte of a chunk; `malformed` when the header makes no sense. */
export type ChunkRange = { readonly start: number; readonly end: number } | 'malformed' | undefined;

/** Holds the POST that starts an upload against the rules. */
export function checkStart(context: Context, exchange: Exchange): void {
  const { kind, repo = '' } = exchange.route;
  const digest = exchange.query.get('digest');
  if (exchange.contentLength === undefined) exchange.violate('upload-start-length');
  if (exchange.hasBody && digest === null) exchange.violate('upload-start-body');
  if (exchange.query.has('from') && !exchange.query.has('mount')) {
    exchange.violate('mount-from-alone');
  }
  if (kind === 'blob-upload-single' && digest !== null) {
    checkContentType(exchange);
    if (context.known.wasTold(repo, digest)) exchange.violate('blob-known-present');
  }
}

/** Holds a PATCH against the rules; answers the range it names. */
export function checkPatch(exchange: Exchange, session: UploadSession): ChunkRange {
  if (exchange.contentLength === undefined) exchange.violate('chunk-without-length');
  if (exchange.header('content-range') === undefined) exchange.violate('chunk-without-range');
  checkContentType(exchange);
  return checkRange(exchange, session);
}

/** Holds a PUT that closes an upload against the rules; answers the range it names. */
export function checkPut(context: Context, exchange: Exchange, session: UploadSession): ChunkRange {
  const digest = exchange.query.get('digest');
  if (digest === null) exchange.violate('put-without-digest');
  if (exchange.contentLength === undefined) exchange.violate('put-without-length');
  const range = exchange.header('content-range');
  if (exchange.hasBody) {
    checkContentType(exchange);
    if (range === undefined && session.offset > 0) {
      exchange.violate(session.cutPut ? 'put-replayed' : 'put-without-range');
    }
  }
  if (digest !== null && context.known.wasTold(session.repo, digest)) {
    exchange.violate('blob-known-present', digest);
  }
  return exchange.hasBody || range !== undefined ? checkRange(exchange, session) : undefined;
}

/** Whether the request carries all of a Location that the client may use, and nothing else. */
export function carriesLocation(
  exchange: Exchange,
  expected: ReadonlyMap<string, string>,
): boolean {
  for (const [name, value] of expected) {
    if (exchange.query.get(name) !== value) return false;
  }
  const mayAdd = exchange.route.kind === 'blob-upload-put' ? ['digest'] : [];
  return [...exchange.query.keys()].every((name) => expected.has(name) || mayAdd.includes(name));
}

function checkRange(exchange: Exchange, session: UploadSession): ChunkRange {
  const header = exchange.header('content-range');
  if (header === undefined) return undefined;
  const match = CHUNK_RANGE.exec(header);
  const [start, end] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || end < start) {
    exchange.violate('chunk-range-malformed', header);
    return 'malformed';
  }
  const length = exchange.contentLength;
  if (length !== undefined && end - start + 1 !== length) {
    exchange.violate('chunk-range-length', `${header} with ${length} bytes`);
    return 'malformed';
  }
  if (start !== session.offset && !session.unsure) {
    exchange.violate('chunk-out-of-order', `starts at ${start}, not at ${session.offset}`);
  }
  if (session.shortChunk) exchange.violate('chunk-below-minimum');
  return { start, end };
}

function checkContentType(exchange: Exchange): void {
  const type = exchange.header('content-type');
  if (exchange.hasBody && type !== 'application/octet-stream') {
    exchange.violate('upload-content-type', type ?? 'none');
  }
}
