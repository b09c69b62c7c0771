import { formatPlatform, normalizePlatform, type Platform } from '../oci/platform.ts';
import { configError, imageError } from '../util/errors.ts';
import { printable } from '../util/text.ts';

/** What distribution-spec calls a tag. */
const TAG = /^\w[\w.-]{0,127}$/;

/**
 * What a platform adds to a tag. Without a variant, `{variant}` goes together with the separator
 * before it.
 * @param template with {os}, {arch} and {variant}
 */
export function suffixFor(template: string, platform: Platform): string {
  const { os, architecture, variant } = normalizePlatform(platform);
  const shaped = variant ? template : template.replace(/[-._]?\{variant\}/g, '');
  const words: Readonly<Record<string, string>> = {
    os,
    arch: architecture,
    variant: variant ?? '',
  };
  return shaped.replace(/\{(\w+)\}/g, (_, name: string) => words[name] ?? '');
}

/**
 * The suffixes of several platforms, in their order.
 * @throws PushError IMAGE when two platforms would get the same tag
 */
export function suffixesFor(template: string, platforms: readonly Platform[]): readonly string[] {
  const suffixes = platforms.map((platform) => suffixFor(template, platform));
  const second = suffixes.findIndex((suffix, at) => suffixes.indexOf(suffix) < at);
  const suffix = suffixes[second];
  const [one, other] = [platforms[suffixes.indexOf(suffix ?? '')], platforms[second]];
  if (suffix === undefined || !one || !other) return suffixes;
  throw imageError(
    `platform-suffix: ${template} makes "${printable(suffix)}" of both ${formatPlatform(one)} and ${formatPlatform(other)}.`,
    'Name what tells them apart with {os}, {arch} and {variant}, or choose one of them with platforms.',
  );
}

/** @throws PushError GENERAL when no registry takes such a tag */
export function suffixedTag(tag: string, suffix: string): string {
  const whole = `${tag}${suffix}`;
  if (TAG.test(whole)) return whole;
  throw configError(
    `tags: "${printable(whole, 200)}", with the suffix of its platform, is not a tag (at most 128 letters, digits, dots, dashes and underscores)`,
  );
}
