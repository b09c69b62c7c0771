import { RememberedLayerWrong, type PendingLayer } from '../../image/source.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { isForeignLayer, isIndexType } from '../../oci/media-types.ts';
import { headManifest, type ManifestContent } from '../../registry/manifests.ts';
import { readTags, type CurrentTags } from '../../registry/tags.ts';
import { allOrNothing } from '../../util/concurrency.ts';
import type { PushContext } from '../context.ts';
import type { FilledPlace } from '../filled.ts';
import type { Remembered } from '../memory.ts';
import { isPending, tagsOfRoot, type PlannedPlace, type PushPlan } from '../plan.ts';
import { neverMoves } from '../tags/decide.ts';
import { policyFor } from '../tags/policy.ts';
import { bringBlob, bringManifest, isThere, type Filling } from './bring.ts';

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

/** What is there before anything is sent: which of the roots, and what the tags name. */
async function look(
  { connection, place, signal }: Filling,
  roots: readonly Digest[],
): Promise<{ readonly found: readonly boolean[]; readonly tags: CurrentTags }> {
  const { repository } = place;
  const [found, tags] = await Promise.all([
    Promise.all(
      roots.map(
        async (root) => (await headManifest(connection, repository, root, signal)) === root,
      ),
    ),
    readTags(connection, repository, place.tags, signal),
  ]);
  return { found, tags };
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

/**
 * What must not be moved is found out before anything is sent, where the digest is known by then.
 * Each tag is held against the root it is to name.
 */
function refuseMoves({ context }: Filling, filled: readonly FilledPlace[]): void {
  for (const { place, root, tags } of filled) {
    for (const tag of place.tags) {
      const before = tags.get(tag);
      if (before === undefined || before === root.descriptor.digest) continue;
      if (policyFor(context.request.tagPolicies, tag) === 'never-move') {
        throw neverMoves(place, tag, before);
      }
    }
  }
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
 * @param held what the place is known to hold
 * @returns the compressed layers of each unfinished image
 */
async function bringBlobs(
  filling: Filling,
  held: ReadonlySet<Digest>,
): Promise<readonly (readonly Descriptor[])[]> {
  const { image } = filling;
  const sent = new Map<string, Promise<void>>();
  const send = async (descriptor: Descriptor, signal: AbortSignal): Promise<Descriptor> => {
    const { digest, size } = descriptor;
    if (held.has(digest) || !uploads(filling, descriptor)) return descriptor;
    const name = `${digest} ${size}`;
    const running = sent.get(name) ?? bringBlob({ ...filling, signal }, descriptor);
    sent.set(name, running);
    await running;
    return descriptor;
  };
  const bring = async (item: Item, signal: AbortSignal): Promise<Descriptor> => {
    try {
      return await send(isPending(item) ? await item.prepare(signal) : item, signal);
    } catch (error) {
      if (!(error instanceof RememberedLayerWrong)) throw error;
      return send(error.actual, signal);
    }
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

/** What has come into a repository. */
export interface Brought {
  readonly roots: readonly ManifestContent[];
  /** blobs and manifests that the repository holds for sure */
  readonly held: ReadonlySet<Digest>;
}

/**
 * Blobs, then the manifests over them, then the indexes, each after its children.
 * @param held what the place is known to hold: none of it is brought again
 */
async function bringAll(filling: Filling, held: ReadonlySet<Digest>): Promise<Brought> {
  const { image, signal } = filling;
  const layers = await bringBlobs(filling, held);
  const written = image.unfinished.map((one, at) => one.finish(layers[at] ?? []));
  const { manifests: last, roots } = image.finish(written);
  const all = [...image.manifests, ...written, ...last];
  const missing = all.filter(({ descriptor }) => !held.has(descriptor.digest));
  await allOrNothing(
    missing
      .filter((node) => !isIndex(node))
      .map((node) => (abort) => bringManifest({ ...filling, signal: abort }, node)),
    signal,
  );
  for (const index of missing.filter(isIndex)) await bringManifest(filling, index);
  const configs = image.unfinished.map(({ config }) => config);
  const blobs = [...image.blobs, ...configs, ...layers.flat()];
  const nodes = all.map(({ descriptor }) => descriptor);
  return { roots, held: new Set([...held, ...[...blobs, ...nodes].map(({ digest }) => digest)]) };
}

/** Fills a repository once more, with images that turned out to be others than was thought. */
export async function bringAgain(filling: Filling, held: ReadonlySet<Digest>): Promise<Brought> {
  return bringAll({ ...filling, remembered: await recall(filling) }, held);
}

/** A repository that is filled: where platforms are pushed separately, each is one of its places. */
export interface FilledRepository {
  readonly planned: PlannedPlace;
  readonly places: readonly FilledPlace[];
  readonly held: ReadonlySet<Digest>;
}

/** Says that a repository holds everything; where platforms are separate, it has no one digest. */
export function tellFilled(
  { emit }: Pick<PushContext, 'emit'>,
  { planned, places }: FilledRepository,
): void {
  const { registry, repository } = planned;
  const [digest, ...others] = new Set(places.map(({ root }) => root.descriptor.digest));
  const whole = digest && others.length === 0 ? { digest } : {};
  emit({ type: 'place-filled', registry, repository, ...whole });
}

/** Fills one repository. */
export async function bringImage(filling: Filling, plan: PushPlan): Promise<FilledRepository> {
  const { image, place } = filling;
  const early = askEarly(filling);
  const digests = image.roots?.map(({ descriptor }) => descriptor.digest) ?? [];
  const { found, tags } = await look(filling, digests);
  const placesOf = (roots: readonly ManifestContent[]): readonly FilledPlace[] =>
    roots.map((root, at) => {
      const own = { ...place, tags: tagsOfRoot(place, image, at) };
      return { place: own, root, tags, there: found[at] ?? false };
    });
  try {
    refuseMoves(filling, placesOf(image.roots ?? []));
  } catch (error) {
    early.stop();
    throw error;
  }
  if (image.roots && found.every(Boolean)) {
    early.stop();
    reportExisting(filling, plan, digests);
    return { planned: place, places: placesOf(image.roots), held: new Set() };
  }
  const remembered = await recall(filling);
  const { roots, held } = await bringAll(
    { ...filling, early: early.answers, remembered },
    new Set(),
  );
  return { planned: place, places: placesOf(roots), held };
}
