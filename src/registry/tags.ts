import type { Connection } from './connection.ts';
import { headManifest, putManifest, type ManifestContent } from './manifests.ts';

/** What became of a tag: `unchanged` when it named this digest before. */
export interface TagOutcome {
  readonly tag: string;
  readonly outcome: 'published' | 'unchanged';
}

/**
 * Points tags at a manifest that is already in the repository.
 * A tag that is already there is left alone, so that re-runs succeed on immutable tags. Several
 * tags go in one request where the registry confirms them with OCI-Tag, else one request each.
 */
export async function publishTags(
  connection: Connection,
  repository: string,
  content: ManifestContent,
  tags: readonly string[],
  signal?: AbortSignal,
): Promise<readonly TagOutcome[]> {
  const { digest } = content.descriptor;
  const { congestion } = connection;
  const job = <T>(work: () => Promise<T>): Promise<T> => congestion.run('request', work, signal);
  const current = await Promise.all(
    tags.map((tag) => job(() => headManifest(connection, repository, tag, signal))),
  );
  const stale = tags.filter((_, index) => current[index] !== digest);
  const set = new Set<string>();
  if (stale.length > 1) {
    const together = await job(() =>
      putManifest(connection, repository, digest, content, { tags: stale, signal }),
    );
    for (const tag of together) set.add(tag);
  }
  const left = stale.filter((tag) => !set.has(tag));
  await Promise.all(
    left.map((tag) => job(() => putManifest(connection, repository, tag, content, { signal }))),
  );
  return tags.map((tag) => ({ tag, outcome: stale.includes(tag) ? 'published' : 'unchanged' }));
}
