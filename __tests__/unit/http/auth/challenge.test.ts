import { describe, expect, test } from '@jest/globals';
import { parseChallenges } from '../../../../src/http/auth/challenge.ts';

type Plain = [scheme: string, parameters: Record<string, string>];

function parse(header: string | undefined): Plain[] {
  return parseChallenges(header).map(({ scheme, parameters }) => [
    scheme,
    Object.fromEntries(parameters),
  ]);
}

describe('parseChallenges', () => {
  test.each<[string, string | undefined, Plain[]]>([
    ['nothing', undefined, []],
    ['an empty header', '', []],
    [
      'Bearer',
      'Bearer realm="https://a.example/token",service="r",scope="repository:o/a:pull,push"',
      [
        [
          'bearer',
          { realm: 'https://a.example/token', service: 'r', scope: 'repository:o/a:pull,push' },
        ],
      ],
    ],
    [
      'Basic and Bearer in one header',
      'Basic realm="a, b", Bearer realm="https://x/t" , service=svc',
      [
        ['basic', { realm: 'a, b' }],
        ['bearer', { realm: 'https://x/t', service: 'svc' }],
      ],
    ],
    [
      'escapes in quotes',
      String.raw`Basic realm="say \"hi\", \\ you"`,
      [['basic', { realm: String.raw`say "hi", \ you` }]],
    ],
    [
      'upper case and spaces around =',
      'BEARER Realm = "x" , SERVICE= y',
      [['bearer', { realm: 'x', service: 'y' }]],
    ],
    ['a realm without quotes', 'Bearer realm=https://x/t', [['bearer', { realm: 'https://x/t' }]]],
    ['a scheme alone', 'Negotiate', [['negotiate', {}]]],
    [
      'a token68 before others',
      'Negotiate YWJj/+-._~==, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    ['the first of a repeated name', 'Basic realm="a", realm="b"', [['basic', { realm: 'a' }]]],
    [
      'empty list elements',
      ', ,Basic realm="a",,, Bearer realm="b",',
      [
        ['basic', { realm: 'a' }],
        ['bearer', { realm: 'b' }],
      ],
    ],
    ['an unfinished quote ends the reading', 'Basic realm="a", x="b', [['basic', { realm: 'a' }]]],
    ['a parameter without a scheme', '="x"', []],
    ['names of the language itself', 'Basic __proto__="a"', [['basic', {}]]],
    ['rubbish', '"""=,=', []],
  ])('%s', (_, header, expected) => {
    const parsed = parse(header);
    expect(parsed.map(([scheme]) => scheme)).toEqual(expected.map(([scheme]) => scheme));
    for (const [index, [, parameters]] of expected.entries()) {
      expect(parsed[index]?.[1]).toMatchObject(parameters);
    }
  });

  test('a header of more than 8 KiB is nobody’s challenge', () => {
    expect(parse(`Basic realm="${'x'.repeat(9000)}"`)).toEqual([]);
  });
});
