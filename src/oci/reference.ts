import { isDigest, type Digest } from './digest.ts';
import { FormatError } from './format-error.ts';

/** Where an image is, or is to go: `registry/repository[:tag][@digest]`. */
export interface Reference {
  /** host or host:port, lower case; `docker.io` for Docker Hub */
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** Docker Hub's name in references; its API answers at registry-1.docker.io. */
export const DOCKER_HUB = 'docker.io';

// Grammar: https://github.com/distribution/reference/blob/main/reference.go
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[\w][\w.-]{0,127}$/;
const HOST =
  /^(?:\[[0-9a-f:]+\]|[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)(?::\d{1,5})?$/i;
const REPOSITORY_MAX = 255;

/** Docker takes `Octo` in `Octo/app` for a host, too; an owner written as on GitHub is likelier. */
function looksLikeHost(part: string): boolean {
  return part.includes('.') || part.includes(':') || part === 'localhost';
}

/** `docker.io`, `index.docker.io` and `registry-1.docker.io` are one registry. */
export function canonicalRegistry(host: string): string {
  const lower = host.toLowerCase();
  return lower === 'index.docker.io' || lower === 'registry-1.docker.io' ? DOCKER_HUB : lower;
}

/** @throws FormatError unless `text` is a host name or address with an optional port */
export function parseRegistryHost(text: string): string {
  const port = Number(/:(\d+)$/.exec(text)?.[1] ?? 0);
  // URL's own rules come on top: what ends in a number has to be an IPv4 address.
  if (!HOST.test(text) || port > 65_535 || !URL.canParse(`https://${text}/`)) {
    throw new FormatError(`"${text}" is not a registry (expected host or host:port)`);
  }
  return canonicalRegistry(text);
}

function splitRegistry(name: string, defaultRegistry: string): [string, string] {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  if (first !== '' && looksLikeHost(first)) {
    return [parseRegistryHost(first), name.slice(slash + 1)];
  }
  return [defaultRegistry, name];
}

function checkRepository(repository: string, text: string): void {
  if (repository.length > REPOSITORY_MAX) {
    throw new FormatError(`"${text}": the repository is longer than ${REPOSITORY_MAX} characters`);
  }
  if (repository !== repository.toLowerCase()) {
    throw new FormatError(
      `"${text}": a repository is written in lower case (did you mean ${repository.toLowerCase()}?)`,
    );
  }
  if (!repository.split('/').every((part) => COMPONENT.test(part))) {
    throw new FormatError(
      `"${text}" is not an image reference (expected registry/repository:tag, for example ghcr.io/octo/app:1.2.3)`,
    );
  }
}

function splitDigest(text: string): [string, Digest | undefined] {
  const at = text.indexOf('@');
  if (at < 0) return [text, undefined];
  const digest = text.slice(at + 1);
  if (!isDigest(digest)) {
    throw new FormatError(
      `"${text}": what follows @ is not a digest (expected sha256: and 64 hexadecimal digits)`,
    );
  }
  return [text.slice(0, at), digest];
}

/**
 * Parses a reference as the Docker tools do; a name without a host gets `defaultRegistry`.
 * Nothing is guessed about the tag: `latest` is the caller's decision.
 * @throws FormatError with a sentence that says what was expected
 */
export function parseReference(text: string, defaultRegistry: string = DOCKER_HUB): Reference {
  const [named, digest] = splitDigest(text);
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag)) {
    throw new FormatError(
      `"${text}": "${tag}" is not a tag (letters, digits, _ . - and at most 128 characters)`,
    );
  }
  const name = colon < 0 ? named : named.slice(0, colon);
  const [registry, path] = splitRegistry(name, defaultRegistry);
  const repository = registry === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path;
  checkRepository(repository, text);
  return { registry, repository, ...(tag ? { tag } : {}), ...(digest ? { digest } : {}) };
}

/** The text form; `parseReference` reads it back to an equal value. */
export function formatReference(reference: Reference): string {
  const { registry, repository, tag, digest } = reference;
  return `${registry}/${repository}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`;
}
