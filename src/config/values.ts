import * as z from 'zod/mini';
import { isLoopbackHost } from '../http/addresses.ts';
import { FormatError } from '../oci/format-error.ts';
import { parsePlatform, type Platform } from '../oci/platform.ts';
import { parseRegistryUrl, type RegistryAddress } from './registry-url.ts';
import { shown } from './shown.ts';

/** A schema that reads whatever somebody gave into a `T`. */
export type ValueSchema<T> = z.ZodMiniTransform<T>;

/**
 * Schema for one kind of value. What comes in is a string (an input, an environment variable, a
 * scalar of the config), or a list where the config has one; what goes out is typed.
 * `read` returns undefined, or throws a FormatError with its own words, for what it cannot use.
 */
export function value<T>(
  expected: string,
  read: (given: unknown) => T | undefined,
): ValueSchema<T> {
  return z.transform((given: unknown, context): T => {
    let message = `${shown(given)} is not ${expected}`;
    try {
      const result = read(given);
      if (result !== undefined) return result;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      message = error.message;
    }
    context.issues.push({ code: 'custom', input: given, message });
    return z.NEVER;
  });
}

/** One line of text. */
export const text = value('one line of text', (given) =>
  typeof given === 'string' && !/[\r\n]/.test(given.trim()) ? given.trim() : undefined,
);

/** Sources, one per line: a comma is part of a path. */
export const sources = value('a list of sources', (given): readonly string[] | undefined => {
  const texts: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (!texts.every((one) => typeof one === 'string')) return undefined;
  const lines = texts.flatMap((one) => one.split(/[\n\r]/)).map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ''))];
});

/** The address of an API that gets a token: TLS, except on this machine. Without a slash at its end. */
export const apiUrl = value('the https:// address of an API', (given) => {
  if (typeof given !== 'string' || !URL.canParse(given.trim())) return undefined;
  const url = new URL(given.trim());
  const safe = url.protocol === 'https:' || isLoopbackHost(url.hostname);
  if (!safe || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) {
    return undefined;
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
});

/** Text that is kept as it is, line ends included. */
export const rawText = value('text', (given) => (typeof given === 'string' ? given : undefined));

/** A file or a YAML block ends with a line end; no password does. */
export function withoutLineEnd(secret: string): string {
  return secret.replace(/[\r\n]+$/, '');
}

/** A password or token. Its sentences never show the value. */
export const secretText = value('text', (given) => {
  if (typeof given === 'string') return withoutLineEnd(given);
  throw new FormatError('the value is not a text');
});

/** The booleans of YAML 1.2's core schema, as GitHub's own toolkit reads them: no `yes`, no `on`. */
export const flag = value('true or false', (given) => {
  if (typeof given !== 'string' || !/^(?:true|True|TRUE|false|False|FALSE)$/.test(given.trim())) {
    return undefined;
  }
  return given.trim().toLowerCase() === 'true';
});

/** The entries of a newline or comma separated text, without blanks and repetitions. */
export function splitList(given: string): readonly string[] {
  const entries = given.split(/[\n\r,]/).map((entry) => entry.trim());
  return [...new Set(entries.filter((entry) => entry !== ''))];
}

function readList(given: unknown): readonly string[] | undefined {
  if (typeof given === 'string') return splitList(given);
  if (!Array.isArray(given)) return undefined;
  const entries = given.filter((entry): entry is string => typeof entry === 'string');
  return entries.length === given.length ? splitList(entries.join('\n')) : undefined;
}

/** Several texts, as docker/metadata-action prints them or as a YAML list. */
export const list = value('a list of texts', readList);

/** YAML text, or the list that a config has in its place; what is in it, registry-auth.ts reads. */
export const logins = value('a YAML list', (given): string | readonly unknown[] => {
  if (typeof given === 'string' || Array.isArray(given)) return given as string | unknown[];
  throw new FormatError(
    'this is not a list (expected a YAML list of registry, username and password)',
  );
});

/** os/architecture[/variant], several. */
export const platforms = value('a list of platforms', (given): readonly Platform[] | undefined =>
  readList(given)?.map(parsePlatform),
);

/** host, host:port or a URL of them. */
export const registry = value('a registry', (given): RegistryAddress | undefined =>
  typeof given === 'string' ? parseRegistryUrl(given.trim()) : undefined,
);

/** What is added to a tag for a platform. */
export const suffixTemplate = value('a suffix', (given) => {
  if (typeof given !== 'string') return undefined;
  const written = given.trim();
  const literal = written.replaceAll(/\{(?:os|arch|variant)\}/g, '');
  if (/^[\w.-]*$/.test(literal)) return written;
  throw new FormatError(
    `${shown(given)} cannot be part of a tag (expected letters, digits, dots, dashes and underscores, and only {os}, {arch} and {variant} for the platform)`,
  );
});

/** One of a few words. */
export function choice<const T extends string>(...words: readonly T[]): ValueSchema<T> {
  return value(`one of ${words.join(', ')}`, (given) => words.find((word) => word === given));
}

/** A whole number in decimal digits. */
export function wholeNumber(minimum: number, maximum: number): ValueSchema<number> {
  return value(`a whole number from ${minimum} to ${maximum}`, (given) => {
    if (typeof given !== 'string' || !/^\d{1,15}$/.test(given.trim())) return undefined;
    const number = Number(given);
    return number >= minimum && number <= maximum ? number : undefined;
  });
}

/** A whole number, or the word `auto`. */
export function autoOrNumber(minimum: number, maximum: number): ValueSchema<number | 'auto'> {
  return value(`auto or a whole number from ${minimum} to ${maximum}`, (given) => {
    if (typeof given !== 'string') return undefined;
    if (given.trim() === 'auto') return 'auto';
    if (!/^\d{1,15}$/.test(given.trim())) return undefined;
    const number = Number(given);
    return number >= minimum && number <= maximum ? number : undefined;
  });
}

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/**
 * Bytes of `64MiB`, `64M`, `64MB` or `67108864`: a unit is always a power of 1024, as registries have it.
 * @param bounds as a sentence says them: `from 64KiB to 1GiB`
 */
export function sizeBetween(minimum: number, maximum: number, bounds: string): ValueSchema<number> {
  const expected = `a size ${bounds} (expected for example 16MiB or a number of bytes)`;
  return value(expected, (given) => {
    const written = typeof given === 'string' ? given.trim().toLowerCase() : '';
    const [, count, unit = ''] = /^(\d{1,15})\s*([kmg]?)(?:i?b)?$/.exec(written) ?? [];
    if (count === undefined) return undefined;
    const bytes = Number(count) * (SIZE_UNITS[unit] ?? 0);
    return bytes >= minimum && bytes <= maximum ? bytes : undefined;
  });
}

/** The size of a part of a blob, bytes. */
export const size = sizeBetween(64 * 1024, 1024 ** 4, 'from 64KiB to 1024GiB');

/** The size of a file that is carried from run to run, bytes. */
export const fileSize = sizeBetween(64 * 1024, 1024 ** 3, 'from 64KiB to 1GiB');

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
// A timer of Node holds 2^31 - 1 ms; no push takes three weeks.
const LONGEST_MS = 500 * 3_600_000;

/** Milliseconds of `30s`, `10m`, `1h30m` (Go's spelling, as the old command took it) or plain seconds. */
export const duration = value(
  'a duration of at most 500h (expected for example 30s, 10m, 1h30m or a number of seconds)',
  (given) => {
    if (typeof given !== 'string') return undefined;
    const written = given.trim();
    if (!/^(?:\d+(?:\.\d+)?|(?:\d+(?:\.\d+)?(?:ms|s|m|h))+)$/.test(written)) return undefined;
    let total = 0;
    for (const [, count, unit] of written.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)?/g)) {
      total += Number(count) * (UNIT_MS[unit ?? 's'] ?? 0);
    }
    return total <= LONGEST_MS ? Math.round(total) : undefined;
  },
);
