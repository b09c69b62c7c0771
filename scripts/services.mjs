#!/usr/bin/env node
/**
 * The real components of the end-to-end tests, at pinned versions, in a cache outside the tree.
 *
 *     node scripts/services.mjs install [--only go|apt|pip] [NAME…]
 *     node scripts/services.mjs list
 *     node scripts/services.mjs path NAME
 *
 * `install` skips what is there. What this machine cannot have (no Go, no root, refused by the
 * module proxy) is named with the reason and is no failure: the tests that need it report
 * themselves as skipped. Exit code 1 means that something which should have worked did not.
 */
import { parseArgs } from 'node:util';
import { aptVersion, installApt } from './services/apt.mjs';
import { cacheRoot, findOnPath, installedPath, markInstalled } from './services/cache.mjs';
import { COMPONENTS } from './services/catalog.mjs';
import { installGo, installGoSource } from './services/go.mjs';
import { installPip } from './services/pip.mjs';
import { NotInstallable } from './services/run.mjs';

const INSTALLERS = {
  go: installGo,
  'go-source': installGoSource,
  apt: installApt,
  pip: installPip,
};
const KINDS = ['go', 'apt', 'pip'];
const USAGE = `usage: node scripts/services.mjs install [--only ${KINDS.join('|')}] [NAME…] | list | path NAME`;

class UsageError extends Error {}

/** What `install` was asked for: the named components, or all that are not optional. */
function select(names, only) {
  const unknown = names.find((name) => COMPONENTS.every((component) => component.name !== name));
  if (unknown !== undefined) {
    const known = COMPONENTS.map((component) => component.name).join(', ');
    throw new UsageError(`unknown component ${unknown}; known are ${known}`);
  }
  if (only !== undefined && !KINDS.includes(only)) throw new UsageError(USAGE);
  return COMPONENTS.filter(({ name, kind, optional }) => {
    const wanted = names.length > 0 ? names.includes(name) : optional !== true;
    return wanted && (only === undefined || kind === only || kind.startsWith(`${only}-`));
  });
}

async function installOne(component, title) {
  process.stdout.write(`${title} … `);
  if (installedPath(component) !== undefined) {
    console.log('there already');
    return 'present';
  }
  const started = Date.now();
  try {
    const missing = component.needs?.find((name) => findOnPath(name) === undefined);
    if (missing !== undefined) throw new NotInstallable(`${missing} is not on PATH`);
    await INSTALLERS[component.kind](component);
    markInstalled(component);
    console.log(`installed in ${seconds(started)}${await versionNote(component)}`);
    return 'installed';
  } catch (error) {
    const skipped = error instanceof NotInstallable;
    const outcome = skipped ? 'not to be had here' : `FAILED after ${seconds(started)}`;
    console.log(`${outcome}: ${error.message.trimEnd()}`);
    return skipped ? 'skipped' : 'failed';
  }
}

/** apt gives what the distribution has: say so when that is not what the tests were written for. */
async function versionNote(component) {
  const version = component.kind === 'apt' ? await aptVersion(component) : undefined;
  if (version === undefined) return '';
  const expected = version.startsWith(component.version);
  return expected
    ? ` (${version})`
    : ` (${version}; the tests were written for ${component.version})`;
}

function seconds(started) {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`;
}

async function install(names, only) {
  const components = select(names, only);
  console.log(`components in ${cacheRoot()}`);
  const outcomes = { present: [], installed: [], skipped: [], failed: [] };
  // One after the other: a Go build uses every core there is.
  for (const [at, component] of components.entries()) {
    const place = `[${String(at + 1).padStart(2)}/${components.length}]`;
    const outcome = await installOne(component, `${place} ${component.name} ${component.version}`);
    outcomes[outcome].push(component.name);
  }
  for (const [outcome, found] of Object.entries(outcomes)) {
    if (found.length > 0) console.log(`${outcome}: ${found.join(', ')}`);
  }
  return outcomes.failed.length > 0 ? 1 : 0;
}

function list() {
  for (const component of COMPONENTS) {
    const state = installedPath(component) === undefined ? 'missing' : 'installed';
    const columns = [
      component.name.padEnd(16),
      component.kind.padEnd(10),
      component.version.padEnd(9),
      state.padEnd(10),
    ];
    console.log(columns.join(' ') + component.why + (component.optional ? ' (optional)' : ''));
  }
  return 0;
}

function path(name) {
  const [component] = select([name]);
  const found = installedPath(component);
  if (found === undefined) throw new Error(`${name} ${component.version} is not installed`);
  console.log(found);
  return 0;
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string' } },
  });
  const [command, ...names] = positionals;
  if (command === 'install') return install(names, values.only);
  if (command === 'list' && names.length === 0) return list();
  if (command === 'path' && names.length === 1) return path(names[0]);
  throw new UsageError(USAGE);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`services: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
