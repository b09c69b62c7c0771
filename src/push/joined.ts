import {
  RememberedLayerWrong,
  type ContentReader,
  type OpenedSource,
  type PendingLayer,
  type UnfinishedImage,
} from '../image/source.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';

/** A repository that holds blobs of a source. */
export type Origin = NonNullable<OpenedSource['origin']>;

/**
 * The content of several sources as that of one: each blob comes from a source that holds it, from
 * this machine rather than from a registry.
 */
export class JoinedContent implements ContentReader {
  readonly #only: OpenedSource | undefined;
  readonly #holders = new Map<Digest, OpenedSource[]>();
  /** the latest work on a layer, by diff ID */
  readonly #turns = new Map<Digest, Promise<unknown>>();
  /** what layers really are that a source had remembered as something else, by diff ID */
  readonly #actual = new Map<Digest, Descriptor>();

  /** @param sources at least one; of a single one nothing has to be said with `add` */
  constructor(sources: readonly OpenedSource[]) {
    this.#only = sources.length === 1 ? sources[0] : undefined;
  }

  /** A source holds this. */
  add(digest: Digest, source: OpenedSource): void {
    const holders = this.#holders.get(digest) ?? [];
    if (holders.includes(source)) return;
    if (source.origin) holders.push(source);
    else holders.splice(holders.findLastIndex(({ origin }) => !origin) + 1, 0, source);
    this.#holders.set(digest, holders);
  }

  open(descriptor: Descriptor, from = 0, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    const holder = this.#holder(descriptor);
    const chunks = holder.content.open(descriptor, from, signal);
    return this.#only ? chunks : this.#learning(chunks, holder);
  }

  async check(descriptor: Descriptor): Promise<void> {
    await this.#holder(descriptor).content.check?.(descriptor);
  }

  /** Where a blob already is in a registry, to be mounted from there. */
  originIn(registry: string, digest: Digest): Origin | undefined {
    const holders = this.#only ? [this.#only] : (this.#holders.get(digest) ?? []);
    return holders.find(({ origin }) => origin?.registry === registry)?.origin;
  }

  /**
   * An image whose layers are found here as soon as they are compressed. A layer that several images
   * have is compressed for one after the other: who comes second finds it done.
   */
  adopt(image: UnfinishedImage, source: OpenedSource): UnfinishedImage {
    this.add(image.config.digest, source);
    const layers = image.layers.map((layer) => {
      if ('prepare' in layer) return this.#inTurn(layer, source);
      this.add(layer.digest, source);
      return layer;
    });
    return { config: image.config, layers, finish: (finished) => image.finish(finished) };
  }

  #inTurn(layer: PendingLayer, source: OpenedSource): PendingLayer {
    const { diffId, size } = layer;
    const prepare = async (signal?: AbortSignal): Promise<Descriptor> => {
      const actual = this.#actual.get(diffId);
      if (actual) return actual;
      const before = this.#turns.get(diffId) ?? Promise.resolve();
      const work = before.catch(() => undefined).then(() => layer.prepare(signal));
      this.#turns.set(diffId, work);
      const made = await work;
      this.add(made.digest, source);
      // Another source may have found out meanwhile.
      return this.#actual.get(diffId) ?? made;
    };
    return { diffId, size, prepare };
  }

  /** What one source finds out to be remembered wrongly holds for the same layer of all others. */
  async *#learning(
    chunks: AsyncIterable<Uint8Array>,
    holder: OpenedSource,
  ): AsyncGenerator<Uint8Array, void> {
    try {
      yield* chunks;
    } catch (error) {
      if (error instanceof RememberedLayerWrong) {
        this.#actual.set(error.diffId, error.actual);
        this.add(error.actual.digest, holder);
      }
      throw error;
    }
  }

  #holder({ digest }: Descriptor): OpenedSource {
    const holder = this.#only ?? this.#holders.get(digest)?.[0];
    if (!holder) throw new Error(`no source holds ${digest}`);
    return holder;
  }
}
