import type { HttpResponse } from './transport.ts';

/** A server that asks for an hour has said "not now": longer waits are cut to this, milliseconds. */
export const MAX_ANNOUNCED_WAIT_MS: number = 10 * 60_000;

const DURATION_UNITS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 0.000_001,
};

/** Go's duration text (`1m30s`, `217.944µs`) in milliseconds; undefined for anything else. */
function parseGoDuration(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
  return parts.reduce(
    (sum, [, value, unit]) => sum + Number(value) * (DURATION_UNITS[unit ?? ''] ?? 0),
    0,
  );
}

function bodyText(response: HttpResponse): string {
  return Buffer.from(response.body.subarray(0, 4096)).toString('utf8');
}

/**
 * True when the registry asks for fewer requests: 429, or GHCR's and older ECR's other spellings.
 * GHCR answers 403 with "secondary rate limit" when requests come too fast.
 */
export function isThrottled(response: HttpResponse): boolean {
  if (response.status === 429) return true;
  if (response.status < 400) return false;
  return /secondary rate limit|TOOMANYREQUESTS|ThrottlingException/i.test(bodyText(response));
}

/**
 * How long the server asks to wait: Retry-After in seconds or as a date, or GHCR's
 * `retry-after: 217.944µs` in the body. Clamped to MAX_ANNOUNCED_WAIT_MS.
 * @returns milliseconds, undefined when it says nothing
 */
export function announcedWait(response: HttpResponse, now: number): number | undefined {
  const header = response.headers['retry-after']?.trim();
  let wait: number | undefined;
  if (header && /^\d+(\.\d+)?$/.test(header)) wait = Number(header) * 1000;
  else if (header) {
    const date = Date.parse(header);
    wait = Number.isNaN(date) ? parseGoDuration(header) : date - now;
  } else if (response.status >= 400) {
    wait = parseGoDuration(/retry-after:\s*([\dhmsuµn.]+)/i.exec(bodyText(response))?.[1] ?? '');
  }
  return wait === undefined ? undefined : Math.min(Math.max(0, wait), MAX_ANNOUNCED_WAIT_MS);
}
