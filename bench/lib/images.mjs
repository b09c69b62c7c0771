/** The images that are pushed: OCI layouts in the cache of the tests' tools, made where missing. */
import { createCipheriv } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Layout } from '../../scripts/images/layout.mjs';
import { makeBig, makeL40 } from '../../scripts/images/synthetic.mjs';
import { tarOf } from '../../scripts/images/tar.mjs';
import { cacheFolder } from '../../scripts/services/cache.mjs';

const KIB = 1024;
const MIB = 1024 * KIB;

const layers =
  (count, bytes, compression = 'gzip') =>
  (folder) =>
    makeLayers(folder, { count, bytes, compression });

/** By name. Nothing in them compresses, and most say gzip: skopeo compresses what is not. */
const RECIPES = {
  l40: makeL40,
  'big-64m': (folder) => makeBig(folder, 64),
  'big-4096m': (folder) => makeBig(folder, 4096),
  'bench-200x8m': layers(200, 8 * MIB, 'none'),
  'bench-500x10k': layers(500, 10 * KIB),
  'bench-1x4m': layers(1, 4 * MIB),
};

/**
 * @typedef {object} Image
 * @property {string} name
 * @property {string} folder
 * @property {string} digest of its manifest
 * @property {number} bytes of its blobs and its manifest, all that is sent of it
 * @property {number} blobs
 */

/**
 * The image of that name, made if need be and read once, so that no run pays for the disk.
 * @param {keyof typeof RECIPES} name
 * @returns {Promise<Image>}
 */
export async function prepareImage(name) {
  const folder = path.join(cacheFolder('images'), name);
  if (!existsSync(folder)) await make(name, folder);
  const { manifests } = JSON.parse(await readFile(path.join(folder, 'index.json'), 'utf8'));
  const [manifest] = manifests;
  const file = ({ digest }) => path.join(folder, 'blobs', 'sha256', digest.split(':')[1]);
  const content = JSON.parse(await readFile(file(manifest), 'utf8'));
  const blobs = [content.config, ...content.layers];
  for (const blob of blobs) await readOnce(file(blob));
  const bytes = blobs.reduce((sum, { size }) => sum + size, manifest.size);
  return { name, folder, digest: manifest.digest, bytes, blobs: blobs.length };
}

async function make(name, folder) {
  console.error(`making the image ${name} …`);
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await RECIPES[name](partial);
  await rename(partial, folder);
}

async function makeLayers(folder, { count, bytes, compression }) {
  const layout = new Layout(folder);
  const made = [];
  for (let at = 0; at < count; at += 1) {
    const name = `data/${String(at).padStart(3, '0')}.bin`;
    const iv = Buffer.alloc(16);
    iv.writeUInt32BE(at);
    iv.writeUInt32BE(bytes, 4);
    const content = createCipheriv('aes-128-ctr', Buffer.alloc(16, 0x5a), iv).update(
      Buffer.alloc(bytes),
    );
    made.push(await layout.addLayer(tarOf([{ name, content }]), compression, `ADD ${name}`));
  }
  layout.finish([layout.addImage({ architecture: 'amd64', layers: made })]);
}

async function readOnce(file) {
  for await (const _ of createReadStream(file, { highWaterMark: MIB }));
}
