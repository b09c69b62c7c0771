import { bodyOf, type HttpResponse } from '../http/transport.ts';
import { digestOf } from '../oci/digest.ts';
import { messageOf } from '../util/errors.ts';
import { formatBytes } from '../util/text.ts';
import { apiUrl, call, pullScope, pushScope, type Call, type Connection } from './connection.ts';
import { resolveLocation, withQuery } from './location.ts';
import type { UploadSession } from './upload/session.ts';
import { postWhole, startUpload } from './upload/start.ts';
import { RegistryError } from './error.ts';

/** One thing that was found out. */
export interface Finding {
  readonly what: string;
  readonly answer: string;
}

/** The empty JSON object: two bytes that half the artifacts of the world have for a config. */
const EMPTY = Buffer.from('{}');
const CHUNK = 1024;

/** Asks one question after another; what fails is an answer, too. */
class Probe {
  readonly findings: Finding[] = [];
  readonly #connection: Connection;
  readonly #repository: string;
  readonly #signal: AbortSignal;

  constructor(connection: Connection, repository: string, signal: AbortSignal) {
    this.#connection = connection;
    this.#repository = repository;
    this.#signal = signal;
  }

  note(what: string, answer: string): void {
    this.findings.push({ what, answer });
  }

  async ask(what: string, question: () => Promise<string | undefined>): Promise<void> {
    try {
      const answer = await question();
      if (answer !== undefined) this.note(what, answer);
    } catch (error) {
      this.#signal.throwIfAborted();
      this.note(what, `failed: ${messageOf(error)}`);
    }
  }

  send(options: Omit<Call, 'scopes' | 'signal' | 'retry'>): Promise<HttpResponse> {
    const scopes = [pushScope(this.#repository)];
    return call(this.#connection, { ...options, scopes, retry: 'never', signal: this.#signal });
  }

  /** The first question, whose failure ends everything: may we write there at all? */
  async singlePost(): Promise<void> {
    const digest = digestOf(EMPTY);
    const body = bodyOf(EMPTY);
    const stored = await postWhole(this.#connection, this.#repository, digest, body, this.#signal);
    if (stored === 'stored') return this.note('a blob in one POST (?digest=)', 'yes');
    this.note('a blob in one POST (?digest=)', 'no: it opens an upload instead');
    try {
      await stored.putWhole(digest, body, this.#signal);
    } finally {
      await stored.cancel(this.#signal);
    }
  }

  /** Two chunks, and what GET on the session says between them. */
  async chunks(): Promise<undefined> {
    const session = await startUpload(this.#connection, this.#repository, this.#signal);
    try {
      const minimum = this.#connection.capabilities.announcedMinimum;
      this.note('smallest chunk', minimum > 0 ? formatBytes(minimum) : 'does not say');
      const first = await this.#patch(session, 0);
      this.note('chunks (PATCH)', first);
      if (first === 'yes') await this.#session(session);
    } finally {
      await session.cancel(this.#signal);
    }
    return undefined;
  }

  async #session(session: UploadSession): Promise<void> {
    const told = await session.offset(this.#signal);
    const meaning =
      told === CHUNK ? 'exact' : told === CHUNK + 1 ? 'counts one byte too many' : 'not usable';
    this.note(
      'offset of a session (GET)',
      told === undefined ? 'does not say' : `${meaning} (${told} of ${CHUNK})`,
    );
    this.note('a second chunk', await this.#patch(session, CHUNK));
  }

  async #patch(session: UploadSession, start: number): Promise<string> {
    const range = { start, end: start + CHUNK };
    try {
      await session.patch(range, bodyOf(Buffer.alloc(CHUNK)), this.#signal);
      return 'yes';
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      return `no (${error.status})`;
    }
  }

  /** Without `from`, a registry may look for the blob itself. */
  async anonymousMount(): Promise<string> {
    const uploads = apiUrl(this.#connection, `${this.#repository}/blobs/uploads/`);
    const url = withQuery(uploads, { mount: digestOf(EMPTY) });
    const response = await this.send({ method: 'POST', url });
    if (response.status === 201) return 'yes';
    if (response.status !== 202) return `no (${response.status})`;
    const { registry, origin, resolve } = this.#connection;
    const { location } = response.headers;
    const session = await resolveLocation(location, url, origin, registry, resolve);
    await this.send({ method: 'DELETE', url: session, urgent: true });
    return 'no: it opens an upload instead';
  }

  async referrers(): Promise<string> {
    const url = apiUrl(this.#connection, `${this.#repository}/referrers/${digestOf(EMPTY)}`);
    const scopes = [pullScope(this.#repository)];
    const response = await call(this.#connection, {
      method: 'GET',
      url,
      scopes,
      signal: this.#signal,
    });
    return response.status === 200 ? 'yes' : `no (${response.status})`;
  }
}

/**
 * Finds out what a registry can do, by asking it. It leaves one blob of two bytes in the repository,
 * and no upload.
 * @throws PushError when one may not write there
 */
export async function probeRegistry(
  connection: Connection,
  repository: string,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const probe = new Probe(connection, repository, signal);
  await probe.singlePost();
  await probe.ask('chunks (PATCH)', () => probe.chunks());
  await probe.ask('mount without from', () => probe.anonymousMount());
  await probe.ask('referrers API', () => probe.referrers());
  const { profile } = connection.capabilities;
  return [{ what: 'profile', answer: `${profile.name} (${profile.title})` }, ...probe.findings];
}
