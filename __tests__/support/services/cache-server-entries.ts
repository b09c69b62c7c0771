/** What the Actions cache service answers: entries, scopes, prefixes, eviction. No HTTP. */
import { randomUUID } from 'node:crypto';

/** What a token may do with one scope, as the service writes it: 1 reads, 2 writes, 3 both. */
export interface CacheScope {
  readonly Scope: string;
  readonly Permission: number;
}

/** One entry: immutable once it is finished. */
export interface CacheEntry {
  readonly id: number;
  readonly key: string;
  /** the hash of paths and compression by which the toolkit tells archives apart */
  readonly version: string;
  readonly scope: string;
  finished: boolean;
  /** when it was last read or written; counts up */
  used: number;
  /** name of its blob */
  readonly blob: string;
  /** the archive; a test may put something else in its place */
  data: Buffer;
  readonly blocks: Map<string, Buffer>;
}

/** A request's fields, as JSON has them. */
export interface CacheRequest {
  readonly key: string;
  readonly version: string;
  readonly restore_keys?: readonly string[];
  readonly size_bytes?: string | number;
}

/** What is answered: a status (200 by default) and JSON. */
export interface CacheAnswer {
  readonly status?: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const READ = 1;
const WRITE = 2;

/** The service behind its three calls. */
export class CacheEntries {
  readonly all: CacheEntry[] = [];
  readonly #limitBytes: number;
  #ticks = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Reserves a key: once for each version and scope, for entries never change. */
  create({ key, version }: CacheRequest, scopes: readonly CacheScope[], base: string): CacheAnswer {
    const scope = writable(scopes);
    if (scope === undefined) {
      const message = 'cache write denied: token has no writable cache scopes';
      return { body: { ok: false, message } };
    }
    if (this.#find(key, version, scope)) {
      const msg = 'cache entry with the same key, version, and scope already exists';
      return { status: 409, body: { code: 'already_exists', msg } };
    }
    const entry: CacheEntry = {
      id: this.all.length + 1,
      key,
      version,
      scope,
      finished: false,
      used: 0,
      blob: randomUUID(),
      data: Buffer.alloc(0),
      blocks: new Map(),
    };
    this.all.push(entry);
    return { body: { ok: true, signed_upload_url: signed(base, entry) } };
  }

  /** Makes an entry visible, if all of it has arrived. */
  finish(
    { key, version, size_bytes: size }: CacheRequest,
    scopes: readonly CacheScope[],
  ): CacheAnswer {
    const entry = this.#find(key, version, writable(scopes) ?? '');
    if (entry === undefined || entry.finished) {
      return { status: 404, body: { code: 'not_found', msg: 'cache entry not found' } };
    }
    if (entry.data.length !== Number(size)) {
      const message = `size mismatch: ${entry.data.length} instead of ${size}`;
      return { body: { ok: false, message } };
    }
    entry.finished = true;
    entry.used = this.#tick();
    this.#evict();
    return { body: { ok: true, entry_id: String(entry.id) } };
  }

  /** Finds the exact key, else the newest with the key as prefix, else with each restore key. */
  find(request: CacheRequest, scopes: readonly CacheScope[], base: string): CacheAnswer {
    const readable = scopes.filter(({ Permission }) => Permission & READ);
    if (readable.length === 0) {
      const msg = 'cache read denied: token has no readable cache scopes';
      return { status: 403, body: { code: 'permission_denied', msg } };
    }
    for (const { Scope } of readable) {
      const hit = this.#newest(request, Scope);
      if (hit === undefined) continue;
      hit.used = this.#tick();
      const url = signed(base, hit);
      return { body: { ok: true, matched_key: hit.key, signed_download_url: url } };
    }
    return { body: { ok: false, signed_download_url: '', matched_key: '' } };
  }

  #newest({ key, version, restore_keys: others = [] }: CacheRequest, scope: string) {
    const candidates = this.all
      .filter((entry) => entry.finished && entry.version === version && entry.scope === scope)
      .toReversed();
    const exact = candidates.find((entry) => entry.key === key);
    if (exact) return exact;
    for (const prefix of [key, ...others]) {
      const hit = candidates.find((entry) => entry.key.startsWith(prefix));
      if (hit) return hit;
    }
    return undefined;
  }

  #find(key: string, version: string, scope: string): CacheEntry | undefined {
    return this.all.find(
      (entry) => entry.key === key && entry.version === version && entry.scope === scope,
    );
  }

  /** What was not used for longest goes first. */
  #evict(): void {
    const kept = this.all.filter(({ finished }) => finished).toSorted((a, b) => b.used - a.used);
    let size = 0;
    for (const entry of kept) {
      size += entry.data.length;
      if (size > this.#limitBytes) this.all.splice(this.all.indexOf(entry), 1);
    }
  }

  #tick(): number {
    this.#ticks += 1;
    return this.#ticks;
  }
}

function writable(scopes: readonly CacheScope[]): string | undefined {
  return scopes.find(({ Permission }) => Permission & WRITE)?.Scope;
}

function signed(base: string, { blob }: CacheEntry): string {
  return `${base}blob/${blob}?sig=${randomUUID()}&se=2099-01-01`;
}

/**
 * A token as the runner hands it to a job: only its claims are looked at.
 * @param scopes a ref and what may be done with it: 1 reads, 2 writes, 3 both
 */
export function cacheToken(...scopes: readonly (readonly [ref: string, rights: number])[]): string {
  const ac = JSON.stringify(scopes.map(([Scope, Permission]) => ({ Scope, Permission })));
  const claims = Buffer.from(JSON.stringify({ ac })).toString('base64url');
  return ['e30', claims, 'signature'].join('.');
}

/** The scopes of a request's token; undefined where there is none. */
export function scopesOf(authorization: string | undefined): readonly CacheScope[] | undefined {
  const [, claims] = /^Bearer [^.]+\.([^.]+)\./.exec(authorization ?? '') ?? [];
  if (claims === undefined) return undefined;
  const { ac } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { ac?: string };
  return JSON.parse(ac ?? '[]') as CacheScope[];
}
