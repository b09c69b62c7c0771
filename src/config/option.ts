import type { ZodMiniType } from 'zod/mini';

/** The headings under which `--help` and the README list the options. */
export type OptionGroup = 'Image' | 'Registry' | 'Push' | 'Output';

/** Everything there is to know about one option; action.yml, `--help` and the README are made of it. */
export interface OptionSpec {
  readonly group: OptionGroup;
  /** what a value must look like, and what it becomes */
  readonly schema: ZodMiniType;
  /** one sentence */
  readonly help: string;
  /** what `--help` prints after the flag; none for an on/off flag */
  readonly placeholder?: string;
  /** the value that is assumed, as documented */
  readonly default?: string;
  /**
   * The default that action.yml itself states. Only for what needs a GitHub expression: a default
   * there arrives as if the workflow had given it, and neither environment nor config could win.
   */
  readonly actionDefault?: string;
  readonly env?: string;
  /** one letter for the command line */
  readonly short?: string;
  /** never shown, announced to be masked */
  readonly secret?: boolean;
  /** may be given several times on the command line; the values are joined by newlines */
  readonly repeatable?: boolean;
  /** stands for an input of another name when it exists on the command line only */
  readonly action: boolean;
  readonly cli: boolean;
  /**
   * `trusted`: not from a config file inside the workspace. Such a file may come with a pull
   * request, and it must not decide where a password goes or what is trusted.
   */
  readonly config: 'yes' | 'trusted' | 'no';
}

/** Keeps the literal type of each entry, so that the parsed options are typed by their schemas. */
export function defineOptions<const T extends Record<string, OptionSpec>>(options: T): T {
  return options;
}

/** Works everywhere: as an input, a flag and a line of the config. */
export const EVERYWHERE = { action: true, cli: true, config: 'yes' } as const;
/** The same, but a config file inside the workspace cannot set it. */
export const TRUSTED = { action: true, cli: true, config: 'trusted' } as const;
/** A flag without an input. */
export const CLI_ONLY = { action: false, cli: true, config: 'no' } as const;
