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

export interface RememberedOptions {
  readonly ledger: ResumeLedger | undefined;
  readonly record: CasIndex | undefined;
  /** whether what the ledger writes may end up where others can read it */
  readonly shared: boolean;
  /** work in the background: has to end before the process does, and is stopped then */
  readonly background: (work: (signal: AbortSignal) => Promise<void>) => void;
}

/** What the ledger and the record know, as the pipeline asks for it. */
export class RememberedState implements Remembered {
  readonly #options: RememberedOptions;
  /** by registry: whether the addresses of its uploads may be shared, as far as it is known */
  readonly #harmless = new Map<string, boolean>();
  readonly #tidied = new Set<string>();

  constructor(options: RememberedOptions) {
    this.#options = options;
  }

  finished(place: Place, digest: Digest): boolean {
    return this.#options.ledger?.finished(place, digest) ?? false;
  }

  upload(place: Place, descriptor: Descriptor, connection: Connection): UploadMemory | undefined {
    const { ledger } = this.#options;
    if (!ledger) return undefined;
    this.#tidy(ledger, place, connection);
    const { digest } = descriptor;
    // The address changes seldom; this is called for every piece of every blob.
    let known: URL | undefined;
    let location: string | undefined;
    return {
      earlier: () => ledger.earlier(place, digest),
      reached: (url, bytes, checksum) => {
        if (url !== known) {
          known = url;
          location = sessionUrl(url.href, place.repository, connection)?.href;
        }
        if (location === undefined) return;
        const shareable = this.#isShareable(place, connection);
        ledger.reached(place, descriptor, { location, bytes, checksum, shareable });
      },
      forget: () => ledger.forgetUpload(place, digest),
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

  #isShareable({ registry, repository }: Place, connection: Connection): boolean {
    const { shared, background } = this.#options;
    const known = this.#harmless.get(registry);
    if (known !== undefined || !shared) return known ?? false;
    this.#harmless.set(registry, false);
    background(async (signal) => {
      const harmless = await areSessionUrlsHarmless(connection, repository, signal);
      this.#harmless.set(registry, harmless);
    });
    return false;
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
