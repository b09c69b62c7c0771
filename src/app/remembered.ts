import { setTimeout as delay } from 'node:timers/promises';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Remembered } from '../push/memory.ts';
import type { Connection } from '../registry/connection.ts';
import type { UploadMemory } from '../registry/upload/checkpoint.ts';
import { sessionUrl } from '../registry/upload/resume.ts';
import { UploadSession } from '../registry/upload/session.ts';
import type { CasIndex } from '../state/cas-index.ts';
import type { ResumeLedger } from '../state/resume-ledger.ts';
import type { Place } from '../util/events.ts';
import { areSessionUrlsHarmless } from './harmless.ts';

/** A slow disk, or a registry that does not answer, must not hold up an upload, milliseconds. */
const OPENED_MS = 1000;

/**
 * Waits for `work`, but not for long. The timer also keeps the process alive: idle connections and
 * the ledger's own timers do not.
 */
async function atMost(
  milliseconds: number,
  work: Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const enough = new AbortController();
  const ends = signal ? [signal, enough.signal] : [enough.signal];
  const patience = delay(milliseconds, undefined, { signal: AbortSignal.any(ends) });
  await Promise.race([work, patience.catch(() => undefined)]).finally(() => enough.abort());
}

export interface RememberedOptions {
  readonly ledger: ResumeLedger | undefined;
  readonly record: CasIndex | undefined;
  /** whether what the ledger writes may end up where others can read it */
  readonly shared: boolean;
  /** whether it writes down nothing else */
  readonly shareableOnly?: boolean;
  /** work in the background: has to end before the process does, and is stopped then */
  readonly background: (work: (signal: AbortSignal) => Promise<void>) => void;
}

/** What the ledger and the record know, as the pipeline asks for it. */
export class RememberedState implements Remembered {
  readonly #options: RememberedOptions;
  /** by registry: whether the addresses of its uploads may be shared, as far as it is known */
  readonly #harmless = new Map<string, boolean>();
  readonly #learning = new Map<string, Promise<void>>();
  readonly #tidied = new Set<string>();

  constructor(options: RememberedOptions) {
    this.#options = options;
  }

  finished(place: Place, digest: Digest): boolean {
    return this.#options.ledger?.finished(place, digest) ?? false;
  }

  upload(place: Place, descriptor: Descriptor, connection: Connection): UploadMemory | undefined {
    const { ledger, shareableOnly = false } = this.#options;
    if (!ledger) return undefined;
    this.#tidy(ledger, place, connection);
    const { digest } = descriptor;
    // The address changes seldom; this is called for every piece of every blob.
    let known: URL | undefined;
    let location: string | undefined;
    let kept = ledger.earlier(place, digest) !== undefined;
    const reached: UploadMemory['reached'] = (url, bytes, checksum) => {
      if (url !== known) {
        known = url;
        location = sessionUrl(url.href, place.repository, connection)?.href;
      }
      if (location === undefined) return;
      const shareable = this.#isShareable(place, connection);
      kept = shareable || !shareableOnly;
      ledger.reached(place, descriptor, { location, bytes, checksum, shareable });
    };
    return {
      earlier: () => ledger.earlier(place, digest),
      opened: async (url, checksum, signal) => {
        const written = async (): Promise<void> => {
          if (shareableOnly) await this.#learn(place, connection);
          reached(url, 0, checksum);
          await ledger.written();
        };
        await atMost(OPENED_MS, written(), signal);
      },
      reached,
      keeps: () => kept,
      forget: () => {
        kept = false;
        ledger.forgetUpload(place, digest);
      },
    };
  }

  elsewhere({ registry, repository }: Place, digest: Digest): readonly string[] {
    const { record } = this.#options;
    if (!record || record.has(registry, repository, digest)) return [];
    return record.repositoriesWith(registry, digest).filter((other) => other !== repository);
  }

  blobArrived(place: Place, descriptor: Descriptor): void {
    const { ledger, record } = this.#options;
    ledger?.blobArrived(place, descriptor);
    record?.seen(place.registry, place.repository, descriptor);
  }

  manifestArrived(place: Place, digest: Digest): void {
    this.#options.ledger?.manifestArrived(place, digest);
  }

  notThere(place: Place, digest: Digest): void {
    const { ledger, record } = this.#options;
    ledger?.forgetBlob(place, digest);
    record?.drop(place.registry, place.repository, digest);
  }

  #isShareable(place: Place, connection: Connection): boolean {
    const known = this.#harmless.get(place.registry);
    if (known === undefined && this.#options.shared) void this.#learn(place, connection);
    return known ?? false;
  }

  /** Finds out, once per registry, what the addresses of its uploads are good for. */
  #learn({ registry, repository }: Place, connection: Connection): Promise<void> {
    const running = this.#learning.get(registry);
    if (running) return running;
    const learning = new Promise<void>((resolve) => {
      this.#options.background(async (signal) => {
        const harmless = await areSessionUrlsHarmless(connection, repository, signal);
        this.#harmless.set(registry, harmless);
        resolve();
      });
    });
    this.#learning.set(registry, learning);
    return learning;
  }

  /** Gives back uploads that nobody goes on with, where this push may write anyway. */
  #tidy({ abandoned }: ResumeLedger, place: Place, connection: Connection): void {
    const { registry, repository } = place;
    const name = `${registry}/${repository}`;
    if (this.#tidied.has(name)) return;
    this.#tidied.add(name);
    for (const upload of abandoned) {
      if (upload.registry !== registry || upload.repository !== repository) continue;
      const url = sessionUrl(upload.location, repository, connection);
      if (!url) continue;
      this.#options.background((signal) =>
        new UploadSession(connection, repository, url).cancel(signal),
      );
    }
  }
}
