/** The folder outside the tree where components and images live, and what is known to be there. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const EXE = process.platform === 'win32' ? '.exe' : '';
/** Debian puts daemons such as nginx where an ordinary user's PATH does not look. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin'];

/** `$IDPBUILDER_PUSH_TOOLS`, or a folder in the user's cache. */
export function cacheRoot() {
  const chosen = process.env.IDPBUILDER_PUSH_TOOLS;
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return chosen || join(base, 'idpbuilder-push', 'tools');
}

/**
 * A folder of the cache, made where it is missing.
 * @param {...string} parts below the cache's root
 */
export function cacheFolder(...parts) {
  const folder = join(cacheRoot(), ...parts);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Where the cache keeps (or would keep) the command of this name. */
export function cachedCommand(name) {
  return join(cacheRoot(), 'bin', name + EXE);
}

/** Path of a command on PATH, or undefined. */
export function findOnPath(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name + EXE))
    .find((path) => existsSync(path));
}

/**
 * Path of a component's command if it is there in the version the catalog wants.
 * @param {import('./catalog.mjs').Component} component
 */
export function installedPath(component) {
  if (component.kind === 'apt') return findOnPath(component.name);
  const path = cachedCommand(component.name);
  return existsSync(path) && versionOf(component.name) === component.version ? path : undefined;
}

/** Notes that a component is complete. Written last, so an interrupted install is done again. */
export function markInstalled(component) {
  const text = `${JSON.stringify({ version: component.version })}\n`;
  writeFileSync(join(cacheFolder('installed'), `${component.name}.json`), text);
}

function versionOf(name) {
  try {
    return JSON.parse(readFileSync(join(cacheRoot(), 'installed', `${name}.json`), 'utf8')).version;
  } catch {
    return undefined;
  }
}
