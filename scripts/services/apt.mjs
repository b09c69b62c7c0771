/** Components from Debian's or Ubuntu's archive. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { findOnPath } from './cache.mjs';
import { rootPrefix } from './root.mjs';
import { NotInstallable, run, runOrThrow } from './run.mjs';

/** Debian asks this program whether a daemon may be started; 101 means no. */
const POLICY = '/usr/sbin/policy-rc.d';

let listsAreFresh = false;

/** Installs a package without its recommendations and without starting its daemon. */
export async function installApt(component) {
  if (process.platform !== 'linux' || findOnPath('apt-get') === undefined) {
    throw new NotInstallable('there is no apt-get: install it with your own package manager');
  }
  const prefix = await rootPrefix();
  if (prefix === undefined) {
    throw new NotInstallable('apt-get needs root, or sudo without a password');
  }
  await withoutDaemons(prefix, async () => {
    if (!listsAreFresh) await apt(prefix, ['update', '-qq']);
    listsAreFresh = true;
    const packages = [component.package ?? component.name, ...(component.also ?? [])];
    await apt(prefix, ['install', '--no-install-recommends', '-y', '-qq', ...packages]);
  });
}

/**
 * Debian's version of an installed package, to be compared with what the tests were written for.
 * @returns {Promise<string | undefined>}
 */
export async function aptVersion(component) {
  if (findOnPath('dpkg-query') === undefined) return undefined;
  const name = component.package ?? component.name;
  const { code, output } = await run('dpkg-query', ['-W', '-f', '${Version}', name]);
  return code === 0 && output !== '' ? output.replace(/^\d+:/, '') : undefined;
}

function apt(prefix, args) {
  const env = ['DEBIAN_FRONTEND=noninteractive'];
  // With env(1) rather than our own environment: sudo drops what it does not know.
  const [file, ...rest] = [...prefix, 'env', ...env, 'apt-get', ...args];
  return runOrThrow(file, rest);
}

async function withoutDaemons(prefix, work) {
  if (existsSync(POLICY)) return work();
  const asRoot = prefix.length === 0;
  const script = '#!/bin/sh\nexit 101\n';
  if (asRoot) writeFileSync(POLICY, script, { mode: 0o755 });
  else await writeWithSudo(prefix, script);
  try {
    return await work();
  } finally {
    if (asRoot) rmSync(POLICY, { force: true });
    else await run(prefix[0], [...prefix.slice(1), 'rm', '-f', POLICY]);
  }
}

async function writeWithSudo([sudo, ...flags], script) {
  const printed = `printf '${script.replaceAll('\n', '\\n')}' > ${POLICY} && chmod 755 ${POLICY}`;
  await runOrThrow(sudo, [...flags, 'sh', '-c', printed]);
}
