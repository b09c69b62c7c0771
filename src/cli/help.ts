import { EXAMPLES, EXIT_CODE_MEANINGS, OTHER_VARIABLES } from '../config/documentation.ts';
import type { OptionGroup, OptionSpec } from '../config/option.ts';
import { optionEntries, type OptionName } from '../config/options.ts';
import { EXIT_CODES, type ErrorCode } from '../util/errors.ts';

const WIDTH = 100;
const GROUPS: readonly OptionGroup[] = ['Image', 'Registry', 'Push', 'Output'];

function wrap(text: string, width: number): readonly string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1] ?? '';
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

/** Two columns; a left side that is too long gets a line of its own. */
function row(left: string, right: string, column: number): readonly string[] {
  const lines = wrap(right, WIDTH - column).map((line) => ' '.repeat(column) + line);
  if (left.length + 1 < column) {
    return [left.padEnd(column) + (lines[0] ?? '').trimStart(), ...lines.slice(1)];
  }
  return [left, ...lines];
}

function flagText(name: OptionName, option: OptionSpec): string {
  const short = option.short === undefined ? '    ' : `-${option.short}, `;
  return `  ${short}--${name}${option.placeholder === undefined ? '' : ` ${option.placeholder}`}`;
}

function groupRows(group: OptionGroup): readonly string[] {
  const rows = optionEntries()
    .filter(([, option]) => option.cli && option.group === group)
    .flatMap(([name, option]) => {
      const initial = option.default === undefined ? '' : ` Default: ${option.default}.`;
      return row(flagText(name, option), option.help + initial, 30);
    });
  return ['', `${group}:`, ...rows];
}

function variableRows(): readonly string[] {
  const own = optionEntries().flatMap(([name, option]) =>
    option.env === undefined ? [] : [[option.env, `The same as --${name}.`] as const],
  );
  return [...own, ...OTHER_VARIABLES].flatMap(([name, help]) => row(`  ${name}`, help, 38));
}

function exitCodeRows(): readonly string[] {
  const failures = Object.entries(EXIT_CODES).map(([code, number]) =>
    row(`  ${number}`, EXIT_CODE_MEANINGS[code as ErrorCode], 6),
  );
  return [...row('  0', 'Everything was pushed, or was there already.', 6), ...failures.flat()];
}

/** The text of `--help`, at most 100 columns wide. */
export function helpText(): string {
  return [
    'Usage: idpbuilder-push [OPTIONS] SOURCE… TAG…',
    '',
    'Pushes the container image SOURCE to every TAG (registry/repository:tag).',
    ...GROUPS.flatMap(groupRows),
    '',
    'A flag without a value is switched off by --no-NAME or --NAME=false. Flags win over environment',
    'variables, these over the config, the config over the defaults.',
    '',
    'Environment:',
    ...variableRows(),
    '',
    'Exit codes:',
    ...exitCodeRows(),
    '',
    'Examples:',
    ...EXAMPLES.flatMap(([title, command]) => [`  ${title}:`, `    ${command}`]),
    '',
  ].join('\n');
}
