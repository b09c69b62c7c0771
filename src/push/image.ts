import type { OpenedSource, UnfinishedImage } from '../image/source.ts';
import { walkGraph, type ContentGraph } from '../oci/graph.ts';
import type { Platform } from '../oci/platform.ts';
import { JoinedContent } from './joined.ts';
import { hasEdits, type Edits } from './edit.ts';
import { entriesOf, readMember, type Entry, type Member } from './member.ts';
import { entriesFor, isAttestation, isImageEntry, mergeEntries } from './merge.ts';
import type { LoadedImage } from './loaded.ts';
import { loadMerged, type MergeRequest, type Shape } from './merged.ts';
import { asImageError, readPlatform, readSmall } from './read.ts';
import { isRealPlatform, requirePlatforms, selectPlatforms } from './select.ts';

/**
 * `auto`: one platform is a manifest, several are an index, an index is what it is; `merge`: always
 * an index; `separate`: never one, but tags for each platform.
 */
export type ManifestStrategy = 'auto' | 'merge' | 'separate';

/** What is to become of the sources. */
export interface ImageOptions {
  /** empty: everything */
  readonly platforms: readonly Platform[];
  readonly strategy: ManifestStrategy;
  readonly edits: Edits;
  /** what `separate` adds to tags: {os}, {arch} and {variant} stand for the platform */
  readonly suffix: string;
  readonly signal?: AbortSignal | undefined;
  /** what was decided, in one sentence */
  readonly onNote?: (message: string) => void;
}

/** The image of one manifest or index that is there as it is. */
function ofGraph(
  description: string,
  content: JoinedContent,
  graph: ContentGraph,
  platforms: readonly Platform[],
): LoadedImage {
  const { manifests, blobs } = graph;
  const root = manifests.at(-1);
  if (!root) throw new Error('a graph has at least its root');
  return {
    description,
    content,
    key: root.descriptor.digest,
    platforms,
    manifests,
    manifestCount: manifests.length,
    blobs,
    unfinished: [],
    suffixes: [''],
    roots: [root],
    finish: () => ({ manifests: [], roots: [root] }),
  };
}

/** The image of a docker archive whose layers are still to be compressed. */
function ofUnfinished(
  source: OpenedSource,
  image: UnfinishedImage,
  platforms: readonly Platform[],
): LoadedImage {
  const content = new JoinedContent([source]);
  return {
    description: source.description,
    content,
    key: image.config.digest,
    platforms,
    manifests: [],
    manifestCount: 1,
    blobs: [],
    unfinished: [image],
    suffixes: [''],
    finish: (roots) => ({ manifests: [], roots }),
  };
}

async function platformsOf(
  source: OpenedSource,
  graph: ContentGraph,
  signal?: AbortSignal,
): Promise<readonly Platform[]> {
  const top = graph.manifests.at(-1)?.manifest;
  if (top?.kind === 'index') {
    return top.manifests.flatMap(({ platform }) => (isRealPlatform(platform) ? [platform] : []));
  }
  const platform = await readPlatform(source, top?.config, signal);
  return platform ? [platform] : [];
}

/** One source, as it is or cut down to the wanted platforms. */
async function loadSingle(
  { source, root, unfinished }: Member,
  { platforms: wanted, signal }: ImageOptions,
): Promise<LoadedImage> {
  const { description } = source;
  if (unfinished) {
    const platform = await readPlatform(source, unfinished.config, signal);
    const platforms = platform ? [platform] : [];
    requirePlatforms(description, wanted, platforms);
    return ofUnfinished(source, unfinished, platforms);
  }
  const { descriptor, bytes, manifest } = root;
  const selection = selectPlatforms(description, descriptor, bytes, manifest, wanted);
  const known = new Map([[descriptor.digest, bytes]]);
  if (selection.bytes) known.set(selection.root.digest, selection.bytes);
  const graph = await walkGraph(
    selection.root,
    async (child) => known.get(child.digest) ?? readSmall(source, child, undefined, signal),
  );
  const platforms = await platformsOf(source, graph, signal);
  if (manifest.kind === 'manifest') requirePlatforms(description, wanted, platforms);
  return ofGraph(description, new JoinedContent([source]), graph, platforms);
}

/** Attestations are left out where that is wanted, and that is said. */
function withoutDropped(
  entries: readonly Entry[],
  { edits, onNote }: ImageOptions,
): readonly Entry[] {
  if (edits.attestations === 'keep') return entries;
  const kept = entries.filter((entry) => !isAttestation(entry));
  const dropped = entries.length - kept.length;
  if (dropped > 0) onNote?.(`attestations left out: ${dropped}`);
  return kept;
}

function shapeOf(strategy: ManifestStrategy, single: boolean): Shape {
  if (strategy === 'separate') return 'each';
  return strategy === 'auto' && single ? 'one' : 'index';
}

async function loadSeveral(
  members: readonly Member[],
  description: string,
  options: ImageOptions,
): Promise<LoadedImage> {
  const { strategy, platforms } = options;
  const groups = await Promise.all(
    members.map((member) => named(member.source, () => entriesOf(member, options))),
  );
  const kept = groups.map((entries) => withoutDropped(entries, options));
  const { images, others } = mergeEntries(kept, platforms, description);
  const sources = members.map(({ source }) => source);
  const shape = shapeOf(strategy, images.length === 1);
  if (strategy === 'separate' && others.length > 0) {
    options.onNote?.(
      'attestations and other entries without a platform are left out: there is no index to hold them',
    );
  }
  const entries = shape === 'index' ? [...images, ...others] : images;
  return finished({ ...options, sources, description, entries, shape });
}

/** One source that is changed on its way, in the order it has. */
async function loadEdited(member: Member, options: ImageOptions): Promise<LoadedImage> {
  const { source, root } = member;
  const { platforms: wanted, strategy } = options;
  const { description } = source;
  const base = root?.manifest.kind === 'index' ? root : undefined;
  const all = withoutDropped(await entriesOf(member, options), options);
  const images = all.filter(isImageEntry);
  requirePlatforms(
    description,
    wanted,
    images.map(({ platform }) => platform),
  );
  const entries = entriesFor(all, wanted);
  const chosen = entries.filter(isImageEntry);
  const single = chosen.length === 1 && (wanted.length > 0 || entries.length === 1);
  const shape = base === undefined ? 'one' : shapeOf(strategy, single);
  const own = shape === 'one' && base ? chosen : entries;
  return finished({ ...options, sources: [source], description, entries: own, shape, base });
}

/** Annotations that have nowhere to go are named. */
function finished(request: MergeRequest): Promise<LoadedImage> {
  if (request.shape !== 'index' && Object.keys(request.edits.annotations.index).length > 0) {
    request.onNote?.('annotations: those of the index are not used: no index is pushed');
  }
  return loadMerged(request);
}

/** Names the source in errors about what it holds. */
async function named<T>({ description }: OpenedSource, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asImageError(description, error);
  }
}

/**
 * Reads all manifests of the sources, cut down to the wanted platforms: one source as it is, several
 * merged into one index.
 * @throws PushError IMAGE when one is not a valid image, or a platform is missing or there twice
 */
export async function loadImage(
  sources: readonly OpenedSource[],
  options: ImageOptions,
): Promise<LoadedImage> {
  const members = await Promise.all(
    sources.map((source) => named(source, () => readMember(source, options.signal))),
  );
  const [first, ...others] = members;
  if (!first) throw new RangeError('there is no source');
  const isIndex = first.root?.manifest.kind === 'index';
  const { strategy } = options;
  if (others.length === 0 && (strategy === 'auto' || (strategy === 'merge' && isIndex))) {
    const load = hasEdits(options.edits) ? loadEdited : loadSingle;
    return named(first.source, () => load(first, options));
  }
  const description = sources.map((source) => source.description).join(', ');
  return loadSeveral(members, description, options);
}
