import { randomBytes } from 'node:crypto';

/** A token the realm has issued. */
export interface Token {
  readonly value: string;
  /** Actions by repository. */
  readonly scopes: ReadonlyMap<string, ReadonlySet<string>>;
  readonly expiresAt: number;
  /** The client knows when it ends. */
  readonly told: boolean;
}

/** Issues bearer tokens and remembers them. */
export class Tokens {
  readonly #tokens = new Map<string, Token>();
  readonly #revoked = new Set<string>();
  #issued = 0;

  /** Tokens issued since the last reset of the counter. */
  get issued(): number {
    return this.#issued;
  }

  issue(scopes: Token['scopes'], ttlSeconds: number, told: boolean, readable = false): Token {
    const random = randomBytes(24).toString('base64url');
    const value = readable ? readableToken(scopes, random) : `strict-${random}`;
    const token = { value, scopes, expiresAt: Date.now() + ttlSeconds * 1000, told };
    this.#tokens.set(value, token);
    this.#issued += 1;
    return token;
  }

  get(value: string): Token | undefined {
    return this.#tokens.get(value);
  }

  isValid(token: Token): boolean {
    return token.expiresAt > Date.now() && !this.#revoked.has(token.value);
  }

  revoke(value: string): void {
    this.#revoked.add(value);
  }

  revokeAll(): void {
    for (const value of this.#tokens.keys()) this.#revoked.add(value);
  }

  resetCounter(): void {
    this.#issued = 0;
  }
}

/** A JWT with the claim of the token specification; what stands for its signature is random. */
function readableToken(scopes: Token['scopes'], random: string): string {
  const access = [...scopes].map(([name, actions]) => ({
    type: 'repository',
    name,
    actions: [...actions],
  }));
  const parts = [
    { alg: 'ES256', typ: 'JWT' },
    { iss: 'strict-registry', access },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return [...parts, random].join('.');
}

/** Reads `repository:name:pull,push repository:other:pull`; undefined when it is malformed. */
export function parseScopes(scopes: readonly string[]): Map<string, Set<string>> | undefined {
  const result = new Map<string, Set<string>>();
  for (const scope of scopes.flatMap((s) => s.split(' ')).filter((s) => s !== '')) {
    const match = /^(repository(?:\([a-z]+\))?|registry):(.+):([a-z*,]+)$/.exec(scope);
    if (match === null) return undefined;
    const name = match[2] ?? '';
    const actions = result.get(name) ?? new Set<string>();
    for (const action of (match[3] ?? '').split(',')) actions.add(action);
    result.set(name, actions);
  }
  return result;
}
