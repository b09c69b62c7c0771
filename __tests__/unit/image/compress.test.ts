import { readFile, writeFile } from 'node:fs/promises';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { COMPRESSOR_VERSION, compressLayer } from '../../../src/image/compress.ts';
import { LayerStore } from '../../../src/image/layer-store.ts';
import type { CompressedLayerCache } from '../../../src/image/options.ts';
import { RememberedLayerWrong } from '../../../src/image/source.ts';
import { createSpool, type Spool } from '../../../src/image/spool.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { noise } from '../../support/images/tiny-image.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';

let space: Workspace;
let spool: Spool;
let file: string;
beforeEach(async () => {
  space = await createWorkspace();
  spool = createSpool(space.path('spool'));
  file = space.path('layer.tar');
});
afterEach(async () => {
  await spool.close();
  await space.close();
});

const TAR = Buffer.concat([Buffer.alloc(100_000, 'text '), noise(50_000)]);
const layer = () => ({
  source: { file, offset: 0, size: TAR.length },
  diffId: digestOf(TAR),
  label: 'layer 1',
});

describe('compressLayer', () => {
  beforeEach(() => writeFile(file, TAR));

  test.each(['gzip', 'zstd'] as const)(
    '%s: the same bytes every time, and back',
    async (compression) => {
      const first = await compressLayer(layer(), { compression, spool, fileName: 'a' });
      const second = await compressLayer(layer(), { compression, spool, fileName: 'b' });
      expect({ ...second, range: {} }).toEqual({ ...first, range: {} });
      const bytes = await readFile(first.range.file);
      expect(digestOf(bytes)).toBe(first.digest);
      expect(bytes.length).toBe(first.size);
      const back = compression === 'gzip' ? gunzipSync(bytes) : zstdDecompressSync(bytes);
      expect(back.equals(TAR)).toBe(true);
    },
  );

  test('gzip says nothing of the time and the platform', async () => {
    const { range } = await compressLayer(layer(), { compression: 'gzip', spool, fileName: 'a' });
    const header = (await readFile(range.file)).subarray(0, 10);
    expect([...header]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  });

  test('stops when it is told to', async () => {
    const options = {
      compression: 'gzip',
      spool,
      fileName: 'a',
      signal: AbortSignal.abort(),
    } as const;
    await expect(compressLayer(layer(), options)).rejects.toThrow(/abort/i);
  });

  test('the version names algorithm, level and library', () => {
    expect(COMPRESSOR_VERSION.gzip).toMatch(/^gzip-6\/zlib-\d/);
    expect(COMPRESSOR_VERSION.zstd).toMatch(/^zstd-3\/zstd-\d/);
  });
});

describe('LayerStore', () => {
  const options = { tempDirectory: '', compression: 'gzip' } as const;
  beforeEach(() => writeFile(file, TAR));

  test('after a failure, the next one may try again', async () => {
    await writeFile(file, TAR.subarray(1));
    const store = new LayerStore(spool, 'layer', options);
    const pending = store.pending(layer());
    await expect(pending.prepare()).rejects.toThrow(/became shorter/);
    await writeFile(file, TAR);
    await expect(pending.prepare()).resolves.toHaveProperty('mediaType', 'layer');
  });

  test('who gives up stops nobody else who waits for the same layer', async () => {
    const sizes: number[] = [];
    const onCompressed = (from: number): number => sizes.push(from);
    const store = new LayerStore(spool, 'layer', { ...options, onCompressed });
    const [first, second] = [new AbortController(), new AbortController()];
    const gone = store.pending(layer()).prepare(first.signal);
    const goesOn = store.pending(layer()).prepare(second.signal);
    const refused = expect(gone).rejects.toThrow('my registry has failed');
    first.abort(new Error('my registry has failed'));
    await refused;
    await expect(goesOn).resolves.toHaveProperty('mediaType', 'layer');
    expect(sizes).toEqual([TAR.length]);
  });

  test('closing stops what still compresses', async () => {
    const store = new LayerStore(spool, 'layer', options);
    const preparing = store.pending(layer()).prepare();
    const failed = expect(preparing).rejects.toThrow(/abort/i);
    await store.close();
    await failed;
  });

  test('what is remembered is not compressed before somebody reads it', async () => {
    const kept = new Map<string, Descriptor>();
    const cache: CompressedLayerCache = {
      get: async (diffId, version) => kept.get(`${diffId} ${version}`),
      put: async (diffId, version, made) => void kept.set(`${diffId} ${version}`, made),
    };
    const sizes: number[] = [];
    const remembering = {
      ...options,
      compressedLayers: cache,
      onCompressed: (from: number) => sizes.push(from),
    };
    const made = await new LayerStore(spool, 'layer', remembering).pending(layer()).prepare();
    expect([...kept.keys()]).toEqual([`${digestOf(TAR)} ${COMPRESSOR_VERSION.gzip}`]);
    const other = createSpool(space.path('spool'));
    const store = new LayerStore(other, 'layer', remembering);
    expect(await store.pending(layer()).prepare()).toEqual(made);
    expect(sizes).toHaveLength(1);
    const range = await store.find(made.digest);
    expect(sizes).toHaveLength(2);
    expect(digestOf(await readFile(range!.file))).toBe(made.digest);
    await other.close();
  });

  describe('what is remembered wrongly', () => {
    const lie = digestOf('lie');
    const poisoned = (entry: Descriptor) => {
      const kept = new Map<string, Descriptor>([[digestOf(TAR), entry]]);
      const notes: string[] = [];
      const cache: CompressedLayerCache = {
        get: async (diffId) => kept.get(diffId),
        put: async (diffId, _version, made) => void kept.set(diffId, made),
      };
      const onNote = (message: string): void => void notes.push(message);
      const store = new LayerStore(spool, 'layer', { ...options, compressedLayers: cache, onNote });
      return { kept, notes, store };
    };

    test('is replaced by the truth when it is read, and nobody gets it any more', async () => {
      const { kept, notes, store } = poisoned({ mediaType: 'layer', digest: lie, size: 1 });
      const pending = store.pending(layer());
      expect(await pending.prepare()).toHaveProperty('digest', lie);
      expect(notes).toEqual([]);

      const thrown = await store.find(lie).catch((error: unknown) => error);

      expect(thrown).toBeInstanceOf(RememberedLayerWrong);
      const { actual } = thrown as RememberedLayerWrong;
      expect(kept.get(digestOf(TAR))).toEqual(actual);
      expect(await pending.prepare()).toEqual(actual);
      const range = await store.find(actual.digest);
      expect(digestOf(await readFile(range!.file))).toBe(actual.digest);
      // Whoever was told before finds out as well, and people read of it once.
      await expect(store.find(lie)).rejects.toThrow(/was remembered as/);
      expect(notes).toEqual([expect.stringContaining('remembered wrongly')]);
    });

    test('only in its size is noticed, too', async () => {
      const { digest, size } = await compressLayer(layer(), {
        compression: 'gzip',
        spool,
        fileName: 'true',
      });
      const { kept, store } = poisoned({ mediaType: 'layer', digest, size: size + 1 });
      await store.pending(layer()).prepare();
      await expect(store.find(digest)).rejects.toThrow(RememberedLayerWrong);
      expect(kept.get(digestOf(TAR))).toEqual({ mediaType: 'layer', digest, size });
      expect(await store.find(digest)).toMatchObject({ size });
    });
  });
});
