import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { isForeignLayer, MEDIA_TYPES } from '../oci/media-types.ts';
import { formatPlatform } from '../oci/platform.ts';
import type { Reference } from '../oci/reference.ts';
import type { PendingLayer } from '../image/source.ts';
import type { LoadedImage } from './loaded.ts';
import { suffixedTag } from './separate.ts';

/** A blob that is to be in every place; `digest` is missing while the layer is not compressed yet. */
export interface PlannedBlob {
  readonly digest?: Digest;
  /** digest of the uncompressed layer, for layers that are compressed during the push */
  readonly diffId?: Digest;
  readonly mediaType: string;
  /** bytes; of a layer that is still to be compressed, the uncompressed size */
  readonly size: number;
}

export interface PlannedPlace {
  readonly registry: string;
  readonly repository: string;
  readonly tags: readonly string[];
}

/** What a push is going to do: plain data, so that it can be printed, compared and stored. */
export interface PushPlan {
  readonly source: string;
  readonly root?: { readonly digest: Digest; readonly mediaType: string; readonly size: number };
  readonly platforms: readonly string[];
  readonly manifests: number;
  readonly blobs: readonly PlannedBlob[];
  /** layers that stay with their publisher: named in the manifest, not uploaded */
  readonly foreign: readonly Digest[];
  /** bytes of all blobs, as far as they are known */
  readonly bytes: number;
  readonly places: readonly PlannedPlace[];
}

export interface PlanOptions {
  readonly targets: readonly Reference[];
  readonly foreignLayers: boolean;
}

/** Groups full references by repository, in the order they were given. */
export function placesOf(targets: readonly Reference[]): PlannedPlace[] {
  const byPlace = new Map<string, { registry: string; repository: string; tags: string[] }>();
  for (const { registry, repository, tag } of targets) {
    const key = `${registry}/${repository}`;
    const place = byPlace.get(key) ?? { registry, repository, tags: [] };
    if (tag !== undefined && !place.tags.includes(tag)) place.tags.push(tag);
    byPlace.set(key, place);
  }
  return [...byPlace.values()];
}

/** The tags of every platform, where each gets its own: those of the first root come first. */
function suffixed(place: PlannedPlace, { suffixes }: LoadedImage): PlannedPlace {
  const tags = suffixes.flatMap((suffix) => place.tags.map((tag) => suffixedTag(tag, suffix)));
  return { ...place, tags };
}

/** The tags of a planned place that point at one of the image's roots. */
export function tagsOfRoot(
  { tags }: PlannedPlace,
  { suffixes }: LoadedImage,
  root: number,
): readonly string[] {
  const each = tags.length / suffixes.length;
  return tags.slice(root * each, (root + 1) * each);
}

/** True for a layer that is still to be compressed. */
export function isPending(layer: Descriptor | PendingLayer): layer is PendingLayer {
  return 'prepare' in layer;
}

function ready({ digest, mediaType, size }: Descriptor): PlannedBlob {
  return { digest, mediaType, size };
}

function plannedBlobs({ blobs, unfinished }: LoadedImage): PlannedBlob[] {
  const others = unfinished.flatMap(({ config, layers }) => [
    ready(config),
    ...layers.map((layer): PlannedBlob =>
      isPending(layer)
        ? { diffId: layer.diffId, mediaType: MEDIA_TYPES.ociLayer, size: layer.size }
        : ready(layer),
    ),
  ]);
  // A layer that an image holds twice, or several images hold, is one blob.
  const all = [...blobs.map(ready), ...others];
  return [...new Map(all.map((blob) => [blob.diffId ?? blob.digest, blob])).values()];
}

/** Works out what has to be where; asks nobody. */
export function planPush(image: LoadedImage, options: PlanOptions): PushPlan {
  const all = plannedBlobs(image);
  const stays = (blob: PlannedBlob): boolean =>
    !options.foreignLayers && isForeignLayer(blob.mediaType);
  const blobs = all.filter((blob) => !stays(blob));
  const root = image.roots?.length === 1 ? image.roots[0]?.descriptor : undefined;
  return {
    source: image.description,
    ...(root ? { root: { digest: root.digest, mediaType: root.mediaType, size: root.size } } : {}),
    platforms: image.platforms.map(formatPlatform),
    manifests: image.manifestCount,
    blobs,
    foreign: all.filter(stays).flatMap(({ digest }) => (digest ? [digest] : [])),
    bytes: blobs.reduce((sum, { size }) => sum + size, 0),
    places: placesOf(options.targets).map((place) => suffixed(place, image)),
  };
}
