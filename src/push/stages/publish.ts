import { publishTags, type TagOutcome } from '../../registry/tags.ts';
import { allOrNothing } from '../../util/concurrency.ts';
import type { PushContext } from '../context.ts';
import type { FilledPlace } from './fill.ts';

/** Moves the tags, last of all: every registry has everything by now. */
export async function publish(context: PushContext, filled: readonly FilledPlace[]): Promise<void> {
  await allOrNothing(
    filled.map(({ place, root, tags: current }) => async (signal) => {
      const { registry, repository, tags } = place;
      const connection = await context.connect(registry, signal);
      const { digest } = root.descriptor;
      const onTag = ({ tag }: TagOutcome): void => {
        context.emit({ type: 'tag-published', registry, repository, tag, digest });
      };
      await publishTags({ connection, repository, content: root, onTag, signal }, tags, current);
    }),
    context.signal,
  );
}
