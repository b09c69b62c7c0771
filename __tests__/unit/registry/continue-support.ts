import type { HttpRequest, HttpResponse } from '../../../src/http/transport.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import type { BlobUpload } from '../../../src/registry/upload/blob-upload.ts';
import type { UploadCheckpoint, UploadMemory } from '../../../src/registry/upload/checkpoint.ts';
import { uploadBlob } from '../../../src/registry/upload/strategy.ts';
import { PushError } from '../../../src/util/errors.ts';
import type { Emit, PushEventBody } from '../../../src/util/events.ts';
import { answer } from '../http/support.ts';
import { fakeConnection, type FakeConnection } from './support.ts';

const PIECE = 64 * 1024;

/** A blob just large enough to be gone on with; no two of its pieces are alike. */
export const BYTES: Buffer = Buffer.alloc(1024 * 1024 + 5 * PIECE);
for (let at = 0; at < BYTES.length; at += 4) BYTES.writeUInt32LE(at, at);
export const SIZE: number = BYTES.length;
export const BLOB: Descriptor = {
  mediaType: 'application/octet-stream',
  digest: digestOf(BYTES),
  size: SIZE,
};
export const SESSION = 'https://registry.example/v2/app/blobs/uploads/old';
/** Where sessions are that are opened. */
export const NEW = '/v2/app/blobs/uploads/new';

/** Gives bytes in pieces, as a file does; undefined: the pieces of the blob. */
export function contentOf(
  bytes: Buffer = BYTES,
): BlobUpload['content'] & { readonly opens: number[] } {
  const opens: number[] = [];
  return {
    opens,
    async *open(_descriptor, from = 0, signal) {
      opens.push(from);
      for (let at = from; at < bytes.length; at += PIECE) {
        signal?.throwIfAborted();
        yield await Promise.resolve(bytes.subarray(at, Math.min(bytes.length, at + PIECE)));
      }
    },
  };
}

/** What an earlier run has left, if it had sent so many bytes. */
export function checkpoint(
  bytes: number,
  fields: Partial<UploadCheckpoint> = {},
): UploadCheckpoint {
  return {
    location: SESSION,
    bytesWritten: bytes,
    checksum: digestOf(BYTES.subarray(0, bytes)),
    ...fields,
  };
}

export interface FakeMemory extends UploadMemory {
  /** `reached <bytes> at <path>` and `forgotten`, in their order; the first of each session only */
  readonly told: string[];
  readonly last: UploadCheckpoint | undefined;
}

/** Remembers as a ledger does that writes everything down. */
export function memoryOf(left?: UploadCheckpoint): FakeMemory {
  const told: string[] = [];
  let earlier = left;
  let last: UploadCheckpoint | undefined;
  return {
    told,
    get last() {
      return last;
    },
    earlier: () => earlier,
    opened: async (url) => {
      told.push(`opened at ${url.pathname}`);
    },
    reached: (url, bytesWritten, checksum) => {
      if (last?.location !== url.href) told.push(`reached ${bytesWritten} at ${url.pathname}`);
      last = { location: url.href, bytesWritten, checksum: checksum() };
      if (last.checksum !== digestOf(BYTES.subarray(0, bytesWritten))) told.push('a lie');
    },
    keeps: () => earlier !== undefined || last !== undefined,
    forget: () => {
      if (earlier ?? last) told.push('forgotten');
      earlier = undefined;
      last = undefined;
    },
  };
}

/** What the registry does with one request. */
export interface Reply {
  /** how the line begins: `PUT uploads/old` */
  readonly to: string;
  /** bytes of the body it reads; all by default */
  readonly takes?: number;
  readonly says: HttpResponse | Error | (() => HttpResponse | Error);
}

/** The connection broke. */
export function broken(): PushError {
  return new PushError('it broke', { code: 'NETWORK', retryable: true });
}

/** A session that has so many bytes; `range` says it otherwise. */
export function has(bytes: number, location?: string): HttpResponse {
  return answer(204, '', { range: `0-${bytes - 1}`, ...(location ? { location } : {}) });
}

export const OPENED: HttpResponse = answer(202, '', { location: NEW });

/** Answers that most talks have. */
export const MISSING: Reply = { to: 'HEAD', says: answer(404) };
export const BEGIN: Reply = { to: 'POST', says: OPENED };
export const DONE: Reply = { to: 'PUT', says: answer(201) };
export const TAKEN: Reply = { to: 'PATCH', says: answer(202) };
export const GIVEN_BACK: Reply = { to: 'DELETE', says: answer(204) };

/** The body breaks when the registry has got so many bytes. */
export function breaksAt(to: string, takes: number): Reply {
  return { to, takes, says: broken() };
}

export interface Talk {
  readonly connection: FakeConnection;
  /** `METHOD path?query`, short for what is below `/v2/app/blobs/`; of a body ` start+bytes read`;
   * ` broken off` where the client did not send all it promised */
  readonly lines: string[];
}

async function read(request: HttpRequest, takes: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  if (takes === 0) return Buffer.alloc(0);
  for await (const piece of request.body?.open(request.signal) ?? []) {
    pieces.push(piece);
    size += piece.length;
    if (size >= takes) break;
  }
  return Buffer.concat(pieces).subarray(0, takes);
}

/** A registry that says this, in this order, and 404 to everything it does not expect. */
export function talk(replies: readonly Reply[]): Talk {
  const lines: string[] = [];
  const left = [...replies];
  const connection = fakeConnection(() => undefined);
  const send = async (request: HttpRequest): Promise<HttpResponse> => {
    const { method, url } = request;
    const host = url.origin === connection.origin.origin ? '' : url.origin;
    const search = url.search.replace(`digest=${BLOB.digest}`, 'digest');
    const line = `${method} ${host}${url.pathname}${search}`.replace('/v2/app/blobs/', '');
    const next = left[0];
    const expected = next !== undefined && line.startsWith(next.to);
    if (expected) left.shift();
    const start = Number(/^\d+/.exec(request.headers['content-range'] ?? '')?.[0] ?? 0);
    const at = lines.push(`${line} broken off`) - 1;
    request.signal?.throwIfAborted();
    const body = await read(request, expected ? (next.takes ?? Infinity) : Infinity);
    lines[at] = body.length > 0 ? `${line} ${start}+${body.length}` : line;
    if (!body.equals(BYTES.subarray(start, start + body.length))) lines.push('wrong bytes');
    const said = expected ? next.says : answer(404);
    const result = typeof said === 'function' ? said() : said;
    if (result instanceof Error) throw result;
    return result;
  };
  return { connection: { ...connection, send }, lines };
}

export interface Brought extends Talk {
  /** the result, or what was thrown */
  readonly result: unknown;
  readonly events: readonly PushEventBody[];
  readonly notes: readonly string[];
  /** what progress said at the end, and its extremes */
  readonly progress: { readonly final: number; readonly least: number; readonly most: number };
}

export interface BringOptions {
  /** called when it is about to wait for another attempt */
  readonly onWait?: () => void;
  /** 3 by default */
  readonly attempts?: number;
}

/** Uploads the blob to a registry that says this. */
export async function bring(
  replies: readonly Reply[],
  { onWait, attempts = 3, ...more }: Partial<BlobUpload> & BringOptions = {},
): Promise<Brought> {
  const { connection, lines } = talk(replies);
  const { retry } = connection;
  const policy = { ...retry.policy, attempts };
  const emit: Emit = (event) => {
    if (event.type === 'waiting') onWait?.();
    return connection.events.push(event);
  };
  const result: unknown = await uploadBlob({
    connection: { ...connection, retry: { ...retry, policy, emit } },
    repository: 'app',
    descriptor: BLOB,
    content: contentOf(),
    emit,
    ...more,
  }).catch((error: unknown) => error);
  const { events } = connection;
  const notes = events.flatMap((event) => (event.type === 'note' ? [event.message] : []));
  return { connection, lines, result, events, notes, progress: progressOf(events) };
}

function progressOf(events: readonly PushEventBody[]): Brought['progress'] {
  let final = 0;
  let least = 0;
  let most = 0;
  for (const event of events) {
    if (event.type === 'blob-progress' || event.type === 'blob-resumed') final += event.bytes;
    if (event.type === 'blob-restarted') final -= event.bytes;
    least = Math.min(least, final);
    most = Math.max(most, final);
  }
  return { final, least, most };
}
