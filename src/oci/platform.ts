import { FormatError } from './format-error.ts';

/** The platform an image runs on, as in an index's descriptors. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
}

const ARCHITECTURE_ALIASES: Readonly<Record<string, readonly [string, string?]>> = {
  i386: ['386'],
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
  const [architecture, aliasVariant] = ARCHITECTURE_ALIASES[name] ?? [name];
  const given = platform.variant?.toLowerCase().replace(/^(?=\d)/, 'v') || aliasVariant;
  // A bare `arm` means v7: https://github.com/containerd/platforms (database.go)
  const variant = given ?? (architecture === 'arm' ? 'v7' : undefined);
  const os = platform.os.toLowerCase() === 'macos' ? 'darwin' : platform.os.toLowerCase();
  const { variant: _variant, ...rest } = platform;
  const kept = variant !== undefined && variant !== IMPLIED_VARIANT[architecture];
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
