import type { Digest } from '../../oci/digest.ts';
import type { Connection } from '../../registry/connection.ts';
import { pushScope } from '../../registry/connection.ts';
import { findManifest, headManifest, type ManifestContent } from '../../registry/manifests.ts';
import { PushError } from '../../util/errors.ts';
import type { FilledPlace } from '../filled.ts';

/** A tag, and what it names before it is moved. */
export interface TagView {
  readonly tag: string;
  /** undefined where the tag is not there yet */
  readonly before: Digest | undefined;
  /** the manifest it names, if that is another one and could be read */
  readonly content?: ManifestContent | undefined;
}

/** A repository that holds the image, and its tags as they are now. */
export interface SurveyedPlace {
  readonly filled: FilledPlace;
  readonly connection: Connection;
  readonly tags: readonly TagView[];
}

/** Bytes of a manifest: they are what makes it possible to put a tag back. */
async function readOld(
  { place }: FilledPlace,
  connection: Connection,
  reference: string,
  signal: AbortSignal,
): Promise<ManifestContent | undefined> {
  const { repository } = place;
  try {
    return await connection.congestion.run(
      'request',
      () => findManifest(connection, repository, reference, signal, [pushScope(repository)]),
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    // Limits for pulls, or a manifest nobody can read: the push itself does not need it.
    if (error instanceof PushError) return undefined;
    throw error;
  }
}

async function look(
  filled: FilledPlace,
  connection: Connection,
  tag: string,
  signal: AbortSignal,
): Promise<TagView> {
  const { digest } = filled.root.descriptor;
  const earlier = filled.tags.get(tag);
  if (earlier !== undefined && earlier !== digest) {
    // It most likely names that still: one request tells, and brings the bytes.
    const content = await readOld(filled, connection, tag, signal);
    if (content) return { tag, before: content.descriptor.digest, content };
  }
  return lookAgain(filled, connection, { tag, before: undefined }, signal);
}

/** What a tag names now; the same view where that has not changed. */
export async function lookAgain(
  filled: FilledPlace,
  connection: Connection,
  view: TagView,
  signal: AbortSignal,
): Promise<TagView> {
  const { tag } = view;
  const { repository } = filled.place;
  const before = await connection.congestion.run(
    'request',
    () => headManifest(connection, repository, tag, signal),
    signal,
  );
  if (before === view.before) return view;
  if (before === undefined || before === filled.root.descriptor.digest) return { tag, before };
  return { tag, before, content: await readOld(filled, connection, before, signal) };
}

/**
 * Asks once more what the tags name, right before they are moved: the uploads may have taken long.
 * It is also what shows that the registry is there still and that the token holds.
 */
export async function survey(
  filled: FilledPlace,
  connection: Connection,
  signal: AbortSignal,
): Promise<SurveyedPlace> {
  const { tags } = filled.place;
  const views = await Promise.all(tags.map((tag) => look(filled, connection, tag, signal)));
  return { filled, connection, tags: views };
}
