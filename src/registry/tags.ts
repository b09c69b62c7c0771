import type { Digest } from '../oci/digest.ts';
import { apiUrl, call, deleteScope, pushScope, type Connection } from './connection.ts';
import { RegistryError } from './error.ts';
import { asImmutableTag, saysImmutable } from './immutable.ts';
import { headManifest, putManifest, type ManifestContent } from './manifests.ts';

/** What became of a tag: `unchanged` when it named this digest before. */
export interface TagOutcome {
  readonly tag: string;
  readonly outcome: 'published' | 'unchanged';
}

/** A tag that was not moved, and why. */
export interface TagRefusal {
  readonly tag: string;
  readonly error: unknown;
}

/** Who does not know the query may refuse it; whoever refuses the tag itself will say so again. */
function mayRefuseTogether(error: unknown): boolean {
  if (!(error instanceof RegistryError)) return false;
  return [400, 404, 405, 409, 412, 414].includes(error.status) || saysImmutable(error);
}

/** What tags name before they are written; undefined where a tag is not there. */
export type CurrentTags = ReadonlyMap<string, Digest | undefined>;

/** Asks what tags name now. */
export async function readTags(
  connection: Connection,
  repository: string,
  tags: readonly string[],
  signal?: AbortSignal,
): Promise<CurrentTags> {
  const { congestion } = connection;
  const ask = (tag: string): Promise<Digest | undefined> =>
    congestion.run('request', () => headManifest(connection, repository, tag, signal), signal);
  return new Map(await Promise.all(tags.map(async (tag) => [tag, await ask(tag)] as const)));
}

/** Where tags go. */
export interface TagTarget {
  readonly connection: Connection;
  readonly repository: string;
  readonly content: ManifestContent;
  /** told of each tag as soon as it names the manifest */
  readonly onTag: (outcome: TagOutcome) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Sets tags in one request; returns those the registry confirms with OCI-Tag. */
async function setTogether(target: TagTarget, tags: readonly string[]): Promise<readonly string[]> {
  const { connection, repository, content, signal } = target;
  const { capabilities, congestion } = connection;
  if (tags.length < 2 || capabilities.ociTag === 'no') return [];
  const { digest } = content.descriptor;
  try {
    const confirmed = await congestion.run(
      'request',
      () => putManifest(connection, repository, digest, content, { tags, signal }),
      signal,
    );
    capabilities.ociTag = confirmed.length > 0 ? 'yes' : 'no';
    return tags.filter((tag) => confirmed.includes(tag));
  } catch (error) {
    if (!mayRefuseTogether(error)) throw error;
    capabilities.ociTag = 'no';
    return [];
  }
}

/** Sets one tag; one that another run has meanwhile pointed at the same digest is success, too. */
async function setTag(target: TagTarget, tag: string): Promise<void> {
  const { connection, repository, content, signal } = target;
  try {
    await putManifest(connection, repository, tag, content, { signal });
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const immutable = asImmutableTag(connection.registry, repository, tag, error);
    if (!immutable && error.code !== 'REGISTRY') throw error;
    const now = await headManifest(connection, repository, tag, signal);
    if (now !== content.descriptor.digest) throw immutable ?? error;
  }
}

/** One that is refused does not stop the others midway: nobody would know where they ended. */
async function setEach(target: TagTarget, tags: readonly string[]): Promise<readonly TagRefusal[]> {
  const { connection, onTag, signal } = target;
  const results = await Promise.all(
    tags.map(async (tag): Promise<TagRefusal | undefined> => {
      try {
        await connection.congestion.run('request', () => setTag(target, tag), signal);
      } catch (error) {
        return { tag, error };
      }
      onTag({ tag, outcome: 'published' });
      return undefined;
    }),
  );
  return results.filter((refusal) => refusal !== undefined);
}

/**
 * Points tags at a manifest that is already in the repository.
 * A tag that names it already is left alone, so that re-runs succeed on immutable tags. Several
 * tags go in one request where the registry confirms them with OCI-Tag, else one request each.
 * @param current what the tags named before
 * @returns those that were refused, when all the others are done; throws nothing
 */
export async function publishTags(
  target: TagTarget,
  tags: readonly string[],
  current: CurrentTags,
): Promise<readonly TagRefusal[]> {
  const { content, onTag } = target;
  const stale = tags.filter((tag) => current.get(tag) !== content.descriptor.digest);
  for (const tag of tags) if (!stale.includes(tag)) onTag({ tag, outcome: 'unchanged' });
  let together: readonly string[];
  try {
    together = await setTogether(target, stale);
  } catch (error) {
    return stale.map((tag) => ({ tag, error }));
  }
  for (const tag of together) onTag({ tag, outcome: 'published' });
  return setEach(
    target,
    stale.filter((tag) => !together.includes(tag)),
  );
}

/**
 * Asks the registry to delete a tag and nothing else, as the distribution spec has it.
 * @returns false where it does not, for whatever reason; what became of the tag tells a look
 * @throws PushError NETWORK when there is no answer
 */
export async function deleteTag(
  connection: Connection,
  repository: string,
  tag: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const response = await call(connection, {
    method: 'DELETE',
    url: apiUrl(connection, `${repository}/manifests/${tag}`),
    scopes: [pushScope(repository), deleteScope(repository)],
    signal,
  });
  return response.status >= 200 && response.status < 300;
}
