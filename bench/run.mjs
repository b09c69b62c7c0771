/**
 * Compares with other tools over a simulated link; docs/benchmarks.md says how to read it.
 *
 *     npm run bench -- [--only NAME]… [--runs N] [--quick]
 *
 * Prints tables in Markdown; the same and every single figure as JSON go to bench/results/.
 * Exit code 0 even where a limit is missed: a busy machine is no error.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { compare } from './lib/compare.mjs';
import { findContenders } from './lib/peers.mjs';
import { startRegistry } from './lib/registry.mjs';
import { machineText, scenarioText, startText } from './lib/table.mjs';
import { SCENARIOS } from './scenarios/index.mjs';
import { benchRecord, recordText } from './scenarios/record.mjs';
import { benchStart } from './start.mjs';

const DIST = path.join(import.meta.dirname, '..', 'dist', 'index.js');
const RESULTS = path.join(import.meta.dirname, 'results');
const START = 'start';
const RECORD = 'record';
const NAMES = [START, RECORD, ...SCENARIOS.map(({ name }) => name)];

class UsageError extends Error {}

function options() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      runs: { type: 'string' },
      quick: { type: 'boolean', default: false },
    },
  });
  const unknown = values.only?.find((only) => !NAMES.some((name) => name.startsWith(only)));
  if (unknown !== undefined) {
    throw new UsageError(`no scenario begins with ${unknown}; there are ${NAMES.join(', ')}`);
  }
  const runs = Number(values.runs ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(runs) || runs < 1) throw new UsageError('--runs takes a number from 1 on');
  const named = (name) => values.only?.some((only) => name.startsWith(only));
  return {
    runs,
    partial: values.only !== undefined,
    wanted: (name, heavy = false) => named(name) ?? !(heavy && values.quick),
  };
}

/** Tables to standard output, as they are done; what is going on to standard error. */
async function main() {
  const { runs, partial, wanted } = options();
  if (!existsSync(DIST)) throw new Error('dist/index.js is missing: npm run build');
  const home = await mkdtemp(path.join(tmpdir(), 'idpbuilder-push-bench-'));
  const registry = await startRegistry();
  try {
    const { contenders, leftOut } = await findContenders(home);
    const results = { ...describeMachine(), runs, ramDisk: registry.onRamDisk, leftOut };
    results.versions = Object.fromEntries(
      [...contenders].map(([name, { version }]) => [name, version]),
    );
    results.scenarios = [];
    const texts = [];
    const print = (text) => {
      texts.push(text);
      console.log(text);
    };
    print(machineText(results));
    if (wanted(START)) {
      results.start = await benchStart();
      print(startText(results.start));
    }
    if (wanted(RECORD)) {
      results.record = await benchRecord();
      print(recordText(results.record));
    }
    for (const scenario of SCENARIOS.filter(({ name, heavy }) => wanted(name, heavy))) {
      const result = await compare(scenario, { contenders, registry, runs });
      results.scenarios.push(result);
      print(scenarioText(result));
    }
    await save(partial ? 'partial' : 'results', results, texts);
  } finally {
    await registry.stop();
    await rm(home, { recursive: true, force: true });
  }
}

function describeMachine() {
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
  };
}

async function save(name, results, texts) {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(path.join(RESULTS, `${name}.json`), `${JSON.stringify(results, undefined, 2)}\n`);
  await writeFile(path.join(RESULTS, `${name}.md`), `${texts.join('\n')}\n`);
  console.error(`written: ${path.join('bench', 'results', name)}.json and .md`);
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
