import type { UnfinishedImage } from '../../image/source.ts';
import type { Digest } from '../../oci/digest.ts';
import { childrenOf, parseManifest } from '../../oci/manifest.ts';
import type { ManifestContent } from '../../registry/manifests.ts';
import { allOrNothing } from '../../util/concurrency.ts';
import type { PushContext } from '../context.ts';
import type { FilledPlace } from '../filled.ts';
import type { LoadedImage } from '../image.ts';
import { isPending } from '../plan.ts';
import { bringUnfinished } from './fill.ts';

/** What the image is, as far as anybody knows by now. */
async function truthOf(image: UnfinishedImage, signal: AbortSignal): Promise<ManifestContent> {
  const layers = image.layers.map(async (layer) =>
    isPending(layer) ? layer.prepare(signal) : layer,
  );
  return image.finish(await Promise.all(layers));
}

function blobsOf({ bytes, descriptor }: ManifestContent): ReadonlySet<Digest> {
  const children = childrenOf(parseManifest(bytes, descriptor.mediaType));
  return new Set(children.map(({ digest }) => digest));
}

/**
 * Sees to it that all places have the same manifest. What was remembered of a layer may be in one
 * registry, and turn out to be wrong where its bytes are needed: then all get what it really is.
 * Nothing is tagged yet.
 */
export async function agree(
  context: PushContext,
  image: LoadedImage,
  filled: readonly FilledPlace[],
): Promise<readonly FilledPlace[]> {
  const { unfinished } = image;
  const roots = new Set(filled.map(({ root }) => root.descriptor.digest));
  if (!unfinished || roots.size < 2) return filled;
  const { descriptor } = await truthOf(unfinished, context.signal);
  const again = await allOrNothing(
    filled.map((each) => async (signal) => {
      const { place, root } = each;
      if (root.descriptor.digest === descriptor.digest) return each;
      const connection = await context.connect(place.registry, signal);
      const filling = { context, image, connection, place, signal };
      return { ...each, root: await bringUnfinished(filling, unfinished, blobsOf(root)) };
    }),
    context.signal,
  );
  // One more layer may have turned out to be wrong; each does so once.
  return agree(context, image, again);
}
