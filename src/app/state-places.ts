import path from 'node:path';
import type { Config } from '../config/config.ts';
import type { StatePlaces } from '../state/store.ts';

/** The folder below the user's home for what this program remembers on this machine. */
export function ownFolder(home: string): string {
  return path.join(home, '.idpbuilder');
}

/**
 * The files in which a push remembers things; a part that is switched off is missing. So is what
 * has no absolute path (HOME may be empty): it would be a file of the checkout, and somebody else's.
 * Others are expected to read what is in a folder that somebody names.
 * @param folder where the resume files and the record are
 * @param home the user's home directory: the compressed forms of layers stay below it, because what
 *   a shared folder says of a layer must never end in a manifest
 */
export function placesIn(
  folder: string,
  config: Pick<Config, 'resume' | 'cache' | 'cacheDirectory'>,
  home: string,
): StatePlaces {
  const usable = path.isAbsolute(folder);
  return {
    ...(config.resume && usable ? { resumeDirectory: path.join(folder, 'resume') } : {}),
    ...(config.cache && usable ? { recordFile: path.join(folder, 'record.sqlite') } : {}),
    ...(config.cache && path.isAbsolute(home)
      ? { layersFile: path.join(ownFolder(home), 'layers.sqlite') }
      : {}),
    ...(config.cacheDirectory === undefined ? {} : { shared: true }),
  };
}
