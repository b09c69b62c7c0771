import type { OutgoingHttpHeaders } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { carriesLocation, checkPatch, checkPut } from '../checks/upload.ts';
import type { ChunkRange } from '../checks/upload.ts';
import type { Context } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { nextLocation } from '../location.ts';
import type { UploadSession } from '../sessions.ts';
import { commit } from './commit.ts';
import { receive } from './receive.ts';

type Handler = (context: Context, exchange: Exchange, session: UploadSession) => Promise<void>;

/** How long a connection that was torn down may take to be noticed. */
const NOTICE_MS = 300;

/** PATCH, PUT, GET or DELETE on an upload URL. */
export async function useSession(context: Context, exchange: Exchange): Promise<void> {
  const { session, kind } = exchange.route;
  if (session === undefined) {
    exchange.violate('upload-url-unknown');
    await exchange.fail(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
    return;
  }
  if (await isBusy(session)) {
    exchange.violate('upload-session-concurrent');
    await exchange.fail(400, 'BLOB_UPLOAD_INVALID', 'another request is using this upload');
    return;
  }
  if (session.state !== 'open') {
    await answerEnded(context, exchange, session);
    return;
  }
  const isLatest = checkLocation(exchange, session);
  const onlyLooks = kind === 'blob-upload-status' || kind === 'blob-upload-cancel';
  if (!isLatest && !onlyLooks) {
    await answerOffset(context, exchange, session, 'stale upload location');
    return;
  }
  const done = handlerFor(kind)(context, exchange, session);
  session.busy = done.catch(() => undefined);
  try {
    await done;
  } finally {
    session.busy = undefined;
  }
}

function handlerFor(kind: Exchange['route']['kind']): Handler {
  if (kind === 'blob-upload-patch') return patch;
  if (kind === 'blob-upload-put') return put;
  return kind === 'blob-upload-cancel' ? cancel : status;
}

async function patch(context: Context, exchange: Exchange, session: UploadSession): Promise<void> {
  const { features } = context.options;
  if (features.chunked === 'refused') {
    await exchange.fail(405, 'UNSUPPORTED', 'chunked uploads are not supported');
    return;
  }
  const range = checkPatch(exchange, session);
  if (await refuseRange(context, exchange, session, range)) return;
  session.cutPut = false;
  await receive(context, exchange, session);
  if (session.firstChunkEnd === 0) session.firstChunkEnd = session.offset;
  session.shortChunk = exchange.record.bytesIn < features.chunkMin;
  const { rangeQuirk, patchStatus } = features;
  const lies = exchange.fault.lyingRange !== undefined || rangeQuirk === 'stuck';
  session.unsure = !exchange.deliverable || lies;
  const end = rangeQuirk === 'stuck' ? session.firstChunkEnd : session.offset;
  await exchange.reply(patchStatus, progressHeaders(context, exchange, session, end));
}

async function put(context: Context, exchange: Exchange, session: UploadSession): Promise<void> {
  const { lastChunkInPut } = context.options.features;
  const range = checkPut(context, exchange, session);
  const digest = exchange.query.get('digest');
  if (digest === null) {
    await exchange.fail(400, 'DIGEST_INVALID', 'digest parameter missing');
    return;
  }
  if (await refuseRange(context, exchange, session, range)) return;
  if (range !== undefined || !exchange.hasBody) session.cutPut = false;
  if (lastChunkInPut && session.firstChunkEnd > 0 && !exchange.hasBody) {
    await exchange.fail(500, 'BLOB_UPLOAD_INVALID', 'the last chunk must be in the PUT');
    return;
  }
  await receive(context, exchange, session, digest);
  await commit(context, exchange, session, digest);
}

async function status(context: Context, exchange: Exchange, session: UploadSession): Promise<void> {
  const { uploadStatus, rangeQuirk } = context.options.features;
  if (!uploadStatus) {
    await exchange.fail(400, 'UNSUPPORTED', 'the state of an upload cannot be asked for');
    return;
  }
  let end = session.offset;
  if (rangeQuirk === 'off-by-one') end += 1;
  if (rangeQuirk === 'stuck') end = session.firstChunkEnd;
  const honest = rangeQuirk === 'none' && exchange.fault.lyingRange === undefined;
  session.unsure = !exchange.deliverable || !honest;
  await exchange.reply(204, progressHeaders(context, exchange, session, end));
}

async function cancel(context: Context, exchange: Exchange, session: UploadSession): Promise<void> {
  context.sessions.drop(session, 'cancelled');
  session.endedOn = exchange.deliverable ? exchange.connection.number : undefined;
  await exchange.reply(204);
}

/** Answers 416 or 400 to a range that does not fit; says whether it did. */
async function refuseRange(
  context: Context,
  exchange: Exchange,
  session: UploadSession,
  range: ChunkRange,
): Promise<boolean> {
  const { chunkMin, chunkMax } = context.options.features;
  if (range === undefined) return false;
  if (range === 'malformed') {
    await exchange.fail(400, 'BLOB_UPLOAD_INVALID', 'Content-Range makes no sense');
  } else if (range.start !== session.offset) {
    await answerOffset(context, exchange, session, `the upload is at ${session.offset}`);
  } else if (range.end - range.start + 1 > chunkMax) {
    await answerOffset(context, exchange, session, `chunks are at most ${chunkMax} bytes`);
  } else if (session.shortChunk) {
    await exchange.fail(400, 'BLOB_UPLOAD_INVALID', `chunks are at least ${chunkMin} bytes`);
  } else {
    return false;
  }
  return true;
}

async function answerOffset(
  context: Context,
  exchange: Exchange,
  session: UploadSession,
  message: string,
): Promise<void> {
  session.unsure = !exchange.deliverable;
  const headers = progressHeaders(context, exchange, session, session.offset);
  delete headers['content-length'];
  await exchange.fail(416, 'BLOB_UPLOAD_INVALID', message, headers);
}

async function answerEnded(
  context: Context,
  exchange: Exchange,
  session: UploadSession,
): Promise<void> {
  const knows = session.endedOn !== undefined && context.connections.isOpen(session.endedOn);
  if (knows) exchange.violate('upload-session-finished', session.state);
  if (exchange.deliverable) session.endedOn = exchange.connection.number;
  await exchange.fail(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
}

function progressHeaders(
  context: Context,
  exchange: Exchange,
  session: UploadSession,
  end: number,
): OutgoingHttpHeaders {
  return {
    location: nextLocation(context, exchange, session),
    range: `0-${Math.max(0, end - 1)}`,
    'docker-upload-uuid': session.id,
    'content-length': 0,
  };
}

/** Whether the Location is the newest there is; one the client cannot know better is no violation. */
function checkLocation(exchange: Exchange, session: UploadSession): boolean {
  const [latest, delivered] = session.usableQueries();
  if (latest !== undefined && carriesLocation(exchange, latest)) return true;
  if (delivered === undefined || !carriesLocation(exchange, delivered)) {
    exchange.violate('upload-location-stale');
  }
  return false;
}

async function isBusy(session: UploadSession): Promise<boolean> {
  if (session.busy === undefined) return false;
  await Promise.race([session.busy, delay(NOTICE_MS)]);
  return session.busy !== undefined;
}
