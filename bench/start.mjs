/**
 * How long the action takes from its start to its first request, as a ratio to Node's own start.
 * A plain push with a login; the server it asks ends it, so nothing else is measured.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { digestOf } from '../__tests__/support/registry/index.ts';
import { median } from './lib/statistics.mjs';

const DIST = path.join(import.meta.dirname, '..', 'dist', 'index.js');
const LIMIT = 4.5;

/** The smallest layout that is an image. */
async function writeLayout(folder) {
  const blobs = path.join(folder, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const store = async (content, mediaType) => {
    const bytes = Buffer.from(content);
    const digest = digestOf(bytes);
    await writeFile(path.join(blobs, digest.slice('sha256:'.length)), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const config = await store('{}', 'application/vnd.oci.image.config.v1+json');
  const layer = await store('layer', 'application/vnd.oci.image.layer.v1.tar+gzip');
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] });
  const manifests = [await store(manifest, mediaType)];
  await writeFile(path.join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  await writeFile(path.join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
}

/** Milliseconds of a whole `node -e 0`. */
function startNode() {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
    child.on('error', reject);
    child.on('close', () => resolve(performance.now() - started));
  });
}

/** Milliseconds from the start of the action to its first request. */
async function startAction(folder) {
  const server = http.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const env = {
    ...process.env,
    GITHUB_ACTIONS: 'true',
    RUNNER_TEMP: folder,
    INPUT_SOURCE: `oci:${path.join(folder, 'layout')}`,
    INPUT_TAGS: `127.0.0.1:${server.address().port}/bench/start:1`,
    INPUT_USERNAME: 'bench',
    INPUT_PASSWORD: 'password',
    'INPUT_PLAIN-HTTP': 'true',
  };
  const started = performance.now();
  const child = spawn(process.execPath, [DIST], { env, stdio: 'ignore' });
  const elapsed = await new Promise((resolve, reject) => {
    child.on('close', () => reject(new Error('the action ended before its first request')));
    server.on('request', () => resolve(performance.now() - started));
  });
  child.removeAllListeners('close');
  child.kill('SIGKILL');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return elapsed;
}

/** Measures both in turn, so that a change in the machine's speed hits both. */
export async function benchStart(runs = 15) {
  const folder = await mkdtemp(path.join(tmpdir(), 'idpbuilder-push-bench-'));
  try {
    await writeLayout(path.join(folder, 'layout'));
    await startAction(folder);
    const node = [];
    const action = [];
    for (let run = 0; run < runs; run += 1) {
      node.push(await startNode());
      action.push(await startAction(folder));
    }
    const ratio = median(action.map((value, index) => value / node[index]));
    return { runs, nodeMs: median(node), firstRequestMs: median(action), ratio, limit: LIMIT };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
