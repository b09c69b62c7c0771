/** Replaces known secrets in text: a second line of defence, for nothing should print them at all. */
export interface Redactor {
  readonly add: (secret: string) => void;
  readonly redact: (text: string) => string;
}

/** Shorter ones would blank out ordinary words, and protect nothing. */
const MINIMUM_LENGTH = 4;

/** A secret as it is, inside JSON, inside a URL or a form, and in base64. */
function spellings(secret: string): readonly string[] {
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret, 'utf8').toString('base64'),
    encodeURIComponent(secret.toWellFormed()),
    new URLSearchParams({ '': secret }).toString().slice(1),
  ];
}

/** Creates a redactor that knows no secret yet. */
export function createRedactor(): Redactor {
  const secrets = new Set<string>();
  return {
    add: (secret) => {
      if (secret.length < MINIMUM_LENGTH) return;
      for (const spelling of spellings(secret)) secrets.add(spelling);
    },
    redact: (text) => {
      let clean = text;
      // Longest first: one secret may contain another.
      for (const secret of [...secrets].toSorted((left, right) => right.length - left.length)) {
        if (clean.includes(secret)) clean = clean.replaceAll(secret, '***');
      }
      return clean;
    },
  };
}
