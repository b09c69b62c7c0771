/** How to be root here, if one can be without being asked for a password. */
import { findOnPath } from './cache.mjs';
import { run } from './run.mjs';

/**
 * What to put before a command so that it runs as root: nothing, sudo, or undefined for no way.
 * @returns {Promise<string[] | undefined>}
 */
export async function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  if (findOnPath('sudo') === undefined) return undefined;
  const { code } = await run('sudo', ['-n', 'true']);
  return code === 0 ? ['sudo', '-n'] : undefined;
}
