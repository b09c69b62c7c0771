import { describe, expect, test } from '@jest/globals';
import {
  code,
  codeBlock,
  details,
  escapeText,
  limitBytes,
  table,
} from '../../../src/report/markdown.ts';
import { HOSTILE, UNPRINTABLE } from './push-events.ts';

describe('escapeText', () => {
  test.each(HOSTILE)('leaves no markup, link or second line in %j', (text) => {
    const escaped = escapeText(text);
    expect(escaped).not.toMatch(/[<>`|*_~[\]\\$]/);
    expect(escaped.replaceAll('::', '')).not.toMatch(UNPRINTABLE);
    expect(escaped).not.toMatch(/@\w|(?<!&)#\d|GH-\d|:\/\/|www\.|mailto:/);
  });

  test('shows a reader what was written', () => {
    expect(escapeText('a|b <c>')).toBe('a&#124;b &lt;c&gt;');
    expect(escapeText('Foo::Bar')).toBe('Foo::Bar');
    expect(escapeText('ask @octocat')).toBe('ask @\u200boctocat');
  });

  test('does not trust a character without width that is already there', () => {
    expect(escapeText('@\u200bname')).toBe('@\u200bname');
    expect(escapeText('w\u200bww.evil.example')).toBe('www\u200b.evil.example');
  });
});

describe('code', () => {
  test('is a code span for what references consist of', () => {
    expect(code('[::1]:5000/app')).toBe('<code>&#91;::1&#93;:5000/app</code>');
    expect(code('localhost:5000/app@sha256:00')).toBe('`localhost:5000/app@sha256:00`');
    expect(code('')).toBe('');
  });

  test.each(HOSTILE)('cannot be left by %j', (text) => {
    const inner = /^<code>(.*)<\/code>$/.exec(code(text))?.[1];
    expect(inner).toBeDefined();
    expect(inner).not.toMatch(/[<>`|\n]/);
  });
});

test('a code block has a fence that its lines cannot close', () => {
  expect(codeBlock(['docker pull x', '````', 'a\nb'], 'sh')).toBe(
    '`````sh\ndocker pull x\n````\na b\n`````',
  );
  expect(codeBlock(['x'])).toBe('```\nx\n```');
});

test('a table says how many rows it left out', () => {
  expect(
    table(
      ['A', '>B'],
      [
        ['1', '2'],
        ['3', '4'],
        ['5', '6'],
      ],
      2,
    ),
  ).toBe('| A | B |\n| --- | --: |\n| 1 | 2 |\n| 3 | 4 |\n\n… and 1 more');
});

test('the title of a folded section is text', () => {
  expect(details('<b>', 'body')).toBe(
    '<details>\n<summary>&lt;b&gt;</summary>\n\nbody\n\n</details>',
  );
});

describe('limitBytes', () => {
  test('leaves alone what fits', () => {
    expect(limitBytes('äöü', 6)).toBe('äöü');
  });

  test('cuts at a line, counts bytes, and closes what is open', () => {
    const text = `<details>\n${'🚢 ä\n'.repeat(500)}</details>\n`;
    for (let maximum = 200; maximum < 220; maximum += 1) {
      const cut = limitBytes(text, maximum);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maximum);
      expect(cut).not.toContain('\ufffd');
      expect(cut).toContain('🚢 ä\n\n</details>\n\n… shortened');
    }
  });
});
