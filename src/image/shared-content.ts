import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { isManifestType } from '../oci/media-types.ts';
import { createGrowingFiles, type GrowingFiles, type SpoolFailure } from './growing-file.ts';
import { SharedBlob } from './shared-blob.ts';
import type { ContentReader } from './source.ts';

export interface ShareOptions {
  /** where blobs are kept while not everybody has them */
  readonly tempDirectory: string;
  /** names of those who are going to read, for `done` */
  readonly readers: readonly string[];
  /** bytes that were read from the source and kept */
  readonly onWork?: (bytes: number) => void;
  /** what was decided, in one sentence */
  readonly onNote?: (message: string) => void;
  /** where files are made instead */
  readonly files?: GrowingFiles;
}

/** A reader that reads each blob of its source once, for several who want it. */
export interface SharedContent extends ContentReader {
  /** A reader has no more need of a blob. What nobody needs is deleted. */
  done(reader: string, digest: Digest): void;
  /** Ends whatever is still being read and deletes everything; safe to call twice. */
  close(): Promise<void>;
}

class SharingReader implements SharedContent {
  readonly #content: ContentReader;
  readonly #options: ShareOptions;
  readonly #files: GrowingFiles;
  readonly #blobs = new Map<Digest, SharedBlob>();
  /** who has no more need of it, by blob */
  readonly #done = new Map<Digest, Set<string>>();
  #closed = false;
  #noted = false;

  constructor(content: ContentReader, options: ShareOptions) {
    this.#content = content;
    this.#options = options;
    this.#files = options.files ?? createGrowingFiles(options.tempDirectory);
  }

  async *open(
    descriptor: Descriptor,
    from = 0,
    signal?: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    signal?.throwIfAborted();
    // Whoever has everything asks for nothing: a server would refuse that.
    if (from > 0 && from === descriptor.size) return;
    const blob = this.#blobFor(descriptor, from);
    yield* blob ? blob.read(from, signal) : this.#content.open(descriptor, from, signal);
  }

  async check(descriptor: Descriptor): Promise<void> {
    await this.#content.check?.(descriptor);
  }

  done(reader: string, digest: Digest): void {
    if (!this.#options.readers.includes(reader)) return;
    const done = this.#done.get(digest) ?? new Set();
    this.#done.set(digest, done.add(reader));
    if (this.#left(digest) === 0) this.#blobs.get(digest)?.release();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#blobs.values()].map((blob) => blob.close()));
    await this.#files.close();
  }

  /** How many still need a blob. */
  #left(digest: Digest): number {
    return this.#options.readers.length - (this.#done.get(digest)?.size ?? 0);
  }

  /** The blob as others read it, too; undefined where the source is the better place. */
  #blobFor(descriptor: Descriptor, from: number): SharedBlob | undefined {
    const { digest, size, mediaType } = descriptor;
    const known = this.#blobs.get(digest);
    if (known) return known.descriptor.size === size && known.reaches(from) ? known : undefined;
    // An upload that goes on far behind the beginning needs nothing of what comes before; who needs
    // that comes for it.
    if (from > 0 || isManifestType(mediaType) || this.#closed) return undefined;
    if (this.#left(digest) < 2) return undefined;
    const blob = new SharedBlob(descriptor, {
      source: this.#content,
      files: this.#files,
      onWork: this.#options.onWork ?? (() => undefined),
      onFailure: (failure) => this.#note(failure),
    });
    this.#blobs.set(digest, blob);
    return blob;
  }

  #note({ message }: SpoolFailure): void {
    if (this.#noted) return;
    this.#noted = true;
    this.#options.onNote?.(`${message}: each registry reads from the source for itself.`);
  }
}

/**
 * Reads every blob of a source once, however many want it: for sources whose bytes come over the
 * network. Who comes first has it fetched; it is kept in a private file while others still need it,
 * and they read along as it grows. Nobody waits for anybody slower. Manifests pass, and so does what
 * only one reader still needs; where the disk is full everybody reads for themselves.
 */
export function shareContent(content: ContentReader, options: ShareOptions): SharedContent {
  return new SharingReader(content, options);
}
