/** One way a server offers to be talked to: https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1 */
export interface Challenge {
  /** in lower case: `basic`, `bearer` */
  readonly scheme: string;
  /** names in lower case; of a repeated name the first value */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Longer headers are nobody's challenge: 8 KiB is what servers themselves accept for all headers. */
const MAX_LENGTH = 8 * 1024;

const SEPARATOR = /[\s,]*/y;
const SPACE = /\s*/y;
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y;
const QUOTED = /"((?:[^"\\]|\\[^])*)"/y;
// Stricter than needed nowhere: some servers forget the quotes around a realm's URL.
const UNQUOTED = /[^\s,"]+/y;

/** Takes what a sticky expression matches at the current place, or nothing. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  take(expression: RegExp): RegExpExecArray | undefined {
    const sticky = new RegExp(expression);
    sticky.lastIndex = this.#at;
    const match = sticky.exec(this.#text);
    if (match) this.#at = sticky.lastIndex;
    return match ?? undefined;
  }

  /** True, and past it, where `character` comes next. */
  skip(character: string): boolean {
    const found = this.#text[this.#at] === character;
    if (found) this.#at += 1;
    return found;
  }
}

function takeValue(scanner: Scanner): string | undefined {
  scanner.take(SPACE);
  const quoted = scanner.take(QUOTED);
  if (quoted) return quoted[1]?.replace(/\\([^])/g, '$1');
  return scanner.take(UNQUOTED)?.[0];
}

/**
 * Reads a WWW-Authenticate header (several headers joined with commas are one).
 * What cannot be understood ends the reading: the challenges before it count, nothing is thrown.
 */
export function parseChallenges(header: string | undefined): readonly Challenge[] {
  if (header === undefined || header.length > MAX_LENGTH) return [];
  const scanner = new Scanner(header);
  const challenges: Challenge[] = [];
  let parameters: Map<string, string> | undefined;
  for (;;) {
    scanner.take(SEPARATOR);
    const name = scanner.take(TOKEN)?.[0]?.toLowerCase();
    if (name === undefined) return challenges;
    const spaced = (scanner.take(SPACE)?.[0] ?? '') !== '';
    if (scanner.skip('=')) {
      const value = takeValue(scanner);
      if (value === undefined || !parameters) return challenges;
      if (!parameters.has(name)) parameters.set(name, value);
    } else {
      parameters = new Map();
      challenges.push({ scheme: name, parameters });
      if (spaced) scanner.take(TOKEN68);
    }
  }
}
