/** Child processes of the installers: no shell, output kept for the error message only. */
import { spawn } from 'node:child_process';

const KEPT_OUTPUT = 16 * 1024;

/** Thrown where a component cannot be had on this machine: reported by name, not a failure. */
export class NotInstallable extends Error {}

/**
 * Runs a program to its end.
 * @param {string} file
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string> }} [options] env adds to the environment
 * @returns {Promise<{ code: number, output: string }>} both streams together, the last 16 KiB
 */
export function run(file, args, { cwd, env } = {}) {
  const child = spawn(file, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-KEPT_OUTPUT)));
  }
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => done({ code: code ?? 1, output }));
  });
}

/** As `run`, but a code other than 0 throws with the end of the output. */
export async function runOrThrow(file, args, options) {
  const { code, output } = await run(file, args, options);
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with code ${code}:\n${output}`);
  return output;
}
