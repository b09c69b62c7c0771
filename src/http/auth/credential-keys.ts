import { canonicalRegistry, DOCKER_HUB } from '../../oci/reference.ts';

/** What a key of a credential file, or a login, is for. */
export interface CredentialKey {
  /** `host[:port]`, `docker.io` for Docker Hub */
  readonly registry: string;
  /** a namespace or repository; '' for the whole registry */
  readonly prefix: string;
}

/** Docker Hub's name in Docker's own files and for its credential helpers, for historical reasons. */
export const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

/**
 * Reads the forms that tools write: `host`, `https://host`, `https://index.docker.io/v1/`,
 * `host/namespace`.
 */
export function parseCredentialKey(key: string): CredentialKey {
  const address = key.trim().replace(/^https?:\/\//i, '');
  const slash = address.indexOf('/');
  const host = slash < 0 ? address : address.slice(0, slash);
  const path = slash < 0 ? '' : address.slice(slash + 1).replace(/\/+$/, '');
  // The API's version is part of addresses from the time when a registry was a URL.
  return { registry: canonicalRegistry(host), prefix: /^v[12]$/.test(path) ? '' : path };
}

/** What credential helpers are asked for: Docker's key for Docker Hub, the host for all others. */
export function serverOf(registry: string): string {
  return registry === DOCKER_HUB ? DOCKER_HUB_KEY : registry;
}

/** The entries that are for `registry/repository`, the longest prefix first. */
export function matching<T extends CredentialKey>(
  entries: readonly T[],
  registry: string,
  repository: string | undefined,
): readonly T[] {
  const wanted = canonicalRegistry(registry);
  return entries
    .filter(
      (entry) =>
        entry.registry === wanted &&
        (entry.prefix === '' || `${repository ?? ''}/`.startsWith(`${entry.prefix}/`)),
    )
    .sort((a, b) => b.prefix.length - a.prefix.length);
}
