import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf, hexOf } from '../../../src/oci/digest.ts';
import { MEDIA_TYPES } from '../../../src/oci/media-types.ts';
import type { Platform } from '../../../src/oci/platform.ts';

/** Bytes that look random and are the same in every run. */
export function bytesOf(seed: string, size: number): Buffer {
  const blocks: Buffer[] = [];
  for (let have = 0, count = 0; have < size; count += 1) {
    const block = createHash('sha512').update(`${seed}/${count}`).digest();
    blocks.push(block);
    have += block.length;
  }
  return Buffer.concat(blocks).subarray(0, size);
}

export interface ImageOptions {
  /** a size stands for a layer of that many bytes */
  readonly layers?: readonly (number | Descriptor)[];
  readonly seed?: string;
  readonly platform?: Platform;
  readonly fields?: Readonly<Record<string, unknown>>;
}

const LINUX: Platform = { os: 'linux', architecture: 'amd64' };

/** An OCI layout in a folder of its own, written piece by piece. */
export class Layout {
  readonly directory = mkdtempSync(path.join(tmpdir(), 'push-layout-'));
  readonly source = `oci:${this.directory}`;

  constructor() {
    mkdirSync(path.join(this.directory, 'blobs', 'sha256'), { recursive: true });
    this.write('oci-layout', { imageLayoutVersion: '1.0.0' });
  }

  /** Where a blob is, for tests that damage it. */
  fileOf({ digest }: Pick<Descriptor, 'digest'>): string {
    return path.join(this.directory, 'blobs', 'sha256', hexOf(digest));
  }

  blob(
    content: Buffer | string | object,
    mediaType: string = MEDIA_TYPES.ociLayerGzip,
  ): Descriptor {
    const bytes =
      typeof content === 'string' || Buffer.isBuffer(content)
        ? Buffer.from(content)
        : Buffer.from(JSON.stringify(content));
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    writeFileSync(this.fileOf(descriptor), bytes);
    return descriptor;
  }

  layer(seed: string, size: number): Descriptor {
    return this.blob(bytesOf(seed, size));
  }

  image({
    layers = [1000, 2000],
    seed = 'image',
    platform = LINUX,
    fields,
  }: ImageOptions = {}): Descriptor {
    const config = this.blob(
      { ...platform, rootfs: { type: 'layers', diff_ids: [] }, comment: seed },
      MEDIA_TYPES.ociConfig,
    );
    const manifest = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      config,
      layers: layers.map((layer, index) =>
        typeof layer === 'number' ? this.layer(`${seed}/${index}`, layer) : layer,
      ),
      ...fields,
    };
    return { ...this.blob(manifest, MEDIA_TYPES.ociManifest), platform };
  }

  index(manifests: readonly Descriptor[], fields: object = {}): Descriptor {
    const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests, ...fields };
    return this.blob(index, MEDIA_TYPES.ociIndex);
  }

  /** Makes this the image of the layout. */
  root(descriptor: Descriptor): Descriptor {
    const { mediaType, digest, size } = descriptor;
    this.write('index.json', { schemaVersion: 2, manifests: [{ mediaType, digest, size }] });
    return descriptor;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  private write(name: string, value: object): void {
    writeFileSync(path.join(this.directory, name), JSON.stringify(value));
  }
}
