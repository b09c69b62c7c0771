import { createHash } from 'node:crypto';
import type { Content } from './content.ts';
import { parseManifest } from './manifest.ts';
import type { Descriptor, ParsedManifest } from './manifest.ts';
import { OCI_INDEX } from './grammar.ts';

/** A manifest at rest. */
export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly parsed: ParsedManifest;
}

interface Repository {
  readonly blobs: Set<string>;
  readonly manifests: Map<string, StoredManifest>;
  readonly tags: Map<string, string>;
}

/** Digest of some bytes. */
export function digestOf(bytes: Buffer, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** What the registry holds: blobs once, and for each repository what it may see of them. */
export class Store {
  readonly #blobs = new Map<string, Content>();
  readonly #repositories = new Map<string, Repository>();

  hasRepository(name: string): boolean {
    return this.#repositories.has(name);
  }

  /** The blob, where this repository has it. */
  blob(repo: string, digest: string): Content | undefined {
    return this.#repositories.get(repo)?.blobs.has(digest) === true
      ? this.#blobs.get(digest)
      : undefined;
  }

  /** Whether any repository has the blob. */
  hasBlobAnywhere(digest: string): boolean {
    return [...this.#repositories.values()].some((repository) => repository.blobs.has(digest));
  }

  /** Puts a blob into a repository; answers whether it was there before. */
  putBlob(repo: string, digest: string, content: Content): boolean {
    const known = this.blob(repo, digest) !== undefined;
    if (this.#blobs.has(digest)) content.release();
    else this.#blobs.set(digest, content);
    this.#repository(repo).blobs.add(digest);
    return known;
  }

  /** Makes a blob that exists visible in one more repository. */
  linkBlob(repo: string, digest: string): void {
    this.#repository(repo).blobs.add(digest);
  }

  deleteBlob(repo: string, digest: string): boolean {
    return this.#repositories.get(repo)?.blobs.delete(digest) ?? false;
  }

  /** The manifest behind a tag or a digest. */
  manifest(repo: string, reference: string): StoredManifest | undefined {
    const repository = this.#repositories.get(repo);
    return repository?.manifests.get(repository.tags.get(reference) ?? reference);
  }

  /** Stores a manifest under a digest; undefined when it is no JSON object. */
  putManifest(
    repo: string,
    bytes: Buffer,
    mediaType: string,
    digest: string = digestOf(bytes),
  ): StoredManifest | undefined {
    const parsed = parseManifest(bytes);
    if (parsed === undefined) return undefined;
    const manifest = { digest, mediaType, bytes, parsed };
    this.#repository(repo).manifests.set(digest, manifest);
    return manifest;
  }

  /** Removes a manifest with its tags, or one tag. */
  deleteManifest(repo: string, reference: string): boolean {
    const repository = this.#repositories.get(repo);
    if (repository === undefined) return false;
    if (repository.tags.delete(reference)) return true;
    for (const [tag, digest] of repository.tags) {
      if (digest === reference) repository.tags.delete(tag);
    }
    return repository.manifests.delete(reference);
  }

  setTag(repo: string, tag: string, digest: string): void {
    this.#repository(repo).tags.set(tag, digest);
  }

  /** Tags and what they point at, sorted. */
  tags(repo: string): Record<string, string> {
    const tags = [...(this.#repositories.get(repo)?.tags ?? [])];
    return Object.fromEntries(tags.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Descriptors of the manifests whose subject is this digest. */
  referrers(repo: string, subject: string): Descriptor[] {
    const manifests = [...(this.#repositories.get(repo)?.manifests.values() ?? [])];
    return manifests.filter((m) => m.parsed.subject?.digest === subject).map(toReferrer);
  }

  clear(): void {
    for (const content of this.#blobs.values()) content.release();
    this.#blobs.clear();
    this.#repositories.clear();
  }

  #repository(name: string): Repository {
    let repository = this.#repositories.get(name);
    if (repository === undefined) {
      repository = { blobs: new Set(), manifests: new Map(), tags: new Map() };
      this.#repositories.set(name, repository);
    }
    return repository;
  }
}

function toReferrer({ digest, mediaType, bytes, parsed }: StoredManifest): Descriptor {
  const fallback = mediaType === OCI_INDEX ? undefined : parsed.config?.mediaType;
  const artifactType = parsed.artifactType ?? fallback;
  return {
    mediaType,
    digest,
    size: bytes.length,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(parsed.annotations === undefined ? {} : { annotations: parsed.annotations }),
  };
}
