/** Finds the real components and the test images. Needs no jest: benchmarks use it too. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const EXE = process.platform === 'win32' ? '.exe' : '';
/** Debian puts daemons such as nginx where an ordinary user's PATH does not look. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin'];
const IMAGE = 'image:';

/** The cache that scripts/services.mjs and scripts/images.mjs fill. */
export function toolsRoot(): string {
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return process.env['IDPBUILDER_PUSH_TOOLS'] || join(base, 'idpbuilder-push', 'tools');
}

/** Path of a program: the cache's pinned one before any on PATH. */
export function findTool(name: string): string | undefined {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [join(toolsRoot(), 'bin'), ...path, ...SYSTEM_FOLDERS]
    .map((folder) => join(folder, name + EXE))
    .find((file) => existsSync(file));
}

/**
 * Path of a program that must be there.
 * @throws {Error} that says how to get it
 */
export function requireTool(name: string): string {
  const found = findTool(name);
  if (found !== undefined) return found;
  throw new Error(`${name} is missing: node scripts/services.mjs install ${name}`);
}

/** Path of a test image, e.g. `debian` or `debian.docker.tar`, if it was made. */
export function findImage(name: string): string | undefined {
  const path = join(toolsRoot(), 'images', name);
  return existsSync(path) ? path : undefined;
}

/**
 * Path of a test image that must be there.
 * @throws {Error} that says how to make it
 */
export function requireImage(name: string): string {
  const found = findImage(name);
  if (found !== undefined) return found;
  const big = /^big-(\d+)m$/.exec(name)?.[1];
  const how = big === undefined ? '' : ` big ${big}`;
  throw new Error(`the image ${name} is missing: node scripts/images.mjs${how}`);
}

/** The needs that are not met: names of programs, and of images as `image:NAME`. */
export function missing(needs: readonly string[]): string[] {
  return needs.filter((need) => {
    const isImage = need.startsWith(IMAGE);
    return (isImage ? findImage(need.slice(IMAGE.length)) : findTool(need)) === undefined;
  });
}
