import type * as z from 'zod/mini';
import type { OptionSpec } from './option.ts';
import { IMAGE_OPTIONS } from './options/image.ts';
import { PUSH_OPTIONS } from './options/push.ts';
import { REGISTRY_OPTIONS } from './options/registry.ts';

/**
 * Every option there is, in the order in which people read about them. action.yml, `--help` and the
 * README's tables are generated from this table; inputs, flags, environment and config are read by it.
 */
export const OPTIONS = { ...IMAGE_OPTIONS, ...REGISTRY_OPTIONS, ...PUSH_OPTIONS };

export type OptionName = keyof typeof OPTIONS;

/** The typed values of the options that one place gives. */
export type OptionValues = {
  readonly [Name in OptionName]?: z.output<(typeof OPTIONS)[Name]['schema']>;
};

/** Name and description of each option, in order. */
export function optionEntries(): readonly (readonly [OptionName, OptionSpec])[] {
  return Object.entries(OPTIONS) as [OptionName, OptionSpec][];
}

/** The names of the options that a place can give. */
export function optionNames(where: 'action' | 'cli' | 'config'): readonly OptionName[] {
  return optionEntries()
    .filter(([, option]) => (where === 'config' ? option.config !== 'no' : option[where]))
    .map(([name]) => name);
}

/** True when `name` is an option; inherited names such as `constructor` are not. */
export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}
