import { setTimeout as delay } from 'node:timers/promises';
import { checkReferrersTags } from './checks/manifest.ts';
import { Content } from './content.ts';
import type { Context } from './context.ts';
import type { FaultScript } from './faults.ts';
import { OCI_MANIFEST } from './grammar.ts';
import { listen } from './listen.ts';
import type { Running } from './listen.ts';
import type { Descriptor } from './manifest.ts';
import type { RuleId } from './rules.ts';
import { digestOf } from './store.ts';
import type { StoredManifest } from './store.ts';
import type { RecordedRequest, RegistryStats } from './types.ts';
import { describeViolation } from './violations.ts';
import type { Violation } from './violations.ts';

/** A running registry, as tests see it. */
export class StrictRegistry {
  /** `127.0.0.1:PORT`, the registry part of a reference. */
  readonly host: string;
  /** Scheme and host. */
  readonly url: string;
  /** The script of what goes wrong. */
  readonly faults: FaultScript;
  readonly #context: Context;
  readonly #running: Running[];
  #foreign: Running | undefined;

  constructor(context: Context, main: Running) {
    this.#context = context;
    this.#running = [main];
    this.host = main.host;
    this.url = main.url;
    this.faults = context.faults;
  }

  /** Every request so far, in the order of arrival. */
  get requests(): readonly RecordedRequest[] {
    return this.#context.recorder.requests;
  }

  /** The broken rules so far, one line each. Leaks show only in {@link assertClean}. */
  get violations(): string[] {
    return this.#context.violations.list.map(describeViolation);
  }

  /** The broken rules so far, as data. */
  get violationList(): readonly Violation[] {
    return this.#context.violations.list;
  }

  /** Counters since the start or the last reset. */
  stats(): RegistryStats {
    const { recorder, sessions, tokens, violations } = this.#context;
    return {
      requests: recorder.requests.length,
      byKind: recorder.byKind(),
      byStatus: recorder.byStatus(),
      blobBytes: recorder.blobBytes(),
      committedBytes: recorder.committedBytes,
      peakUploads: recorder.peakUploads,
      peakRequests: recorder.peakRequests,
      connections: recorder.connections,
      tokensIssued: tokens.issued,
      sessions: {
        opened: recorder.opened,
        committed: sessions.all().filter((s) => s.state === 'committed' && !s.hidden).length,
        cancelled: sessions.count('cancelled'),
        open: sessions.count('open'),
      },
      mounts: recorder.mounts,
      duplicateUploads: recorder.duplicateUploads,
      violations: violations.list.length,
    };
  }

  /**
   * Throws an error that lists every broken rule, the sessions left open included.
   * @param except rules that this test breaks on purpose
   */
  assertClean(except: readonly RuleId[] = []): void {
    const broken = this.#allViolations().filter(({ rule }) => !except.includes(rule));
    const [bug] = this.#context.internalErrors;
    if (bug !== undefined) throw new Error('the strict registry itself failed', { cause: bug });
    if (broken.length === 0) return;
    const lines = broken.map((violation) => `- ${describeViolation(violation)}`);
    throw new Error(`the client broke ${broken.length} rule(s):\n${lines.join('\n')}`);
  }

  /** The bytes of a blob; undefined when the repository has none. */
  blob(repo: string, digest: string): Buffer | undefined {
    return this.#context.store.blob(repo, digest)?.bytes();
  }

  /** The size of a blob; undefined when the repository has none. Works with `store: discard`. */
  blobSize(repo: string, digest: string): number | undefined {
    return this.#context.store.blob(repo, digest)?.size;
  }

  /** The manifest behind a tag or a digest. */
  manifest(repo: string, reference: string): StoredManifest | undefined {
    return this.#context.store.manifest(repo, reference);
  }

  /** All tags of a repository with the digests they point at. */
  tags(repo: string): Record<string, string> {
    return this.#context.store.tags(repo);
  }

  /** Puts a blob in place without a request. */
  seedBlob(repo: string, bytes: Buffer, mediaType = 'application/octet-stream'): Descriptor {
    const content = new Content(this.#context.pool);
    content.append(bytes);
    const digest = digestOf(bytes);
    this.#context.store.putBlob(repo, digest, content);
    return { mediaType, digest, size: bytes.length };
  }

  /** Puts a manifest in place without a request and without a look at what it points at. */
  seedManifest(repo: string, manifest: Buffer | object, ...tags: string[]): Descriptor {
    const bytes = Buffer.isBuffer(manifest) ? manifest : Buffer.from(JSON.stringify(manifest));
    const digest = digestOf(bytes);
    const { mediaType = OCI_MANIFEST } = JSON.parse(bytes.toString()) as { mediaType?: string };
    this.#context.store.putManifest(repo, bytes, mediaType, digest);
    for (const tag of tags) this.#context.store.setTag(repo, tag, digest);
    return { mediaType, digest, size: bytes.length };
  }

  /** Removes a blob without a request, as garbage collection does. */
  removeBlob(repo: string, digest: string): void {
    this.#context.store.deleteBlob(repo, digest);
    this.#context.known.forget(repo, digest);
  }

  /** Ends every token, as if it had been revoked. */
  expireTokens(): void {
    this.#context.tokens.revokeAll();
  }

  /**
   * Starts a second host, called `localhost`, as a storage service behind a Location or a redirect
   * would be. It serves the same uploads and blobs, asks for nothing, and notes credentials.
   * @param options `challenges`: it answers 401 and names a token realm of its own; `plainHttp`:
   * it speaks plain HTTP even where the registry has TLS
   */
  async startForeignHost(
    options: { challenges?: boolean; plainHttp?: boolean } = {},
  ): Promise<Running> {
    if (this.#foreign !== undefined) return this.#foreign;
    const { challenges = false, plainHttp = false } = options;
    const tls = plainHttp ? undefined : this.#context.options.tls;
    const listener = { role: 'foreign' as const, challenges };
    this.#foreign = await listen(this.#context, listener, { hostname: 'localhost', tls });
    this.#context.urls.foreign = this.#foreign.url;
    this.#running.push(this.#foreign);
    return this.#foreign;
  }

  /** Waits until no request is running, at most this long; a client that left is noticed late. */
  async idle(timeoutMs = 1000): Promise<void> {
    const end = Date.now() + timeoutMs;
    do await delay(5);
    while (this.#context.recorder.running(() => true) > 0 && Date.now() < end);
  }

  /** Stops a further server together with this registry. */
  adopt(running: Running): void {
    this.#running.push(running);
  }

  /** Forgets content, requests, violations and faults; connections and tokens stay. */
  reset(): void {
    const context = this.#context;
    const parts = [context.sessions, context.store, context.recorder, context.violations];
    for (const part of [...parts, context.faults, context.waits, context.known]) part.clear();
    context.refusals.clear();
    context.tokens.resetCounter();
    context.unlistedReferrers.length = 0;
    context.internalErrors.length = 0;
  }

  /** Ends every connection and deletes what was kept in files; the records can still be read. */
  async stop(): Promise<void> {
    await Promise.all(this.#running.map(async (running) => await running.stop()));
    this.#context.pool.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #allViolations(): Violation[] {
    const context = this.#context;
    const before = context.violations.list.length;
    for (const { repo, path } of context.sessions.leaked()) {
      context.violations.add('upload-session-leaked', `in ${repo}`, path);
    }
    checkReferrersTags(context);
    // What is only true at the end may be another thing the next time it is asked.
    return context.violations.takeBack(before);
  }
}
