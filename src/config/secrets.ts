/** Receives every text that must never be printed; the shells mask with it. */
export type OnSecret = (secret: string) => void;

// A line of a secret that is shorter than this would blank out half of every log.
const SHORTEST_LINE = 4;

function base64Forms(text: string): readonly string[] {
  const padded = Buffer.from(text, 'utf8').toString('base64');
  const bare = padded.replace(/=+$/, '');
  return [padded, bare, bare.replaceAll('+', '-').replaceAll('/', '_')];
}

/**
 * Every form in which a secret may turn up in text: itself, its lines, base64 (alone, and with the
 * user name as in a Basic header), URL-encoded, form-encoded and as the inside of a JSON string.
 */
export function secretForms(secret: string, username?: string): readonly string[] {
  const trimmed = secret.trim();
  if (trimmed === '') return [];
  const lines = trimmed.split(/[\r\n]+/).map((line) => line.trim());
  const forms = lines.length > 1 ? lines.filter((line) => line.length >= SHORTEST_LINE) : [];
  for (const form of [secret, trimmed]) {
    const wellFormed = form.toWellFormed(); // encodeURIComponent throws on half a surrogate pair
    forms.push(
      form,
      ...base64Forms(form),
      encodeURIComponent(wellFormed),
      new URLSearchParams([['', wellFormed]]).toString().slice(1),
      JSON.stringify(form).slice(1, -1),
    );
    if (username !== undefined) forms.push(...base64Forms(`${username}:${form}`));
  }
  return [...new Set(forms)];
}

/** Announces a secret in all its forms. */
export function announce(onSecret: OnSecret, secret: string, username?: string): void {
  for (const form of secretForms(secret, username)) onSecret(form);
}

const SECRET_LINE = /["']?\b(?:password|[\w-]*token|[\w-]*secret)["']?\s*:[ \t]*([^\r\n]+)/gi;

/**
 * Announces what stands behind `password:` and the like in YAML that has not been parsed yet: the
 * text may turn out to be malformed, and then this is the only chance.
 */
export function announceFromYaml(onSecret: OnSecret, yaml: string): void {
  for (const [, written = ''] of yaml.matchAll(SECRET_LINE)) {
    const bare = written.trim().replace(/^(["'])(.*)\1$/, '$2');
    if (bare.length >= SHORTEST_LINE) announce(onSecret, bare);
  }
}

const SECRET_NAME = /^(?:password|[\w-]*token|[\w-]*secret)$/i;

/** Announces every secret in a parsed config, before anything in it is judged. */
export function announceFromTree(onSecret: OnSecret, root: unknown): void {
  const seen = new Set<unknown>(); // an alias may lead back to its own anchor
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (typeof node !== 'object' || node === null || seen.has(node)) continue;
    seen.add(node);
    const username: unknown = 'username' in node ? node.username : undefined;
    for (const [name, value] of Object.entries(node)) {
      if (typeof value === 'string' && SECRET_NAME.test(name)) {
        announce(onSecret, value, typeof username === 'string' ? username : undefined);
      }
      waiting.push(value);
    }
  }
}

/** Announces the password of a URL like `https://user:password@host`, which nobody should write. */
export function announceFromUrl(onSecret: OnSecret, url: string): void {
  const [, username, password] = /^(?:[a-z]+:\/\/)?([^/@:]*):([^@]+)@/i.exec(url) ?? [];
  if (password) announce(onSecret, password, username);
}
