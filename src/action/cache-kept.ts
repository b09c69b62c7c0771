import type { Config } from '../config/config.ts';
import type { CacheNames } from './cache-keys.ts';

/** What the main step leaves to the post step; nothing of it is secret. */
export interface KeptForPost extends CacheNames {
  readonly resume: boolean;
  readonly record: boolean;
  readonly verbosity: Config['verbosity'];
}

const HASH = /^[0-9a-f]{16}$/;
const RESUME_FILE = /^[a-z0-9_][a-z0-9._-]*\.json$/;
const VERBOSITIES: ReadonlySet<unknown> = new Set(['quiet', 'normal', 'verbose']);

/** One line, for the runner's file. */
export function formatKept(kept: KeptForPost): string {
  const { places, registries, resumeFile, resume, record, verbosity } = kept;
  return JSON.stringify({ places, registries, resumeFile, resume, record, verbosity });
}

/** What was left; undefined for nothing and for anything else, as its names become paths. */
export function parseKept(line: string | undefined): KeptForPost | undefined {
  if (!line) return undefined;
  const value = JSON.parse(line) as Partial<Record<keyof KeptForPost, unknown>> | null;
  const { places, registries, resumeFile, resume, record, verbosity } = value ?? {};
  if (typeof places !== 'string' || !HASH.test(places)) return undefined;
  if (typeof registries !== 'string' || !HASH.test(registries)) return undefined;
  if (typeof resumeFile !== 'string' || !RESUME_FILE.test(resumeFile)) return undefined;
  if (typeof resume !== 'boolean' || typeof record !== 'boolean') return undefined;
  if (!VERBOSITIES.has(verbosity)) return undefined;
  return {
    places,
    registries,
    resumeFile,
    resume,
    record,
    verbosity: verbosity as KeptForPost['verbosity'],
  };
}
