import { createHash } from 'node:crypto';
import type { Config } from '../config/config.ts';
import { formatReference } from '../oci/reference.ts';
import { resumeFileName } from '../state/resume-name.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a push is known by in the Actions cache. */
export interface CacheNames {
  /** hexadecimal, of the places it pushes to */
  readonly places: string;
  /** hexadecimal, of their registries: who pushes to these shares the record, for a layer that is
   *  in one repository can be mounted in another */
  readonly registries: string;
  /** name of the resume file; the jobs of a matrix that push to one repository differ in it */
  readonly resumeFile: string;
}

/** An entry of the Actions cache: its files and the name under which it is found. */
export interface CacheKeys {
  /** folder, relative to RUNNER_TEMP, with slashes: the toolkit's version is a hash of this text */
  readonly path: string;
  /** what a new entry's key begins with; it has to end with a full stop, for prefixes match */
  readonly base: string;
  /** prefixes under which an entry is looked for, the best first */
  readonly prefixes: readonly string[];
}

const PRODUCT = 'idpbuilder-push';
const PLACES_DIGITS = 16;
const IMAGE_DIGITS = 8;

function hash(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

function hashOfAll(names: readonly string[]): string {
  return hash([...new Set(names)].toSorted().join('\n'), PLACES_DIGITS);
}

/** The names of a push; undefined for one without a target, which keeps nothing. */
export function cacheNames({ targets }: Pick<Config, 'targets'>): CacheNames | undefined {
  const [first] = targets;
  if (!first) return undefined;
  return {
    places: hashOfAll(targets.map(({ registry, repository }) => `${registry}/${repository}`)),
    registries: hashOfAll(targets.map(({ registry }) => registry)),
    resumeFile: resumeFileName(formatReference(first)),
  };
}

/** The folder below RUNNER_TEMP that holds what is kept of a push; relative, with slashes. */
export function cacheFolder({ places }: CacheNames): string {
  return `${PRODUCT}/${places}`;
}

/** The same for the record. */
export function recordFolder({ registries }: CacheNames): string {
  return `${PRODUCT}/${registries}`;
}

/** A part of a key; a comma would make it invalid, and a runner may set anything. */
function part(value: string | undefined, otherwise: string): string {
  return (value ?? '').replace(/[^\w.-]/g, '').slice(0, 40) || otherwise;
}

/** The run, as `id-attempt`: an entry of another one is never overwritten. */
export function runName(env: Environment): string {
  return `${part(env['GITHUB_RUN_ID'], '0')}-${part(env['GITHUB_RUN_ATTEMPT'], '1')}`;
}

function start(whose: string, kind: string, env: Environment): string {
  return `${PRODUCT}-v1-${part(env['RUNNER_OS'], process.platform)}-${whose}-${kind}-`;
}

/** The resume file: this run's own, else the newest of the same image. */
export function stateKeys(names: CacheNames, env: Environment): CacheKeys {
  const any = `${start(names.places, 'state', env)}${hash(names.resumeFile, IMAGE_DIGITS)}-`;
  return {
    path: `${cacheFolder(names)}/shared`,
    base: `${any}${runName(env)}-`,
    prefixes: [`${any}${part(env['GITHUB_RUN_ID'], '0')}-`, any],
  };
}

/** The record of what is where. */
export function recordKeys(names: CacheNames, env: Environment): CacheKeys {
  const any = start(names.registries, 'record', env);
  return {
    path: `${recordFolder(names)}/record`,
    // The jobs of a matrix each keep theirs: the newest is the one that is found.
    base: `${any}${runName(env)}-${names.places}-${hash(names.resumeFile, IMAGE_DIGITS)}`,
    prefixes: [`${any}${part(env['GITHUB_RUN_ID'], '0')}-`, any],
  };
}
