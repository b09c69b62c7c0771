import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import type { ImageIndex, Manifest } from '../oci/manifest.ts';
import { formatPlatform, matchesPlatform, type Platform } from '../oci/platform.ts';
import { imageError } from '../util/errors.ts';

/** Where BuildKit puts provenance: a manifest for no platform, bound to another by annotation. */
export const ATTESTED_DIGEST = 'vnd.docker.reference.digest';

/** What is pushed of a source. */
export interface Selection {
  readonly root: Descriptor;
  /** bytes of a manifest that the source does not hold: an index that was cut down */
  readonly bytes?: Uint8Array;
}

/** False for the `unknown/unknown` entries that attestations have. */
export function isRealPlatform(platform: Platform | undefined): platform is Platform {
  return platform !== undefined && platform.os !== 'unknown' && platform.architecture !== 'unknown';
}

/** True when the platform is one of those wanted; nothing wanted means all. */
export function isWanted(platform: Platform, wanted: readonly Platform[]): boolean {
  return wanted.length === 0 || wanted.some((one) => matchesPlatform(one, platform));
}

/**
 * @param description names the source in the error
 * @throws PushError IMAGE naming the first platform that is not offered
 */
export function requirePlatforms(
  description: string,
  wanted: readonly Platform[],
  offered: readonly Platform[],
): void {
  const absent = wanted.find((one) => !offered.some((other) => matchesPlatform(one, other)));
  if (!absent) return;
  const names = offered.map(formatPlatform).join(', ') || 'none that is named';
  throw imageError(
    `platforms asks for ${formatPlatform(absent)}, which ${description} does not hold (it holds: ${names}).`,
    'Leave platforms out to push everything, or name what is there.',
  );
}

/** The entries of an index for the wanted platforms, with the attestations that belong to them. */
function entriesFor(index: ImageIndex, wanted: readonly Platform[]): Descriptor[] {
  const kept = index.manifests.filter(
    ({ platform }) => isRealPlatform(platform) && isWanted(platform, wanted),
  );
  const digests = new Set<string>(kept.map(({ digest }) => digest));
  return index.manifests.filter(
    (entry) => kept.includes(entry) || digests.has(entry.annotations?.[ATTESTED_DIGEST] ?? ''),
  );
}

/**
 * Cuts an index down to the wanted platforms: to the one manifest where that is all that was
 * asked for, else to an index of its own. Everything wanted, or nothing said: the source as it is.
 */
export function selectPlatforms(
  description: string,
  root: Descriptor,
  bytes: Uint8Array,
  manifest: Manifest,
  wanted: readonly Platform[],
): Selection {
  if (manifest.kind !== 'index' || wanted.length === 0) return { root };
  const offered = manifest.manifests.flatMap(({ platform }) =>
    isRealPlatform(platform) ? [platform] : [],
  );
  requirePlatforms(description, wanted, offered);
  const entries = entriesFor(manifest, wanted);
  if (entries.length === manifest.manifests.length) return { root };
  const [only, ...others] = entries.filter(({ platform }) => isRealPlatform(platform));
  if (only && others.length === 0) return { root: only };
  const whole = JSON.parse(Buffer.from(bytes).toString('utf8')) as object;
  const cut = Buffer.from(JSON.stringify({ ...whole, manifests: entries }));
  return {
    root: { mediaType: root.mediaType, digest: digestOf(cut), size: cut.length },
    bytes: cut,
  };
}
