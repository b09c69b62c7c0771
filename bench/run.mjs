/** Runs the benchmarks and prints a table; JSON goes to bench/results/. */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import { benchStart } from './start.mjs';

const results = {
  node: process.version,
  cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
  start: await benchStart(),
};
const { nodeMs, firstRequestMs, ratio, limit } = results.start;
console.log(`Node ${results.node}, ${results.cpu}\n`);
console.log('| start | median ms | ratio | limit |');
console.log('| --- | --: | --: | --: |');
console.log(`| node -e 0 | ${nodeMs.toFixed(1)} | 1 | |`);
console.log(
  `| action, to its first request | ${firstRequestMs.toFixed(1)} | ${ratio.toFixed(2)} | ${limit} |`,
);
const folder = path.join(import.meta.dirname, 'results');
await mkdir(folder, { recursive: true });
await writeFile(path.join(folder, 'results.json'), `${JSON.stringify(results, undefined, 2)}\n`);
