import { describe, expect, test } from '@jest/globals';
import { existsSync, writeFileSync } from 'node:fs';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { CasIndex } from '../../src/state/cas-index.ts';
import type { StrictRegistry } from '../support/registry/index.ts';
import { bench, run, type Layout, type RunRequest, type State } from './support/index.ts';
import { interrupt, KEPT, MIB, SIZE } from './support/interrupt.ts';

const tools = bench();
const { registry: start, layout: create, state: keep } = tools;

/** Blobs that are larger than what is sent rather than asked for. */
const SHARED = 50_000;

/** An image with a layer of its own and one that others have as well. */
function imageIn(layout: Layout, seed: string): { layout: Layout; shared: Descriptor } {
  const shared = layout.layer('shared', SHARED);
  layout.root(layout.image({ seed, layers: [shared, layout.layer(seed, 30_000)] }));
  return { layout, shared };
}

/** Pushes another image that has the shared layer, and tells what became of that. */
async function pushShared(
  registry: StrictRegistry,
  repo: string,
  state: State | undefined,
  more: Partial<RunRequest> = {},
) {
  const { layout, shared } = imageIn(create(), repo);
  const before = registry.requests.length;
  const result = await run({
    source: layout.source,
    tags: [`${registry.host}/${repo}:1`],
    ...(state ? { state: state.places } : {}),
    ...more,
  });
  const requests = registry.requests.slice(before);
  const blob = result.report.places[0]?.blobs.find(({ digest }) => digest === shared.digest);
  const mounts = requests.flatMap(({ kind, query }) =>
    kind === 'blob-mount' ? [query.get('from')] : [],
  );
  return { ...result, requests, blob, mounts, shared };
}

/** The repositories in which the record has seen a blob. */
async function recorded(state: State, { host }: StrictRegistry, { digest }: Descriptor) {
  const index = await CasIndex.open({
    file: state.places.recordFile,
    maxBytes: 16 * MIB,
    maxEntries: 1000,
    now: () => Date.now(),
    onProblem: (message) => {
      throw new Error(message);
    },
  });
  const found = index?.repositoriesWith(host, digest) ?? [];
  index?.close();
  return found.toSorted();
}

describe('a blob that the record has seen in another repository', () => {
  test('is mounted from there', async () => {
    const registry = await start({ auth: { mode: 'bearer' } });
    const state = keep();
    const login = { plainHttp: true, username: 'user', password: 'password' };
    const more = { registries: { [registry.host]: login } };
    expect((await pushShared(registry, 'one', state, more)).blob?.outcome).toBe('uploaded');

    const { blob, mounts, report } = await pushShared(registry, 'team/two', state, more);

    expect(blob).toMatchObject({ outcome: 'mounted', hint: 'record', size: SHARED });
    expect(mounts).toEqual(['one']);
    expect(report.saved).toEqual({ exists: 0, mounted: 0, record: SHARED, resumed: 0 });
    expect(report.bytesSkipped).toBe(SHARED);
    expect(registry.blobSize('team/two', blob!.digest)).toBe(SHARED);
    registry.assertClean();
  });

  test('and is not there any more costs one request, once', async () => {
    const registry = await start();
    const state = keep();
    const { shared } = await pushShared(registry, 'one', state);
    registry.removeBlob('one', shared.digest);

    const second = await pushShared(registry, 'two', state);
    expect(second.mounts).toEqual(['one']);
    expect(second.blob).toMatchObject({ outcome: 'uploaded' });
    expect(second.blob).not.toHaveProperty('hint');
    // The request that was to mount it has opened the upload.
    expect(second.requests.filter(({ kind }) => kind === 'blob-upload-start')).toEqual([]);
    registry.removeBlob('two', shared.digest);

    // Each is tried once, and then nobody says that it is there.
    expect((await pushShared(registry, 'three', state)).mounts).toEqual(['two']);
    registry.removeBlob('three', shared.digest);
    expect((await pushShared(registry, 'four', state)).mounts).toEqual(['three']);
    registry.assertClean();
  });

  test('and is in this one, too, is asked for here', async () => {
    const registry = await start();
    const state = keep();
    await pushShared(registry, 'one', state);
    await pushShared(registry, 'two', state);

    const layout = create();
    const layer = layout.layer('shared', SHARED);
    layout.root(layout.image({ seed: 'newer', layers: [layer] }));
    const before = registry.requests.length;
    const { report } = await run({
      source: layout.source,
      tags: [`${registry.host}/two:2`],
      state: state.places,
    });

    expect(report.places[0]?.blobs).toContainEqual(
      expect.objectContaining({ digest: layer.digest, outcome: 'exists' }),
    );
    expect(registry.requests.slice(before).some(({ kind }) => kind === 'blob-mount')).toBe(false);
    registry.assertClean();
  });

  test.each(['off', 401, 404, 405, 500] as const)(
    'is sent where mounting fails (%s)',
    async (mount) => {
      const registry = await start({ features: { mount } });
      const state = keep();
      await pushShared(registry, 'one', state);

      const second = await pushShared(registry, 'two', state);

      expect(second.error).toBeUndefined();
      expect(second.mounts).toEqual(['one']);
      expect(second.blob).toMatchObject({ outcome: 'uploaded' });
      registry.assertClean();
    },
  );

  test('is not asked for there where nothing is ever mounted, and stays recorded', async () => {
    const registry = await start();
    const state = keep();
    await pushShared(registry, 'one', state);
    const never = { registries: { [registry.host]: { plainHttp: true, profile: 'artifactory' } } };

    const second = await pushShared(registry, 'two', state, never);
    expect(second.mounts).toEqual([]);
    expect(second.blob).toMatchObject({ outcome: 'uploaded' });

    expect(await recorded(state, registry, second.shared)).toEqual(['one', 'two']);
    registry.assertClean();
  });

  test('is gone on with where its upload was interrupted, and stays recorded', async () => {
    const { registry, again, state, layer, bytes } = await interrupt(tools);
    // Somebody has brought it to another repository meanwhile.
    const layout = create();
    layout.root(layout.image({ seed: 'other', layers: [layout.blob(bytes)] }));
    const tags = [`${registry.host}/other:1`];
    await run({ source: layout.source, tags, state: state.places });

    const second = await again();

    expect(second.report.bytesResumed).toBe(KEPT);
    expect(second.requests.some(({ kind }) => kind === 'blob-mount')).toBe(false);
    expect(await recorded(state, registry, layer)).toEqual(['app', 'other']);
    registry.assertClean();
  });
});

describe('what the record knows of one registry', () => {
  test('says nothing of another, which is not even asked', async () => {
    const [one, two] = [await start(), await start()];
    const state = keep();
    await pushShared(one, 'one', state);
    const before = one.requests.length;

    const { blob, mounts } = await pushShared(two, 'two', state);

    expect(blob).toMatchObject({ outcome: 'uploaded' });
    expect(mounts).toEqual([]);
    expect(one.requests).toHaveLength(before);
    one.assertClean();
    two.assertClean();
  });

  test('is used beside another one', async () => {
    const [one, two] = [await start(), await start()];
    const state = keep();
    await pushShared(one, 'one', state);
    const { layout, shared } = imageIn(create(), 'both');

    const { report } = await run({
      source: layout.source,
      tags: [`${one.host}/both:1`, `${two.host}/both:1`],
      state: state.places,
    });

    const outcomes = report.places.map(
      ({ blobs }) => blobs.find(({ digest }) => digest === shared.digest)?.outcome,
    );
    expect(outcomes).toEqual(['mounted', 'uploaded']);
    expect(two.stats().mounts).toBe(0);
    one.assertClean();
    two.assertClean();
  });
});

describe('the record', () => {
  test('that is switched off is no file, and nothing is mounted', async () => {
    const registry = await start();
    const state = keep();
    const { resumeDirectory } = state.places;
    const off = { state: { resumeDirectory } };
    await pushShared(registry, 'one', undefined, off);
    const { mounts, blob } = await pushShared(registry, 'two', undefined, off);
    expect(mounts).toEqual([]);
    expect(blob).toMatchObject({ outcome: 'uploaded' });
    expect(existsSync(state.places.recordFile)).toBe(false);
    registry.assertClean();
  });

  test('works without anything to resume', async () => {
    const registry = await start();
    const state = keep();
    const { recordFile } = state.places;
    const alone = { state: { recordFile } };
    await pushShared(registry, 'one', undefined, alone);
    const { blob } = await pushShared(registry, 'two', undefined, alone);
    expect(blob).toMatchObject({ outcome: 'mounted', hint: 'record' });
    expect(state.files()).toEqual(['record.sqlite']);
    registry.assertClean();
  });

  test('whose file is something else fails nobody', async () => {
    const registry = await start();
    const state = keep();
    writeFileSync(state.places.recordFile, 'no database at all, and never was one\n'.repeat(50));
    const { error, blob } = await pushShared(registry, 'one', state);
    expect(error).toBeUndefined();
    expect(blob).toMatchObject({ outcome: 'uploaded' });
    registry.assertClean();
  });
});

describe('an interrupted push of another image under the same name', () => {
  test('gives back what nobody goes on with, in repositories it writes to', async () => {
    const { registry, again, layer, first } = await interrupt(tools);
    expect(first.report.status).toBe('failed');
    expect(registry.stats().sessions.open).toBe(1);
    const other = create();
    other.root(other.image({ seed: 'another', layers: [2 * MIB] }));

    const second = await again({ source: other.source });

    expect(second.notes).toEqual([
      expect.stringMatching(
        /^The interrupted push was of another image \(sha256:\w+…\): its state is not used\. /,
      ),
    ]);
    expect(second.report).toMatchObject({ status: 'success', bytesResumed: 0 });
    expect(second.requests.filter(({ kind }) => kind === 'blob-upload-cancel')).toHaveLength(1);
    expect(second.requests.some(({ kind }) => kind === 'blob-upload-status')).toBe(false);
    expect(registry.blobSize('app', layer.digest)).toBeUndefined();
    expect(registry.stats().sessions.open).toBe(0);
    registry.assertClean();
  });

  test('leaves everybody else alone', async () => {
    const [one, two] = [await start(), await start()];
    const [layout, state] = [create(), keep()];
    const layer = layout.layer('layer', SIZE);
    layout.root(layout.image({ layers: [layer] }));
    two.faults.add({
      match: { path: 'blob-upload-put', reference: layer.digest },
      do: { delayMs: 200, cutAfterBytes: KEPT },
    });
    const tags = [`${one.host}/app:1`, `${two.host}/app:1`];
    await run({ source: layout.source, tags, state: state.places, attempts: 1 });
    expect(two.stats().sessions.open).toBe(1);
    const before = two.requests.length;
    const other = create();
    other.root(other.image({ seed: 'another', layers: [2 * MIB] }));

    // The same first name, and so the same state; the second registry is no target any more.
    const { error } = await run({
      source: other.source,
      tags: tags.slice(0, 1),
      state: state.places,
    });

    expect(error).toBeUndefined();
    expect(two.requests).toHaveLength(before);
    one.assertClean();
    two.assertClean(['upload-session-leaked']);
  });
});
