import { didYouMean } from '../config/nearest.ts';
import { optionNames } from '../config/options.ts';
import { printable } from '../util/text.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'INPUT_';

/** GitHub's rule: upper case, blanks become underscores, dashes stay (INPUT_REGISTRY-AUTH). */
function variableOf(name: string): string {
  return `${PREFIX}${name.replaceAll(' ', '_').toUpperCase()}`;
}

/**
 * An input the action does not have is a warning, no error: in a composite action the variables
 * may be those of another one.
 */
function warnOfUnknown(env: Environment, onWarning: (sentence: string) => void): void {
  const known = optionNames('action');
  const variables = new Set(known.map(variableOf));
  for (const [variable, value] of Object.entries(env)) {
    const name = variable.toUpperCase(); // Windows keeps the spelling of whoever set it first
    if (!name.startsWith(PREFIX) || variables.has(name) || !value?.trim()) continue;
    const input = printable(name.slice(PREFIX.length).toLowerCase(), 80);
    onWarning(`unknown input "${input}"${didYouMean(input, known)}; it is ignored`);
  }
}

/**
 * The action's inputs by name, trimmed at both ends, inner lines kept; what is not given or empty
 * is left out. Reads the variables itself because @actions/core costs more start-up than all of this.
 * @param onWarning receives a sentence about each input the action does not have
 */
export function readInputs(
  env: Environment,
  onWarning: (sentence: string) => void = () => undefined,
): Readonly<Record<string, string>> {
  warnOfUnknown(env, onWarning);
  const inputs: Record<string, string> = {};
  for (const name of optionNames('action')) {
    const given = env[variableOf(name)]?.trim();
    if (given) inputs[name] = given;
  }
  return inputs;
}
