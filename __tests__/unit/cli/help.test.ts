import { describe, expect, test } from '@jest/globals';
import { parseCommandLine } from '../../../src/cli/args.ts';
import { helpText } from '../../../src/cli/help.ts';
import { EXAMPLES } from '../../../src/config/documentation.ts';
import { optionEntries } from '../../../src/config/options.ts';
import { EXIT_CODES } from '../../../src/util/errors.ts';

const text = helpText();
const flat = text.replace(/\s+/g, ' ');

describe('--help', () => {
  test('is at most 100 columns wide and ends with a line end', () => {
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    expect(text.endsWith('\n')).toBe(true);
    expect(text).not.toMatch(/ $/m);
  });

  test.each(optionEntries().filter(([, { cli }]) => cli))('has --%s', (name, option) => {
    const letter = option.short === undefined ? '' : `-${option.short}, `;
    const value = option.placeholder === undefined ? '' : ` ${option.placeholder}`;
    expect(flat).toContain(`${letter}--${name}${value} ${option.help}`);
    if (option.default !== undefined) expect(flat).toContain(`Default: ${option.default}.`);
    if (option.env !== undefined) expect(flat).toContain(`${option.env} The same as --${name}.`);
  });

  test('has every exit code', () => {
    for (const code of [0, ...Object.values(EXIT_CODES)]) {
      expect(text).toMatch(new RegExp(`^  ${code}   [A-Z].*\\.$`, 'm'));
    }
  });

  test.each(EXAMPLES)('%s', (_, command) => {
    const [program, ...args] = command.replace(/ < .*/, '').split(' ');
    expect(program).toBe('idpbuilder-push');
    expect(parseCommandLine(args).inputs).toMatchObject({ source: expect.any(String) });
  });
});
