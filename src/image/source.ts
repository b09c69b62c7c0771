import type { Descriptor } from '../oci/descriptor.ts';
import { shortDigest, type Digest } from '../oci/digest.ts';
import { PushError } from '../util/errors.ts';

/**
 * A layer compresses to other bytes than an earlier run has remembered: there are none of the digest
 * that was asked for. `prepare` of its layer has told the truth since this was thrown.
 */
export class RememberedLayerWrong extends PushError {
  /** what the layer really is */
  readonly actual: Descriptor;
  /** digest of the uncompressed layer */
  readonly diffId: Digest;

  constructor(diffId: Digest, remembered: Digest, actual: Descriptor) {
    const digests = [remembered, actual.digest].map(shortDigest);
    super(`a layer was remembered as ${digests[0]}, but now compresses to ${digests[1]}.`, {
      code: 'IMAGE',
      stage: 'open',
      hint: 'Run it again.',
    });
    this.actual = actual;
    this.diffId = diffId;
  }
}

/** Reads content by descriptor. */
export interface ContentReader {
  /**
   * The bytes of a blob or manifest, from an offset on (for resuming).
   * A chunk holds until the fourth one after it is asked for: its buffer is used again then. Who
   * keeps chunks copies them (`util/bytes.ts`).
   * @param from offset in bytes, 0 by default
   * @throws PushError with code IMAGE when it is missing, shorter or longer than the descriptor says
   * @throws RememberedLayerWrong for what `PendingLayer.prepare` has returned unseen
   */
  open(descriptor: Descriptor, from?: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * Where it costs nothing (files): makes sure that the content is there and as long as the
   * descriptor says, before anything is sent. Its bytes are not read.
   * @throws PushError with code IMAGE
   */
  check?(descriptor: Descriptor): Promise<void>;
}

/** A layer that has no compressed form yet: its digest and size are known once `prepare` is done. */
export interface PendingLayer {
  /** digest of the uncompressed tar, as the image's config lists it */
  readonly diffId: Digest;
  /** uncompressed size in bytes */
  readonly size: number;
  /**
   * Compresses it once, to a spool file; later calls return the same result. What an earlier run has
   * remembered is returned unseen, until reading it shows that it is wrong.
   * Reads back through the source's ContentReader with the descriptor it returns.
   */
  prepare(signal?: AbortSignal): Promise<Descriptor>;
}

/** An image whose manifest we write ourselves, once its layers are compressed. */
export interface UnfinishedImage {
  readonly config: Descriptor;
  /** in the order of the config's diff IDs; a Descriptor where compressed bytes are already there */
  readonly layers: readonly (Descriptor | PendingLayer)[];
  /** The manifest over all layers: deterministic bytes and the descriptor that names them. */
  finish(layers: readonly Descriptor[]): {
    readonly descriptor: Descriptor;
    readonly bytes: Uint8Array;
  };
}

/** An image that is open for reading. */
export interface OpenedSource {
  /** for people: transport and path or name */
  readonly description: string;
  /** what the source itself calls the image, if it does */
  readonly name?: string;
  /** the manifest or index to push; undefined exactly when `unfinished` is there */
  readonly root?: Descriptor;
  readonly unfinished?: UnfinishedImage;
  readonly content: ContentReader;
  /** where the blobs already are, for cross-repository mounts: set by registry sources only */
  readonly origin?: { readonly registry: string; readonly repository: string };
  /** Closes files and deletes everything that was spooled; safe to call twice. */
  close(): Promise<void>;
}
