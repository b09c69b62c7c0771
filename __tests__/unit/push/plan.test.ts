import { describe, expect, test } from '@jest/globals';
import type { OpenedSource, PendingLayer, UnfinishedImage } from '../../../src/image/source.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { walkGraph } from '../../../src/oci/graph.ts';
import { MEDIA_TYPES } from '../../../src/oci/media-types.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import type { LoadedImage } from '../../../src/push/loaded.ts';
import { JoinedContent } from '../../../src/push/joined.ts';
import { placesOf, planPush } from '../../../src/push/plan.ts';

const TARGETS = [
  'ghcr.io/octo/app:1',
  'ghcr.io/octo/app:2',
  'quay.io/x:1',
  'ghcr.io/octo/app:1',
].map((text) => parseReference(text));

function blob(name: string, mediaType: string = MEDIA_TYPES.ociLayerGzip): Descriptor {
  return { mediaType, digest: digestOf(name), size: name.length };
}

const source: OpenedSource = {
  description: 'oci:somewhere',
  content: {
    open: () => {
      throw new Error('a plan reads nothing');
    },
  },
  close: () => Promise.resolve(),
};

function imageOf(more: Partial<LoadedImage>): LoadedImage {
  return {
    description: source.description,
    content: new JoinedContent([source]),
    key: digestOf('key'),
    platforms: [],
    manifests: [],
    manifestCount: 1,
    blobs: [],
    unfinished: [],
    suffixes: [''],
    finish: () => {
      throw new Error('a plan finishes nothing');
    },
    ...more,
  };
}

async function graphOf(layers: readonly Descriptor[]) {
  const config = blob('config', MEDIA_TYPES.ociConfig);
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers }));
  const root = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(bytes), size: bytes.length };
  return walkGraph(root, () => Promise.resolve(bytes));
}

describe('places', () => {
  test('are repositories with their tags, in the order they were named', () => {
    expect(placesOf(TARGETS)).toEqual([
      { registry: 'ghcr.io', repository: 'octo/app', tags: ['1', '2'] },
      { registry: 'quay.io', repository: 'x', tags: ['1'] },
    ]);
    expect(placesOf([])).toEqual([]);
  });
});

describe('a plan', () => {
  test('is plain data about everything that has to be somewhere', async () => {
    const graph = await graphOf([blob('one'), blob('three'), blob('one')]);
    const platforms = [parsePlatform('linux/arm64/v8')];
    const plan = planPush(imageOf({ ...graph, roots: graph.manifests, platforms }), {
      targets: TARGETS,
      foreignLayers: false,
    });
    expect(plan).toEqual({
      source: 'oci:somewhere',
      root: graph.root,
      platforms: ['linux/arm64'],
      manifests: 1,
      blobs: [blob('config', MEDIA_TYPES.ociConfig), blob('one'), blob('three')],
      foreign: [],
      bytes: 'configonethree'.length,
      places: placesOf(TARGETS),
    });
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  test.each([
    [false, ['own'], ['foreign']],
    [true, ['own', 'foreign'], []],
  ])('with foreign layers: %p', async (foreignLayers, taken, left) => {
    const foreign = blob('foreign', MEDIA_TYPES.dockerForeignLayer);
    const graph = await graphOf([blob('own'), foreign]);
    const plan = planPush(imageOf({ ...graph, roots: graph.manifests }), {
      targets: [],
      foreignLayers,
    });
    expect(plan.blobs.slice(1).map(({ digest }) => digest)).toEqual(taken.map(digestOf));
    expect(plan.foreign).toEqual(left.map(digestOf));
    expect(plan.bytes).toBe(['config', ...taken].join('').length);
  });

  test('of layers that are to be compressed knows what can be known', () => {
    const pending = (name: string): PendingLayer => ({
      diffId: digestOf(name),
      size: 1000,
      prepare: () => Promise.reject(new Error('a plan compresses nothing')),
    });
    const unfinished: UnfinishedImage = {
      config: blob('config', MEDIA_TYPES.ociConfig),
      layers: [pending('a'), blob('ready'), pending('a')],
      finish: () => {
        throw new Error('a plan finishes nothing');
      },
    };
    const plan = planPush(imageOf({ unfinished: [unfinished] }), {
      targets: TARGETS,
      foreignLayers: false,
    });
    expect(plan.root).toBeUndefined();
    expect(plan.manifests).toBe(1);
    expect(plan.blobs).toEqual([
      blob('config', MEDIA_TYPES.ociConfig),
      { diffId: digestOf('a'), mediaType: MEDIA_TYPES.ociLayer, size: 1000 },
      blob('ready'),
    ]);
  });
});
