import type { OpenedSource, UnfinishedImage } from '../image/source.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf, type Digest } from '../oci/digest.ts';
import { encodeIndex } from '../oci/encode.ts';
import type { ManifestNode } from '../oci/graph.ts';
import { parseManifest } from '../oci/manifest.ts';
import { formatPlatform } from '../oci/platform.ts';
import type { ManifestContent } from '../registry/manifests.ts';
import { readBelow } from './below.ts';
import { checkUnfinished, editIndex, editManifest, type Edits } from './edit.ts';
import { JoinedContent } from './joined.ts';
import type { FinishedImage, LoadedImage } from './loaded.ts';
import type { Entry } from './member.ts';
import { ATTESTED_DIGEST, isRealPlatform } from './select.ts';
import { suffixesFor } from './separate.ts';

/** `one`: the one image itself; `index`: an index over all; `each`: every image, without an index. */
export type Shape = 'one' | 'index' | 'each';

/** What an image is made of. */
export interface MergeRequest {
  readonly sources: readonly OpenedSource[];
  /** names all sources */
  readonly description: string;
  /** in the order of the index */
  readonly entries: readonly Entry[];
  readonly shape: Shape;
  /** what is added to tags where each image gets its own: a template */
  readonly suffix: string;
  /** the index that is changed; without one a new one is written */
  readonly base?: ManifestNode | undefined;
  readonly edits: Edits;
  readonly signal?: AbortSignal | undefined;
  readonly onNote?: ((message: string) => void) | undefined;
}

/** What became of the manifests that are known, by the digests they had. */
type Edited = ReadonlyMap<Digest, ManifestNode>;

function nameOf({ platform, source }: Entry): string {
  const what = isRealPlatform(platform) ? formatPlatform(platform) : 'an entry without a platform';
  return `${what} of ${source.description}`;
}

/** Nothing but what the entries name is changed: what is below an entry is not looked into. */
function editKnown(
  entries: readonly Entry[],
  manifests: readonly ManifestNode[],
  { shape, edits, onNote }: MergeRequest,
): Edited {
  const known = new Map(manifests.map((node) => [node.descriptor.digest, node]));
  const edited = new Map<Digest, ManifestNode>();
  for (const entry of entries) {
    const node = entry.descriptor && known.get(entry.descriptor.digest);
    if (!node) continue;
    const { digest } = node.descriptor;
    const isImage = shape === 'one' || isRealPlatform(entry.platform);
    const after = editManifest(node, edits, nameOf(entry), isImage);
    edited.set(digest, after);
    if (after.descriptor.digest === digest) continue;
    onNote?.(
      `${nameOf(entry)} is changed: its digest is ${after.descriptor.digest}, not ${digest}`,
    );
    if (node.manifest.annotations && !after.manifest.annotations) {
      onNote?.(`${nameOf(entry)} loses its annotations, which Docker's format has not`);
    }
  }
  return edited;
}

/** An attestation goes on naming the image it belongs to, by the digest that this one has now. */
function reattached(
  annotations: Descriptor['annotations'],
  edited: Edited,
): Descriptor['annotations'] {
  const subject = annotations?.[ATTESTED_DIGEST];
  const now = edited.get((subject ?? '') as Digest)?.descriptor.digest;
  return now ? { ...annotations, [ATTESTED_DIGEST]: now } : annotations;
}

/** Every entry as the index names it, with the manifests that were written meanwhile. */
function described(
  { entries, base }: MergeRequest,
  edited: Edited,
  written: readonly ManifestContent[],
): readonly Descriptor[] {
  const rest = [...written];
  return entries.map((entry) => {
    const said = entry.descriptor;
    const content = said ? edited.get(said.digest) : rest.shift();
    if (!content) throw new RangeError('the manifest of an image is missing');
    const { mediaType, digest, size } = content.descriptor;
    // Bytes that an index carries along are those of the manifest as it was.
    const { data, ...others } = said ?? {};
    const platform = base ? said?.platform : entry.platform;
    const annotations = reattached(said?.annotations, edited);
    return {
      ...others,
      mediaType,
      digest,
      size,
      ...(data !== undefined && digest === said?.digest ? { data } : {}),
      ...(annotations ? { annotations } : {}),
      ...(platform ? { platform } : {}),
    };
  });
}

function indexOver(
  request: MergeRequest,
  edited: Edited,
  written: readonly ManifestContent[],
): ManifestNode {
  const { base, edits } = request;
  const entries = described(request, edited, written);
  if (base) return editIndex(base, entries, edits);
  const fresh = encodeIndex(entries);
  const { manifests } = JSON.parse(Buffer.from(fresh.bytes).toString('utf8')) as {
    manifests: readonly Descriptor[];
  };
  return editIndex(fresh, manifests, edits);
}

/** Of what is still to be compressed, the config says which image it is. */
function keyOf({ entries }: MergeRequest): Digest {
  const names = entries.map(
    ({ descriptor, unfinished }) => descriptor?.digest ?? unfinished?.config.digest,
  );
  return digestOf(names.join('\n'));
}

/** Images to be compressed, whose manifests are changed as soon as they are written. */
function unfinishedOf(
  entries: readonly Entry[],
  content: JoinedContent,
  edits: Edits,
): readonly UnfinishedImage[] {
  return entries.flatMap((entry) => {
    if (!entry.unfinished) return [];
    checkUnfinished(entry.unfinished.config.mediaType, edits, nameOf(entry));
    const image = content.adopt(entry.unfinished, entry.source);
    const finish: UnfinishedImage['finish'] = (layers) =>
      editManifest(image.finish(layers), edits, nameOf(entry), true);
    return [{ config: image.config, layers: image.layers, finish }];
  });
}

/** What was changed is said; so is what still speaks of what was there before. */
function tellOfIndex(
  { base, entries, edits, onNote }: MergeRequest,
  edited: Edited,
  root?: ManifestContent,
): void {
  const before = base?.descriptor.digest;
  const now = root?.descriptor.digest;
  if (before && now && before !== now) {
    onNote?.(`the index is changed: its digest is ${now}, not ${before}`);
  }
  const lost = [base?.manifest, ...entries.map(({ descriptor }) => descriptor)];
  if (edits.format === 'docker' && lost.some((one) => one?.annotations)) {
    onNote?.("the annotations in the index are left out, which Docker's format has not");
  }
  const stale = entries.some(({ descriptor }) => {
    const subject = (descriptor?.annotations?.[ATTESTED_DIGEST] ?? '') as Digest;
    return (edited.get(subject)?.descriptor.digest ?? subject) !== subject;
  });
  if (stale) {
    onNote?.(
      'attestations of changed images still speak of the digests these had; attestations: drop leaves them out',
    );
  }
}

/** What tags will point at, and the index that has to be written for it. */
function rootsOf(
  request: MergeRequest,
  edited: Edited,
  written: readonly ManifestContent[],
): FinishedImage {
  if (request.shape === 'index') {
    const index = indexOver(request, edited, written);
    return { manifests: [index], roots: [index] };
  }
  const rest = [...written];
  const roots = request.entries.map(({ descriptor }) =>
    descriptor ? edited.get(descriptor.digest) : rest.shift(),
  );
  return { manifests: [], roots: roots.filter((root) => root !== undefined) };
}

function nodeOf({ descriptor, bytes }: ManifestContent): ManifestNode {
  return { descriptor, bytes, manifest: parseManifest(bytes, descriptor.mediaType) };
}

/**
 * The image of the entries: an index over them, the one image there is, or each by itself.
 * @throws PushError IMAGE when a source is damaged, or cannot be changed as wanted
 */
export async function loadMerged(request: MergeRequest): Promise<LoadedImage> {
  const { sources, description, entries, shape, suffix, edits, signal } = request;
  const platforms = entries.flatMap(({ platform }) => (isRealPlatform(platform) ? [platform] : []));
  const suffixes = shape === 'each' ? suffixesFor(suffix, platforms) : [''];
  const content = new JoinedContent(sources);
  const { manifests: read, blobs } = await readBelow(entries, content, signal);
  const edited = editKnown(entries, read, request);
  const manifests = read.map((node) => edited.get(node.descriptor.digest) ?? node);
  const unfinished = unfinishedOf(entries, content, edits);
  const shared = {
    description,
    content,
    platforms,
    manifestCount: manifests.length + unfinished.length + (shape === 'index' ? 1 : 0),
    blobs,
    unfinished,
    suffixes,
  };
  if (unfinished.length > 0) {
    if (shape === 'index') tellOfIndex(request, edited);
    const finish: LoadedImage['finish'] = (written) => rootsOf(request, edited, written);
    return { ...shared, key: keyOf(request), manifests, finish };
  }
  const { manifests: last, roots } = rootsOf(request, edited, []);
  const [root] = roots;
  if (!root) throw new Error('an image has a manifest');
  if (shape === 'index') tellOfIndex(request, edited, root);
  return {
    ...shared,
    key: roots.length === 1 ? root.descriptor.digest : keyOf(request),
    manifests: [...manifests, ...last.map(nodeOf)],
    roots: roots.map(nodeOf),
    finish: () => ({ manifests: [], roots }),
  };
}
