import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { digestOf } from '../../../src/oci/digest.ts';
import { readResumeFile, shareableState, writeResumeFile } from '../../../src/state/resume-file.ts';
import { resumeFileName } from '../../../src/state/resume-name.ts';
import { runProgram } from '../../../src/util/run-program.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';
import { at, checksum, PLACE, stateOf } from './resume-support.ts';

let space: Workspace;
let file: string;
beforeEach(async () => {
  space = await createWorkspace();
  file = space.path('a.json');
});
afterEach(() => space.close());

async function reading(content: unknown) {
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readResumeFile(file);
}

/** The state with one layer, some of whose fields are others. */
function withLayer(fields: object, key: string = digestOf('half')) {
  const [place] = stateOf().Places;
  const layer = place!.UploadedLayers[digestOf('half')];
  return {
    ...stateOf(),
    Places: [{ ...place, UploadedLayers: { [key]: { ...layer, ...fields } } }],
  };
}

describe('a resume file', () => {
  test('is read as it was written, and is its owner’s alone', async () => {
    const state = stateOf();
    await writeResumeFile(file, state);
    expect(await readResumeFile(file)).toEqual({ state });
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(space.directory)).toEqual(['a.json', 'spool']);
  });

  test('has the documented names', async () => {
    await writeResumeFile(file, stateOf({ LastCheckpoint: '2025-05-06T07:08:09.000Z' }));
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      SchemaVersion: 1,
      Image: 'ghcr.io/octo/app:1.2',
      ImageDigest: digestOf('the image'),
      LastCheckpoint: '2025-05-06T07:08:09.000Z',
      Places: [
        {
          Registry: 'ghcr.io',
          Repository: 'octo/app',
          UploadedLayers: {
            [digestOf('done')]: {
              Digest: digestOf('done'),
              BytesWritten: 70,
              TotalBytes: 70,
              Checksum: digestOf('done'),
            },
            [digestOf('half')]: {
              Digest: digestOf('half'),
              BytesWritten: 50,
              TotalBytes: 100,
              Checksum: checksum(50),
              Location: at(0).location,
              Shareable: false,
            },
          },
          Manifests: [digestOf('manifest')],
        },
      ],
    });
  });

  test('may be missing', async () => {
    expect(await readResumeFile(file)).toEqual({});
  });

  test('may have fields of a later version, which are not kept', async () => {
    const state = { ...stateOf(), Comment: 'new', Places: [{ ...stateOf().Places[0], More: [1] }] };
    const read = await reading(state);
    expect(read.state?.Places).toEqual(stateOf().Places);
    expect(read.state).not.toHaveProperty('Comment');
  });

  test('of the first form says nothing, and that is no fault of it', async () => {
    const layers = { [digestOf('a')]: { Digest: digestOf('a'), BytesWritten: 7, TotalBytes: 9 } };
    expect(await reading({ ImageDigest: digestOf('x'), UploadedLayers: layers })).toEqual({});
    expect(await reading({ UploadedLayers: null })).toEqual({});
  });

  test('with Go’s times is read', async () => {
    const LastCheckpoint = '2025-05-06T07:08:09.123456789+02:00';
    expect((await reading(stateOf({ LastCheckpoint }))).state).toBeDefined();
  });
});

describe('a file that cannot be used', () => {
  const whole = JSON.stringify(stateOf());
  const places = Array.from({ length: 65 }, (_, index) => ({
    ...stateOf().Places[0],
    Repository: `octo/app${index}`,
  }));
  const layers = Array.from({ length: 20_001 }, (_, index) => digestOf(`${index}`));

  test.each<[string, unknown, string]>([
    ['empty', '', 'it is cut off'],
    ['cut off', whole.slice(0, -30), 'it is cut off'],
    ['cut off within a text', whole.slice(0, 40), 'it is cut off'],
    ['no JSON', '{this is not}', 'it is not JSON'],
    ['nested too deep', `${'['.repeat(500_000)}}`, 'it is not JSON'],
    ['a list', '[]', 'it is not a resume state'],
    ['nothing', 'null', 'it is not a resume state'],
    ['something else', '{"a":1}', 'it has no valid SchemaVersion'],
    ['of a later version', { ...stateOf(), SchemaVersion: 7 }, 'it is of version 7'],
    ['of version 0', { ...stateOf(), SchemaVersion: 0 }, 'it has no valid SchemaVersion'],
    ['of version "1"', { ...stateOf(), SchemaVersion: '1' }, 'it has no valid SchemaVersion'],
    ['without an image', { ...stateOf(), Image: undefined }, 'it has no valid Image'],
    ['with control characters', { ...stateOf(), Image: 'a\n::error::b' }, 'it has no valid Image'],
    ['with an endless name', { ...stateOf(), Image: 'a'.repeat(1025) }, 'it has no valid Image'],
    ['with md5', { ...stateOf(), ImageDigest: 'md5:1234' }, 'it has no valid ImageDigest'],
    ['without a time', { ...stateOf(), LastCheckpoint: 'today' }, 'it has no valid LastCheckpoint'],
    ['with 60 o’clock', stateOf({ LastCheckpoint: '2025-02-30T60:00:00Z' }), 'it has no valid'],
    [
      'with an endless time',
      stateOf({ LastCheckpoint: `2025-05-06T07:08:09.${'1'.repeat(99)}Z` }),
      'Last',
    ],
    ['without places', { ...stateOf(), Places: {} }, 'it has no valid Places'],
    ['with too many places', { ...stateOf(), Places: places }, 'it has no valid Places'],
    ['with bytes as text', withLayer({ BytesWritten: '50' }), 'BytesWritten'],
    ['with a negative number', withLayer({ BytesWritten: -1 }), 'BytesWritten'],
    ['with half a byte', withLayer({ BytesWritten: 0.5 }), 'BytesWritten'],
    ['with a huge number', withLayer({ TotalBytes: 2 ** 60 }), 'TotalBytes'],
    ['with more than all', withLayer({ BytesWritten: 101 }), 'it has no valid Places.0'],
    [
      'with another key',
      withLayer({}, digestOf('other')),
      'it has no valid Places.0.UploadedLayers',
    ],
    ['with a bad key', withLayer({}, 'constructor'), 'it has no valid Places.0.UploadedLayers'],
    ['with a list as an address', withLayer({ Location: ['x'] }), 'Location'],
    ['with an unseen address', withLayer({ Location: 'https://a/\u202e' }), 'Location'],
    ['with an endless address', withLayer({ Location: 'a'.repeat(8193) }), 'Location'],
    ['with Shareable: "no"', withLayer({ Shareable: 'no' }), 'Shareable'],
    ['with Shareable: null', withLayer({ Shareable: null }), 'Shareable'],
    [
      'with too many manifests',
      { ...stateOf(), Places: [{ ...stateOf().Places[0], Manifests: layers }] },
      'it has no valid Places',
    ],
  ])('%s', async (_, content, reason) => {
    const read = await reading(content);
    expect(read).toEqual({ reason: expect.stringContaining(reason) });
    expect(read.reason?.length).toBeLessThan(200);
  });

  test('with too many layers, in several places', async () => {
    const layersFrom = (digests: readonly string[]) =>
      Object.fromEntries(
        digests.map((Digest) => [
          Digest,
          { Digest, BytesWritten: 1, TotalBytes: 1, Checksum: Digest },
        ]),
      );
    const spread = (digests: readonly string[]) => ({
      ...stateOf(),
      Places: [
        { ...places[0], UploadedLayers: layersFrom(digests.slice(0, 10_000)), Manifests: [] },
        { ...places[1], UploadedLayers: layersFrom(digests.slice(10_000)), Manifests: [] },
      ],
    });
    expect(await reading(spread(layers))).toEqual({ reason: 'it has no valid Places' });
    expect((await reading(spread(layers.slice(1)))).state).toBeDefined();
  });

  test('with __proto__ as a key changes no prototype', async () => {
    const text = JSON.stringify(stateOf())
      .replace('"UploadedLayers":{', '"UploadedLayers":{"__proto__":{"evil":1},')
      .replace('{"SchemaVersion"', '{"__proto__":{"evil":1},"SchemaVersion"');
    const { state } = await reading(text);
    expect(state).toEqual(stateOf({ LastCheckpoint: state!.LastCheckpoint }));
    expect(Object.getPrototypeOf(state!.Places[0]!.UploadedLayers)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['evil']).toBeUndefined();
  });

  test('too large, it is not even read', async () => {
    await writeFile(file, JSON.stringify({ ...stateOf(), filler: 'x'.repeat(8 * 1024 * 1024) }));
    expect(await readResumeFile(file)).toEqual({ reason: 'it is too large' });
  });

  test('a folder, a loop', async () => {
    await mkdir(file);
    expect((await readResumeFile(file)).reason).toMatch(/^it is not a file|^it cannot be read/);
    await symlink('loop.json', space.path('loop.json'));
    expect(await readResumeFile(space.path('loop.json'))).toEqual({
      reason: 'it cannot be read (ELOOP)',
    });
  });

  const hasPipes = process.platform !== 'win32';
  (hasPipes ? test : test.skip)('a pipe to which nobody writes', async () => {
    await runProgram('mkfifo', [file]);
    expect(await readResumeFile(file)).toEqual({ reason: 'it is not a file' });
  });
});

describe('what may be shared', () => {
  test('has no address that opens anything', () => {
    const layer = stateOf().Places[0]!.UploadedLayers[digestOf('half')]!;
    const others = ['open', 'unknown', 'sent'].map((name) => digestOf(name));
    const [open, unknown, sent] = others as [
      typeof layer.Digest,
      typeof layer.Digest,
      typeof layer.Digest,
    ];
    const { Shareable: _, ...unsaid } = layer;
    const state = stateOf({
      Places: [
        {
          Registry: PLACE.registry,
          Repository: PLACE.repository,
          UploadedLayers: {
            ...stateOf().Places[0]!.UploadedLayers,
            [open]: { ...layer, Digest: open, Shareable: true },
            [unknown]: { ...unsaid, Digest: unknown },
            // Without its address it would look as if it had arrived.
            [sent]: { ...layer, Digest: sent, BytesWritten: 100, Checksum: sent },
          },
          Manifests: [digestOf('manifest')],
        },
      ],
    });
    const shared = shareableState(state);
    expect(Object.keys(shared.Places[0]!.UploadedLayers)).toEqual([digestOf('done'), open]);
    expect(shared.Places[0]!.UploadedLayers[open]?.Location).toBe(layer.Location);
    expect(shared.Places[0]!.Manifests).toEqual([digestOf('manifest')]);
    expect(Object.keys(state.Places[0]!.UploadedLayers)).toHaveLength(5);
    expect(shareableState(shared)).toEqual(shared);
  });
});

describe('the file’s name', () => {
  test.each([
    ['app', 'app.json'],
    ['app_1.2-rc', 'app_1.2-rc.json'],
    ['ghcr.io/octo/app:1.2', expect.stringMatching(/^ghcr\.io_octo_app_1\.2-[0-9a-f]{16}\.json$/)],
    ['App', expect.stringMatching(/^app-[0-9a-f]{16}\.json$/)],
    ['../../etc/passwd', expect.stringMatching(/^_\._\.\._etc_passwd-[0-9a-f]{16}\.json$/)],
    ['.hidden', expect.stringMatching(/^_hidden-[0-9a-f]{16}\.json$/)],
    ['con', expect.stringMatching(/^_con-[0-9a-f]{16}\.json$/)],
    ['nul.x', expect.stringMatching(/^_nul\.x-[0-9a-f]{16}\.json$/)],
    ['lpt1', expect.stringMatching(/^_lpt1-[0-9a-f]{16}\.json$/)],
    ['', expect.stringMatching(/^_-[0-9a-f]{16}\.json$/)],
    ['コンテナ\u0000', expect.stringMatching(/^_-[0-9a-f]{16}\.json$/)],
  ])('of %j', (image, name) => {
    expect(resumeFileName(image)).toEqual(name);
  });

  test('is short', () => {
    const long = resumeFileName(`ghcr.io/${'a'.repeat(5000)}:1`);
    expect(long.length).toBeLessThan(110);
    expect(resumeFileName(`ghcr.io/${'a'.repeat(5001)}:1`)).not.toBe(long);
  });

  test('is nobody else’s, not even when it is asked for by its own name', () => {
    const name = resumeFileName('ghcr.io/octo/app').replace(/\.json$/, '');
    expect(resumeFileName(name)).not.toBe(`${name}.json`);
    const names = ['a/b', 'a_b', 'a:b', 'A_b', 'a__b', 'a/_b'].map(resumeFileName);
    expect(new Set(names.map((each) => each.toLowerCase())).size).toBe(names.length);
  });
});
