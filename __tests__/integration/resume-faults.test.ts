import { describe, expect, test } from '@jest/globals';
import type { FaultAction, Features } from '../support/registry/index.ts';
import { bench, run } from './support/index.ts';
import { interrupt, KEPT, MIB, progressOf, SIZE, startsOver } from './support/interrupt.ts';

const tools = bench();
const { registry: start, layout: create, state: keep } = tools;

const ANEW = `put 0+${SIZE} 201`;
const PATCH = { path: 'blob-upload-patch' } as const;
const STATUS = { path: 'blob-upload-status' } as const;

const FORGOTTEN = 'the registry has forgotten what was sent';
const REFUSED = 'the registry does not go on with it';
const NOTHING = 'nothing of it had arrived';

describe('an interrupted upload starts over, and says why, where the registry', () => {
  const cases: readonly [string, Partial<Features>, FaultAction | undefined, string][] = [
    ['has forgotten it', {}, { forgetSession: true }, FORGOTTEN],
    ['does not know it (404)', {}, { status: 404 }, FORGOTTEN],
    ['refuses it (400)', {}, { status: 400 }, REFUSED],
    ['never says where it is', { uploadStatus: false }, undefined, REFUSED],
    ['fails to say where it is (501)', {}, { status: 501 }, REFUSED],
    ['has nothing of it (0-0)', {}, { lyingRange: '0-0' }, NOTHING],
    ['has nothing of it (0--1)', {}, { lyingRange: '0--1' }, NOTHING],
    ['has dropped it', { onCut: 'drop-session' }, undefined, FORGOTTEN],
    ['has dropped its bytes', { onCut: 'drop-chunk' }, undefined, NOTHING],
    [
      'has more than there is',
      {},
      { lyingRange: `0-${SIZE}` },
      'the registry has more of it than there is',
    ],
    ['makes no sense', {}, { lyingRange: 'bytes 0-7/8' }, REFUSED],
  ];
  test.each(cases)('%s', async (_, features, action, why) => {
    const { registry, layer, again, arrived } = await interrupt(tools, { registry: { features } });
    if (action) registry.faults.add({ match: STATUS, do: action });

    const second = await again();

    expect(second.error).toBeUndefined();
    expect(second.notes).toEqual([startsOver(registry, layer, why)]);
    expect(second.steps.at(-1)).toBe(ANEW);
    expect(second.sent).toBe(SIZE);
    expect(second.report).toMatchObject({ status: 'success', bytesResumed: 0 });
    expect(progressOf(second.events, layer)).toEqual({ final: SIZE, least: 0, most: SIZE });
    expect(arrived()).toBe(true);
    registry.assertClean();
  });

  test('does not answer for a moment: it is asked again, and goes on', async () => {
    const { registry, again } = await interrupt(tools);
    registry.faults.add({ match: STATUS, times: 2, do: { status: 503 } });
    const second = await again();
    expect(second.report).toMatchObject({ status: 'success', bytesResumed: KEPT });
    registry.assertClean();
  });

  test('takes no DELETE in time: nobody waits for it', async () => {
    const { registry, again } = await interrupt(tools);
    registry.faults.add({ match: STATUS, do: { lyingRange: '0-0' } });
    registry.faults.add({ match: { path: 'blob-upload-cancel' }, do: { hang: true } });
    const second = await again();
    expect(second.report).toMatchObject({ status: 'success', bytesResumed: 0 });
    registry.assertClean(['upload-session-leaked']);
  });
});

describe('a registry that does not take what continues an upload', () => {
  test.each([
    [500, 'UNKNOWN'],
    [404, 'BLOB_UPLOAD_UNKNOWN'],
    [400, 'BLOB_UPLOAD_INVALID'],
    [405, 'UNSUPPORTED'],
  ])('gets the blob whole (%i)', async (status, code) => {
    const { registry, layer, again, arrived } = await interrupt(tools);
    const body = JSON.stringify({ errors: [{ code }] });
    registry.faults.add({ match: PATCH, times: Infinity, do: { status, body, afterBody: true } });

    const second = await again();

    expect(second.error).toBeUndefined();
    expect(second.steps.filter((step) => step.startsWith('patch'))).toHaveLength(1);
    expect(second.steps.at(-1)).toBe(ANEW);
    expect(second.report.bytesResumed).toBe(0);
    expect(progressOf(second.events, layer)).toMatchObject({ final: SIZE, least: 0, most: SIZE });
    expect(arrived()).toBe(true);
    registry.assertClean();
  });

  test('gets the blob whole also from one who tries only once', async () => {
    const { registry, again, arrived } = await interrupt(tools);
    registry.faults.add({ match: PATCH, times: Infinity, do: { status: 500, afterBody: true } });
    const second = await again({ attempts: 1 });
    expect(second.error).toBeUndefined();
    expect(arrived()).toBe(true);
    registry.assertClean();
  });

  test('for it has got more meanwhile is asked once more (416)', async () => {
    const { registry, layer, again, arrived } = await interrupt(tools);
    // What it says is a little old: by now it has more.
    registry.faults.add({ match: STATUS, do: { lyingRange: `0-${KEPT - 100_001}` } });

    const second = await again();

    expect(second.notes).toEqual([]);
    expect(second.steps.map((step) => step.replace(/\+\d+/, ''))).toEqual([
      'status 204',
      `patch ${KEPT - 100_000} 416`,
      'status 204',
      `patch ${KEPT} 202`,
      'put 201',
    ]);
    // What we had handed over by then counts as ours, though it was not taken.
    expect(second.report.bytesResumed).toBeGreaterThanOrEqual(KEPT - 100_000);
    expect(second.report.bytesResumed).toBeLessThanOrEqual(KEPT);
    expect(progressOf(second.events, layer)).toMatchObject({ final: SIZE, least: 0, most: SIZE });
    expect(arrived()).toBe(true);
    registry.assertClean();
  });

  test('whatever it says gets the blob whole after the second try (416)', async () => {
    const { registry, again, arrived } = await interrupt(tools);
    const lyingRange = `0-${KEPT - 100_001}`;
    registry.faults.add({ match: STATUS, times: Infinity, do: { lyingRange } });

    const second = await again();

    expect(second.steps.map((step) => step.replace(/\+\d+/, ''))).toEqual([
      'status 204',
      `patch ${KEPT - 100_000} 416`,
      'status 204',
      `patch ${KEPT - 100_000} 416`,
      'cancel 204',
      'put 0 201',
    ]);
    expect(second.report.bytesResumed).toBe(0);
    expect(arrived()).toBe(true);
    registry.assertClean();
  });

  test('that counts one byte too many is no obstacle', async () => {
    const { registry, again, arrived } = await interrupt(tools, {
      registry: { features: { rangeQuirk: 'off-by-one' } },
    });
    const second = await again();
    expect(second.error).toBeUndefined();
    expect(arrived()).toBe(true);
    registry.assertClean();
  });

  test('whose offset sticks at the first chunk gets the blob all the same', async () => {
    const { registry, again, arrived } = await interrupt(tools, {
      registry: { features: { rangeQuirk: 'stuck' } },
      request: { chunkSize: MIB },
      fault: { match: { ...PATCH, nth: 3 }, do: { cutAfterBytes: 1000 } },
    });
    const second = await again();
    expect(second.error).toBeUndefined();
    expect(arrived()).toBe(true);
    registry.assertClean();
  });

  test('at its end gets the blob whole (DIGEST_INVALID)', async () => {
    const { registry, layer, again, arrived } = await interrupt(tools);
    const body = JSON.stringify({ errors: [{ code: 'DIGEST_INVALID' }] });
    const match = { path: 'blob-upload-put', reference: layer.digest };
    registry.faults.add({ match, do: { status: 400, body } });

    const second = await again();

    expect(second.steps).toEqual([
      'status 204',
      `patch ${KEPT}+${SIZE - KEPT} 202`,
      'put 400',
      'cancel 204',
      ANEW,
    ]);
    expect(progressOf(second.events, layer)).toEqual({ final: SIZE, least: 0, most: SIZE });
    expect(arrived()).toBe(true);
    registry.assertClean();
  });
});

describe('what is remembered stays', () => {
  test.each([
    ['is told to stop while the registry is asked', STATUS, { hang: true }],
    ['is told to stop while the rest is sent', PATCH, { hang: true }],
  ] as const)('for one who %s', async (_, match, action) => {
    const { registry, again } = await interrupt(tools);
    registry.faults.add({ match, do: action });
    const controller = new AbortController();
    const watch = setInterval(() => {
      if (registry.faults.all.at(-1)!.applied > 0) controller.abort();
    }, 5);
    const second = await again({ cancel: controller.signal });
    clearInterval(watch);
    expect(second.report.status).toBe('cancelled');
    await registry.idle();

    const third = await again();

    expect(third.report).toMatchObject({ status: 'success', bytesResumed: KEPT });
    registry.assertClean();
  });

  test('where the registry cannot be reached for long', async () => {
    const { registry, again } = await interrupt(tools);
    registry.faults.add({ match: STATUS, times: 3, do: { cutAfterBytes: 0 } });
    const second = await again({ attempts: 3 });
    expect(second.report).toMatchObject({ status: 'failed', exitCode: 3 });

    const third = await again();

    expect(third.report).toMatchObject({ status: 'success', bytesResumed: KEPT });
    registry.assertClean();
  });

  test('where the rights have ended meanwhile', async () => {
    const registry = await start({ auth: { mode: 'bearer' } });
    const login = { plainHttp: true, username: 'user', password: 'password' };
    const { again } = await interrupt(
      { ...tools, registry: () => Promise.resolve(registry) },
      { request: { registries: { [registry.host]: login } } },
    );
    const body = JSON.stringify({ errors: [{ code: 'DENIED', message: 'no more' }] });
    registry.faults.add({ match: PATCH, do: { status: 403, body } });
    const second = await again();
    expect(second.report).toMatchObject({ status: 'failed', exitCode: 2 });

    const third = await again();

    expect(third.report).toMatchObject({ status: 'success', bytesResumed: KEPT });
    registry.assertClean();
  });

  test('not where the registry means it', async () => {
    const { registry, layer, state, again } = await interrupt(tools);
    const body = JSON.stringify({ errors: [{ code: 'SIZE_INVALID', message: 'too large' }] });
    const match = { path: 'blob-upload-put', reference: layer.digest };
    registry.faults.add({ match, times: Infinity, do: { status: 400, body } });

    const second = await again();

    expect(second.report).toMatchObject({ status: 'failed', exitCode: 5 });
    expect(state.layer(layer.digest)).toBeUndefined();
    expect(registry.stats().sessions.open).toBe(0);
    registry.assertClean();
  });

  test('not where another one has brought the blob meanwhile: the upload is given back', async () => {
    const { registry, layer, bytes, again } = await interrupt(tools);
    registry.seedBlob('app', bytes);

    const second = await again();

    expect(second.report.places[0]?.blobs).toContainEqual(
      expect.objectContaining({ digest: layer.digest, outcome: 'exists' }),
    );
    expect(second.sent).toBe(0);
    await registry.idle();
    expect(registry.stats().sessions.open).toBe(0);
    registry.assertClean();
  });

  test('not where the blob had arrived, and only its end was not heard of', async () => {
    const { registry, layer, again } = await interrupt(tools, {
      kept: SIZE,
      fault: { match: { path: 'blob-upload-put', nth: 2 }, do: { dropResponse: true } },
    });
    const second = await again();
    expect(second.report).toMatchObject({ status: 'success', bytesResumed: 0 });
    expect(second.report.places[0]?.blobs).toContainEqual(
      expect.objectContaining({ digest: layer.digest, outcome: 'exists' }),
    );
    expect(second.sent).toBe(0);
    registry.assertClean(['upload-session-finished']);
  });
});

describe('addresses that somebody else has written down', () => {
  test.each([
    [
      'of another host',
      (host: string) => `http://localhost:${host.split(':')[1]}/v2/app/blobs/uploads/x`,
    ],
    ['with a login', (host: string) => `http://user:password@${host}/v2/app/blobs/uploads/x`],
    ['of a manifest', (host: string) => `http://${host}/v2/app/manifests/latest`],
    [
      'that step up',
      (host: string) => `http://${host}/v2/app/blobs/uploads/../../manifests/latest`,
    ],
    ['that step up, encoded', (host: string) => `http://${host}/v2/app/blobs/uploads/%2e%2e/x`],
    ['of another repository', (host: string) => `http://${host}/v2/other/blobs/uploads/x`],
    ['of nothing', () => 'none'],
  ])('%s are never asked', async (_, address) => {
    const { registry, state, layer, again } = await interrupt(tools);
    const foreign = await registry.startForeignHost();
    registry.seedManifest(
      'app',
      { mediaType: 'application/vnd.oci.image.manifest.v1+json' },
      'latest',
    );
    const session = new URL(state.layer(layer.digest)?.Location ?? '').pathname;
    const location = address(registry.host).replace(/localhost:\d+/, foreign.host);
    state.edit(layer.digest, (entry) => {
      entry.Location = location;
    });

    const second = await again();

    expect(second.notes).toEqual([
      startsOver(registry, layer, 'what is remembered of it does not belong to this registry'),
    ]);
    expect(second.error).toBeUndefined();
    expect(second.requests.every(({ role }) => role === 'registry')).toBe(true);
    const strange = second.requests.filter(
      ({ path, method, kind }) =>
        path === session ||
        kind === 'blob-upload-status' ||
        kind === 'unknown' ||
        (method === 'DELETE' && !kind.startsWith('blob-upload')),
    );
    expect(strange).toEqual([]);
    expect(registry.tags('app')).toHaveProperty('latest');
    // The one that was interrupted is lost: nobody knows where it is any more.
    registry.assertClean(['upload-session-leaked']);
  });
});

describe('a body that breaks', () => {
  test.each([
    ['goes on where its bytes are kept', 'keep', true],
    ['starts over where they are not', 'drop-chunk', false],
    ['starts over where nothing is', 'drop-session', false],
  ] as const)('%s', async (_, onCut, goesOn) => {
    const registry = await start({ features: { onCut, locationStyle: 'query-state' } });
    const [layout, state] = [create(), keep()];
    const layer = layout.layer('layer', SIZE);
    const root = layout.root(layout.image({ layers: [layer] }));
    const match = { path: 'blob-upload-put', reference: layer.digest };
    registry.faults.add({ match, times: 2, do: { cutAfterBytes: MIB } });

    const result = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      state: state.places,
    });

    expect(result.error).toBeUndefined();
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    expect(registry.requests.some(({ kind }) => kind === 'blob-upload-patch')).toBe(goesOn);
    if (goesOn) expect(registry.stats().blobBytes).toBeLessThan(SIZE + 1000);
    expect(result.report).toMatchObject({ bytesResumed: 0 });
    expect(result.report.places[0]?.blobs.every(({ outcome }) => outcome === 'uploaded')).toBe(
      true,
    );
    expect(progressOf(result.events, layer)).toMatchObject({ final: SIZE, least: 0, most: SIZE });
    expect(state.files()).toEqual(['record.sqlite', 'resume']);
    registry.assertClean();
  });

  test.each([1, 2, 3])('again and again arrives in the end (%i)', async (seed) => {
    const registry = await start({ features: { locationStyle: 'absolute-query-state' } });
    const [layout, state] = [create(), keep()];
    const layers = [3 * MIB, 2 * MIB, 5 * MIB, 500_000].map((size, index) =>
      layout.layer(`${seed}/${index}`, size),
    );
    const root = layout.root(layout.image({ layers }));
    registry.faults.resetEvery(2, 100_000, 2_000_000, seed);

    const result = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      state: state.places,
      attempts: 30,
    });

    expect(result.error).toBeUndefined();
    expect(registry.faults.resets).toBeGreaterThan(0);
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    for (const layer of layers) {
      const { least, most, final } = progressOf(result.events, layer);
      expect(least).toBe(0);
      expect(most).toBeLessThanOrEqual(layer.size);
      // Of one whose answer was lost it is only known that it is there.
      expect([0, layer.size]).toContain(final);
    }
    registry.assertClean();
  });
});
