import { FormatError } from '../oci/format-error.ts';
import { canonicalRegistry, parseRegistryHost } from '../oci/reference.ts';
import { shown } from './shown.ts';

/** A registry as somebody named it. */
export interface RegistryAddress {
  /** host or host:port, `docker.io` for Docker Hub */
  readonly host: string;
  /** true for `http://`, false for `https://`, undefined when no scheme was given */
  readonly plainHttp: boolean | undefined;
}

// https://index.docker.io/v1/ is Docker Hub's name in every Docker config file; some write /v2/.
const HARMLESS_PATH = /^\/(?:v[12]\/?)?$/;

/**
 * Reads `ghcr.io`, `localhost:5000`, `https://gitea.example:8443/`.
 * A path is refused rather than taken for a namespace: the login is for the whole host, and a tag
 * that silently became longer would push to a repository nobody named.
 * @throws FormatError
 */
export function parseRegistryUrl(given: string): RegistryAddress {
  const [, scheme, rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(given) ?? [];
  if (rest.includes('@')) {
    // Not shown: what stands before the @ may be a password.
    throw new FormatError(
      'the URL holds a login (expected host or host:port; use username and password)',
    );
  }
  const lower = scheme?.toLowerCase();
  if (lower !== undefined && lower !== 'https' && lower !== 'http') {
    throw new FormatError(
      `${shown(given)} is not an http or https URL (expected host or host:port)`,
    );
  }
  const slash = rest.indexOf('/');
  const host = parseRegistryHost(slash < 0 ? rest : rest.slice(0, slash));
  if (slash >= 0 && !HARMLESS_PATH.test(rest.slice(slash))) {
    throw new FormatError(
      `${shown(given)} has a path (expected only ${host}; the path belongs in the tags, for example ${host}${printablePath(rest.slice(slash))}/app:1.2.3)`,
    );
  }
  return {
    host: canonicalRegistry(host),
    plainHttp: lower === undefined ? undefined : lower === 'http',
  };
}

function printablePath(path: string): string {
  return path
    .replace(/[^\w./-]/g, '')
    .replace(/\/+$/, '')
    .slice(0, 80);
}
