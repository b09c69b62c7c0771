/**
 * What is installed, as npm itself noted it: `node_modules/.package-lock.json` is written at the
 * end of every install and is gone after an interrupted one, so it needs no stamp file of ours
 * and is right after `npm install` as well as after `npm ci`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Whether node_modules holds every package of package-lock.json in the version asked for.
 * Optional packages may be missing: most are for other platforms.
 * @param {string} root folder of package-lock.json
 */
export function isInstalled(root) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  return Object.entries(wanted).every(([path, { version, integrity, ...entry }]) => {
    if (path === '') return true;
    const found = present[path];
    if (found === undefined) return entry.optional === true || entry.devOptional === true;
    return found.version === version && found.integrity === integrity;
  });
}

/**
 * JavaScript file of a command that an installed package brings, or undefined.
 * @param {string} root folder of node_modules
 * @param {string} name of the command, e.g. `tsc`
 */
export function binOf(root, name) {
  const packages = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  // Only what lies directly in node_modules: npm links no other into node_modules/.bin.
  const owner = Object.keys(packages).find(
    (path) => path.lastIndexOf('node_modules/') === 0 && packages[path].bin?.[name] !== undefined,
  );
  return owner === undefined ? undefined : join(root, owner, packages[owner].bin[name]);
}

function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}
