import type { Digest } from '../../oci/digest.ts';
import { headManifest, putManifest } from '../../registry/manifests.ts';
import { deleteTag, publishTags } from '../../registry/tags.ts';
import { messageOf } from '../../util/errors.ts';
import type { SettledTag } from '../../util/events.ts';
import type { PushContext } from '../context.ts';
import type { DecidedPlace } from './decide.ts';
import type { TagView } from './survey.ts';

/** What a tag is in the end, as a look at it has shown. */
export interface Settled {
  /** `registry/repository:tag` */
  readonly name: string;
  readonly status: SettledTag;
  readonly digest?: Digest;
  readonly reason?: string;
}

function look(place: DecidedPlace, tag: string, signal: AbortSignal): Promise<Digest | undefined> {
  return headManifest(place.connection, place.filled.place.repository, tag, signal);
}

function standing({ before }: TagView, now: Digest | undefined): Omit<Settled, 'name'> {
  const digest = now === undefined ? {} : { digest: now };
  if (now === before) return { status: 'not-moved', ...digest };
  const reason = now === undefined ? 'somebody has deleted it' : 'another run has moved it';
  return { status: 'not-moved', ...digest, reason };
}

/**
 * Undoes what was done to a tag.
 * @returns why that is not possible; undefined when the registry has taken it
 */
async function undo(
  { connection, filled }: DecidedPlace,
  { tag, before, content }: TagView,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { repository } = filled.place;
  try {
    if (before === undefined) {
      const deleted = await deleteTag(connection, repository, tag, signal);
      return deleted ? undefined : 'the registry does not let it be deleted';
    }
    if (!content) return `what it named before (${before}) could not be read`;
    await putManifest(connection, repository, tag, content, { signal });
    return undefined;
  } catch (error) {
    return messageOf(error).replace(/\.$/, '');
  }
}

async function takeBackTag(
  place: DecidedPlace,
  view: TagView,
  signal: AbortSignal,
): Promise<Omit<Settled, 'name'>> {
  const { tag, before } = view;
  const root = place.filled.root.descriptor.digest;
  try {
    const now = await look(place, tag, signal);
    if (now !== root) return standing(view, now);
    const reason = await undo(place, view, signal);
    // Believed is what a look shows, not what was answered.
    const then = await look(place, tag, signal);
    if (then === root) return { status: 'left', digest: root, ...(reason ? { reason } : {}) };
    if (then !== before) return standing(view, then);
    return before === undefined ? { status: 'removed' } : { status: 'restored', digest: before };
  } catch (error) {
    return { status: 'unknown', reason: messageOf(error).replace(/\.$/, '') };
  }
}

/**
 * Some registries delete an image with its tag. Where it was there before this push, under names of
 * others perhaps, it is put back, with the tags that are known to have named it.
 */
async function keepImage(
  { emit }: PushContext,
  { connection, filled, write }: DecidedPlace,
  signal: AbortSignal,
): Promise<void> {
  const { registry, repository } = filled.place;
  const { digest } = filled.root.descriptor;
  try {
    if ((await headManifest(connection, repository, digest, signal)) !== undefined) return;
    await putManifest(connection, repository, digest, filled.root, { signal });
    const named = write.filter(({ before }) => before === digest).map(({ tag }) => tag);
    const target = { connection, repository, content: filled.root, onTag: () => undefined, signal };
    const [refusal] = await publishTags(target, named, new Map());
    if (refusal) throw refusal.error;
    emit({
      type: 'warning',
      message: `${registry} has deleted ${repository}@${digest} with its tag; it was put back.`,
    });
  } catch (error) {
    emit({
      type: 'warning',
      message: `Whether ${registry}/${repository}@${digest} is still there is not known: ${messageOf(error)}`,
    });
  }
}

/**
 * Makes the tags of a repository what they were before: those that name the image now, and did not
 * before, go back to the digest they had, or are deleted. Everything that is said of them, as events
 * too, is what a look at the registry has shown afterwards. Does not throw.
 */
export async function takeBack(
  context: PushContext,
  place: DecidedPlace,
  signal: AbortSignal,
): Promise<readonly Settled[]> {
  const { registry, repository } = place.filled.place;
  const root = place.filled.root.descriptor.digest;
  const moved = place.write.filter(({ before }) => before !== root);
  const settled = await Promise.all(
    moved.map(async (view): Promise<Settled> => {
      const result = await takeBackTag(place, view, signal);
      const { tag } = view;
      context.emit({ type: 'tag-settled', registry, repository, tag, ...result });
      return Object.assign({ name: `${registry}/${repository}:${tag}` }, result);
    }),
  );
  if (place.filled.there && settled.some(({ status }) => status === 'removed')) {
    await keepImage(context, place, signal);
  }
  return settled;
}

/**
 * Looks what tags name, and says it as events, where their writing was refused or cut off.
 * Does not throw.
 */
export async function tellWhere(
  { emit }: PushContext,
  place: DecidedPlace,
  tags: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { registry, repository } = place.filled.place;
  const root = place.filled.root.descriptor.digest;
  await Promise.all(
    place.write
      .filter(({ tag, before }) => tags.includes(tag) && before !== root)
      .map(async (view) => {
        const { tag } = view;
        try {
          const now = await look(place, tag, signal);
          if (now === root) {
            emit({ type: 'tag-published', registry, repository, tag, digest: root });
          } else {
            emit({ type: 'tag-settled', registry, repository, tag, ...standing(view, now) });
          }
        } catch (error) {
          const reason = messageOf(error).replace(/\.$/, '');
          emit({ type: 'tag-settled', registry, repository, tag, status: 'unknown', reason });
        }
      }),
  );
}
