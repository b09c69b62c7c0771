import {
  RememberedLayerWrong,
  type PendingLayer,
  type UnfinishedImage,
} from '../../image/source.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ContentGraph } from '../../oci/graph.ts';
import { isForeignLayer, isIndexType } from '../../oci/media-types.ts';
import { headManifest, type ManifestContent } from '../../registry/manifests.ts';
import { readTags, type CurrentTags } from '../../registry/tags.ts';
import { allOrNothing } from '../../util/concurrency.ts';
import type { FilledPlace } from '../filled.ts';
import type { LoadedImage } from '../image.ts';
import type { Remembered } from '../memory.ts';
import { isPending, type PushPlan } from '../plan.ts';
import { neverMoves } from '../tags/decide.ts';
import { policyFor } from '../tags/policy.ts';
import { bringBlob, bringManifest, isThere, type Filling } from './bring.ts';

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

/** What must not be moved is found out before anything is sent, where the digest is known by then. */
function refuseMoves({ context, place }: Filling, tags: CurrentTags, root: Digest): void {
  for (const [tag, before] of tags) {
    if (before === undefined || before === root) continue;
    if (policyFor(context.request.tagPolicies, tag) === 'never-move') {
      throw neverMoves(place, tag, before);
    }
  }
}

/** What earlier pushes left; nobody asks for it where the whole image is there. */
async function recall({ context, image, signal }: Filling): Promise<Remembered | undefined> {
  const { digest } = image.graph ? image.graph.root : image.unfinished.config;
  return context.memory?.recall(digest, signal);
}

/** Fills one repository. */
export async function bringImage(filling: Filling, plan: PushPlan): Promise<FilledPlace> {
  const { image, place } = filling;
  const early = askEarly(filling, image);
  const { tags, there } = await look(filling, image.graph?.root.digest);
  if (!image.graph) {
    return { place, tags, there, root: await bringUnfinished(filling, image.unfinished) };
  }
  const root = image.graph.manifests.at(-1);
  if (!root) throw new Error('a graph has at least its root');
  try {
    refuseMoves(filling, tags, root.descriptor.digest);
  } catch (error) {
    early.stop();
    throw error;
  }
  if (there) {
    early.stop();
    reportExisting(filling, plan, root.descriptor.digest);
  } else {
    const remembered = await recall(filling);
    await bringGraph({ ...filling, early: early.answers, remembered }, image.graph);
  }
  return { place, tags, there, root };
}

/**
 * Layers are uploaded as soon as each is compressed; the manifest is written when all are known.
 * @param there blobs that the place is known to hold
 */
export async function bringUnfinished(
  unknowing: Filling,
  image: UnfinishedImage,
  there: ReadonlySet<Digest> = new Set(),
): Promise<ManifestContent> {
  const filling = { ...unknowing, remembered: await recall(unknowing) };
  // An image may hold one layer twice (two empty ones, say): its blob is sent once.
  const sent = new Map<string, Promise<void>>();
  const send = async (descriptor: Descriptor, signal: AbortSignal): Promise<Descriptor> => {
    const { digest, size } = descriptor;
    if (there.has(digest) || !uploads(filling, descriptor)) return descriptor;
    const name = `${digest} ${size}`;
    const running = sent.get(name) ?? bringBlob({ ...filling, signal }, descriptor);
    sent.set(name, running);
    await running;
    return descriptor;
  };
  const bring = async (
    item: Descriptor | PendingLayer,
    signal: AbortSignal,
  ): Promise<Descriptor> => {
    try {
      return await send(isPending(item) ? await item.prepare(signal) : item, signal);
    } catch (error) {
      if (!(error instanceof RememberedLayerWrong)) throw error;
      return send(error.actual, signal);
    }
  };
  const [, ...layers] = await allOrNothing<Descriptor>(
    [image.config, ...image.layers].map((item) => (signal) => bring(item, signal)),
    filling.signal,
  );
  const content = image.finish(layers);
  await bringManifest(filling, content);
  return content;
}
