import type { RequestKind } from './kinds.ts';
import type { RuleId } from './rules.ts';

/** How the registry wants to be spoken to. */
export interface AuthOptions {
  readonly mode: 'none' | 'basic' | 'bearer';
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Bearer: lifetime of a token in seconds (default 300). */
  readonly ttlSeconds?: number | undefined;
  /** Bearer: what the realm answers: GET with Basic, the OAuth2 POST, or both (default). */
  readonly tokenEndpoint?: 'get' | 'oauth2' | 'both' | undefined;
  /** Bearer: a refresh token the realm takes instead of the password. */
  readonly identityToken?: string | undefined;
  /** Bearer: whether the client is told `expires_in` (default true). */
  readonly issueExpiresIn?: boolean | undefined;
  /** Reading needs no credentials. */
  readonly anonymousPull?: boolean | undefined;
  /** Whoever has the address of an upload needs no credentials for it. */
  readonly openUploads?: boolean | undefined;
  /** Repositories to which nobody may push: they answer 403 DENIED. */
  readonly denyPush?: RegExp | undefined;
  /** Bearer: tokens say what they allow, as JWTs; else nobody can read them (default). */
  readonly readableTokens?: boolean | undefined;
  /**
   * Bearer: a token is for one repository alone, the one that is pushed to; what was asked for
   * besides is left out in silence.
   */
  readonly oneRepository?: boolean | undefined;
  /** Bearer: the realm is a server of its own, on another port. */
  readonly separateRealm?: boolean | undefined;
}

/** What the registry offers, and how it deviates from the ideal. */
export interface Features {
  /** The referrers API and OCI-Subject (default true). */
  readonly referrers: boolean;
  /** `PUT manifests/<digest>?tag=…` answers OCI-Tag (default true). */
  readonly ociTag: boolean;
  /** `POST ?digest=` takes the blob and answers 201; otherwise it opens a session (default). */
  readonly singlePost: boolean;
  /** Mount from the named repository (default), from any, never, or answer this status. */
  readonly mount: 'from' | 'anonymous' | 'off' | number;
  /** PATCH is taken (default) or refused. */
  readonly chunked: true | 'refused';
  /** Sent as OCI-Chunk-Min-Length and enforced. */
  readonly chunkMin: number;
  /** A body with a Content-Range above this many bytes is answered 416. */
  readonly chunkMax: number;
  /** Any body above this many bytes is answered 413 with a page of HTML, as a proxy does. */
  readonly bodyMax: number;
  /** Manifests above this many bytes are answered 413 (default 4 MiB). */
  readonly manifestMax: number;
  /** More upload requests at one time are answered 429. */
  readonly maxConcurrentUploads: number;
  /** Retry-After of those 429, in seconds; none when 0 (default). */
  readonly busyRetryAfter: number;
  /** Form of the upload Location; with `state` its query changes at each step. */
  readonly locationStyle: 'relative' | 'absolute' | 'query-state' | 'absolute-query-state';
  /** Path of upload sessions: as everybody has it, as GHCR has it, or outside /v2/ altogether. */
  readonly uploadPath: 'uploads' | 'upload' | 'opaque';
  /** What a stored chunk is answered with: 202 (default), or 201 as ECR does. */
  readonly patchStatus: 201 | 202;
  /** How Range lies: one byte too many when asked, or for ever at the end of the first chunk. */
  readonly rangeQuirk: 'none' | 'off-by-one' | 'stuck';
  /** Whether GET on an upload URL works (default true). */
  readonly uploadStatus: boolean;
  /** What happens to a session whose body was cut: the bytes are kept (default), the started chunk
   * is dropped, or the session is. */
  readonly onCut: 'keep' | 'drop-chunk' | 'drop-session';
  /** After PATCHes the last bytes must be in the PUT; an empty PUT is answered 500. */
  readonly lastChunkInPut: boolean;
  /** DELETE of manifests and tags works (default true). */
  readonly deleteManifests: boolean;
  /** DELETE of blobs works (default true). */
  readonly deleteBlobs: boolean;
  /** An index may name children that are not there. */
  readonly sparseIndex: boolean;
  /** A manifest that names a blob that is not there is answered so (default 400). */
  readonly blobUnknownStatus: number;
  /** A tag that exists cannot be moved, or not even be pushed again. */
  readonly immutableTags: ImmutableTags | undefined;
  /** Blobs are served by the foreign host, after a redirect. */
  readonly redirectBlobs: boolean;
  /** Upload Locations are on the foreign host. */
  readonly foreignUploads: boolean;
  /** Answers carry Set-Cookie, as those behind some proxies do. */
  readonly setCookie: boolean;
}

/** How a registry refuses to move a tag. */
export interface ImmutableTags {
  readonly status: number;
  readonly code: string;
  /** Refuses even the digest the tag has already. */
  readonly sameDigestToo?: boolean | undefined;
}

/** Registries that can be looked like. */
export type PresetName = 'distribution' | 'docker-hub' | 'ghcr' | 'gar' | 'acr' | 'ecr' | 'gitea';

/** Options of `startRegistry`. */
export interface RegistryOptions {
  readonly auth?: AuthOptions | undefined;
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
  /** Looks like this registry; `features` come on top. */
  readonly preset?: PresetName | undefined;
  readonly features?: Partial<Features> | undefined;
  /** Every answer waits this long. */
  readonly latencyMs?: number | undefined;
  /** false: nothing is a violation. */
  readonly strict?: boolean | undefined;
  /** Rules that do not count here. */
  readonly allow?: readonly RuleId[] | undefined;
  /** `discard` keeps digest and size of blobs only; `keep` has memory, then temporary files. */
  readonly store?: 'keep' | 'discard' | undefined;
  /** Bytes of blobs in memory before temporary files are used (default 256 MiB). */
  readonly memoryLimit?: number | undefined;
  /** How long a client may not yet know what another connection was told (default 150 ms). */
  readonly graceMs?: number | undefined;
  /** How long after its end a token may still arrive (default 3000 ms). */
  readonly tokenSlackMs?: number | undefined;
  /** Port to listen on (default: any). */
  readonly port?: number | undefined;
}

/** One request as it was seen. Times are milliseconds since the epoch. */
export interface RecordedRequest {
  readonly id: number;
  /** Number of the connection, counted from 1. */
  readonly connection: number;
  /** Which listener took it. */
  readonly role: 'registry' | 'foreign' | 'token';
  readonly method: string;
  readonly url: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The Authorization value is reduced to its scheme. */
  readonly headers: Readonly<Record<string, string>>;
  readonly kind: RequestKind;
  readonly repo: string | undefined;
  /** Tag or digest of the path or the query. */
  readonly reference: string | undefined;
  /** 0 while it runs, and for ever when it was never answered. */
  readonly status: number;
  readonly bytesIn: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Requests in flight when it came, itself included. */
  readonly concurrent: number;
  /** The connection ended before the request did. */
  readonly cut: boolean;
  /** A scripted fault was applied. */
  readonly faulted: boolean;
}

/** Counters since the start or the last reset. */
export interface RegistryStats {
  readonly requests: number;
  readonly byKind: Partial<Record<RequestKind, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Bytes received in blob bodies, also those in vain. */
  readonly blobBytes: number;
  /** Bytes of blobs that were committed by upload. */
  readonly committedBytes: number;
  /** Most requests with a blob in flight at one time. */
  readonly peakUploads: number;
  readonly peakRequests: number;
  readonly connections: number;
  readonly tokensIssued: number;
  readonly sessions: {
    readonly opened: number;
    readonly committed: number;
    readonly cancelled: number;
    readonly open: number;
  };
  readonly mounts: number;
  /** Blobs that were uploaded to a repository that had them. */
  readonly duplicateUploads: number;
  readonly violations: number;
}
