import type { PendingLayer, UnfinishedImage } from '../../image/source.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ContentGraph } from '../../oci/graph.ts';
import { isForeignLayer, isIndexType } from '../../oci/media-types.ts';
import type { Connection } from '../../registry/connection.ts';
import { headManifest, putManifest, type ManifestContent } from '../../registry/manifests.ts';
import { uploadBlob } from '../../registry/upload/strategy.ts';
import { allOrNothing } from '../../util/concurrency.ts';
import type { PushContext } from '../context.ts';
import type { LoadedImage } from '../image.ts';
import type { PlannedPlace, PushPlan } from '../plan.ts';

/** One repository that is being filled. */
interface Filling {
  readonly context: PushContext;
  readonly image: LoadedImage;
  readonly connection: Connection;
  readonly place: PlannedPlace;
  /** a repository of the same registry that already got the image in this push */
  readonly sibling?: string | undefined;
  readonly signal: AbortSignal;
}

function mountSource({ image, connection, place, sibling }: Filling): string | undefined {
  const { origin } = image.source;
  const same = origin?.registry === connection.registry && origin.repository !== place.repository;
  return sibling ?? (same ? origin.repository : undefined);
}

async function bringBlob(filling: Filling, descriptor: Descriptor): Promise<void> {
  const { context, image, connection, place, signal } = filling;
  const { emit, clock } = context;
  await connection.congestion.run(
    'upload',
    async () => {
      const started = clock.now();
      const about = { ...place, digest: descriptor.digest, size: descriptor.size };
      const { registry, repository, digest, size } = about;
      emit({ type: 'blob-started', registry, repository, digest, size });
      const outcome = await uploadBlob({
        connection,
        repository,
        descriptor,
        open: (blob, from, abort) => image.source.content.open(blob, from, abort),
        mountFrom: mountSource(filling),
        emit,
        signal,
      });
      const durationMs = clock.now() - started;
      emit({ type: 'blob-finished', registry, repository, digest, size, outcome, durationMs });
    },
    signal,
  );
}

async function bringManifest(filling: Filling, content: ManifestContent): Promise<void> {
  const { context, connection, place, signal } = filling;
  const { registry, repository } = place;
  const { digest } = content.descriptor;
  await connection.congestion.run(
    'request',
    () => putManifest(connection, repository, digest, content, { signal }),
    signal,
  );
  context.emit({ type: 'manifest-pushed', registry, repository, digest, outcome: 'uploaded' });
}

/** Everything is there already: says so for each blob, for the report counts them. */
function reportExisting({ context, place }: Filling, plan: PushPlan, root: Digest): void {
  const { registry, repository } = place;
  for (const { digest, size } of plan.blobs) {
    if (!digest) continue;
    context.emit({
      type: 'blob-finished',
      registry,
      repository,
      digest,
      size,
      outcome: 'exists',
      durationMs: 0,
    });
  }
  context.emit({ type: 'manifest-pushed', registry, repository, digest: root, outcome: 'exists' });
}

function uploads(filling: Filling, blob: Descriptor): boolean {
  return filling.context.request.foreignLayers || !isForeignLayer(blob.mediaType);
}

/** Blobs, largest first, then the manifests over them, each after its children. */
async function bringGraph(
  filling: Filling,
  graph: ContentGraph,
  plan: PushPlan,
): Promise<ManifestContent> {
  const { connection, place, signal } = filling;
  const top = graph.manifests.at(-1);
  if (!top) throw new Error('a graph has at least its root');
  const there = await headManifest(connection, place.repository, graph.root.digest, signal);
  if (there === graph.root.digest) {
    reportExisting(filling, plan, graph.root.digest);
    return top;
  }
  const blobs = graph.blobs
    .filter((blob) => uploads(filling, blob))
    .toSorted((left, right) => right.size - left.size);
  await allOrNothing(
    blobs.map((blob) => (abort) => bringBlob({ ...filling, signal: abort }, blob)),
    signal,
  );
  const images = graph.manifests.filter(({ descriptor }) => !isIndexType(descriptor.mediaType));
  await allOrNothing(
    images.map((node) => (abort) => bringManifest({ ...filling, signal: abort }, node)),
    signal,
  );
  for (const node of graph.manifests) {
    if (isIndexType(node.descriptor.mediaType)) await bringManifest(filling, node);
  }
  return top;
}

function isPending(layer: Descriptor | PendingLayer): layer is PendingLayer {
  return 'prepare' in layer;
}

/** Layers are uploaded as soon as each is compressed; the manifest is written when all are known. */
async function bringUnfinished(filling: Filling, image: UnfinishedImage): Promise<ManifestContent> {
  // An image may hold one layer twice (two empty ones, say): its blob is sent once.
  const sent = new Map<Digest, Promise<void>>();
  const send = (descriptor: Descriptor, signal: AbortSignal): Promise<void> => {
    const running = sent.get(descriptor.digest) ?? bringBlob({ ...filling, signal }, descriptor);
    sent.set(descriptor.digest, running);
    return running;
  };
  const [, ...layers] = await allOrNothing<Descriptor>(
    [image.config, ...image.layers].map((item) => async (signal) => {
      const descriptor = isPending(item) ? await item.prepare(signal) : item;
      if (uploads(filling, descriptor)) await send(descriptor, signal);
      return descriptor;
    }),
    filling.signal,
  );
  const content = image.finish(layers);
  await bringManifest(filling, content);
  return content;
}

/**
 * Brings the image to every place by digest: registries in parallel; repositories of one registry
 * one after another, so that the second mounts what the first has got.
 * @returns the root manifest, the same for all places
 */
export async function upload(
  context: PushContext,
  image: LoadedImage,
  plan: PushPlan,
): Promise<ManifestContent> {
  const registries = Map.groupBy(plan.places, ({ registry }) => registry);
  const roots = await allOrNothing(
    [...registries].map(([registry, places]) => async (signal) => {
      const connection = await context.connect(registry, signal);
      let root: ManifestContent | undefined;
      let sibling: string | undefined;
      for (const place of places) {
        const filling: Filling = { context, image, connection, place, sibling, signal };
        root = image.graph
          ? await bringGraph(filling, image.graph, plan)
          : await bringUnfinished(filling, image.unfinished);
        sibling = place.repository;
      }
      return root;
    }),
    context.signal,
  );
  const [root] = roots;
  if (!root) throw new Error('a push has at least one place');
  return root;
}
