import type { RequestBody } from '../../http/transport.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { algorithmOf, hasherFor, type Digest } from '../../oci/digest.ts';
import { imageError } from '../../util/errors.ts';
import type { Range } from './ranges.ts';

/** Where the bytes of a blob come from. */
export interface BlobContent {
  /** @param from offset in bytes, 0 by default */
  open(descriptor: Descriptor, from?: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Follows what becomes of the bytes. */
export interface BlobWatch {
  /** bytes of a piece that was handed to the network */
  readonly sent: (bytes: number) => void;
  /** so many bytes were for nothing, and are sent again */
  readonly rewound: (bytes: number) => void;
}

/**
 * Gives a blob as request bodies, whole or in parts, and hashes it while it is sent. The last piece
 * is held back until the digest is known to be right: a source that changed or is corrupt fails
 * here, before the registry could commit anything, with the blob's name and code IMAGE.
 */
export class BlobReader {
  readonly #descriptor: Descriptor;
  readonly #content: BlobContent;
  readonly #watch: BlobWatch;
  readonly #hash;
  #hashed = 0;
  #given = 0;
  #verified = false;

  constructor(descriptor: Descriptor, content: BlobContent, watch: BlobWatch) {
    this.#descriptor = descriptor;
    this.#content = content;
    this.#watch = watch;
    this.#hash = hasherFor(descriptor.digest);
  }

  /** The whole blob. */
  whole(): RequestBody {
    return this.part({ start: 0, end: this.#descriptor.size });
  }

  /** A part of it; parts are sent in order, and each may be sent again. */
  part(range: Range): RequestBody {
    return {
      size: range.end - range.start,
      open: (signal) => this.#send(range, signal),
    };
  }

  /** How far the bytes given so far reach: nobody can have more, whatever they say. */
  get given(): number {
    return this.#given;
  }

  /** What was given from `start` on does not count any more. */
  rewind(start = 0): void {
    if (this.#given > start) this.#watch.rewound(this.#given - start);
    this.#given = start;
  }

  async *#send({ start, end }: Range, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const { size } = this.#descriptor;
    const last = end === size;
    this.rewind(start);
    let held: Uint8Array | undefined;
    let position = start;
    for await (const chunk of this.#content.open(this.#descriptor, start, signal)) {
      if (chunk.length === 0) continue;
      // More bytes than promised: what is held back may be all of them, and stays here.
      if (last && position + chunk.length > size) {
        position += chunk.length;
        break;
      }
      if (held) yield this.#counted(held);
      held = position + chunk.length > end ? chunk.subarray(0, end - position) : chunk;
      this.#update(position, held);
      position += chunk.length;
      // The last part reads on, to see the source end.
      if (!last && position >= end) break;
    }
    if (last || position < end) this.#verify(position);
    if (held) yield this.#counted(held);
  }

  #counted(chunk: Uint8Array): Uint8Array {
    this.#given += chunk.length;
    this.#watch.sent(chunk.length);
    return chunk;
  }

  /** What was hashed when it was first sent is not hashed again. */
  #update(position: number, chunk: Uint8Array): void {
    const skip = this.#hashed - position;
    if (skip >= chunk.length || skip < 0) return;
    this.#hash.update(skip > 0 ? chunk.subarray(skip) : chunk);
    this.#hashed = position + chunk.length;
  }

  #verify(position: number): void {
    const { digest, size } = this.#descriptor;
    if (position !== size) {
      const relation = position < size ? 'shorter' : 'longer';
      throw imageError(
        `The source is corrupt: blob ${digest} is ${relation} than the ${size} bytes its manifest gives.`,
        'Build or save the image again.',
      );
    }
    if (this.#verified || this.#hashed !== size) return;
    const actual = `${algorithmOf(digest)}:${this.#hash.digest('hex')}` as Digest;
    if (actual !== digest) {
      throw imageError(
        `The source is corrupt: the bytes of blob ${digest} hash to ${actual}.`,
        'Build or save the image again; nothing wrong was stored in the registry.',
      );
    }
    this.#verified = true;
  }
}
