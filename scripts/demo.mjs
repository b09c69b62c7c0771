/**
 * The main job, for real, on any machine: packs an image, pushes it through the built dist/ the way
 * a runner would start it, to a registry that asks for a login, and pulls the manifest back.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { digestOf, startRegistry } from '../__tests__/support/registry/index.ts';
import { packImage, readOutputs } from './demo/image.mjs';
import { must, ROOT } from './run.mjs';

const USER = 'demo';
const PASSWORD = 'a-secret-that-never-shows';
const ACCEPT =
  'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json';

function step(text) {
  console.log(`\n── ${text}`);
}

/** Shows what a runner shows: commands are obeyed, not printed, and masked values never appear. */
async function runAsRunner(env) {
  const child = spawn(process.execPath, [path.join(ROOT, 'dist', 'index.js')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith('::add-mask::')) continue;
    if (line.includes(PASSWORD)) throw new Error('the password shows in the log');
    console.log(line);
  }
  const [code] = await ended;
  return code;
}

/** Starts dist/ as the runner starts a step, with inputs and files of its own. */
async function pushAsAction(folder, inputs) {
  const files = { GITHUB_OUTPUT: 'output', GITHUB_STEP_SUMMARY: 'summary', GITHUB_STATE: 'state' };
  const env = { ...process.env, GITHUB_ACTIONS: 'true', RUNNER_TEMP: folder };
  for (const [name, file] of Object.entries(files)) {
    env[name] = path.join(folder, file);
    await writeFile(env[name], '');
  }
  for (const [name, value] of Object.entries(inputs)) env[`INPUT_${name.toUpperCase()}`] = value;
  const code = await runAsRunner(env);
  return {
    code,
    outputs: await readOutputs(env['GITHUB_OUTPUT']),
    summary: await readFile(env['GITHUB_STEP_SUMMARY'], 'utf8'),
  };
}

/** What anybody who pulls the image gets. */
async function pullManifest(registry, repository, tag) {
  const url = `http://${registry.host}/v2/${repository}/manifests/${tag}`;
  const ask = (authorization) => fetch(url, { headers: { accept: ACCEPT, authorization } });
  const response = await ask(`Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`);
  if (!response.ok) throw new Error(`the registry answered ${response.status} for ${tag}`);
  return Buffer.from(await response.arrayBuffer());
}

const folder = await mkdtemp(path.join(tmpdir(), 'idpbuilder-push-demo-'));
const registry = await startRegistry({
  auth: { mode: 'basic', username: USER, password: PASSWORD },
});
try {
  step('Building dist/');
  await must('node', ['scripts/build.mjs']);

  step('Packing an image: Node, its libraries, and this project’s own bundle');
  const image = await packImage(folder, path.join(ROOT, 'dist'), 'demo/idpbuilder-push:latest');
  console.log(
    `${image.archive}: ${image.layers} layers, ${(image.bytes / 2 ** 20).toFixed(1)} MiB`,
  );

  const repository = 'demo/idpbuilder-push';
  const inputs = {
    source: image.archive,
    tags: `${registry.host}/${repository}:1.0.0\n${registry.host}/${repository}:latest`,
    username: USER,
    password: PASSWORD,
    'plain-http': 'true',
  };
  step(`Pushing it to ${registry.host}`);
  const first = await pushAsAction(folder, inputs);
  if (first.code !== 0) throw new Error(`the push ended with exit code ${first.code}`);

  step('Pulling the manifest back');
  const manifest = await pullManifest(registry, repository, 'latest');
  const digest = digestOf(manifest);
  console.log(`${registry.host}/${repository}:latest is ${digest}`);
  if (digest !== first.outputs.digest) throw new Error(`the output says ${first.outputs.digest}`);
  registry.assertClean();

  step('Pushing it again: nothing is sent twice');
  const second = await pushAsAction(folder, inputs);
  console.log(
    `sent ${second.outputs['bytes-uploaded']} bytes, skipped ${second.outputs['bytes-skipped']}`,
  );
  if (second.outputs['bytes-uploaded'] !== '0') throw new Error('the second push sent bytes again');

  step('The job summary of the first push');
  console.log(first.summary);
} finally {
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
}
