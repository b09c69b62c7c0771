import { resolve } from 'node:path';
import { configError, systemCode } from '../util/errors.ts';
import type { Config } from './config.ts';
import type { ConfigFiles } from './files.ts';
import { layerOf, valueOf } from './layers.ts';
import type { Place } from './places.ts';
import { shown } from './shown.ts';

type Kept = Pick<
  Config,
  'resume' | 'cache' | 'cacheDirectory' | 'cacheMaxSize' | 'cacheMaxEntries'
>;

const EXPECTED = 'expected the path of a folder, which is made when it is missing';

/** What stands where the folder is to be; undefined where nothing is in its way. */
async function obstacle(folder: string, files: ConfigFiles): Promise<string | undefined> {
  try {
    return (await files.isFolder(folder)) ? undefined : 'is not a folder';
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return undefined;
    return code === 'ENOTDIR' ? 'is below a file' : 'cannot be looked at';
  }
}

/**
 * The folder as an absolute path. It may be missing: it is made when something is first kept in it.
 * @throws PushError where a push could only find out later that nothing can be kept there
 */
async function readFolder(given: string, where: string, files: ConfigFiles): Promise<string> {
  // Inputs and YAML never see a shell: this would become a folder called ~ in the checkout.
  if (/^~(?:[/\\]|$)/.test(given)) {
    throw configError(
      `${where}: ${shown(given)} starts with ~, which only a shell replaces (expected the whole path)`,
    );
  }
  const folder = resolve(given);
  const problem = await obstacle(folder, files);
  if (problem !== undefined)
    throw configError(`${where}: ${shown(given)} ${problem} (${EXPECTED})`);
  return folder;
}

/** What a push keeps for later ones, and where. */
export async function readKept(
  places: readonly Place[],
  files: ConfigFiles,
  onWarning?: (sentence: string) => void,
): Promise<Kept> {
  const resume = valueOf(places, 'resume') ?? true;
  const cache = valueOf(places, 'cache') ?? true;
  const given = valueOf(places, 'cache-directory');
  const where = layerOf(places, 'cache-directory')?.nameOf('cache-directory') ?? 'cache-directory';
  if (given !== undefined && !resume && !cache) {
    onWarning?.(`${where}: nothing is kept there, because both resume and cache are false`);
  }
  return {
    resume,
    cache,
    ...(given === undefined ? {} : { cacheDirectory: await readFolder(given, where, files) }),
    cacheMaxSize: valueOf(places, 'cache-max-size') ?? 16 * 1024 * 1024,
    cacheMaxEntries: valueOf(places, 'cache-max-entries') ?? 100_000,
  };
}
