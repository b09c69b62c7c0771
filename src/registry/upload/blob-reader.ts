import type { Hash } from 'node:crypto';
import type { RequestBody } from '../../http/transport.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { algorithmOf, hasherFor, type Digest } from '../../oci/digest.ts';
import { imageError } from '../../util/errors.ts';
import type { UploadCheckpoint } from './checkpoint.ts';
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

/** Cuts a chunk that begins at `position` at some offsets of the blob. */
function* splitAt(
  chunk: Uint8Array,
  position: number,
  offsets: readonly number[],
): Generator<Uint8Array> {
  const end = position + chunk.length;
  const cuts = offsets
    .filter((offset) => offset > position && offset < end)
    .toSorted((a, b) => a - b);
  let from = position;
  for (const cut of [...cuts, end]) {
    if (cut > from) yield chunk.subarray(from - position, cut - position);
    from = cut;
  }
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
  #hash: Hash;
  #hashed = 0;
  #given = 0;
  #verified = false;
  /** only the latest body counts: one that is given up may still be asked for a piece */
  #turn = 0;

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
    this.#turn += 1;
    if (this.#given > start) this.#watch.rewound(this.#given - start);
    this.#given = start;
  }

  /** False while bytes are given a second time. */
  get isFurthest(): boolean {
    return this.#hashed === this.#given;
  }

  /** Digest of all bytes that were given, where `isFurthest`. */
  checksum(): Digest {
    return this.#digestOf(this.#hash);
  }

  /**
   * Reads what somebody else has sent already, without giving it: as if the first `to` bytes had
   * been sent by this reader.
   * @param sent what is known of the bytes that were sent: may be more of them than `to`, or fewer
   * @param read told of bytes as they are read
   * @returns false where they are others: then it is as if nothing had been read
   */
  async skip(
    to: number,
    sent: Pick<UploadCheckpoint, 'bytesWritten' | 'checksum'> | undefined,
    read: (bytes: number) => void,
    signal?: AbortSignal,
  ): Promise<boolean> {
    this.restart();
    const upTo = sent?.bytesWritten ?? 0;
    const far = Math.max(to, upTo);
    let wanted = upTo === 0 ? this.#hash.copy() : undefined;
    let other = to === 0 ? this.#hash.copy() : undefined;
    let position = 0;
    const take = (piece: Uint8Array): void => {
      if (position < to) this.#hash.update(piece);
      else other?.update(piece);
      position += piece.length;
      if (position === to && to < upTo) other = this.#hash.copy();
      if (position === upTo) wanted = position <= to ? this.#hash.copy() : other;
    };
    for await (const chunk of this.#content.open(this.#descriptor, 0, signal)) {
      for (const piece of splitAt(chunk.subarray(0, far - position), position, [to, upTo])) {
        take(piece);
      }
      read(chunk.length);
      if (position >= far) break;
    }
    if (position < far || !wanted) this.#verifySize(position);
    if (sent && this.#digestOf(wanted ?? this.#hash) !== sent.checksum) {
      this.restart();
      return false;
    }
    this.#hashed = to;
    this.#given = to;
    return true;
  }

  /** Forgets everything: the blob begins with its first byte. */
  restart(): void {
    this.#hash = hasherFor(this.#descriptor.digest);
    this.#hashed = 0;
    this.#verified = false;
    this.rewind();
  }

  #digestOf(hash: Hash): Digest {
    return `${algorithmOf(this.#descriptor.digest)}:${hash.copy().digest('hex')}` as Digest;
  }

  async *#send({ start, end }: Range, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const { size } = this.#descriptor;
    const last = end === size;
    this.rewind(start);
    const turn = this.#turn;
    let held: Uint8Array | undefined;
    let position = start;
    for await (const chunk of this.#content.open(this.#descriptor, start, signal)) {
      if (chunk.length === 0) continue;
      if (turn !== this.#turn) return;
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
    if (turn !== this.#turn) return;
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

  #verifySize(position: number): void {
    const { digest, size } = this.#descriptor;
    if (position === size) return;
    const relation = position < size ? 'shorter' : 'longer';
    throw imageError(
      `The source is corrupt: blob ${digest} is ${relation} than the ${size} bytes its manifest gives.`,
      'Build or save the image again.',
    );
  }

  #verify(position: number): void {
    const { digest, size } = this.#descriptor;
    this.#verifySize(position);
    if (this.#verified || this.#hashed !== size) return;
    const actual = this.#digestOf(this.#hash);
    if (actual !== digest) {
      throw imageError(
        `The source is corrupt: the bytes of blob ${digest} hash to ${actual}.`,
        'Build or save the image again; nothing wrong was stored in the registry.',
      );
    }
    this.#verified = true;
  }
}
