/**
 * Packs a real image out of what is on every machine that runs this: Node itself with the shared
 * libraries it has loaded, and this project's own bundle as the application. On Linux the image
 * runs; the archive looks as `docker save` writes it: one tar, layers uncompressed.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';

/** One fixed time for every file: packing twice gives the same bytes. */
const MTIME = new Date('2026-01-01T00:00:00Z');

/** The files of the base layer: where Node and its libraries are, and what they are called inside. */
async function baseFiles() {
  const shared = process.report.getReport().sharedObjects.filter((file) => path.isAbsolute(file));
  const files = new Map();
  for (const file of shared) {
    // The loader looks for the name that is in the binary, not for what the link points to.
    if (process.platform === 'linux') files.set(file, await realpath(file));
  }
  files.set('/usr/local/bin/node', process.execPath);
  return files;
}

async function appFiles(dist) {
  const names = await readdir(dist, { recursive: true });
  const entries = names.toSorted().map((name) => [`/app/${name}`, path.join(dist, name)]);
  return new Map(entries);
}

/** Writes a layer's tar and gives its diff ID. */
async function writeLayer(file, files) {
  const tar = pack();
  const hash = createHash('sha256');
  tar.on('data', (chunk) => hash.update(chunk));
  const written = pipeline(tar, createWriteStream(file));
  for (const [name, source] of [...files].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    const { size, mode } = await stat(source);
    const header = { name: name.slice(1), size, mode: mode & 0o777, mtime: MTIME };
    await pipeline(createReadStream(source), tar.entry(header));
  }
  tar.finalize();
  await written;
  return `sha256:${hash.digest('hex')}`;
}

function imageConfig(diffIds) {
  const os = { win32: 'windows' }[process.platform] ?? process.platform;
  const architecture = { x64: 'amd64', ia32: '386' }[process.arch] ?? process.arch;
  return {
    created: MTIME.toISOString(),
    architecture,
    os,
    config: { Entrypoint: ['/usr/local/bin/node', '/app/index.js'], Cmd: ['--help'] },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: diffIds.map((id) => ({ created: MTIME.toISOString(), created_by: `layer ${id}` })),
  };
}

async function add(tar, name, content) {
  if (typeof content === 'string') {
    await new Promise((resolve, reject) => {
      tar.entry({ name, mtime: MTIME }, content, (error) => (error ? reject(error) : resolve()));
    });
    return;
  }
  const { size } = await stat(content.file);
  await pipeline(createReadStream(content.file), tar.entry({ name, size, mtime: MTIME }));
}

/**
 * @param {string} folder an empty folder to work in
 * @param {string} dist the built bundle
 * @param {string} name the image's name
 * @returns {Promise<{archive: string, layers: number, bytes: number}>}
 */
export async function packImage(folder, dist, name) {
  const layers = [await baseFiles(), await appFiles(dist)];
  const diffIds = [];
  for (const [index, files] of layers.entries()) {
    diffIds.push(await writeLayer(path.join(folder, `layer${index}.tar`), files));
  }
  const config = JSON.stringify(imageConfig(diffIds));
  const configName = `${createHash('sha256').update(config).digest('hex')}.json`;
  const layerNames = layers.map((_, index) => `layer${index}.tar`);
  const archive = path.join(folder, 'image.tar');
  const tar = pack();
  const written = pipeline(tar, createWriteStream(archive));
  await add(tar, configName, config);
  for (const layer of layerNames) await add(tar, layer, { file: path.join(folder, layer) });
  const manifest = [{ Config: configName, RepoTags: [name], Layers: layerNames }];
  await add(tar, 'manifest.json', JSON.stringify(manifest));
  tar.finalize();
  await written;
  return { archive, layers: layers.length, bytes: (await stat(archive)).size };
}

/** The lines a step has appended to one of the runner's files, as name and value. */
export async function readOutputs(file) {
  const text = await readFile(file, 'utf8');
  const outputs = {};
  for (const [, name, , value] of text.matchAll(/^([\w-]+)<<(\S+)\n([\s\S]*?)\n\2$/gm)) {
    outputs[name] = value;
  }
  return outputs;
}
