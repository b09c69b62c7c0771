/** Writes OCI image layouts, the same bytes on every run. */
import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { EPOCH } from './tar.mjs';

const OCI = 'application/vnd.oci.image';
const TYPES = {
  config: `${OCI}.config.v1+json`,
  manifest: `${OCI}.manifest.v1+json`,
  index: `${OCI}.index.v1+json`,
  layer: { gzip: `${OCI}.layer.v1.tar+gzip`, none: `${OCI}.layer.v1.tar` },
};
const CREATED = new Date(EPOCH * 1000).toISOString().replace('.000', '');

/** @typedef {{ mediaType: string, digest: string, size: number }} Descriptor */
/** @typedef {{ descriptor: Descriptor, diffId: string, createdBy: string }} Layer */

export class Layout {
  /** @param {string} folder to write; it is made */
  constructor(folder) {
    this.folder = folder;
    mkdirSync(join(folder, 'blobs', 'sha256'), { recursive: true });
    writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  }

  /**
   * Stores an uncompressed tar as a layer.
   * @param {AsyncIterable<Uint8Array>} tar
   * @param {'gzip' | 'none'} compression
   * @param {string} createdBy for the image's history
   * @returns {Promise<Layer>}
   */
  async addLayer(tar, compression, createdBy) {
    const partial = join(this.folder, 'blobs', '.partial');
    const [outer, inner] = [new Meter(), new Meter()];
    const steps = compression === 'gzip' ? [createGzip({ level: 6 }), outer] : [outer];
    await pipeline(Readable.from(tar), inner, ...steps, createWriteStream(partial));
    const mediaType = TYPES.layer[compression];
    const descriptor = { mediaType, digest: outer.digest(), size: outer.size };
    renameSync(partial, this.blobPath(descriptor.digest));
    const diffId = compression === 'gzip' ? inner.digest() : descriptor.digest;
    return { descriptor, diffId, createdBy };
  }

  /**
   * Stores one platform's image.
   * @param {{ architecture: string, layers: Layer[], config?: object }} image
   */
  addImage({ architecture, layers, config = {} }) {
    const platform = { architecture, os: 'linux' };
    const diffIds = layers.map((layer) => layer.diffId);
    const configuration = this.addJson(TYPES.config, {
      created: CREATED,
      ...platform,
      config,
      rootfs: { type: 'layers', diff_ids: diffIds },
      history: layers.map(({ createdBy }) => ({ created: CREATED, created_by: createdBy })),
    });
    const manifest = this.addJson(TYPES.manifest, {
      schemaVersion: 2,
      mediaType: TYPES.manifest,
      config: configuration,
      layers: layers.map((layer) => layer.descriptor),
    });
    return { ...manifest, platform };
  }

  /**
   * Writes index.json: one image as itself, several below an index of their own.
   * @param {Descriptor[]} images
   * @param {string} tag
   */
  finish(images, tag = 'latest') {
    const [only] = images;
    const top =
      images.length === 1
        ? only
        : this.addJson(TYPES.index, {
            schemaVersion: 2,
            mediaType: TYPES.index,
            manifests: images,
          });
    const annotations = { 'org.opencontainers.image.ref.name': tag };
    const index = {
      schemaVersion: 2,
      mediaType: TYPES.index,
      manifests: [{ ...top, annotations }],
    };
    writeFileSync(join(this.folder, 'index.json'), JSON.stringify(index));
  }

  /** @returns {Descriptor} */
  addJson(mediaType, value) {
    const bytes = Buffer.from(JSON.stringify(value));
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    writeFileSync(this.blobPath(digest), bytes);
    return { mediaType, digest, size: bytes.length };
  }

  blobPath(digest) {
    return join(this.folder, 'blobs', 'sha256', digest.slice('sha256:'.length));
  }
}

/**
 * Every file of a layout as tar entries, in a fixed order.
 * @param {string} folder
 */
export function layoutEntries(folder) {
  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
  const names = new Set(['oci-layout', 'index.json']);
  for (const descriptor of index.manifests) collect(folder, descriptor, names);
  return [...names].map((name) => ({ name, file: join(folder, name) }));
}

function collect(folder, { digest, mediaType }, names) {
  const name = `blobs/sha256/${digest.slice('sha256:'.length)}`;
  names.add(name);
  if (mediaType !== TYPES.index && mediaType !== TYPES.manifest) return;
  const { manifests = [], config, layers = [] } = JSON.parse(readFileSync(join(folder, name)));
  for (const child of [...manifests, ...(config ? [config] : []), ...layers]) {
    collect(folder, child, names);
  }
}

/** Passes bytes on and knows how many they were and their digest. */
class Meter extends Transform {
  size = 0;
  #hash = createHash('sha256');

  _transform(chunk, _encoding, done) {
    this.size += chunk.length;
    this.#hash.update(chunk);
    done(null, chunk);
  }

  digest() {
    return `sha256:${this.#hash.digest('hex')}`;
  }
}
