import { FormatError } from './format-error.ts';

/** The platform an image runs on, as in an index's descriptors. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
}

/** Other names of an architecture; a variant here is what the name itself says. */
const ARCHITECTURE_ALIASES: Readonly<Record<string, readonly [string, string?]>> = {
  i386: ['386', ''],
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
};

/** Variants that say nothing more than the architecture itself (containerd normalises them away). */
const IMPLIED_VARIANT: Readonly<Record<string, string>> = { arm64: 'v8', amd64: 'v1' };

/** Spells a platform the way containerd does, so that two names of one platform compare equal. */
export function normalizePlatform(platform: Platform): Platform {
  const name = platform.architecture.toLowerCase();
  const [architecture, said] = ARCHITECTURE_ALIASES[name] ?? [name];
  const given = said ?? platform.variant?.toLowerCase().replace(/^(?=\d)/, 'v') ?? '';
  // A bare `arm` means v7: https://github.com/containerd/platforms (database.go)
  const variant = given || (architecture === 'arm' ? 'v7' : '');
  const os = platform.os.toLowerCase() === 'macos' ? 'darwin' : platform.os.toLowerCase();
  const { variant: _variant, ...rest } = platform;
  const kept = variant !== '' && variant !== IMPLIED_VARIANT[architecture];
  return { ...rest, os, architecture, ...(kept ? { variant } : {}) };
}

/** @throws FormatError unless `text` is os/architecture or os/architecture/variant */
export function parsePlatform(text: string): Platform {
  const [os, architecture, variant, ...rest] = text.trim().split('/');
  const parts = [os, architecture, variant ?? 'none'];
  if (rest.length > 0 || !parts.every((part) => part !== undefined && /^[\w.-]+$/.test(part))) {
    throw new FormatError(
      `"${text}" is not a platform (expected os/architecture or os/architecture/variant, for example linux/arm64)`,
    );
  }
  return normalizePlatform({
    os: os ?? '',
    architecture: architecture ?? '',
    ...(variant === undefined ? {} : { variant }),
  });
}

/** `linux/arm/v7`, with `:os.version` after it for Windows. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = normalizePlatform(platform);
  const version = platform['os.version'] ? `:${platform['os.version']}` : '';
  return [os, architecture, ...(variant ? [variant] : [])].join('/') + version;
}

/** True when both name one platform; an os.version is compared only where `wanted` has one. */
export function matchesPlatform(wanted: Platform, offered: Platform): boolean {
  const left = normalizePlatform(wanted);
  const right = normalizePlatform(offered);
  return (
    left.os === right.os &&
    left.architecture === right.architecture &&
    left.variant === right.variant &&
    (left['os.version'] === undefined || left['os.version'] === right['os.version'])
  );
}

function featuresOf(platform: Platform): readonly string[] {
  const features = platform['os.features'] ?? [];
  return Array.isArray(features) ? (features as readonly string[]).toSorted() : [];
}

/** Digits as numbers: 10.0.9 comes before 10.0.17763. */
const NATURAL = new Intl.Collator('en', { numeric: true });

/** Equal exactly for one platform, whatever it is called: os.version and os.features count. */
export function platformKey(platform: Platform): string {
  const features = featuresOf(platform);
  return formatPlatform(platform) + (features.length > 0 ? `+${features.join('+')}` : '');
}

/**
 * An order that depends on nothing but the platforms. Of one architecture the least demanding comes
 * first (amd64 before amd64/v3, arm/v5 before arm/v7, an older Windows before a newer one): clients
 * that know nothing of variants take the first that matches, and that one runs everywhere.
 */
export function comparePlatforms(left: Platform, right: Platform): number {
  const [a, b] = [normalizePlatform(left), normalizePlatform(right)];
  const keys = [
    [a.os, b.os],
    [a.architecture, b.architecture],
    [a.variant ?? '', b.variant ?? ''],
    [a['os.version'] ?? '', b['os.version'] ?? ''],
    [featuresOf(a).join('+'), featuresOf(b).join('+')],
  ] as const;
  for (const [one, other] of keys) {
    const order = NATURAL.compare(one, other) || (one < other ? -1 : Number(one > other));
    if (order !== 0) return order;
  }
  return 0;
}

/** The platform that an image's config names; undefined where it names none. */
export function platformOfConfig(config: unknown): Platform | undefined {
  const value = (config ?? {}) as Record<string, unknown>;
  const { os, architecture, variant } = value;
  const [version, features] = [value['os.version'], value['os.features']];
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined;
  if (os === '' || architecture === '') return undefined;
  const listed = Array.isArray(features) && features.every((one) => typeof one === 'string');
  return {
    os,
    architecture,
    ...(typeof variant === 'string' && variant ? { variant } : {}),
    ...(typeof version === 'string' && version ? { 'os.version': version } : {}),
    ...(listed && features.length > 0 ? { 'os.features': features } : {}),
  };
}
