import type { Digest } from '../oci/digest.ts';
import { comparePlatforms, formatPlatform, platformKey, type Platform } from '../oci/platform.ts';
import { imageError } from '../util/errors.ts';
import type { Entry } from './member.ts';
import { ATTESTED_DIGEST, isRealPlatform, isWanted, requirePlatforms } from './select.ts';

/** An entry that something runs on. */
export type PlatformEntry = Entry & { readonly platform: Platform };

/** The entries of an index, put in order. */
export interface Merged {
  /** one per platform, in the order of the platforms */
  readonly images: readonly PlatformEntry[];
  /** attestations and other entries without a platform, in the order of what they belong to */
  readonly others: readonly Entry[];
}

/** True for an entry that something runs on. */
export function isImageEntry(entry: Entry): entry is PlatformEntry {
  return isRealPlatform(entry.platform);
}

/** The image an attestation is about; a digest of nothing for other entries. */
function attested({ descriptor }: Entry): string {
  return descriptor?.annotations?.[ATTESTED_DIGEST] ?? '';
}

/** True for what BuildKit attests of an image: provenance, an SBOM. */
export function isAttestation(entry: Entry): boolean {
  const { platform } = entry;
  return attested(entry) !== '' || (platform !== undefined && !isRealPlatform(platform));
}

/** The entries for the wanted platforms and the attestations that belong to them, as they come. */
export function entriesFor(
  entries: readonly Entry[],
  wanted: readonly Platform[],
): readonly Entry[] {
  if (wanted.length === 0) return entries;
  const images = entries.filter(isImageEntry).filter(({ platform }) => isWanted(platform, wanted));
  const digests = new Set(images.map(({ descriptor }) => descriptor?.digest ?? ''));
  return entries.filter(
    (entry) => images.some((image) => image === entry) || digests.has(attested(entry) as Digest),
  );
}

/** The same attestation may be said to be about several images. */
function nameOf(entry: Entry): string {
  return `${entry.descriptor?.digest} ${attested(entry)}`;
}

function twice(first: PlatformEntry, second: PlatformEntry): Error {
  const platform = formatPlatform(first.platform);
  const [one, other] = [first.source.description, second.source.description];
  const who =
    one === other ? `${one} holds ${platform} twice` : `${one} and ${other} both hold ${platform}`;
  return imageError(
    `${who}: an index names each platform once.`,
    'Leave one of them out, or name only the platforms that are wanted with platforms.',
  );
}

/** Each platform once; the same manifest named twice is one. */
function onePerPlatform(entries: readonly PlatformEntry[]): PlatformEntry[] {
  const byPlatform = new Map<string, PlatformEntry>();
  for (const entry of entries) {
    const key = platformKey(entry.platform);
    const known = byPlatform.get(key);
    const same = known?.descriptor && known.descriptor.digest === entry.descriptor?.digest;
    if (known && !same) throw twice(known, entry);
    if (!known) byPlatform.set(key, entry);
  }
  return [...byPlatform.values()];
}

/** An image that nothing says a platform of has no place in an index of platforms. */
function requireNames(entries: readonly Entry[], lone: ReadonlySet<Entry>): void {
  const nameless = entries.find((entry) => lone.has(entry) && !isImageEntry(entry));
  if (!nameless) return;
  throw imageError(
    `${nameless.source.description} names no platform: neither a descriptor nor an image config says one.`,
    'Only images that run on a platform can be merged; push an artifact by itself.',
  );
}

/**
 * Puts the images of several sources together. Ordered by platform, not by source, so that the same
 * images give the same index in whatever order and from wherever they come.
 * @param groups the entries of each source
 * @param wanted platforms; empty: all
 * @param description names all sources in errors
 * @throws PushError IMAGE when a platform is there twice, missing or not named
 */
export function mergeEntries(
  groups: readonly (readonly Entry[])[],
  wanted: readonly Platform[],
  description: string,
): Merged {
  const all = groups.flat();
  requireNames(all, new Set(groups.flatMap((group) => (group.length === 1 ? group : []))));
  const offered = all.filter(isImageEntry);
  requirePlatforms(
    description,
    wanted,
    offered.map(({ platform }) => platform),
  );
  const chosen = offered.filter(({ platform }) => isWanted(platform, wanted));
  const images = onePerPlatform(chosen).toSorted((left, right) =>
    comparePlatforms(left.platform, right.platform),
  );
  if (images.length === 0) {
    throw imageError(`${description} hold no image that runs on a platform.`);
  }
  const rank = (entry: Entry): number => {
    const at = images.findIndex(({ descriptor }) => descriptor?.digest === attested(entry));
    return at < 0 ? images.length : at;
  };
  const rest = all.filter(
    (entry) => !isImageEntry(entry) && (wanted.length === 0 || rank(entry) < images.length),
  );
  const others = [...new Map(rest.map((entry) => [nameOf(entry), entry])).values()];
  return { images, others: others.toSorted((left, right) => rank(left) - rank(right)) };
}
