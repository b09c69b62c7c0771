import type { Middleware } from '../http/transport.ts';
import { GENERIC, profileNamed, profileOfAnswer, profileOfHost } from './profiles/index.ts';
import type { RegistryProfile } from './profiles/profile.ts';

/** Yes and no, and what nobody has asked yet. */
export type Known = 'yes' | 'no' | 'unknown';

export interface CapabilitiesOptions {
  readonly registry: string;
  /** name of the profile that somebody has chosen; found out by host and answers otherwise */
  readonly profile?: string | undefined;
  /** size of chunks that somebody asks for, bytes: blobs larger than it go in chunks */
  readonly chunkSize?: number | undefined;
}

function known(value: boolean | undefined): Known {
  return value === undefined ? 'unknown' : value ? 'yes' : 'no';
}

/**
 * What one registry can do, as far as it is known: from its profile at first, then from what it
 * answers. Everything learnt is used in the same push.
 */
export class Capabilities {
  #profile: RegistryProfile;
  /** a profile that was chosen, or follows from the host, is not argued with */
  readonly #certain: boolean;
  #singlePost: Known;
  #ociTag: Known;
  #chunks: Known;
  #maxBody: number;
  #chunkSize: number | undefined;
  #minChunk = 0;

  constructor(options: CapabilitiesOptions) {
    const chosen = options.profile === undefined ? undefined : profileNamed(options.profile);
    const certain = chosen ?? profileOfHost(options.registry);
    this.#certain = certain !== undefined;
    this.#profile = certain ?? GENERIC;
    this.#singlePost = known(this.#profile.singlePost?.value);
    this.#ociTag = known(this.#profile.ociTag?.value);
    this.#chunks = known(this.#profile.chunks?.value);
    this.#maxBody = this.#profile.maxBody?.value ?? Number.POSITIVE_INFINITY;
    this.#chunkSize = options.chunkSize;
  }

  get profile(): RegistryProfile {
    return this.#profile;
  }

  /** Whether `POST ?digest=` stores a blob in one request. */
  get singlePost(): Known {
    return this.#singlePost;
  }

  set singlePost(value: Known) {
    this.#singlePost = value;
  }

  /** Whether several tags go in one request. */
  get ociTag(): Known {
    return this.#ociTag;
  }

  set ociTag(value: Known) {
    this.#ociTag = value;
  }

  /** Whether blobs can be sent in chunks. */
  get chunks(): Known {
    return this.#chunks;
  }

  set chunks(value: Known) {
    this.#chunks = value;
  }

  /** The largest request body that may get through, bytes. */
  get maxBody(): number {
    return this.#maxBody;
  }

  /** The chunks that are used for blobs larger than this, bytes; undefined: blobs go whole. */
  get chunkSize(): number | undefined {
    const { minChunk, maxChunk } = this.#profile;
    const wanted = this.#chunkSize ?? (Number.isFinite(this.#maxBody) ? this.#maxBody : undefined);
    if (wanted === undefined || this.#chunks === 'no') return undefined;
    const minimum = Math.max(this.#minChunk, minChunk?.value ?? 0);
    return Math.max(Math.min(wanted, maxChunk?.value ?? wanted), minimum, 1);
  }

  /** The smallest chunk the registry has announced, bytes; 0 when it has not said. */
  get announcedMinimum(): number {
    return this.#minChunk;
  }

  /** A body of this size was refused; `next` is tried instead. */
  bodyRefused(refused: number, next: number): void {
    this.#maxBody = Math.min(this.#maxBody, refused - 1, next);
    if (this.#chunkSize !== undefined) this.#chunkSize = Math.min(this.#chunkSize, next);
  }

  /** The registry says how small a chunk may be (`OCI-Chunk-Min-Length`), bytes. */
  minimumAnnounced(bytes: number): void {
    this.#minChunk = Math.max(this.#minChunk, Math.min(bytes, MAX_MINIMUM));
  }

  /** Looks at an answer's headers for what gives the registry away. */
  observe(headers: Readonly<Record<string, string>>): void {
    if (this.#certain || this.#profile !== GENERIC) return;
    const profile = profileOfAnswer(headers);
    if (!profile) return;
    this.#profile = profile;
    if (this.#singlePost === 'unknown') this.#singlePost = known(profile.singlePost?.value);
    if (this.#ociTag === 'unknown') this.#ociTag = known(profile.ociTag?.value);
    if (this.#chunks === 'unknown') this.#chunks = known(profile.chunks?.value);
    const { maxBody } = profile;
    if (maxBody) this.#maxBody = Math.min(this.#maxBody, maxBody.value);
  }
}

/** A registry that asks for larger chunks than this is broken or hostile, bytes. */
const MAX_MINIMUM = 1024 ** 3;

/**
 * Shows every answer of a registry to its capabilities; inside of auth, which keeps challenges.
 * @param origin the registry's own: where a Location or a redirect leads, somebody else answers
 */
export function observe(capabilities: Capabilities, origin: URL): Middleware {
  return (next) => async (request) => {
    const response = await next(request);
    if (request.url.origin === origin.origin) capabilities.observe(response.headers);
    return response;
  };
}
