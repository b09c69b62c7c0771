// The README's tables as the option table has them, and the places they go to.
import { EXIT_CODE_MEANINGS, OTHER_VARIABLES, OUTPUTS } from '../../src/config/documentation.ts';
import { optionEntries } from '../../src/config/options.ts';
import { EXIT_CODES } from '../../src/util/errors.ts';

const cells = (row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

function table(head, rows) {
  return [cells(head), cells(head.map(() => '---')), ...rows.map(cells)].join('\n');
}

const code = (text) => `\`${text}\``;

function inputRows() {
  return optionEntries()
    .filter(([, option]) => option.action)
    .map(([name, option]) => {
      const initial = option.actionDefault ?? option.default;
      return [code(name), initial === undefined ? '' : code(initial), option.help];
    });
}

function variableRows() {
  const own = optionEntries()
    .filter(([, option]) => option.env !== undefined)
    .map(([name, option]) => [code(option.env), `The same as ${code(name)}.`]);
  const others = OTHER_VARIABLES.map(([names, help]) => [
    names.split(', ').map(code).join(', '),
    help,
  ]);
  return [...own, ...others];
}

function exitCodeRows() {
  const failures = Object.entries(EXIT_CODES).map(([name, number]) => [
    String(number),
    EXIT_CODE_MEANINGS[name],
  ]);
  return [['0', 'Everything was pushed, or was there already.'], ...failures];
}

/** The Markdown of each generated part, by the name in its markers. */
export function readmeParts() {
  return {
    inputs: table(['Input', 'Default', 'Description'], inputRows()),
    outputs: table(
      ['Output', 'Description'],
      Object.entries(OUTPUTS).map(([name, help]) => [code(name), help]),
    ),
    'exit-codes': table(['Code', 'Meaning'], exitCodeRows()),
    env: table(['Variable', 'Meaning'], variableRows()),
  };
}

/**
 * Puts a part between `<!-- NAME:start -->` and `<!-- NAME:end -->`.
 * Undefined when the README lacks the markers.
 */
export function insertPart(readme, name, text) {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const from = readme.indexOf(start);
  const to = readme.indexOf(end, from);
  if (from < 0 || to < 0) return undefined;
  return `${readme.slice(0, from + start.length)}\n\n${text.trim()}\n\n${readme.slice(to)}`;
}
