import type { Content } from '../content.ts';
import type { Context } from '../context.ts';
import type { Exchange } from '../exchange.ts';

/** HEAD and GET of a blob, with Range. */
export async function readBlob(context: Context, exchange: Exchange): Promise<void> {
  const { repo = '', reference: digest = '' } = exchange.route;
  const content = context.store.blob(repo, digest);
  if (content === undefined) {
    await exchange.fail(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
    return;
  }
  if (exchange.deliverable) context.known.tell(repo, digest);
  const isHead = exchange.route.kind === 'blob-head';
  if (!isHead && context.options.features.redirectBlobs && exchange.record.role === 'registry') {
    const url = `${context.urls.foreign ?? ''}${exchange.record.path}?signature=opaque`;
    await exchange.reply(307, { location: url, 'content-length': 0 });
    return;
  }
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
  };
  if (isHead) await exchange.reply(200, { ...headers, 'content-length': content.size });
  else await sendRange(exchange, content, headers);
}

/** DELETE of a blob. */
export async function deleteBlob(context: Context, exchange: Exchange): Promise<void> {
  const { repo = '', reference: digest = '' } = exchange.route;
  if (!context.options.features.deleteBlobs) {
    await exchange.fail(405, 'UNSUPPORTED', 'blobs cannot be deleted');
  } else if (context.store.deleteBlob(repo, digest)) {
    context.known.forget(repo, digest);
    await exchange.reply(202, { 'content-length': 0 });
  } else {
    await exchange.fail(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
  }
}

async function sendRange(
  exchange: Exchange,
  content: Content,
  headers: Record<string, string>,
): Promise<void> {
  if (!content.readable) {
    await exchange.fail(500, 'UNSUPPORTED', 'this registry keeps no content (store: discard)');
    return;
  }
  const asked = exchange.header('range');
  const range = parseRange(asked, content.size);
  if (range === 'malformed') exchange.violate('range-malformed', asked);
  if (range === 'unsatisfiable') {
    const total = { 'content-range': `bytes */${content.size}` };
    await exchange.fail(416, 'SIZE_INVALID', 'range not satisfiable', total);
    return;
  }
  if (range === undefined || range === 'malformed') {
    await exchange.reply(200, { ...headers, 'content-length': content.size }, content.read());
    return;
  }
  const { start, end } = range;
  const partial = {
    'content-range': `bytes ${start}-${end - 1}/${content.size}`,
    'content-length': end - start,
  };
  await exchange.reply(206, { ...headers, ...partial }, content.read(start, end));
}

function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'malformed' | 'unsatisfiable' | undefined {
  if (header === undefined) return undefined;
  const match = /^bytes=(\d*)-(\d*)$/.exec(header);
  const [, first = '', last = ''] = match ?? [];
  if (match === null || (first === '' && last === '')) return 'malformed';
  if (first !== '' && last !== '' && Number(last) < Number(first)) return 'malformed';
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  return start >= size ? 'unsatisfiable' : { start, end };
}
