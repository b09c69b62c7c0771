/** Components in Go, built from the module proxy. */
import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cachedCommand, cacheFolder, findOnPath } from './cache.mjs';
import { NotInstallable, run } from './run.mjs';

/** What a proxy that does not serve a module or one of its versions answers. */
const REFUSED = /\b(403 Forbidden|404 Not Found|410 Gone|is not available)\b/;

/**
 * From Go 1.17 on a go.mod lists all it needs, so the graph is not walked to its last old module;
 * without the line Go takes the wrapper for older and asks the proxy for thousands of them.
 */
const GO_LINE = '1.21';

/**
 * Builds `component.package` at its pinned version.
 * A module of our own that requires it is used rather than `go install pkg@version`: that looks
 * up the list of all versions and the retractions too, which not every proxy answers.
 */
export async function installGo(component) {
  requireGo();
  await inBuildFolder(async (folder) => {
    const mod = `module wrapper\n\ngo ${GO_LINE}\n\nrequire ${component.module} v${component.version}\n`;
    writeFileSync(join(folder, 'go.mod'), mod);
    await build(component, folder, '-mod=mod', component.package ?? component.module);
  });
}

/**
 * Builds a component whose sources are needed beside its binary (templates and the like), from a
 * copy of the module, since the module cache is read-only.
 */
export async function installGoSource(component) {
  requireGo();
  await inBuildFolder(async (folder) => {
    const id = `${component.module}@v${component.version}`;
    const { Dir: sources } = JSON.parse(await go(['mod', 'download', '-json', id], folder));
    const copy = join(folder, 'sources');
    cpSync(sources, copy, { recursive: true });
    await makeWritable(copy);
    await build(component, copy, '-mod=mod', '.');
    const kept = cacheFolder(component.name);
    for (const name of component.keep ?? []) {
      rmSync(join(kept, name), { recursive: true, force: true });
      renameSync(join(copy, name), join(kept, name));
    }
  });
}

function requireGo() {
  if (findOnPath('go') === undefined) throw new NotInstallable('Go is not on PATH');
}

async function build(component, cwd, ...rest) {
  cacheFolder('bin');
  const target = cachedCommand(component.name);
  const partial = `${target}.${process.pid}.partial`;
  const flags = rest.slice(0, -1);
  await go(['build', '-o', partial, ...flags, ...(component.build ?? []), rest.at(-1)], cwd);
  renameSync(partial, target);
}

async function go(args, cwd) {
  const { code, output } = await run('go', args, { cwd });
  if (code === 0) return output;
  const refusal = output.split('\n').find((line) => REFUSED.test(line));
  if (refusal !== undefined) throw new NotInstallable(`the module proxy says: ${refusal.trim()}`);
  throw new Error(`go ${args.join(' ')} ended with code ${code}:\n${output}`);
}

async function inBuildFolder(work) {
  const folder = mkdtempSync(join(cacheFolder('build'), 'go-'));
  try {
    await work(folder);
  } finally {
    await makeWritable(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The module cache has no write permission anywhere, and its copy inherits that. */
async function makeWritable(folder) {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await makeWritable(path);
    else if (entry.isFile()) await chmod(path, 0o644);
  }
}
