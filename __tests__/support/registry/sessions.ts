import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { Content } from './content.ts';
import type { ContentPool } from './content.ts';
import { algorithmOf } from './grammar.ts';

/** How a session ended, or that it has not. `gone`: the registry let go of it. */
export type SessionState = 'open' | 'committed' | 'cancelled' | 'gone';

interface IssuedLocation {
  readonly query: ReadonlyMap<string, string>;
  readonly delivered: boolean;
}

/** One blob upload: its bytes so far, and what the client has been told about it. */
export class UploadSession {
  readonly id: string;
  readonly repo: string;
  readonly path: string;
  readonly content: Content;
  state: SessionState = 'open';
  /** Number of the connection whose answer ended it; undefined when the answer was lost. */
  endedOn: number | undefined;
  /** The client cannot know the offset: an answer was lost or lied, or a body was cut. */
  unsure = false;
  /** A chunk was smaller than the minimum; fine if it was the last. */
  shortChunk = false;
  /** Where the first chunk ended, for registries whose Range sticks there. */
  firstChunkEnd = 0;
  /** A PUT with the whole blob was cut and left a part of it here. */
  cutPut = false;
  /** The client was never told where this session is, or was told wrong. */
  hidden = false;
  /** Settles when the request that is using the session is done. */
  busy: Promise<void> | undefined;
  #hashes = new Map<string, Hash>();
  #locations: IssuedLocation[] = [];
  #chunkStart: { readonly size: number; readonly hashes: Map<string, Hash> } | undefined;

  constructor(repo: string, id: string, path: string, content: Content, algorithms: Set<string>) {
    this.repo = repo;
    this.id = id;
    this.path = path;
    this.content = content;
    for (const algorithm of algorithms) this.#hashes.set(algorithm, createHash(algorithm));
  }

  /** Bytes stored so far. */
  get offset(): number {
    return this.content.size;
  }

  /** Remembers where the session was, in case the chunk that begins now is cut and dropped. */
  beginChunk(digest: string | undefined): void {
    if (digest !== undefined && this.offset === 0) this.#ensureHash(algorithmOf(digest));
    const hashes = new Map([...this.#hashes].map(([name, hash]) => [name, hash.copy()]));
    this.#chunkStart = { size: this.offset, hashes };
  }

  append(chunk: Buffer): void {
    this.content.append(chunk);
    for (const hash of this.#hashes.values()) hash.update(chunk);
  }

  /** Goes back to where the chunk began. */
  dropChunk(): void {
    if (this.#chunkStart === undefined) return;
    this.content.truncate(this.#chunkStart.size);
    this.#hashes = this.#chunkStart.hashes;
    this.#chunkStart = undefined;
  }

  /** The digest of everything received; undefined when it cannot be computed any more. */
  digest(algorithm: string): string | undefined {
    let hash = this.#hashes.get(algorithm)?.copy();
    if (hash === undefined) {
      if (!this.content.readable) return undefined;
      hash = createHash(algorithm);
      for (const piece of this.content.read()) hash.update(piece);
    }
    return `${algorithm}:${hash.digest('hex')}`;
  }

  /** Notes a Location that goes out; later requests are held against it. */
  issue(query: ReadonlyMap<string, string>, delivered: boolean): void {
    this.#locations.push({ query, delivered });
  }

  /** The queries a client may use: the latest it has, and the latest there is. */
  usableQueries(): ReadonlyMap<string, string>[] {
    const latest = this.#locations.at(-1);
    const delivered = this.#locations.findLast((location) => location.delivered);
    return [latest, delivered].filter((location) => location !== undefined).map((l) => l.query);
  }

  #ensureHash(algorithm: string): void {
    if (!this.#hashes.has(algorithm)) this.#hashes.set(algorithm, createHash(algorithm));
  }
}

/** All upload sessions, also those that ended: a late request must be told from a made-up URL. */
export class Sessions {
  readonly #pool: ContentPool;
  #byPath = new Map<string, UploadSession>();

  constructor(pool: ContentPool) {
    this.#pool = pool;
  }

  open(repo: string, style: 'uploads' | 'upload' | 'opaque', algorithm?: string): UploadSession {
    const id = randomUUID();
    const path = style === 'opaque' ? `/u/${id}` : `/v2/${repo}/blobs/${style}/${id}`;
    const algorithms = new Set(['sha256', ...(algorithm === undefined ? [] : [algorithm])]);
    const session = new UploadSession(repo, id, path, new Content(this.#pool), algorithms);
    this.#byPath.set(path, session);
    return session;
  }

  byPath(path: string): UploadSession | undefined {
    return this.#byPath.get(path);
  }

  all(): UploadSession[] {
    return [...this.#byPath.values()];
  }

  count(state: SessionState): number {
    return this.all().filter((session) => session.state === state).length;
  }

  /** Ends a session that brought no blob, and frees its bytes. */
  drop(session: UploadSession, state: 'cancelled' | 'gone'): void {
    session.state = state;
    session.content.release();
  }

  /** Sessions a client knew of and neither committed nor cancelled. */
  leaked(): UploadSession[] {
    return this.all().filter((session) => session.state === 'open' && !session.hidden);
  }

  clear(): void {
    for (const session of this.all()) {
      if (session.state === 'open') session.content.release();
    }
    this.#byPath = new Map();
  }
}

/** A state parameter that survives only a client that treats the Location as opaque. */
export function opaqueState(session: UploadSession): string {
  // Plus, slash, equals and space must come back exactly as they went out.
  return `${randomBytes(12).toString('base64')}+/ =${session.offset}~${session.id.slice(0, 8)}`;
}
