import type { Connection } from './connection.ts';
import { RegistryError } from './error.ts';
import { headManifest, putManifest, type ManifestContent } from './manifests.ts';

/** What became of a tag: `unchanged` when it named this digest before. */
export interface TagOutcome {
  readonly tag: string;
  readonly outcome: 'published' | 'unchanged';
}

export interface TagOptions {
  /** told of each tag as soon as it names the manifest */
  readonly onTag: (outcome: TagOutcome) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Who does not know the query may refuse it; whoever refuses the tag itself will say so again. */
function mayRefuseTogether(error: unknown): boolean {
  return error instanceof RegistryError && [400, 404, 405, 409, 412, 414].includes(error.status);
}

/**
 * Points tags at a manifest that is already in the repository.
 * A tag that is already there is left alone, so that re-runs succeed on immutable tags. Several
 * tags go in one request where the registry confirms them with OCI-Tag, else one request each; one
 * that is refused does not keep the others from being set.
 * @throws the first refusal, when all the others are done
 */
export async function publishTags(
  connection: Connection,
  repository: string,
  content: ManifestContent,
  tags: readonly string[],
  { onTag, signal }: TagOptions,
): Promise<void> {
  const { digest } = content.descriptor;
  const { congestion } = connection;
  const job = <T>(work: () => Promise<T>): Promise<T> => congestion.run('request', work, signal);
  const current = await Promise.all(
    tags.map((tag) => job(() => headManifest(connection, repository, tag, signal))),
  );
  const left = new Set(tags.filter((_, index) => current[index] !== digest));
  for (const tag of tags) if (!left.has(tag)) onTag({ tag, outcome: 'unchanged' });
  const published = (tag: string): void => {
    if (left.delete(tag)) onTag({ tag, outcome: 'published' });
  };
  if (left.size > 1) {
    const options = { tags: [...left], signal };
    const set = await job(() =>
      putManifest(connection, repository, digest, content, options),
    ).catch((error: unknown): readonly string[] => {
      if (mayRefuseTogether(error)) return [];
      throw error;
    });
    for (const tag of set) published(tag);
  }
  const results = await Promise.allSettled(
    [...left].map(async (tag) => {
      await job(() => putManifest(connection, repository, tag, content, { signal }));
      published(tag);
    }),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
