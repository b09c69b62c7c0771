import type { ManifestContent } from '../../registry/manifests.ts';
import { publishTags } from '../../registry/tags.ts';
import { allOrNothing } from '../../util/concurrency.ts';
import type { PushContext } from '../context.ts';
import type { PushPlan } from '../plan.ts';

/** Moves the tags, last of all: every registry has everything by now. */
export async function publish(
  context: PushContext,
  plan: PushPlan,
  root: ManifestContent,
): Promise<void> {
  await allOrNothing(
    plan.places.map((place) => async (signal) => {
      const { registry, repository, tags } = place;
      const connection = await context.connect(registry, signal);
      const { digest } = root.descriptor;
      await publishTags(connection, repository, root, tags, {
        onTag: ({ tag }) =>
          context.emit({ type: 'tag-published', registry, repository, tag, digest }),
        signal,
      });
    }),
    context.signal,
  );
}
