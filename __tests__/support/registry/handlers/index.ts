import type { Context } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import type { RequestKind } from '../kinds.ts';
import { answerToken } from '../token-endpoint.ts';
import { deleteBlob, readBlob } from './blobs.ts';
import { listReferrers, listTags } from './listing.ts';
import { deleteManifest, pushManifest, readManifest } from './manifests.ts';
import { useSession } from './upload-session.ts';
import { startUpload } from './upload-start.ts';

/** Does the work of one kind of request and answers it. */
export type Handler = (context: Context, exchange: Exchange) => Promise<void>;

/** The handler of each kind of request. */
export const HANDLERS: Record<RequestKind, Handler> = {
  ping: async (_context, exchange) => await exchange.replyJson(200, {}),
  token: answerToken,
  'blob-head': readBlob,
  'blob-get': readBlob,
  'blob-delete': deleteBlob,
  'blob-mount': startUpload,
  'blob-upload-start': startUpload,
  'blob-upload-single': startUpload,
  'blob-upload-patch': useSession,
  'blob-upload-put': useSession,
  'blob-upload-status': useSession,
  'blob-upload-cancel': useSession,
  'manifest-head': readManifest,
  'manifest-get': readManifest,
  'manifest-put': pushManifest,
  'manifest-delete': deleteManifest,
  'tag-put': pushManifest,
  'tags-list': listTags,
  referrers: listReferrers,
  unknown: async (_context, exchange) => {
    const status = exchange.route.wrongMethod === true ? 405 : 404;
    await exchange.fail(status, 'UNSUPPORTED', 'the operation is unsupported');
  },
};
