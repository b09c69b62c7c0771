import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { didYouMean } from '../config/nearest.ts';
import {
  isOptionName,
  optionEntries,
  optionNames,
  OPTIONS,
  type OptionName,
} from '../config/options.ts';
import { configError, type PushError } from '../util/errors.ts';
import { printable } from '../util/text.ts';

/** A command line, read but not yet judged: `resolveConfig` takes the inputs. */
export interface CommandLine {
  /** by the names of the action's inputs */
  readonly inputs: Readonly<Record<string, string>>;
  readonly help: boolean;
  readonly version: boolean;
  /** the password is the first line of standard input */
  readonly passwordStdin: boolean;
  /** where the JSON report goes */
  readonly report?: string;
  readonly warnings: readonly string[];
}

/** Flags that are on or off are those without a placeholder. */
function isSwitch(name: OptionName): boolean {
  return !('placeholder' in OPTIONS[name]);
}

function parserOptions(): ParseArgsOptionsConfig {
  const options: ParseArgsOptionsConfig = {};
  for (const [name, option] of optionEntries()) {
    if (!option.cli) continue;
    options[name] = {
      type: isSwitch(name) ? 'boolean' : 'string',
      ...(option.short === undefined ? {} : { short: option.short }),
    };
  }
  return options;
}

interface Flag {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/** Shows the flag only: what stands behind the = may be a password. */
function unknownFlag(rawName: string): PushError {
  const names = optionNames('cli');
  const bare = rawName.replace(/^-+/, '');
  const negated = bare.startsWith('no-')
    ? didYouMean(bare.slice(3), names.filter(isSwitch), '--no-')
    : '';
  const help = negated || didYouMean(bare, names, '--') || ' (see --help)';
  return configError(`unknown option ${printable(rawName, 80)}${help}`);
}

/** `--push`, `--push=false`, `--no-push`, as the text of the input. */
function switchValue({ name, rawName, value }: Flag, negated: boolean): string {
  if (value === undefined) return String(!negated);
  if (!negated && /^(?:true|false)$/i.test(value)) return value.toLowerCase();
  throw configError(
    `${rawName}: "${printable(value, 80)}" is not true or false (expected --${name} or --no-${name})`,
  );
}

/** The option a flag names, and what it says. */
function readFlag(flag: Flag): readonly [OptionName, string] {
  const { name, rawName, value, inlineValue } = flag;
  if (isOptionName(name) && OPTIONS[name].cli) {
    if (isSwitch(name)) return [name, switchValue(flag, false)];
    if (value === undefined || value === '') throw configError(`${rawName}: the value is missing`);
    if (inlineValue !== true && value.startsWith('--')) {
      throw configError(
        `${rawName}: the value is missing (write ${rawName}=VALUE for one that starts with --)`,
      );
    }
    return [name, value];
  }
  const positive = name.startsWith('no-') ? name.slice(3) : '';
  if (isOptionName(positive) && isSwitch(positive)) {
    return [positive, switchValue({ ...flag, name: positive }, true)];
  }
  throw unknownFlag(rawName);
}

function addFlag(given: Map<OptionName, string>, flag: Flag): void {
  const [name, value] = readFlag(flag);
  const option = OPTIONS[name];
  const earlier = 'repeatable' in option ? given.get(name) : undefined;
  given.set(name, earlier === undefined ? value : `${earlier}\n${value}`);
}

/** What can be nothing but a source: no tag begins like that. */
const SOURCE_PREFIX = /^(?:(?:oci|oci-archive|docker-archive|docker-daemon):|docker:\/\/)/i;

/**
 * `probe HOST/REPO`, or `SOURCE… TAG…`: the first argument is a source, and those after it that name
 * a transport are, too; with --source, every argument is a tag.
 */
function addArguments(given: Map<OptionName, string>, args: readonly string[]): void {
  const rest = [...args];
  if (rest[0] === 'probe' && rest.length === 2 && rest[1] !== undefined) {
    given.set('probe', rest[1]);
    return;
  }
  if (!given.has('source') && rest.length > 0) {
    const first = rest.findIndex((text, at) => at > 0 && !SOURCE_PREFIX.test(text));
    given.set('source', rest.splice(0, first < 0 ? rest.length : first).join('\n'));
  }
  const tags = [given.get('tags'), ...rest].filter((tag) => tag !== undefined);
  if (tags.length > 0) given.set('tags', tags.join('\n'));
}

/** `--dry-run` is another word for `--no-push`. */
function applyDryRun(given: Map<OptionName, string>): void {
  const dryRun = given.get('dry-run');
  if (dryRun === undefined) return;
  const push = dryRun === 'true' ? 'false' : 'true';
  if ((given.get('push') ?? push) !== push) {
    throw configError('--dry-run: contradicts --push (expected only one of the two)');
  }
  given.set('push', push);
}

function checkPassword(given: ReadonlyMap<OptionName, string>): readonly string[] {
  if (!given.has('password')) return [];
  if (given.get('password-stdin') === 'true') {
    throw configError(
      '--password-stdin: given together with --password (expected only one of the two)',
    );
  }
  return ['--password is visible in the list of processes; --password-stdin is not'];
}

/**
 * Reads `idpbuilder-push SOURCE… TAG…` with its flags.
 * @param argv without the program's own name
 * @throws PushError with code GENERAL and one sentence
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const { tokens } = parseArgs({
    args: [...argv],
    options: parserOptions(),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const given = new Map<OptionName, string>();
  const args: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'option') addFlag(given, token);
    else if (token.kind === 'positional') args.push(token.value);
  }
  addArguments(given, args);
  applyDryRun(given);
  const warnings = checkPassword(given);
  const isOn = (name: OptionName): boolean => given.get(name) === 'true';
  const report = given.get('report');
  return {
    inputs: Object.fromEntries([...given].filter(([name]) => OPTIONS[name].action)),
    help: isOn('help'),
    version: isOn('version'),
    passwordStdin: isOn('password-stdin'),
    ...(report === undefined ? {} : { report }),
    warnings,
  };
}
