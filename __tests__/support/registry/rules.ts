/**
 * What a correct client never sends. Each entry is checked on every request (or at the end), has a
 * test of its own that trips it, and stands in the README's table.
 */
export const RULES = {
  // any request
  'malformed-http': 'Every request parses as HTTP.',
  'malformed-url': 'A URL is visible ASCII and its percent-encoding decodes.',
  'unknown-path':
    'Every request goes to a path of the specification, to a Location or to the token realm.',
  'unknown-method': 'The method is one the specification defines for the path.',
  'missing-user-agent': 'Every request carries a User-Agent.',
  'cookie-sent': 'No request carries a Cookie.',
  'header-repeated': 'Headers of which there can be only one are sent once.',
  'body-unexpected': 'GET, HEAD and DELETE requests carry no body.',
  'name-malformed': 'A repository name matches the grammar of the specification.',
  'reference-malformed': 'A tag matches the grammar of the specification.',
  'digest-malformed': 'A digest is sha256 or sha512 in lower case, with all its digits.',
  'range-malformed': 'A Range header has the form bytes=a-b with a not above b.',
  'retry-too-early': 'Nothing is sent to a host before the Retry-After of its 429 or 503 is over.',
  // credentials
  'credentials-in-url': 'The password appears in no URL.',
  'authorization-unasked': 'Credentials are sent only after a challenge.',
  'authorization-scheme': 'The Authorization scheme is the one that was asked for.',
  'authorization-repeated': 'What a 401 has refused as invalid is not sent again.',
  'authorization-to-foreign-host':
    'A host that is only named by a Location or a redirect never sees an Authorization header.',
  'credentials-to-foreign-realm': 'A challenge of a foreign host is not answered with credentials.',
  'token-expired': 'A token is not used after the expires_in that came with it.',
  'token-request-malformed':
    'A token request names the service, its scopes are well-formed and its form is complete.',
  // starting an upload
  'upload-start-path': 'An upload is started on blobs/uploads/ with its final slash.',
  'upload-start-length': 'The POST that starts an upload carries a Content-Length.',
  'upload-start-body': 'The POST that starts an upload has a body only together with ?digest=.',
  'mount-from-alone': 'The from parameter comes only together with mount.',
  'blob-known-present': 'A blob is not uploaded to a repository that said it has it.',
  // using an upload session
  'upload-url-unknown': 'An upload URL is one the registry gave in a Location header.',
  'upload-location-stale': 'The latest Location is used, with all of its query and nothing else.',
  'upload-session-finished': 'A session that was committed, cancelled or lost is not used again.',
  'upload-session-concurrent': 'A session has one request at a time.',
  'upload-session-leaked': 'Every session is committed or cancelled in the end.',
  'upload-content-type': 'The bytes of a blob are sent as application/octet-stream.',
  'chunk-without-length': 'A PATCH carries a Content-Length.',
  'chunk-without-range': 'A PATCH carries a Content-Range.',
  'chunk-range-malformed': 'Content-Range has the form a-b, without a unit and without a total.',
  'chunk-range-length': 'Content-Range and Content-Length agree.',
  'chunk-out-of-order': 'A chunk starts where the one before it ended.',
  'chunk-below-minimum': 'Only the last chunk is smaller than OCI-Chunk-Min-Length.',
  'put-without-digest': 'The PUT that closes an upload names the digest.',
  'put-without-length': 'The PUT that closes an upload carries a Content-Length.',
  'put-without-range': 'A last chunk in the PUT carries a Content-Range.',
  'put-replayed':
    'After a body was cut, the whole blob is not sent again to a session that kept a part of it.',
  'blob-digest-mismatch': 'The bytes of a blob have the digest that is claimed for them.',
  // manifests
  'manifest-without-accept': 'A manifest is asked for with an Accept that lists manifest types.',
  'manifest-type-missing': 'A manifest is pushed with a Content-Type.',
  'manifest-type-parameters': 'The Content-Type of a manifest has no parameters.',
  'manifest-type-mismatch': 'The Content-Type of a manifest is its mediaType field.',
  'manifest-not-json': 'A manifest is a JSON object.',
  'manifest-digest-mismatch': 'A manifest has the digest it is pushed under.',
  'manifest-before-blobs': 'The blobs of a manifest are in the repository before it is pushed.',
  'manifest-before-children':
    'The manifests of an index are in the repository before it is pushed.',
  'descriptor-malformed': 'A descriptor has a mediaType, a digest and a size.',
  'descriptor-size': 'The size in a descriptor is the size of the content.',
  // Stricter than the specification: a tag must never name what is not complete under its digest.
  'tag-before-digest': 'A manifest is pushed by digest before a tag is moved to it.',
  'tag-parameter-on-tag': 'The tag parameter comes only with a manifest pushed by digest.',
  'referrers-tag-missing':
    'Where OCI-Subject was not answered, the referrers tag lists the manifest in the end.',
  'referrers-tag-lost': 'A new referrers index keeps every entry of the one it replaces.',
} as const satisfies Record<string, string>;

/** The name of one rule. */
export type RuleId = keyof typeof RULES;
