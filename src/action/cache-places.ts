import path from 'node:path';
import { placesIn } from '../app/state-places.ts';
import type { Config } from '../config/config.ts';
import type { StatePlaces } from '../state/store.ts';
import { runProgram } from '../util/run-program.ts';
import { ActionsCache } from './actions-cache.ts';
import { cacheAccess } from './cache-environment.ts';
import { folderOf } from './cache-folder.ts';
import { formatKept } from './cache-kept.ts';
import { cacheFolder, cacheNames } from './cache-keys.ts';

type KeepingConfig = Pick<
  Config,
  'targets' | 'push' | 'resume' | 'cache' | 'cacheDirectory' | 'verbosity'
>;

export interface PlacesOutside {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** this program's own file */
  readonly entryFile: string;
  /** leaves a line to the post step */
  readonly keepForPost: (line: string) => void;
  /** receives a sentence for people */
  readonly warn: (message: string) => void;
  /** prints a line; redacts it first */
  readonly line: (line: string) => void;
}

/**
 * Where a step keeps what it remembers: in the folder that was asked for, else below RUNNER_TEMP
 * (which lives as long as the job), and in the Actions cache, if there is one and it may be used.
 */
export function actionPlaces(config: KeepingConfig, outside: PlacesOutside): StatePlaces {
  const { env, home, entryFile, keepForPost, warn, line } = outside;
  const { resume, cache, cacheDirectory, verbosity } = config;
  if (cacheDirectory !== undefined) return placesIn(cacheDirectory, config, home);
  const tempDirectory = env['RUNNER_TEMP'] ?? '';
  const names = cacheNames(config);
  // The system's own temporary folder would be everybody's.
  if (!names || !path.isAbsolute(tempDirectory)) return placesIn('', config, home);
  const files = folderOf(tempDirectory, names);
  const { recordFile } = files;
  const places = { ...placesIn(files.root, config, home), ...(cache ? { recordFile } : {}) };
  const access = cache && config.push ? cacheAccess(env) : undefined;
  if (!access?.readable && !access?.writable) return places;
  // Early: the post step of a step that is killed needs it as well.
  keepForPost(formatKept({ ...names, resume, record: cache, verbosity }));
  const store = new ActionsCache({
    env,
    entryFile,
    tempDirectory,
    folder: cacheFolder(names),
    run: runProgram,
    names,
    files,
    access,
    resume,
    record: cache,
    now: () => Date.now(),
    warn,
    onLine: verbosity === 'verbose' ? line : undefined,
  });
  return { ...places, store };
}
