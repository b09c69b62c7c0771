import { isForeignLayer } from '../oci/media-types.ts';
import { childrenOf, parseManifest } from '../oci/manifest.ts';
import { waitBeforeRetry } from '../http/retry.ts';
import type { Connection } from './connection.ts';
import { RegistryError } from './error.ts';
import { putManifest, type ManifestContent } from './manifests.ts';

/** About a quarter of a minute with the usual waits: what is just late has arrived by then. */
const ATTEMPTS = 6;
const NOT_KNOWN_YET: ReadonlySet<string> = new Set([
  'MANIFEST_BLOB_UNKNOWN',
  'MANIFEST_UNKNOWN',
  'BLOB_UNKNOWN',
]);

/** What a registry says that does not see yet what it has just taken, in one of its other halves. */
function isBehind(error: unknown): error is RegistryError {
  if (!(error instanceof RegistryError) || ![400, 404, 422].includes(error.status)) return false;
  return error.codes.some((code) => NOT_KNOWN_YET.has(code.toUpperCase()));
}

/** What was left with its publisher is not late: the registry wants it. */
function lacksNothing({ descriptor, bytes }: ManifestContent): boolean {
  const manifest = parseManifest(bytes, descriptor.mediaType);
  return !childrenOf(manifest).some(({ mediaType }) => isForeignLayer(mediaType));
}

/**
 * Stores a manifest by its digest, whose children have just been stored: while the registry says
 * that it does not know one of them, it is asked again, a few times and ever later.
 * @throws RegistryError
 */
export async function storeManifest(
  connection: Connection,
  repository: string,
  content: ManifestContent,
  signal?: AbortSignal,
): Promise<void> {
  const { congestion, registry, retry } = connection;
  const { digest } = content.descriptor;
  const attempts = Math.min(ATTEMPTS, retry.policy.attempts);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await congestion.run(
        'request',
        () => putManifest(connection, repository, digest, content, { signal }),
        signal,
      );
      return;
    } catch (error) {
      if (!isBehind(error) || attempt >= attempts || !lacksNothing(content)) throw error;
      const failure = { reason: 'what was just stored is not known there yet' };
      const policy = { ...retry.policy, attempts };
      await waitBeforeRetry({ ...retry, policy }, registry, failure, attempt, signal);
    }
  }
}
