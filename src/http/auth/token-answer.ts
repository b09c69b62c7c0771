import type { HttpResponse } from '../transport.ts';

/** A bearer token; times are milliseconds since 1970 by our own clock. */
export interface Token {
  readonly value: string;
  /** from here on a new one is fetched before it is needed */
  readonly refreshAt: number;
  /** replaces the identity token it was got with */
  readonly refreshToken?: string;
}

/** https://distribution.github.io/distribution/spec/auth/token/: the default where none is given */
const DEFAULT_LIFETIME = 60;
const MAX_LIFETIME = 24 * 60 * 60;
/** A token is replaced when a fifth of its life is left, at most this much. */
const MARGIN_MS = 30_000;

/** Text that can stand in a header and needs no quoting. */
function isHeaderSafe(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
}

/**
 * How long ago a token was made that the server had kept: by the server's clock alone, because
 * ours may be wrong by hours.
 */
function ageMs(issuedAt: unknown, date: string | undefined): number {
  const age = Date.parse(date ?? '') - Date.parse(typeof issuedAt === 'string' ? issuedAt : '');
  return Number.isFinite(age) ? Math.max(0, age) : 0;
}

function parseObject(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return typeof value === 'object' && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads the answer to `askForToken`; undefined where it holds no usable token.
 * @param askedAt when it was asked for (ms since 1970)
 */
export function readToken(response: HttpResponse, askedAt: number): Token | undefined {
  const fields = parseObject(response.body);
  const value = [fields?.['token'], fields?.['access_token']].find(isHeaderSafe);
  if (!fields || value === undefined) return undefined;
  const stated = Number(fields['expires_in']);
  const seconds = stated > 0 ? Math.min(stated, MAX_LIFETIME) : DEFAULT_LIFETIME;
  const lifetime = seconds * 1000;
  const age = ageMs(fields['issued_at'], response.headers['date']);
  // Nobody hands out expired tokens: such an age is a field left empty (the year 1).
  const left = age < lifetime ? lifetime - age : lifetime;
  const refreshToken = fields['refresh_token'];
  return {
    value,
    refreshAt: askedAt + left - Math.min(lifetime / 5, MARGIN_MS),
    ...(isHeaderSafe(refreshToken) ? { refreshToken } : {}),
  };
}
