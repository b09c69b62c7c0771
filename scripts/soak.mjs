/**
 * Kills pushes at random moments for as long as one likes, and checks every image afterwards:
 *
 *     npm run soak -- --rounds 500 --seed 1
 *     npm run soak -- --registry olareg --kills 3 --layers 4 --layer-size 32
 *
 * Each round is a push to a repository of its own that is killed (SIGKILL, `--kills` times) and a
 * last run to its end; then every blob is read back and the folder of the state looked at. The
 * built dist/ is what runs. One line per round; the seed draws the same image and moments again.
 * Exit code 1 when any round was not complete.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runSoak } from '../__tests__/e2e/support/resume-soak.ts';
import {
  removeFolder,
  startDistribution,
  startDockerRegistry,
  startOlareg,
  temporaryFolder,
} from '../__tests__/support/services/index.ts';
import { ROOT } from './run.mjs';

const MIB = 1024 * 1024;

const REGISTRIES = {
  distribution: startDistribution,
  'docker-registry': startDockerRegistry,
  olareg: startOlareg,
};

class UsageError extends Error {}

function positive(name, text) {
  const value = Number(text);
  if (!(value > 0)) throw new UsageError(`--${name} takes a number above 0, not ${text}`);
  return value;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '500' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
      kills: { type: 'string', default: '1' },
      registry: { type: 'string', default: 'distribution' },
      layers: { type: 'string', default: '40' },
      'layer-size': { type: 'string', default: '0.2' },
      rate: { type: 'string', default: '12' },
    },
  });
  const start = REGISTRIES[values.registry];
  if (start === undefined) {
    throw new UsageError(`--registry is one of ${Object.keys(REGISTRIES).join(', ')}`);
  }
  const whole = (name) => Math.ceil(positive(name, values[name]));
  const size = positive('layer-size', values['layer-size']) * MIB;
  return {
    start,
    rounds: whole('rounds'),
    seed: whole('seed'),
    kills: whole('kills'),
    // No two of the same size, from half to one and a half of what was asked for.
    layers: Array.from({ length: whole('layers') }, (_, at, count = whole('layers')) =>
      Math.round(size * (0.5 + at / count)),
    ),
    bytesPerSecond: positive('rate', values.rate) * MIB,
  };
}

async function main() {
  const { start, ...options } = readOptions();
  if (!existsSync(path.join(ROOT, 'dist', 'index.js'))) {
    throw new Error('dist/index.js is missing: npm run build');
  }
  const folder = await temporaryFolder('soak');
  // Its data may grow large: it goes with the folder, and not into olareg's memory.
  const registry = await start({ storage: path.join(folder, 'registry') });
  try {
    const result = await runSoak({ ...options, registry, folder, log: console.log });
    const { problems, ...counts } = result;
    console.log(JSON.stringify(counts));
    for (const problem of problems) console.log(`PROBLEM ${problem}`);
    return problems.length === 0 ? 0 : 1;
  } finally {
    await registry.stop();
    await removeFolder(folder);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`soak: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
