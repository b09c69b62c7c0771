import { describe, expect, test } from '@jest/globals';
import { createRedactor } from '../../../src/util/redactor.ts';
import { formatBytes, formatDuration, printable } from '../../../src/util/text.ts';

describe('bytes and times for people', () => {
  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [10_240, '10.0 KiB'],
    [5 * 1024 ** 2, '5.00 MiB'],
    [1.5 * 1024 ** 3, '1.50 GiB'],
    [3 * 1024 ** 5, '3072.0 TiB'],
  ])('%i bytes', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test.each([
    [0, '0 ms'],
    [340, '340 ms'],
    [12_340, '12.3 s'],
    [247_000, '4m 07s'],
    [7_200_000, '120m 00s'],
  ])('%i ms', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });
});

describe('text of others', () => {
  test.each([
    ['plain text stays: ünïcödé 漢字 🚀', 'plain text stays: ünïcödé 漢字 🚀'],
    ['one\r\ntwo\u0085three\u2028four', 'one two three four'],
    ['\u001b[31mred\u001b[0m \u0007', '[31mred [0m'],
    ['tab\there\u0000', 'tab here'],
    ['\u202eevil\u202c \u2066a\u2069 \u200fb\u200e \u061cc', 'evil a b c'],
    ['zero\u200bwidth\u2060\ufeff\u00ad', 'zerowidth'],
    ['  around  ', 'around'],
    ['a:b', 'a:b'],
  ])('%j', (text, safe) => {
    expect(printable(text)).toBe(safe);
  });

  test.each([
    '::error::x',
    ':::error::x',
    '::::add-mask::',
    ':\u200b:warning::',
    '##[error]x',
    '###[error]x',
    'a ::set-output name=b::c',
    ':\u202e:x',
    '#\u200b#[group]',
  ])('%j holds no command', (text) => {
    expect(printable(text)).not.toMatch(/::|##\[/);
  });

  test('is cut', () => {
    expect(printable('x'.repeat(400))).toBe(`${'x'.repeat(300)}…`);
    expect(printable('x'.repeat(20), 5)).toBe('xxxxx…');
  });
});

describe('the redactor', () => {
  test('takes a secret out in all its spellings', () => {
    const { add, redact } = createRedactor();
    const secret = 'p"a\\s s/w?ö';
    add(secret);
    const url = new URLSearchParams({ password: secret }).toString();
    const base64 = Buffer.from(secret).toString('base64');
    const text = [secret, JSON.stringify({ secret }), encodeURIComponent(secret), url, base64];
    expect(redact(text.join('|'))).toBe('***|{"secret":"***"}|***|password=***|***');
  });

  test('takes the longer one first', () => {
    const { add, redact } = createRedactor();
    add('secret');
    add('secret-and-more');
    expect(redact('secret-and-more secret')).toBe('*** ***');
  });

  test('leaves ordinary words alone', () => {
    const { add, redact } = createRedactor();
    for (const word of ['', 'a', 'the']) add(word);
    expect(redact('the apple')).toBe('the apple');
  });

  test('does not mind half a character', () => {
    const { add, redact } = createRedactor();
    add('half \ud800 one');
    expect(redact('half \ud800 one')).toBe('***');
  });
});
