import type { OutgoingHttpHeaders } from 'node:http';
import { checkStart } from '../checks/upload.ts';
import type { Context } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { algorithmOf } from '../grammar.ts';
import { challenge } from '../auth.ts';
import { contentLocation, nextLocation } from '../location.ts';
import type { UploadSession } from '../sessions.ts';
import { commit } from './commit.ts';
import { receive } from './receive.ts';

/** A connection that ends this soon after an answer may have ended without reading it. */
const UNREAD_MS = 50;

/** POST blobs/uploads/: a mount, a whole blob, or a new session. */
export async function startUpload(context: Context, exchange: Exchange): Promise<void> {
  checkStart(context, exchange);
  const { kind } = exchange.route;
  const { singlePost, mount } = context.options.features;
  if (kind === 'blob-mount') {
    if (typeof mount === 'number') {
      const headers = mount === 401 ? unauthorized(context, exchange) : {};
      await exchange.fail(mount, 'UNSUPPORTED', 'mounting failed', headers);
      return;
    }
    if (await tryMount(context, exchange, mount)) return;
  }
  if (kind === 'blob-upload-single' && singlePost) await takeWhole(context, exchange);
  else await openSession(context, exchange);
}

async function tryMount(
  context: Context,
  exchange: Exchange,
  mode: 'from' | 'anonymous' | 'off',
): Promise<boolean> {
  const { repo = '' } = exchange.route;
  const digest = exchange.query.get('mount') ?? '';
  const from = exchange.query.get('from');
  const isThere =
    (from !== null && context.store.blob(from, digest) !== undefined) ||
    (mode === 'anonymous' && context.store.hasBlobAnywhere(digest));
  if (mode === 'off' || !isThere) return false;
  context.store.linkBlob(repo, digest);
  context.recorder.mounts += 1;
  if (exchange.deliverable) context.known.tell(repo, digest);
  await exchange.reply(201, {
    location: contentLocation(context, exchange, `/v2/${repo}/blobs/${digest}`),
    'docker-content-digest': digest,
    'content-length': 0,
  });
  return true;
}

async function takeWhole(context: Context, exchange: Exchange): Promise<void> {
  const { repo = '' } = exchange.route;
  const digest = exchange.query.get('digest') ?? '';
  // A session nobody is told of: it lives as long as this request.
  const session = context.sessions.open(repo, 'opaque', algorithmOf(digest));
  session.hidden = true;
  try {
    await receive(context, exchange, session, digest);
  } catch (error) {
    context.sessions.drop(session, 'gone');
    throw error;
  }
  await commit(context, exchange, session, digest);
}

async function openSession(context: Context, exchange: Exchange): Promise<void> {
  const { repo = '' } = exchange.route;
  const { uploadPath, chunkMin } = context.options.features;
  // A body that came with ?digest= is taken and forgotten, as registries without this form do.
  await exchange.drain();
  const algorithm = exchange.query.get('digest-algorithm') ?? undefined;
  const session = context.sessions.open(repo, uploadPath, knownAlgorithm(algorithm));
  context.recorder.opened += 1;
  session.hidden = !exchange.deliverable || exchange.fault.location !== undefined;
  const headers: OutgoingHttpHeaders = {
    location: nextLocation(context, exchange, session),
    range: '0-0',
    'docker-upload-uuid': session.id,
    'content-length': 0,
  };
  if (chunkMin > 0) headers['oci-chunk-min-length'] = String(chunkMin);
  await exchange.reply(202, headers);
  hideIfUnread(context, exchange, session);
}

/** A client that gave up while the answer was under way cannot cancel what it never heard of. */
function hideIfUnread(context: Context, exchange: Exchange, session: UploadSession): void {
  if (exchange.header('connection')?.toLowerCase() === 'close') return;
  const { record, connection } = exchange;
  const answeredAt = Date.now();
  connection.socket.once('close', () => {
    const last = context.recorder.requests.findLast((r) => r.connection === connection.number);
    if (last === record && Date.now() - answeredAt < UNREAD_MS) session.hidden = true;
  });
}

function unauthorized(context: Context, exchange: Exchange): OutgoingHttpHeaders {
  if (context.options.auth.mode === 'none') return {};
  return { 'www-authenticate': challenge(context, exchange, 'insufficient_scope') };
}

function knownAlgorithm(name: string | undefined): string | undefined {
  return name === 'sha512' ? name : undefined;
}
