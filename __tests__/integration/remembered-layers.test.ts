/** What this machine remembers of compressed layers is wrong: of another version of zlib, say. */
import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { COMPRESSOR_VERSION } from '../../src/image/compress.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { digestOf, type Digest } from '../../src/oci/digest.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { MEDIA_TYPES } from '../../src/oci/media-types.ts';
import { CompressedLayers } from '../../src/state/compressed-layers.ts';
import { buildDockerArchive } from '../support/images/build.ts';
import type { StrictRegistry } from '../support/registry/index.ts';
import { bench, run } from './support/index.ts';

const { registry: start, layout: create, state: keep } = bench();

const VERSION = COMPRESSOR_VERSION.gzip;
const LAYER_BYTES = 200_000;

/** An archive whose layers are compressed by us, and what this machine remembers of them. */
async function prepare(layers: number | readonly Readonly<Record<string, string>>[] = 2) {
  const file = path.join(create().directory, 'image.tar');
  const image = await buildDockerArchive(file, { layers, layerBytes: LAYER_BYTES });
  const state = keep();
  const layersFile = path.join(state.directory, 'layers.sqlite');
  const use = async <T>(work: (memory: CompressedLayers) => Promise<T>): Promise<T> => {
    const onProblem = (message: string): never => {
      throw new Error(message);
    };
    const memory = await CompressedLayers.open({ file: layersFile, now: Date.now, onProblem });
    if (!memory) throw new Error('it cannot be opened');
    return work(memory).finally(() => memory.close());
  };
  const push = async (...registries: readonly StrictRegistry[]) => {
    const tags = registries.map(({ host }) => `${host}/app:1`);
    const result = await run({
      source: `docker-archive:${file}`,
      tags,
      state: { ...state.places, layersFile },
    });
    const notes = result.events.flatMap((event) => (event.type === 'note' ? [event.message] : []));
    const compressed = result.events.filter(({ type }) => type === 'layer-compressed').length;
    return { ...result, notes, compressed };
  };
  const diffIds = image.layers.map(({ diffId }) => diffId);
  return {
    push,
    diffIds,
    remembered: (diffId = diffIds[0]!) => use((memory) => memory.get(diffId, VERSION)),
    /** Has the memory say of a layer that it is these bytes. */
    poison: (bytes: Buffer, diffId = diffIds[0]!) =>
      use(async (memory) => {
        const digest = digestOf(bytes);
        const layer = { mediaType: MEDIA_TYPES.dockerLayerGzip, digest, size: bytes.length };
        await memory.put(diffId, VERSION, layer);
        return digest;
      }),
  };
}

function layersIn(registry: StrictRegistry): readonly Descriptor[] {
  const { bytes, mediaType } = registry.manifest('app', '1') ?? {};
  if (!bytes) throw new Error('there is no manifest');
  const manifest = parseManifest(bytes, mediaType);
  return manifest.kind === 'manifest' ? manifest.layers : [];
}

/** Requests that name a blob. */
function asked(registry: StrictRegistry, digest: Digest): readonly string[] {
  return registry.requests.flatMap(({ kind, reference }) => (reference === digest ? [kind] : []));
}

/** Each layer of the image is in the registry, and no upload was left open. */
function expectWhole(registry: StrictRegistry): void {
  for (const { digest, size } of layersIn(registry)) {
    expect(registry.blobSize('app', digest)).toBe(size);
  }
  expect(registry.stats().sessions.open).toBe(0);
  registry.assertClean();
}

describe('a layer that is remembered wrongly', () => {
  test('is sent as what it is, and remembered so', async () => {
    const [registry, fresh] = [await start(), await start()];
    const { push, poison, remembered } = await prepare();
    const lie = await poison(randomBytes(300_000));

    const { error, notes, report } = await push(registry);

    expect(error).toBeUndefined();
    expect(notes).toEqual([expect.stringContaining('remembered wrongly')]);
    expect(report.warnings).toEqual([]);
    expectWhole(registry);
    const [layer] = layersIn(registry);
    expect(await remembered()).toEqual(layer);
    expect(report.image?.digest).toBe(registry.tags('app')['1']);
    expect(asked(registry, lie)[0]).toBe('blob-head');
    expect(registry.blobSize('app', lie)).toBeUndefined();

    // As if it had never been wrong.
    const again = await push(registry);
    expect(again.notes).toEqual([]);
    expect(again.report.bytesUploaded).toBe(0);
    expect(again.compressed).toBe(0);
    await push(fresh);
    expect(fresh.tags('app')).toEqual(registry.tags('app'));
  });

  test('is used as it is where the registry has it', async () => {
    const registry = await start();
    const { push, poison, remembered } = await prepare();
    const other = randomBytes(1000);
    const digest = await poison(other);
    registry.seedBlob('app', other);

    const { error, notes, compressed } = await push(registry);

    expect(error).toBeUndefined();
    expect(notes).toEqual([]);
    expect(compressed).toBe(1); // the other layer
    expect(layersIn(registry)[0]).toMatchObject({ digest, size: 1000 });
    expect(await remembered()).toMatchObject({ digest });
    expectWhole(registry);
  });

  test('twice in one image is sent once', async () => {
    const registry = await start();
    const { push, poison } = await prepare([{ a: 'same' }, { a: 'same' }]);
    await poison(randomBytes(1000));

    const { error, notes } = await push(registry);

    expect(error).toBeUndefined();
    expect(notes).toHaveLength(1);
    const [one, two] = layersIn(registry);
    expect(one).toEqual(two);
    expectWhole(registry);
  });
});

describe('several registries end with one manifest', () => {
  test('where one has what was remembered, and another needs the bytes', async () => {
    const [having, lacking] = [await start(), await start()];
    const { push, poison } = await prepare();
    const other = randomBytes(1000);
    const lie = await poison(other);
    having.seedBlob('app', other);

    const { error, notes, report } = await push(having, lacking);

    expect(error).toBeUndefined();
    expect(notes).toHaveLength(1);
    expect(having.tags('app')).toEqual(lacking.tags('app'));
    expect(report.image?.digest).toBe(having.tags('app')['1']);
    expect(layersIn(having).map(({ digest }) => digest)).not.toContain(lie);
    // What the first had got of the image was not sent to it once more.
    expect(having.stats().committedBytes).toBe(lacking.stats().committedBytes);
    expectWhole(having);
    expectWhole(lacking);
  });

  test('where each has what was remembered of another layer', async () => {
    const registries = [await start(), await start()] as const;
    const { push, poison, diffIds } = await prepare();
    for (const [at, registry] of registries.entries()) {
      const other = randomBytes(1000);
      await poison(other, diffIds[at]);
      registry.seedBlob('app', other);
    }

    const { error, notes } = await push(...registries);

    expect(error).toBeUndefined();
    expect(notes).toHaveLength(1);
    expect(registries[0].tags('app')).toEqual(registries[1].tags('app'));
    for (const registry of registries) expectWhole(registry);
  });
});
