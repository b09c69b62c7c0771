import { describe, expect, test } from '@jest/globals';
import type { OpenedSource } from '../../../src/image/source.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf, type Digest } from '../../../src/oci/digest.ts';
import { MEDIA_TYPES } from '../../../src/oci/media-types.ts';
import type { Platform } from '../../../src/oci/platform.ts';
import { entriesOf, readMember } from '../../../src/push/member.ts';
import { mergeEntries } from '../../../src/push/merge.ts';

/** A source in memory. */
class Memory {
  readonly #blobs = new Map<Digest, Buffer>();

  put(value: object, mediaType: string): Descriptor {
    const bytes = Buffer.from(JSON.stringify(value));
    const digest = digestOf(bytes);
    this.#blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  image(config: object, mediaType: string = MEDIA_TYPES.ociConfig): Descriptor {
    const named = this.put(config, mediaType);
    return this.put({ schemaVersion: 2, config: named, layers: [] }, MEDIA_TYPES.ociManifest);
  }

  index(manifests: readonly Descriptor[], more: object = {}): Descriptor {
    return this.put({ schemaVersion: 2, manifests, ...more }, MEDIA_TYPES.ociIndex);
  }

  source(root: Descriptor): OpenedSource {
    return {
      description: 'the source',
      root,
      content: {
        open: async function* (this: Map<Digest, Buffer>, { digest }: Descriptor) {
          yield this.get(digest) ?? Buffer.alloc(0);
        }.bind(this.#blobs),
      },
      close: () => Promise.resolve(),
    };
  }

  async entries(root: Descriptor, notes: string[] = []) {
    const onNote = (note: string): unknown => notes.push(note);
    return entriesOf(await readMember(this.source(root)), { onNote });
  }
}

const ARM6 = { os: 'linux', architecture: 'arm', variant: 'v6' };

describe('the platform of an image', () => {
  const windows = { os: 'windows', architecture: 'amd64', 'os.version': '10.0.17763.5' };
  test.each<readonly [string, object, Platform | undefined, Platform | undefined]>([
    ['config alone', ARM6, undefined, ARM6],
    ['descriptor alone', {}, ARM6, ARM6],
    ['the descriptor wins', { os: 'linux', architecture: 'arm', variant: 'v7' }, ARM6, ARM6],
    ['the config completes', ARM6, { os: 'linux', architecture: 'arm' }, ARM6],
    ['os.version of Windows', windows, { os: 'windows', architecture: 'amd64' }, windows],
    [
      'of another architecture nothing is taken',
      windows,
      { os: 'linux', architecture: 'riscv64' },
      { os: 'linux', architecture: 'riscv64' },
    ],
    [
      'as containerd spells it',
      { os: 'Linux', architecture: 'aarch64', variant: 'v8' },
      undefined,
      { os: 'linux', architecture: 'arm64' },
    ],
    ['nobody says', { rootfs: {} }, undefined, undefined],
  ])('%s', async (_, config, said, expected) => {
    const memory = new Memory();
    const root = { ...memory.image(config), ...(said ? { platform: said } : {}) };
    const [entry] = await memory.entries(root);
    expect(entry?.platform).toEqual(expected);
    expect(Object.keys(entry?.descriptor ?? {})).toEqual(['mediaType', 'digest', 'size']);
  });

  test('in an index is that of its descriptor; without one, of its config', async () => {
    const memory = new Memory();
    const said = { ...memory.image({ os: 'linux', architecture: 'arm' }), platform: ARM6 };
    const silent = memory.image({ os: 'linux', architecture: 's390x' });
    const entries = await memory.entries(memory.index([said, silent]));
    expect(entries.map(({ platform }) => platform)).toEqual([
      ARM6,
      { os: 'linux', architecture: 's390x' },
    ]);
  });
});

describe('an index inside of an index', () => {
  const amd = { os: 'linux', architecture: 'amd64' };

  test('is flattened, and that is said', async () => {
    const memory = new Memory();
    const deep = memory.index([{ ...memory.image(ARM6), platform: ARM6 }]);
    const notes: string[] = [];
    const root = memory.index([memory.index([deep, memory.image(amd)])]);
    const entries = await memory.entries(root, notes);
    expect(entries.map(({ platform }) => platform)).toEqual([ARM6, amd]);
    expect(notes).toHaveLength(2);
    expect(notes[0]).toContain(
      `the index ${deep.digest}, which is inside of another, was flattened`,
    );
    expect(notes.join()).not.toContain('annotations');
  });

  test('that is said to be for another platform is refused', async () => {
    const memory = new Memory();
    const inner = { ...memory.index([memory.image(ARM6)]), platform: amd };
    await expect(memory.entries(memory.index([inner]))).rejects.toThrow(
      /is said to be for linux\/amd64, but holds linux\/arm\/v6: it cannot be flattened/,
    );
  });

  test.each([
    [{ artifactType: 'application/x' }],
    [{ subject: { mediaType: 'a', digest: digestOf('a'), size: 1 } }],
  ])('that is an artifact is refused: %j', async (more) => {
    const memory = new Memory();
    const inner = memory.index([memory.image(ARM6)], more);
    await expect(memory.entries(memory.index([inner]))).rejects.toMatchObject({
      code: 'IMAGE',
      message: expect.stringContaining('it cannot be flattened'),
    });
  });
});

describe('merging', () => {
  test('an artifact is refused: it has no platform', async () => {
    const memory = new Memory();
    const artifact = await memory.entries(memory.image({}, MEDIA_TYPES.ociEmpty));
    expect(() => mergeEntries([artifact], [], 'all')).toThrow(/the source names no platform/);
  });

  test('the same manifest named twice is one', async () => {
    const memory = new Memory();
    const entries = await memory.entries(memory.image(ARM6));
    expect(mergeEntries([entries, entries], [], 'all').images).toHaveLength(1);
  });

  test('one source that holds a platform twice is named once', async () => {
    const memory = new Memory();
    const other = memory.image({ ...ARM6, comment: 'another' });
    const entries = await memory.entries(memory.index([memory.image(ARM6), other]));
    expect(() => mergeEntries([entries], [], 'all')).toThrow(
      /^the source holds linux\/arm\/v6 twice/,
    );
  });

  test('two versions of Windows are two platforms', async () => {
    const memory = new Memory();
    const windows = (version: string): Descriptor =>
      memory.image({ os: 'windows', architecture: 'amd64', 'os.version': version });
    const groups = [
      await memory.entries(windows('10.0.20348.1')),
      await memory.entries(windows('10.0.17763.1')),
    ];
    const versions = (wanted: readonly Platform[]): unknown =>
      mergeEntries(groups, wanted, 'all').images.map(({ platform }) => platform['os.version']);
    expect(versions([])).toEqual(['10.0.17763.1', '10.0.20348.1']);
    expect(
      versions([{ os: 'windows', architecture: 'amd64', 'os.version': '10.0.20348.1' }]),
    ).toEqual(['10.0.20348.1']);
  });
});
