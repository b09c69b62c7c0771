/** A version by semver 2.0; build metadata does not count and is not kept. */
export interface Version {
  readonly numbers: readonly [bigint, bigint, bigint];
  /** dot-separated identifiers of a pre-release; empty for a release */
  readonly preRelease: readonly string[];
}

const NUMBER = '(0|[1-9]\\d*)';
const IDENTIFIER = '(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)';
const VERSION = new RegExp(
  `^v?${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+[0-9a-zA-Z.-]+)?$`,
);
/** Longer ones are no versions, and a pattern should not have to find that out. */
const LONGEST = 256;

/** Reads a version, with a leading `v` or without; undefined when it is none. */
export function parseVersion(text: string): Version | undefined {
  if (text.length > LONGEST) return undefined;
  const [, major, minor, patch, preRelease] = VERSION.exec(text.trim()) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  return {
    numbers: [BigInt(major), BigInt(minor), BigInt(patch)],
    preRelease: preRelease?.split('.') ?? [],
  };
}

function compareIdentifiers(left: string, right: string): number {
  const [leftIsNumber, rightIsNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
  if (leftIsNumber && rightIsNumber) return order(BigInt(left), BigInt(right));
  // Numbers come before words.
  if (leftIsNumber !== rightIsNumber) return leftIsNumber ? -1 : 1;
  return order(left, right);
}

function order<T extends string | bigint>(left: T, right: T): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function comparePreReleases(left: readonly string[], right: readonly string[]): number {
  // A release comes after its pre-releases.
  if (left.length === 0 || right.length === 0) return right.length - left.length;
  for (const [index, one] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const result = compareIdentifiers(one, other);
    if (result !== 0) return result;
  }
  return left.length - right.length;
}

/** Precedence by semver 2.0: below 0 when `left` comes before `right`, 0 when neither does. */
export function compareVersions(left: Version, right: Version): number {
  for (const [index, number] of left.numbers.entries()) {
    const result = order(number, right.numbers[index] ?? 0n);
    if (result !== 0) return result;
  }
  return comparePreReleases(left.preRelease, right.preRelease);
}
