import { FormatError } from '../oci/format-error.ts';
import { formatReference, parseReference, type Reference } from '../oci/reference.ts';
import { configError } from '../util/errors.ts';
import { shown } from './shown.ts';

const EXPECTED = 'expected registry/repository:tag, for example ghcr.io/octo/app:1.2.3';

function parseTarget(text: string, registry: string | undefined, where: string): Reference {
  if (/^(?:oci|oci-archive|docker-archive|docker-daemon):|^docker:\/\//.test(text)) {
    throw configError(
      `${where}: ${shown(text)} is a source, not a tag (expected the sources first, then tags)`,
    );
  }
  if (/^[a-z]+:\/\//i.test(text)) {
    throw configError(`${where}: ${shown(text)} has a scheme (${EXPECTED})`);
  }
  if (/@[a-z0-9+._-]+:[0-9a-f]*$/i.test(text)) {
    throw configError(
      `${where}: ${shown(text)} names a digest, which follows from the source (${EXPECTED})`,
    );
  }
  if (text.includes('@')) {
    // Not shown: what stands before the @ may be a password.
    throw configError(`${where}: an entry holds an @ (${EXPECTED})`);
  }
  try {
    const reference = parseReference(text, registry);
    return reference.tag === undefined ? { ...reference, tag: 'latest' } : reference;
  } catch (error) {
    if (error instanceof FormatError) throw configError(`${where}: ${error.message}`);
    throw error;
  }
}

/**
 * The references to push to. Without a tag, `latest` is meant, as everywhere.
 * @param registry completes what has no host; Docker Hub when undefined
 * @param where how the option is called where it was given
 */
export function parseTargets(
  tags: readonly string[],
  registry: string | undefined,
  where: string,
): readonly Reference[] {
  const targets = new Map<string, Reference>();
  for (const text of tags) {
    const target = parseTarget(text, registry, where);
    targets.set(formatReference(target), target);
  }
  return [...targets.values()];
}

/**
 * A repository without a tag.
 * @param registry completes what has no host; Docker Hub when undefined
 * @param where how the option is called where it was given
 */
export function parseRepository(
  text: string,
  registry: string | undefined,
  where: string,
): Reference {
  if (!text.includes('/') && /[.:]/.test(text)) {
    throw configError(`${where}: ${shown(text)} names no repository (expected HOST/REPOSITORY)`);
  }
  try {
    const reference = parseReference(text, registry);
    if (reference.tag === undefined && reference.digest === undefined) return reference;
  } catch (error) {
    if (error instanceof FormatError) throw configError(`${where}: ${error.message}`);
    throw error;
  }
  throw configError(`${where}: ${shown(text)} has a tag or digest (expected HOST/REPOSITORY)`);
}

function sourceRegistry(source: string): string | undefined {
  if (!source.startsWith('docker://')) return undefined;
  try {
    return parseReference(source.slice('docker://'.length)).registry;
  } catch {
    return undefined; // opening the source says it better
  }
}

/** The registries of `docker://` sources; none for other sources, and for what is malformed. */
export function sourceRegistries(sources: readonly string[]): readonly string[] {
  return sources.map(sourceRegistry).filter((registry) => registry !== undefined);
}
