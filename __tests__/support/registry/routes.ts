import type { RequestKind } from './kinds.ts';
import type { Sessions, UploadSession } from './sessions.ts';

/** Where a request goes. */
export interface Route {
  readonly kind: RequestKind;
  readonly repo?: string | undefined;
  /** Tag or digest in the path. */
  readonly reference?: string | undefined;
  readonly session?: UploadSession | undefined;
  /** The path exists, but not with this method. */
  readonly wrongMethod?: boolean;
  /** The path ends in blobs/uploads without the slash. */
  readonly missingSlash?: boolean;
  /** The path looks like that of an upload session, and is none. */
  readonly unknownSession?: boolean;
}

type Methods = Readonly<Record<string, RequestKind>>;

const SESSION: Methods = {
  PATCH: 'blob-upload-patch',
  PUT: 'blob-upload-put',
  GET: 'blob-upload-status',
  DELETE: 'blob-upload-cancel',
};
const BLOB: Methods = { HEAD: 'blob-head', GET: 'blob-get', DELETE: 'blob-delete' };
const MANIFEST: Methods = {
  HEAD: 'manifest-head',
  GET: 'manifest-get',
  PUT: 'manifest-put',
  DELETE: 'manifest-delete',
};
const TOKEN: Methods = { GET: 'token', POST: 'token' };

/** Path of the token realm. */
export const TOKEN_PATH = '/token';

/** Finds out what a request is about. */
export function parseRoute(
  method: string,
  path: string,
  query: URLSearchParams,
  sessions: Sessions,
): Route {
  const session = sessions.byPath(path);
  if (session !== undefined) return { ...pick(SESSION, method), repo: session.repo, session };
  if (path === '/v2/') return pick({ GET: 'ping', HEAD: 'ping' }, method);
  if (path === TOKEN_PATH) return pick(TOKEN, method);

  const start = /^\/v2\/(.+)\/blobs\/uploads(\/?)$/.exec(path);
  if (start !== null) return startRoute(method, query, start[1], start[2] === '');
  const unknown = /^\/v2\/(.+)\/blobs\/uploads?\/.+$/.exec(path);
  if (unknown !== null) return { ...pick(SESSION, method), repo: unknown[1], unknownSession: true };
  const tags = /^\/v2\/(.+)\/tags\/list$/.exec(path);
  if (tags !== null) return { ...pick({ GET: 'tags-list' }, method), repo: tags[1] };
  return contentRoute(method, path);
}

function contentRoute(method: string, path: string): Route {
  const content = /^\/v2\/(.+)\/(blobs|manifests|referrers)\/([^/]+)$/.exec(path);
  if (content === null) return { kind: 'unknown' };
  const [, repo, what, reference = ''] = content;
  if (what === 'blobs') return { ...pick(BLOB, method), repo, reference };
  if (what === 'referrers') return { ...pick({ GET: 'referrers' }, method), repo, reference };
  const route = pick(MANIFEST, method);
  const byTag = route.kind === 'manifest-put' && !reference.includes(':');
  return { ...route, ...(byTag ? { kind: 'tag-put' as const } : {}), repo, reference };
}

function startRoute(
  method: string,
  query: URLSearchParams,
  repo: string | undefined,
  missingSlash: boolean,
): Route {
  let kind: RequestKind = 'blob-upload-start';
  if (query.has('mount')) kind = 'blob-mount';
  else if (query.has('digest')) kind = 'blob-upload-single';
  return { ...pick({ POST: kind }, method), repo, missingSlash };
}

function pick(methods: Methods, method: string): Route {
  const kind = methods[method];
  return kind === undefined ? { kind: 'unknown', wrongMethod: true } : { kind };
}
