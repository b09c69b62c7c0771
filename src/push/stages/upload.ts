import type { PendingLayer, UnfinishedImage } from '../../image/source.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ContentGraph } from '../../oci/graph.ts';
import { isForeignLayer, isIndexType } from '../../oci/media-types.ts';
import type { Connection } from '../../registry/connection.ts';
import { headManifest, putManifest, type ManifestContent } from '../../registry/manifests.ts';
import { blobExists } from '../../registry/blobs.ts';
import { readTags, type CurrentTags } from '../../registry/tags.ts';
import { uploadBlob } from '../../registry/upload/strategy.ts';
import { allOrNothing } from '../../util/concurrency.ts';
import type { BlobOutcome, PushEventBody } from '../../util/events.ts';
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
  /** blobs that were asked about before anything else was known */
  readonly early?: ReadonlyMap<Digest, Promise<boolean>>;
  readonly signal: AbortSignal;
}

function mountSource({ image, connection, place, sibling }: Filling): string | undefined {
  const { origin } = image.source;
  const same = origin?.registry === connection.registry && origin.repository !== place.repository;
  return sibling ?? (same ? origin.repository : undefined);
}

/**
 * Sending so few bytes costs no more than asking whether they are there. What the config is needed
 * for besides: it shows whether the registry takes a blob in a single request.
 */
const RATHER_SENT_THAN_ASKED = 16 * 1024;

/** Asks whether a blob is there, in the lane of requests; where it can be mounted, mounting answers. */
async function isThere(filling: Filling, { digest, size }: Descriptor): Promise<boolean> {
  const { connection, place, image, early, signal } = filling;
  // Of an image that we write ourselves nobody knows yet whether it is there as a whole.
  const tiny = image.graph !== undefined && size <= RATHER_SENT_THAN_ASKED;
  if (tiny || mountSource(filling) !== undefined) return false;
  const asked = early?.get(digest);
  if (asked) return asked;
  return connection.congestion.run(
    'request',
    () => blobExists(connection, place.repository, digest, signal),
    signal,
  );
}

async function bringBlob(filling: Filling, descriptor: Descriptor): Promise<void> {
  const { context, image, connection, place, signal } = filling;
  const { emit, clock } = context;
  const { registry, repository } = place;
  const { digest, size } = descriptor;
  const mountFrom = mountSource(filling);
  const started = clock.now();
  const finished = (outcome: BlobOutcome, since: number): void => {
    const durationMs = clock.now() - since;
    emit({ type: 'blob-finished', registry, repository, digest, size, outcome, durationMs });
  };
  if (await isThere(filling, descriptor)) return finished('exists', started);
  await connection.congestion.run(
    'upload',
    async () => {
      const begun = clock.now();
      emit({ type: 'blob-started', registry, repository, digest, size });
      const { content } = image.source;
      const upload = { connection, repository, descriptor, content, mountFrom, emit, signal };
      finished(await uploadBlob(upload), begun);
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

/** What is there before anything is sent: the image itself, and what its tags name. */
async function look(
  { connection, place, signal }: Filling,
  root: Digest | undefined,
): Promise<{ readonly there: boolean; readonly tags: CurrentTags }> {
  const { repository } = place;
  const [found, tags] = await Promise.all([
    root ? headManifest(connection, repository, root, signal) : undefined,
    readTags(connection, repository, place.tags, signal),
  ]);
  return { there: root !== undefined && found === root, tags };
}

function largestFirst(filling: Filling, graph: ContentGraph): readonly Descriptor[] {
  return graph.blobs
    .filter((blob) => uploads(filling, blob))
    .toSorted((left, right) => right.size - left.size);
}

/** As many as are uploaded at once in the beginning. */
const ASKED_EARLY = 4;

/**
 * Asks about the first blobs while it is still being asked whether the image is there as a whole:
 * where it is not, their upload begins one round trip earlier.
 */
function askEarly(
  filling: Filling,
  { graph }: LoadedImage,
): { readonly answers: ReadonlyMap<Digest, Promise<boolean>>; readonly stop: () => void } {
  if (!graph) return { answers: new Map(), stop: () => undefined };
  const unneeded = new AbortController();
  const signal = AbortSignal.any([filling.signal, unneeded.signal]);
  const first = largestFirst(filling, graph).slice(0, ASKED_EARLY);
  const asked = first.map((blob) => [blob.digest, isThere({ ...filling, signal }, blob)] as const);
  // Nobody may wait for the answer any more when it is an error.
  for (const [, answer] of asked) answer.catch(() => undefined);
  return { answers: new Map(asked), stop: () => unneeded.abort() };
}

/** Blobs, largest first, then the manifests over them, each after its children. */
async function bringGraph(filling: Filling, graph: ContentGraph): Promise<void> {
  const { signal } = filling;
  const blobs = largestFirst(filling, graph);
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
}

/** Fills one repository. */
async function bringImage(filling: Filling, plan: PushPlan): Promise<FilledPlace> {
  const { image, place } = filling;
  const early = askEarly(filling, image);
  const { tags, there } = await look(filling, image.graph?.root.digest);
  if (!image.graph) {
    return { place, tags, root: await bringUnfinished(filling, image.unfinished) };
  }
  const root = image.graph.manifests.at(-1);
  if (!root) throw new Error('a graph has at least its root');
  if (there) {
    early.stop();
    reportExisting(filling, plan, root.descriptor.digest);
  } else {
    await bringGraph({ ...filling, early: early.answers }, image.graph);
  }
  return { place, tags, root };
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

/** A repository that holds everything, and what its tags named before. */
export interface FilledPlace {
  readonly place: PlannedPlace;
  readonly root: ManifestContent;
  readonly tags: CurrentTags;
}

function settled({ registry, capabilities, congestion }: Connection): PushEventBody {
  const { chunkSize, profile } = capabilities;
  const { now: concurrency, most: mostConcurrency } = congestion.concurrency;
  return {
    type: 'registry-settled',
    registry,
    profile: profile.name,
    concurrency,
    mostConcurrency,
    ...(chunkSize === undefined ? {} : { chunkSize }),
  };
}

/**
 * Brings the image to every place by digest: registries in parallel; repositories of one registry
 * one after another, so that the second mounts what the first has got.
 * @returns every place, with the same root manifest
 */
export async function upload(
  context: PushContext,
  image: LoadedImage,
  plan: PushPlan,
): Promise<readonly FilledPlace[]> {
  const registries = Map.groupBy(plan.places, ({ registry }) => registry);
  const filled = await allOrNothing(
    [...registries].map(([registry, places]) => async (signal) => {
      const connection = await context.connect(registry, signal);
      const done: FilledPlace[] = [];
      for (const place of places) {
        const sibling = done.at(-1)?.place.repository;
        const filling: Filling = { context, image, connection, place, sibling, signal };
        done.push(await bringImage(filling, plan));
      }
      context.emit(settled(connection));
      return done;
    }),
    context.signal,
  );
  return filled.flat();
}
