import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { systemCode } from './errors.ts';

function make(folder: string, mode: number): string | undefined {
  try {
    mkdirSync(folder, { mode });
    return undefined;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST' && statSync(folder).isDirectory()) return undefined;
    if (code === 'ENOENT') return code;
    throw error;
  }
}

/**
 * Makes a folder and those above it, as `mkdir -p` does. Node's own `recursive` never comes back
 * where the system says of a folder in an existing one that it does not exist (/proc, automounters).
 * A few calls of the system, so all at once.
 * @param mode of every folder that is made
 * @throws the system's error
 */
export function makeFolder(folder: string, mode: number = 0o777): void {
  const absolute = path.resolve(folder);
  if (make(absolute, mode) === undefined) return;
  const parent = path.dirname(absolute);
  if (parent !== absolute) makeFolder(parent, mode);
  // Once more and no further: its parent is there now.
  mkdirSync(absolute, { mode });
}
