import { describe, expect, test } from '@jest/globals';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { FormatError } from '../../../src/oci/format-error.ts';
import { walkGraph } from '../../../src/oci/graph.ts';
import { MEDIA_TYPES } from '../../../src/oci/media-types.ts';

/** Content in memory, and how often each piece was read. */
class Shelf {
  readonly reads = new Map<string, number>();
  readonly #content = new Map<string, Buffer>();

  put(value: object, mediaType: string): Descriptor {
    const bytes = Buffer.from(JSON.stringify(value));
    const digest = digestOf(bytes);
    this.#content.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  image(name: string, layers: readonly Descriptor[]): Descriptor {
    const config = blob(`config of ${name}`);
    return this.put({ schemaVersion: 2, config, layers }, MEDIA_TYPES.ociManifest);
  }

  index(manifests: readonly Descriptor[]): Descriptor {
    return this.put({ schemaVersion: 2, manifests }, MEDIA_TYPES.ociIndex);
  }

  readonly load = ({ digest }: Descriptor): Promise<Buffer> => {
    this.reads.set(digest, (this.reads.get(digest) ?? 0) + 1);
    const bytes = this.#content.get(digest);
    return bytes ? Promise.resolve(bytes) : Promise.reject(new Error(`${digest} is missing`));
  };
}

function blob(name: string, size = name.length): Descriptor {
  return { mediaType: 'application/octet-stream', digest: digestOf(name), size };
}

describe('the graph below a root', () => {
  test('has each digest once, children before parents', async () => {
    const shelf = new Shelf();
    const shared = blob('shared');
    const one = shelf.image('one', [shared, blob('a')]);
    const two = shelf.image('two', [shared, shared]);
    const inner = shelf.index([two, one]);
    const root = shelf.index([one, inner, two]);

    const graph = await walkGraph(root, shelf.load);

    const order = graph.manifests.map(({ descriptor }) => descriptor.digest);
    expect(order).toEqual([one.digest, two.digest, inner.digest, root.digest]);
    expect(graph.blobs.map(({ digest }) => digest)).toEqual(
      ['config of one', 'shared', 'a', 'config of two'].map(digestOf),
    );
    expect([...shelf.reads.values()].every((times) => times === 1)).toBe(true);
    expect(graph.root).toBe(root);
  });

  test('keeps the exact bytes', async () => {
    const shelf = new Shelf();
    const root = shelf.image('one', []);
    const graph = await walkGraph(root, shelf.load);
    expect(digestOf(graph.manifests[0]!.bytes)).toBe(root.digest);
  });

  test('of an artifact takes unknown types for blobs', async () => {
    const shelf = new Shelf();
    const root = shelf.index([{ ...blob('x'), mediaType: 'application/vnd.example' }]);
    const graph = await walkGraph(root, shelf.load);
    expect(graph.blobs.map(({ mediaType }) => mediaType)).toEqual(['application/vnd.example']);
  });

  test('has an end, also when the content lies about that', async () => {
    const root = { ...blob('itself'), mediaType: MEDIA_TYPES.ociIndex };
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [root] }));
    await expect(walkGraph(root, () => Promise.resolve(bytes))).rejects.toThrow(
      /nested deeper than 8/,
    );
  });

  test('of a tree too deep is refused', async () => {
    const shelf = new Shelf();
    let root = shelf.image('leaf', []);
    for (let depth = 0; depth < 9; depth += 1) root = shelf.index([root]);
    await expect(walkGraph(root, shelf.load)).rejects.toThrow(FormatError);
  });

  test('with a blob of two sizes is refused', async () => {
    const shelf = new Shelf();
    const root = shelf.image('one', [blob('a', 1), blob('a', 2)]);
    await expect(walkGraph(root, shelf.load)).rejects.toThrow(/listed with 1 and with 2 bytes/);
  });

  test('passes on what loading throws', async () => {
    const root = { ...blob('absent'), mediaType: MEDIA_TYPES.ociManifest };
    await expect(walkGraph(root, new Shelf().load)).rejects.toThrow(/is missing/);
  });
});
