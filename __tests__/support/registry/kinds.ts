/** What a request is about: the name under which faults match it and statistics count it. */
export type RequestKind =
  | 'ping'
  | 'token'
  | 'blob-head'
  | 'blob-get'
  | 'blob-delete'
  | 'blob-mount'
  | 'blob-upload-start'
  | 'blob-upload-single'
  | 'blob-upload-patch'
  | 'blob-upload-put'
  | 'blob-upload-status'
  | 'blob-upload-cancel'
  | 'manifest-head'
  | 'manifest-get'
  | 'manifest-put'
  | 'manifest-delete'
  | 'tag-put'
  | 'tags-list'
  | 'referrers'
  | 'unknown';

const BODY_KINDS: ReadonlySet<RequestKind> = new Set([
  'blob-upload-single',
  'blob-upload-patch',
  'blob-upload-put',
]);

const UPLOAD_KINDS: ReadonlySet<RequestKind> = new Set([
  ...BODY_KINDS,
  'blob-upload-start',
  'blob-mount',
]);

const PULL_KINDS: ReadonlySet<RequestKind> = new Set([
  'blob-head',
  'blob-get',
  'manifest-head',
  'manifest-get',
  'tags-list',
  'referrers',
]);

/** Whether such a request carries bytes of a blob. */
export function carriesBlob(kind: RequestKind): boolean {
  return BODY_KINDS.has(kind);
}

/** Whether such a request takes an upload slot of the registry. */
export function takesUploadSlot(kind: RequestKind): boolean {
  return UPLOAD_KINDS.has(kind);
}

/** Whether such a request only reads. */
export function onlyReads(kind: RequestKind): boolean {
  return PULL_KINDS.has(kind);
}
