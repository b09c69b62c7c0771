/**
 * src → lib (tsc) → dist (ncc): one bundle for main and post, with a chunk for each part that is
 * loaded only when it is asked for. dist is committed: that is what a runner executes.
 */
import { chmod, cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bin, must, ROOT } from './run.mjs';

const lib = path.join(ROOT, 'lib');
const dist = path.join(ROOT, 'dist');

await rm(lib, { recursive: true, force: true });
await must('node', [bin('typescript/bin/tsc'), '-p', 'tsconfig.build.json']);

// Built beside and then moved: a failed build leaves the last good one in place.
const fresh = await mkdtemp(path.join(tmpdir(), 'idpbuilder-push-build-'));
await must('node', [
  bin('@vercel/ncc/dist/ncc/cli.js'),
  'build',
  path.join(lib, 'entry.js'),
  '--out',
  fresh,
  '--target',
  'es2022',
  '--license',
  'licenses.txt',
  '--no-cache',
  '--quiet',
]);
await writeFile(path.join(fresh, 'package.json'), `${JSON.stringify({ type: 'module' })}\n`);
await rm(dist, { recursive: true, force: true });
await cp(fresh, dist, { recursive: true });
await chmod(dist, 0o755);
await rm(fresh, { recursive: true });
const files = (await readdir(dist, { recursive: true })).toSorted();
console.log(`built dist/: ${files.join(', ')}`);
