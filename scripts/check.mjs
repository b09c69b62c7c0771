/**
 * Everything CI asks for, in one run: the README's two commands, types, lint, the committed dist,
 * the workflows, and the tests against real services. The last line counts what passed.
 *
 *     npm run check              all of it
 *     npm run check -- --quick   without the real services
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT, run } from './run.mjs';

const quick = process.argv.includes('--quick');
const folder = await mkdtemp(path.join(tmpdir(), 'idpbuilder-push-check-'));
const totals = { passed: 0, failed: 0, skipped: 0 };
const failures = [];

function count(name, passed, failed, skipped = 0) {
  totals.passed += passed;
  totals.failed += failed;
  totals.skipped += skipped;
  if (failed > 0) failures.push(name);
}

function title(name) {
  console.log(`\n══ ${name}`);
}

/** A step that passes or fails as one. */
async function step(name, file, args, options) {
  title(name);
  const code = await run(file, args, options).catch((error) => {
    console.error(`${name}: ${error.message}`);
    return 1;
  });
  count(name, code === 0 ? 1 : 0, code === 0 ? 0 : 1);
}

/** npm itself: the JavaScript file that runs us, so that no shell is needed on Windows either. */
function npm(...args) {
  const cli = process.env['npm_execpath'];
  return cli ? ['node', [cli, ...args]] : ['npm', args];
}

/** A jest run, counted test by test; one that ends without counting has failed. */
async function tests(name, file, args) {
  title(name);
  const output = path.join(folder, `${name.replaceAll(/\W/g, '-')}.json`);
  const code = await run(file, [...args, '--json', `--outputFile=${output}`]);
  try {
    const result = JSON.parse(await readFile(output, 'utf8'));
    const broken = result.numRuntimeErrorTestSuites;
    const { numPassedTests, numFailedTests, numPendingTests } = result;
    const failed = numFailedTests + broken;
    count(name, numPassedTests, failed || (code === 0 ? 0 : 1), numPendingTests);
    for (const suite of result.testResults) {
      for (const test of suite.assertionResults) {
        if (test.status === 'pending') console.log(`skipped: ${test.fullName}`);
      }
    }
  } catch {
    count(name, 0, 1);
  }
}

/** dist/ must be what the sources build; git status also sees chunks that are new. */
async function distCheck() {
  await step('build', 'node', ['scripts/build.mjs']);
  title('dist is committed');
  const status = spawnSync('git', ['status', '--porcelain', '--', 'dist'], { cwd: ROOT });
  const changed = status.stdout.toString();
  if (changed) console.error(`dist/ is not what the sources build; commit it:\n${changed}`);
  else if (status.status === 0) console.log('dist/ is up to date');
  count(
    'dist is committed',
    changed || status.status !== 0 ? 0 : 1,
    changed || status.status !== 0 ? 1 : 0,
  );
}

/** Path of an installed component; undefined where this machine cannot have it. */
function component(name) {
  const found = spawnSync(process.execPath, ['scripts/services.mjs', 'path', name], { cwd: ROOT });
  return found.status === 0 ? found.stdout.toString().trim() : undefined;
}

async function linter(name, args) {
  const program = component(name);
  if (program) await step(name, program, args);
  else {
    console.log(`skipped: ${name} cannot be installed on this machine`);
    count(name, 0, 0, 1);
  }
}

await tests('unit and integration tests', ...npm('test', '--'));
await step('types', ...npm('run', 'typecheck'));
await step('lint', ...npm('run', 'lint'));
await distCheck();
await step('demo', ...npm('run', 'demo'));
if (!quick) {
  // What could have been installed and was not is a failure here, and its tests are skipped below.
  await step('real services', 'node', ['scripts/services.mjs', 'install']);
  await linter('actionlint', []);
  await linter('zizmor', ['--offline', '--no-progress', '.github', 'action.yml']);
  await tests('tests against real services', 'node', ['scripts/e2e.mjs']);
}
await rm(folder, { recursive: true, force: true });

const { passed, failed, skipped } = totals;
if (failures.length > 0) console.log(`\nfailed: ${failures.join(', ')}`);
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;
