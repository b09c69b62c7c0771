import { configError } from '../util/errors.ts';
import { didYouMean } from './nearest.ts';
import type { OptionSpec } from './option.ts';
import {
  isOptionName,
  OPTIONS,
  optionEntries,
  optionNames,
  type OptionName,
  type OptionValues,
} from './options.ts';
import { shown } from './shown.ts';
import { flag } from './values.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The options that one place gives: the inputs, the environment, the config, the defaults. */
export interface Layer {
  readonly values: OptionValues;
  /** what an option is called there, for messages */
  readonly nameOf: (option: OptionName) => string;
  /** false for a config file inside the workspace */
  readonly trusted: boolean;
}

type Raw = Readonly<Record<string, unknown>>;

/** GitHub passes an input that was not given as an empty one. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && !(typeof value === 'string' && !value.trim());
}

/**
 * Reads raw values, each through its schema: one by one, because putting an object schema together
 * and compiling it costs more start-up than reading the handful of values that are given.
 * @throws PushError about the first that cannot be used
 */
export function readLayer(raw: Raw, nameOf: Layer['nameOf'], trusted = true): Layer {
  const values: Partial<Record<OptionName, unknown>> = {};
  for (const [name, option] of optionEntries()) {
    if (!isGiven(raw[name])) continue;
    const result = option.schema.safeParse(raw[name]);
    if (!result.success) {
      const problem = result.error.issues[0]?.message ?? 'the value cannot be used';
      throw configError(`${nameOf(name)}: ${problem}`);
    }
    values[name] = result.data;
  }
  return { values: values as OptionValues, nameOf, trusted };
}

/** The action's inputs, or the command line's flags under the names of inputs. */
export function inputLayer(inputs: Readonly<Record<string, string>>): Layer {
  const known = optionNames('action');
  for (const name of Object.keys(inputs)) {
    if (!isOptionName(name) || !known.includes(name)) {
      throw configError(`unknown option ${shown(name)}${didYouMean(name, known)}`);
    }
  }
  return readLayer(inputs, (name) => name);
}

/** The environment variables of the old `idpbuilder push` command. */
export function environmentLayer(env: Environment): Layer {
  const raw: Record<string, string> = {};
  for (const [name, option] of optionEntries()) {
    const given = option.env === undefined ? undefined : env[option.env];
    if (option.env === undefined || given === undefined) continue;
    raw[name] = option.schema === flag ? switchWord(given) : given;
  }
  return readLayer(raw, (name) => {
    const option: OptionSpec = OPTIONS[name];
    return option.env ?? name;
  });
}

/** In an environment, 1 and 0 are how switches are written; YAML has no such booleans. */
function switchWord(given: string): string {
  const trimmed = given.trim();
  if (trimmed === '1') return 'true';
  return trimmed === '0' ? 'false' : given;
}

/** The documented defaults, through the same schema; those of a registry are applied host by host. */
export function defaultLayer(): Layer {
  const raw = optionEntries()
    .filter(([, option]) => option.group !== 'Registry')
    .map(([name, option]) => [name, option.default] as const);
  return readLayer(Object.fromEntries(raw), (name) => `default of ${name}`);
}

/** The first layer that gives an option; the layers come in the order of their precedence. */
export function layerOf<L extends Layer>(layers: readonly L[], name: OptionName): L | undefined {
  return layers.find((layer) => layer.values[name] !== undefined);
}

/** An option's value by precedence. */
export function valueOf<Name extends OptionName>(
  layers: readonly Layer[],
  name: Name,
): OptionValues[Name] | undefined {
  return layerOf(layers, name)?.values[name];
}
