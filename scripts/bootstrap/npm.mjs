/** npm without a shell: found as the JavaScript file it is and run by the Node that runs us. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';

const FLAGS = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/**
 * Installs exactly what a lock file says, without install scripts, and prints one line about it.
 * @param {string} folder holds package.json and package-lock.json
 * @param {string} what is being installed, for the line
 */
export async function installLocked(folder, what) {
  const started = Date.now();
  process.stderr.write(`installing ${what} … `);
  let { code, output } = await npm(['ci', ...FLAGS], folder);
  if (code !== 0 && lacksOptionalOnly(output, optionalNames(folder))) {
    // The registry the lock was made with did not have every other platform's package. `npm ci`
    // takes that for an outdated lock; `npm install` takes the lock's versions and hashes as well.
    ({ code, output } = await npm(['install', '--no-save', ...FLAGS], folder));
  }
  if (code !== 0) {
    process.stderr.write('failed\n');
    throw new Error(`npm in ${folder} ended with code ${code}:\n${firstLines(output)}`);
  }
  process.stderr.write(`${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

/** Whether all that `npm ci` misses in the lock file is packages that may be left out. */
function lacksOptionalOnly(output, optional) {
  const complaints = [...output.matchAll(/^npm error (Missing|Invalid): (.+)$/gm)];
  return (
    complaints.length > 0 &&
    complaints.every(([, kind, text]) => {
      const name = /^(@?[^@]+)@[^@]* from lock file$/.exec(text)?.[1];
      return kind === 'Missing' && name !== undefined && optional.has(name);
    })
  );
}

function optionalNames(folder) {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  const names = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
    Object.keys(optionalDependencies),
  );
  return new Set(names);
}

/** The reason comes first; what follows is npm's help, at length. */
function firstLines(output) {
  return output.trim().split('\n').slice(0, 10).join('\n');
}

function npm(args, cwd) {
  const env = { ...process.env };
  // What the npm that started us exported (its prefix, the workspace) is about another folder.
  for (const name of ['npm_config_prefix', 'npm_config_local_prefix', 'INIT_CWD']) delete env[name];
  const child = spawn(process.execPath, [findNpm(), ...args], { cwd, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => done({ code: code ?? 1, output }));
  });
}

/**
 * Path of npm-cli.js. `npm.cmd` is no use: Node refuses to spawn .cmd files without a shell.
 * @returns {string}
 */
export function findNpm() {
  const fromNpm = process.env.npm_execpath ?? '';
  if (basename(fromNpm) === 'npm-cli.js' && existsSync(fromNpm)) return fromNpm;
  const folders = [dirname(process.execPath), ...(process.env.PATH ?? '').split(delimiter)];
  for (const folder of folders) {
    const found = npmBeside(folder);
    if (found !== undefined) return found;
  }
  throw new Error('npm is not on PATH: it comes with Node, see https://nodejs.org');
}

function npmBeside(folder) {
  const windows = join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js');
  const posix = join(folder, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
  const known = [windows, posix].find((path) => existsSync(path));
  if (known !== undefined) return known;
  // Distributions and version managers put a link to npm-cli.js on PATH.
  const link = join(folder, 'npm');
  const target = existsSync(link) ? realpathSync(link) : '';
  return basename(target) === 'npm-cli.js' ? target : undefined;
}
