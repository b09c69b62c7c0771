/** Runs the programs that the other scripts are made of: no shell, output passed through. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's top folder. */
export const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Path of a package's command, a JavaScript file that runs with the current Node. */
export function bin(file) {
  return path.join(ROOT, 'node_modules', ...file.split('/'));
}

/**
 * Runs a program in the checkout and resolves with its exit code.
 * @param {string} file executable, or `node` for the current one
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>}
 */
export function run(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const program = file === 'node' ? process.execPath : file;
    const child = spawn(program, args, { cwd: ROOT, stdio: 'inherit', ...options });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** Runs a program and ends this process when it fails. */
export async function must(file, args, options) {
  const code = await run(file, args, options);
  if (code !== 0) process.exit(code);
}
