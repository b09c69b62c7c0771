import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseChallenges } from '../../../src/http/auth/challenge.ts';

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,9}$/);
const parameter = fc.record({ name: token, value: fc.string({ maxLength: 20 }) });
const challenge = fc.record({
  scheme: token,
  parameters: fc.uniqueArray(parameter, {
    maxLength: 4,
    selector: ({ name }) => name.toLowerCase(),
  }),
});

function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, String.raw`\$&`)}"`;
}

describe('parseChallenges', () => {
  test('survives anything, quickly', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400, unit: 'binary' }), (text) => {
        for (const { scheme } of parseChallenges(text)) expect(scheme).toBe(scheme.toLowerCase());
      }),
    );
  });

  test('survives what looks like a challenge', () => {
    const piece = fc.constantFrom('Bearer', 'Basic', ' ', '=', ',', '"', '\\', 'realm', 'a', '==');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
        expect(Array.isArray(parseChallenges(pieces.join('')))).toBe(true);
      }),
    );
  });

  test('reads back what was written', () => {
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 4 }), (challenges) => {
        const header = challenges
          .map(({ scheme, parameters }) =>
            [scheme, parameters.map(({ name, value }) => `${name}=${quoted(value)}`).join(', ')]
              .filter(Boolean)
              .join(' '),
          )
          .join(', ');
        const parsed = parseChallenges(header).map(({ scheme, parameters }) => ({
          scheme,
          parameters: [...parameters].map(([name, value]) => ({ name, value })),
        }));
        expect(parsed).toEqual(
          challenges.map(({ scheme, parameters }) => ({
            scheme: scheme.toLowerCase(),
            parameters: parameters.map(({ name, value }) => ({ name: name.toLowerCase(), value })),
          })),
        );
      }),
    );
  });
});
