import { grantsOf, type Grants } from './scopes.ts';

/** What a server has put into a token; its size is bounded by the answer it came in. */
interface Claim {
  readonly resource: string;
  readonly actions: ReadonlySet<string>;
}

/** Nothing that fits into a header is longer. */
const MAX_LENGTH = 64 * 1024;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The second of the three parts of a JWT; undefined where it is none. */
function payloadOf(token: string): Readonly<Record<string, unknown>> | undefined {
  if (token.length > MAX_LENGTH) return undefined;
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function claimOf(entry: unknown): Claim | undefined {
  if (!isObject(entry)) return undefined;
  // Go writes an empty list as null.
  const { type, name, actions: given } = entry;
  const actions: unknown = given ?? [];
  if (typeof type !== 'string' || typeof name !== 'string' || !Array.isArray(actions)) {
    return undefined;
  }
  const texts = actions.filter((action) => typeof action === 'string');
  return { resource: `${type}:${name}`, actions: new Set(texts) };
}

/**
 * What a token says it allows; undefined where it does not say, or not in a way that is known. It
 * is read, not verified: whoever sent it decides anyway what it is worth.
 * https://distribution.github.io/distribution/spec/auth/jwt/
 */
export function accessOf(token: string): Grants | undefined {
  const payload = payloadOf(token);
  if (!payload || !Object.hasOwn(payload, 'access')) return undefined;
  const list: unknown = payload['access'] ?? [];
  if (!Array.isArray(list)) return undefined;
  const grants = new Map<string, Set<string>>();
  for (const entry of list) {
    const claim = claimOf(entry);
    if (!claim) return undefined;
    const known = grants.get(claim.resource);
    grants.set(claim.resource, known ? known.union(claim.actions) : new Set(claim.actions));
  }
  return grants;
}

/**
 * Whether a token allows everything in `wanted`. Undefined where it does not say, also where it
 * names none of the resources that were asked for: a server may call them by names of its own.
 * @param asked the scopes it was asked for
 */
export function allows(
  access: Grants | undefined,
  wanted: readonly string[],
  asked: readonly string[],
): boolean | undefined {
  if (!access) return undefined;
  const has = (resource: string, action: string): boolean => {
    const granted = access.get(resource);
    return granted?.has(action) === true || granted?.has('*') === true;
  };
  const all = [...grantsOf(wanted)].every(([resource, actions]) =>
    [...actions].every((action) => has(resource, action)),
  );
  if (all || access.size === 0) return all;
  return [...grantsOf(asked).keys()].some((resource) => access.has(resource)) ? false : undefined;
}
