import type { Digest } from '../../oci/digest.ts';
import type { ManifestContent } from '../../registry/manifests.ts';
import { allOrNothing } from '../../util/concurrency.ts';
import type { PushContext } from '../context.ts';
import type { FilledPlace } from '../filled.ts';
import type { LoadedImage } from '../loaded.ts';
import { isPending } from '../plan.ts';
import { bringAgain, tellFilled, type FilledRepository } from './fill.ts';

/** What the image is, as far as anybody knows by now. */
async function truthOf(
  image: LoadedImage,
  signal: AbortSignal,
): Promise<readonly ManifestContent[]> {
  const written = image.unfinished.map(async (member) => {
    const layers = member.layers.map(async (layer) =>
      isPending(layer) ? layer.prepare(signal) : layer,
    );
    return member.finish(await Promise.all(layers));
  });
  return image.finish(await Promise.all(written)).roots;
}

function nameOf(roots: readonly ManifestContent[]): string {
  return roots.map(({ descriptor }): Digest => descriptor.digest).join(' ');
}

function rootsOf({ places }: FilledRepository): readonly ManifestContent[] {
  return places.map(({ root }) => root);
}

/**
 * Sees to it that all repositories have the same manifests. What was remembered of a layer may be in
 * one registry, and turn out to be wrong where its bytes are needed: then all get what it really is.
 * Nothing is tagged yet.
 */
export async function agree(
  context: PushContext,
  image: LoadedImage,
  filled: readonly FilledRepository[],
): Promise<readonly FilledPlace[]> {
  const { connect, signal } = context;
  const names = new Set(filled.map((one) => nameOf(rootsOf(one))));
  if (image.roots || names.size < 2) return filled.flatMap(({ places }) => places);
  const truth = nameOf(await truthOf(image, signal));
  const again = await allOrNothing(
    filled.map((one) => async (abort): Promise<FilledRepository> => {
      const { planned: place } = one;
      if (nameOf(rootsOf(one)) === truth) return one;
      const connection = await connect(place.registry, abort);
      const filling = { context, image, connection, place, signal: abort };
      const { roots, held } = await bringAgain(filling, one.held);
      const places = one.places.map((each, at) => ({ ...each, root: roots[at] ?? each.root }));
      const result = { planned: place, places, held };
      tellFilled(context, result);
      return result;
    }),
    signal,
  );
  // One more layer may have turned out to be wrong; each does so once.
  return agree(context, image, again);
}
