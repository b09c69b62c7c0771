/**
 * The tests against real services: installs what they need and is missing, makes the images,
 * builds dist/ if the sources are newer, and runs jest with what else is on the command line:
 *
 *     npm run test:e2e
 *     npm run test:e2e -- proxy -t "1.5 GiB"
 *
 * What this machine cannot have is named at the end; its tests report themselves as skipped.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bin, must, ROOT, run } from './run.mjs';
import { installedPath } from './services/cache.mjs';
import { COMPONENTS } from './services/catalog.mjs';

/** Larger than what idpbuilder's ingress lets through in one request, in MiB. */
const BIG = '1536';
/** Not installed unless named, and yet there is a test for it. */
const MORE = ['buildah'];

/** When something in a folder was last changed, milliseconds. */
function newest(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(path.join(entry.parentPath, entry.name)).mtimeMs)
    .reduce((latest, time) => Math.max(latest, time), 0);
}

function isStale() {
  const bundle = path.join(ROOT, 'dist', 'index.js');
  return !existsSync(bundle) || newest(path.join(ROOT, 'src')) > statSync(bundle).mtimeMs;
}

/** A step without which there are fewer tests, but no reason to run none. */
async function attempt(...args) {
  if ((await run('node', args)) !== 0) console.error(`e2e: ${args.join(' ')} failed`);
}

await attempt('scripts/services.mjs', 'install');
await attempt('scripts/services.mjs', 'install', ...MORE);
await attempt('scripts/images.mjs');
await attempt('scripts/images.mjs', 'big', BIG);
if (isStale()) await must('node', ['scripts/build.mjs']);

/** What a machine without the tool it needs has not tested, by name. */
function skippedTests(file) {
  const counts = new Map();
  const { testResults } = JSON.parse(readFileSync(file, 'utf8'));
  for (const { fullName } of testResults.flatMap((suite) => suite.assertionResults)) {
    // Only those that say why: what a filter on the command line leaves out is no news.
    const [name] = /^.*?\[skipped: [^\]]*\]/.exec(fullName) ?? [];
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${name}${count > 1 ? `, ${count} tests` : ''}`);
}

const given = process.argv.slice(2);
const folder = mkdtempSync(path.join(tmpdir(), 'idpbuilder-push-e2e-'));
const results = path.join(folder, 'results.json');
// Whoever asks for the results reads them.
const own = given.includes('--json') ? [] : ['--json', `--outputFile=${results}`];
const code = await run('node', [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  bin('jest/bin/jest.js'),
  '--config=jest.e2e.config.js',
  // Each suite starts servers and compresses layers: more at a time would only wait for each other.
  '--maxWorkers=2',
  ...own,
  ...given,
]);

if (existsSync(results)) for (const name of skippedTests(results)) console.log(`skipped: ${name}`);
rmSync(folder, { recursive: true, force: true });
const missing = COMPONENTS.filter(
  (component) =>
    (component.optional !== true || MORE.includes(component.name)) &&
    installedPath(component) === undefined,
);
for (const { name, why } of missing) console.log(`not installed: ${name} (${why})`);
process.exitCode = code;
