import { availableParallelism } from 'node:os';
import type { Descriptor } from '../oci/descriptor.ts';
import { shortDigest, type Digest } from '../oci/digest.ts';
import { Limiter } from '../util/limiter.ts';
import { SingleFlight } from '../util/single-flight.ts';
import {
  COMPRESSOR_VERSION,
  compressLayer,
  type CompressedLayer,
  type PlainLayer,
} from './compress.ts';
import type { FileRange } from './file-range.ts';
import type { OpenOptions } from './options.ts';
import { RememberedLayerWrong, type PendingLayer } from './source.ts';
import type { Spool } from './spool.ts';

/** zlib works in libuv's pool, which has four threads. */
const WORKERS_MAX = 4;
const WORKERS_MIN = 2;

/** Layers that are compressed when somebody wants them, each once. */
export class LayerStore {
  readonly #spool: Spool;
  readonly #mediaType: string;
  readonly #options: OpenOptions;
  readonly #limiter = new Limiter(
    Math.min(WORKERS_MAX, Math.max(WORKERS_MIN, availableParallelism())),
  );
  readonly #flights = new SingleFlight<CompressedLayer>();
  /** under whose signal a layer is compressed */
  readonly #askers = new Map<Digest, AbortSignal | undefined>();
  readonly #running = new Set<Promise<unknown>>();
  readonly #done = new Map<Digest, CompressedLayer>();
  /** how to come by the bytes of a compressed digest that was handed out */
  readonly #makers = new Map<Digest, () => Promise<CompressedLayer>>();
  readonly #closing = new AbortController();
  #files = 0;
  #noted = false;

  /** @param mediaType of the compressed layers */
  constructor(spool: Spool, mediaType: string, options: OpenOptions) {
    this.#spool = spool;
    this.#mediaType = mediaType;
    this.#options = options;
  }

  pending(layer: PlainLayer): PendingLayer {
    return {
      diffId: layer.diffId,
      size: layer.source.size,
      prepare: async (signal) => this.#prepare(layer, signal),
    };
  }

  /**
   * The compressed bytes of a layer that `prepare` has described.
   * @throws RememberedLayerWrong when it was remembered as something else; it is not any more then
   */
  async find(digest: Digest): Promise<FileRange | undefined> {
    const made = await this.#makers.get(digest)?.();
    return made?.range;
  }

  /** Stops what still compresses, and waits until it has stopped. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
  }

  async #prepare(layer: PlainLayer, signal?: AbortSignal): Promise<Descriptor> {
    const { compression, compressedLayers: cache } = this.#options;
    const { diffId } = layer;
    const version = COMPRESSOR_VERSION[compression];
    const remembered = this.#done.has(diffId) ? undefined : await cache?.get(diffId, version);
    if (remembered?.mediaType === this.#mediaType) {
      this.#makers.set(remembered.digest, () => this.#confirm(layer, remembered));
      return remembered;
    }
    return this.#keep(layer, await this.#make(layer, signal));
  }

  /** Describes what a layer was compressed to, and remembers it. */
  async #keep({ diffId }: PlainLayer, made: CompressedLayer): Promise<Descriptor> {
    const { compression, compressedLayers: cache } = this.#options;
    const { digest, size } = made;
    const descriptor: Descriptor = { mediaType: this.#mediaType, digest, size };
    this.#makers.set(digest, async () => made);
    await cache?.put(diffId, COMPRESSOR_VERSION[compression], descriptor);
    return descriptor;
  }

  /** The bytes of what was remembered unseen, if it is true. */
  async #confirm(layer: PlainLayer, remembered: Descriptor): Promise<CompressedLayer> {
    const made = await this.#make(layer);
    if (made.digest === remembered.digest && made.size === remembered.size) return made;
    const actual = await this.#keep(layer, made);
    this.#note(layer);
    throw new RememberedLayerWrong(layer.diffId, remembered.digest, actual);
  }

  /** Once: where one is wrong, another version of zlib may have made them all so. */
  #note({ diffId }: PlainLayer): void {
    if (this.#noted) return;
    this.#noted = true;
    this.#options.onNote?.(
      `This machine has remembered wrongly what layer ${shortDigest(diffId)} is compressed to: going on with what it is now.`,
    );
  }

  async #make(layer: PlainLayer, signal?: AbortSignal): Promise<CompressedLayer> {
    for (;;) {
      const ready = this.#done.get(layer.diffId);
      if (ready) return ready;
      try {
        return await this.#flights.run(layer.diffId, () => {
          this.#askers.set(layer.diffId, signal);
          return this.#compress(layer, signal);
        });
      } catch (error) {
        // It ran for somebody else, who has given up: then it runs for us.
        const asker = this.#askers.get(layer.diffId);
        const theirs = asker !== signal && asker?.aborted === true;
        if (!theirs || signal?.aborted || this.#closing.signal.aborted) throw error;
      }
    }
  }

  async #compress(layer: PlainLayer, asked?: AbortSignal): Promise<CompressedLayer> {
    const { compression, signal: given, onCompressed } = this.#options;
    const signals = [this.#closing.signal, given, asked].filter((item) => item !== undefined);
    const signal = AbortSignal.any(signals);
    this.#files += 1;
    const fileName = `${this.#files}-${shortDigest(layer.diffId)}`;
    const options = { compression, spool: this.#spool, fileName, signal };
    const work = this.#limiter.run(() => compressLayer(layer, options), signal);
    this.#running.add(work);
    const made = await work.finally(() => this.#running.delete(work));
    this.#done.set(layer.diffId, made);
    onCompressed?.(layer.source.size, made.size);
    return made;
  }
}
