import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { isPrivateAddress } from '../../../src/http/addresses.ts';
import { redactUrl } from '../../../src/http/redact.ts';
import { announcedWait, isThrottled, MAX_ANNOUNCED_WAIT_MS } from '../../../src/http/throttle.ts';
import { registryError } from '../../../src/registry/error.ts';
import { resolveLocation, withQuery } from '../../../src/registry/location.ts';
import { PushError } from '../../../src/util/errors.ts';
import { createRedactor } from '../../../src/util/redactor.ts';
import { printable } from '../../../src/util/text.ts';

const UNSAFE = /\p{Cc}|[\u2028\u2029\u200b]|\p{Bidi_Control}|::|##\[/u;

const evil = fc
  .array(
    fc.oneof(
      fc.constantFrom(':', '::', '#', '##[', '\u200b', '\u202e', '\r\n', '\u001b[', 'error', ' '),
      fc.string({ unit: 'binary' }),
    ),
  )
  .map((parts) => parts.join(''));

const response = (status: number, body: string, headers: Record<string, string> = {}) => ({
  status,
  headers,
  body: Buffer.from(body),
});

describe('whatever a server says', () => {
  test('is safe to print', () => {
    fc.assert(
      fc.property(evil, fc.nat({ max: 400 }), (text, maximum) => {
        const safe = printable(text, maximum);
        expect(safe).not.toMatch(UNSAFE);
        expect(safe.length).toBeLessThanOrEqual(maximum + 1);
        expect(printable(safe, maximum + 1)).toBe(safe);
      }),
      { numRuns: 1000 },
    );
  });

  test('is an error that is safe to print', () => {
    const request = { method: 'GET', url: new URL('https://r.example/v2/') } as const;
    const problem = fc.record({
      code: fc.oneof(evil, fc.jsonValue()),
      message: fc.oneof(evil, fc.jsonValue()),
    });
    const body = fc.oneof(
      evil,
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.array(problem).map((errors) => JSON.stringify({ errors })),
    );
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), body, (status, text) => {
        const error = registryError('r.example', 'do it', request, response(status, text));
        expect(error.message).not.toMatch(UNSAFE);
        expect(error.message.length).toBeLessThan(3000);
      }),
      { numRuns: 500 },
    );
  });

  test('never makes us wait for ever, or not at all for nothing', () => {
    const header = fc.oneof(
      fc.string(),
      fc.double().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
      fc
        .tuple(fc.nat(), fc.constantFrom('h', 'm', 's', 'ms', 'µs', 'ns'))
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(header, fc.integer({ min: 200, max: 599 }), evil, (value, status, body) => {
        const answer = response(status, body, { 'retry-after': value });
        const wait = announcedWait(answer, Date.now());
        if (wait !== undefined) {
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait).toBeLessThanOrEqual(MAX_ANNOUNCED_WAIT_MS);
        }
        expect(typeof isThrottled(answer)).toBe('boolean');
      }),
      { numRuns: 500 },
    );
  });
});

describe('addresses', () => {
  test('a Location leads to where we may go, or is refused', async () => {
    const location = fc.oneof(
      fc.webUrl({ withQueryParameters: true }),
      fc.string(),
      fc
        .tuple(
          fc.constantFrom('http:', 'https:', 'ftp:', ''),
          fc.oneof(
            fc.ipV4(),
            fc.ipV4Extended(),
            fc.ipV6().map((ip) => `[${ip}]`),
            fc.domain(),
          ),
        )
        .map(([scheme, host]) => `${scheme}//${host}/u`),
    );
    const origin = new URL('https://r.example');
    const inside = /^inside/;
    await fc.assert(
      fc.asyncProperty(location, async (text) => {
        const resolve = (host: string): Promise<string[]> =>
          Promise.resolve([inside.test(host) ? '10.0.0.1' : '93.184.216.34']);
        try {
          const url = await resolveLocation(text, new URL('/v2/', origin), origin, 'r', resolve);
          expect(url.protocol).toBe('https:');
          expect(isPrivateAddress(url.hostname)).toBe(false);
          expect(url.username + url.password).toBe('');
        } catch (error) {
          if (!(error instanceof PushError)) throw error;
          expect(error.message).not.toMatch(UNSAFE);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('keep their query when something is added', () => {
    const digest = `sha256:${'0a'.repeat(32)}`;
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), (text) => {
        const url = new URL(text);
        const more = withQuery(url, { digest });
        expect(more.href.startsWith(url.href.replace(/\?$/, ''))).toBe(true);
        expect(more.searchParams.getAll('digest').at(-1)).toBe(digest);
      }),
    );
  });

  test('are shown without what only their owner may know', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9]{12,30}$/), fc.webUrl(), (secret, text) => {
        fc.pre(!text.includes(secret));
        const url = new URL(text);
        url.username = secret;
        url.password = secret;
        url.hash = secret;
        url.searchParams.set('_state', secret);
        expect(redactUrl(url)).not.toContain(secret);
      }),
    );
  });
});

test('secrets are taken out wherever they stand', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 4, unit: 'grapheme' }),
      evil,
      evil,
      (secret, before, after) => {
        // What stands in its place must not be part of it.
        fc.pre(!secret.includes('*'));
        const redactor = createRedactor();
        redactor.add(secret);
        const text =
          before + secret + after + JSON.stringify({ secret }) + encodeURIComponent(secret);
        expect(redactor.redact(text).includes(secret)).toBe(false);
      },
    ),
  );
});
