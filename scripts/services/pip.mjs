/** Components from PyPI whose wheel brings one self-contained program. */
import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cachedCommand, cacheFolder, cacheRoot, findOnPath } from './cache.mjs';
import { NotInstallable, run, runOrThrow } from './run.mjs';

const WINDOWS = process.platform === 'win32';

/** Installs into a throw-away virtual environment and keeps the program. */
export async function installPip(component) {
  const python = ['python3', 'python'].find((name) => findOnPath(name) !== undefined);
  if (python === undefined) throw new NotInstallable('Python is not on PATH');
  const folder = join(cacheFolder('build'), `pip-${component.name}-${process.pid}`);
  try {
    await makeVenv(python, folder);
    const bin = join(folder, WINDOWS ? 'Scripts' : 'bin');
    const wanted = `${component.package ?? component.name}==${component.version}`;
    const flags = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
    await runOrThrow(join(bin, 'python'), ['-m', 'pip', 'install', ...flags, wanted]);
    await keep(bin, cachedCommand(component.name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function makeVenv(python, folder) {
  const { code, output } = await run(python, ['-m', 'venv', folder], { cwd: cacheRoot() });
  if (code !== 0) throw new NotInstallable(`${python} has no venv: ${output.trim()}`);
}

async function keep(bin, target) {
  cacheFolder('bin');
  const partial = `${target}.${process.pid}.partial`;
  copyFileSync(join(bin, basename(target)), partial);
  await chmod(partial, 0o755);
  renameSync(partial, target);
}
