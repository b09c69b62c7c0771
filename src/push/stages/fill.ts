import type { PendingLayer } from '../../image/source.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { isForeignLayer, isIndexType } from '../../oci/media-types.ts';
import { headManifest, type ManifestContent } from '../../registry/manifests.ts';
import { readTags, type CurrentTags } from '../../registry/tags.ts';
import { allOrNothing } from '../../util/concurrency.ts';
import type { Remembered } from '../memory.ts';
import { isPending, tagsOfRoot, type PlannedPlace, type PushPlan } from '../plan.ts';
import { bringBlob, bringManifest, isThere, type Filling } from './bring.ts';

/** A repository that holds everything, and what its tags named before. */
export interface FilledPlace {
  readonly place: PlannedPlace;
  readonly root: ManifestContent;
  readonly tags: CurrentTags;
}

/** Everything is there already: says so for each blob, for the report counts them. */
function reportExisting(
  { context, place }: Filling,
  plan: PushPlan,
  roots: readonly Digest[],
): void {
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
  for (const digest of roots) {
    context.emit({ type: 'manifest-pushed', registry, repository, digest, outcome: 'exists' });
  }
}

function uploads(filling: Filling, blob: Descriptor): boolean {
  return filling.context.request.foreignLayers || !isForeignLayer(blob.mediaType);
}

/** What is there before anything is sent: the image itself, and what its tags name. */
async function look(
  { connection, place, signal }: Filling,
  roots: readonly Digest[],
): Promise<{ readonly there: boolean; readonly tags: CurrentTags }> {
  const { repository } = place;
  const [found, tags] = await Promise.all([
    Promise.all(roots.map((root) => headManifest(connection, repository, root, signal))),
    readTags(connection, repository, place.tags, signal),
  ]);
  return { there: roots.length > 0 && roots.every((root, at) => found[at] === root), tags };
}

function largestFirst(filling: Filling): readonly Descriptor[] {
  return filling.image.blobs
    .filter((blob) => uploads(filling, blob))
    .toSorted((left, right) => right.size - left.size);
}

/** As many as are uploaded at once in the beginning. */
const ASKED_EARLY = 4;

/**
 * Asks about the first blobs while it is still being asked whether the image is there as a whole:
 * where it is not, their upload begins one round trip earlier.
 */
function askEarly(filling: Filling): {
  readonly answers: ReadonlyMap<Digest, Promise<boolean>>;
  readonly stop: () => void;
} {
  if (!filling.image.roots) return { answers: new Map(), stop: () => undefined };
  const unneeded = new AbortController();
  const signal = AbortSignal.any([filling.signal, unneeded.signal]);
  const first = largestFirst(filling).slice(0, ASKED_EARLY);
  const asked = first.map((blob) => [blob.digest, isThere({ ...filling, signal }, blob)] as const);
  // Nobody may wait for the answer any more when it is an error.
  for (const [, answer] of asked) answer.catch(() => undefined);
  return { answers: new Map(asked), stop: () => unneeded.abort() };
}

/** What earlier pushes left; nobody asks for it where the whole image is there. */
async function recall({ context, image, signal }: Filling): Promise<Remembered | undefined> {
  return context.memory?.recall(image.key, signal);
}

/** One layer or config of an unfinished image: it is uploaded as soon as it is compressed. */
type Item = Descriptor | PendingLayer;

/**
 * Every blob of every image at once: those that are known, largest first, and the others as they are
 * ready. What several images have, or one has twice (two empty layers, say), is sent once.
 * @returns the compressed layers of each unfinished image
 */
async function bringBlobs(filling: Filling): Promise<readonly (readonly Descriptor[])[]> {
  const { image } = filling;
  const sent = new Map<Digest, Promise<void>>();
  const bring = async (item: Item, signal: AbortSignal): Promise<Descriptor> => {
    const descriptor = isPending(item) ? await item.prepare(signal) : item;
    if (!uploads(filling, descriptor)) return descriptor;
    const running = sent.get(descriptor.digest) ?? bringBlob({ ...filling, signal }, descriptor);
    sent.set(descriptor.digest, running);
    await running;
    return descriptor;
  };
  const known = largestFirst(filling);
  const items = image.unfinished.flatMap(({ config, layers }): Item[] => [config, ...layers]);
  const done = await allOrNothing(
    [...known, ...items].map((item) => (signal) => bring(item, signal)),
    filling.signal,
  );
  const rest = done.slice(known.length);
  return image.unfinished.map(({ layers }) => rest.splice(0, layers.length + 1).slice(1));
}

function isIndex({ descriptor }: ManifestContent): boolean {
  return isIndexType(descriptor.mediaType);
}

/** Blobs, then the manifests over them, then the indexes, each after its children. */
async function bringAll(filling: Filling): Promise<readonly ManifestContent[]> {
  const { image, signal } = filling;
  const layers = await bringBlobs(filling);
  const written = image.unfinished.map((one, at) => one.finish(layers[at] ?? []));
  const { manifests: last, roots } = image.finish(written);
  const known = [...image.manifests, ...written, ...last];
  await allOrNothing(
    known
      .filter((node) => !isIndex(node))
      .map((node) => (abort) => bringManifest({ ...filling, signal: abort }, node)),
    signal,
  );
  for (const index of known.filter(isIndex)) await bringManifest(filling, index);
  return roots;
}

/** Fills one repository; where platforms are pushed separately, each is one of its results. */
export async function bringImage(
  filling: Filling,
  plan: PushPlan,
): Promise<readonly FilledPlace[]> {
  const { image, place } = filling;
  const early = askEarly(filling);
  const digests = image.roots?.map(({ descriptor }) => descriptor.digest) ?? [];
  const { tags, there } = await look(filling, digests);
  const filled = (roots: readonly ManifestContent[]): FilledPlace[] =>
    roots.map((root, at) => {
      const own = { ...place, tags: tagsOfRoot(place, image, at) };
      return { place: own, root, tags };
    });
  if (image.roots && there) {
    early.stop();
    reportExisting(filling, plan, digests);
    return filled(image.roots);
  }
  const remembered = await recall(filling);
  return filled(await bringAll({ ...filling, early: early.answers, remembered }));
}
