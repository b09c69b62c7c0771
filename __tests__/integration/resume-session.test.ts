import { describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { percentOf } from '../../src/report/progress-text.ts';
import { createProgress } from '../../src/report/progress.ts';
import { toOutputs } from '../../src/report/outputs.ts';
import { bench, run } from './support/index.ts';
import {
  interrupt,
  KEPT,
  MIB,
  progressOf,
  SIZE,
  startsOver,
  stepsOf,
} from './support/interrupt.ts';

const tools = bench();
const { registry: start, layout: create, state: keep } = tools;

const LOGIN = { plainHttp: true, username: 'user', password: 'password' };
const REST = `patch ${KEPT}+${SIZE - KEPT} 202`;
const GOES_ON = ['status 204', REST, 'put 201'];

describe('an interrupted push', () => {
  test('goes on where the registry stopped, and not a byte is sent twice', async () => {
    const { registry, state, layer, root, first, again, arrived } = await interrupt(tools);
    expect(first.report).toMatchObject({ status: 'failed', exitCode: 3 });
    expect(state.layer(layer.digest)).toMatchObject({ TotalBytes: SIZE });

    const second = await again();

    expect(second.error).toBeUndefined();
    expect(second.steps).toEqual(GOES_ON);
    expect(second.sent).toBe(SIZE - KEPT);
    expect(arrived()).toBe(true);
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    registry.assertClean();
  });

  test('says so: in the report, the outputs, the log, and its progress', async () => {
    const { layer, state, again } = await interrupt(tools);
    const progress = createProgress(() => Date.now());
    const percents: number[] = [];

    const { report, log, events } = await again({
      sink: (event) => {
        progress.sink(event);
        if (event.type.startsWith('blob-')) percents.push(percentOf(progress.snapshot()));
      },
    });

    const blob = report.places[0]?.blobs.find(({ digest }) => digest === layer.digest);
    expect(blob).toMatchObject({ outcome: 'resumed', resumedBytes: KEPT, size: SIZE });
    const config = report.bytesUploaded - (SIZE - KEPT);
    expect(report).toMatchObject({
      bytesResumed: KEPT,
      bytesSkipped: 0,
      saved: { exists: 0, mounted: 0, record: 0, resumed: KEPT },
      resume: { from: state.places.resumeDirectory, blobs: 1, bytesSaved: KEPT },
    });
    expect(config).toBeGreaterThan(0);
    expect(config).toBeLessThan(1000);
    expect(toOutputs(report)).toMatchObject({
      'bytes-resumed': String(KEPT),
      'bytes-uploaded': String(SIZE - KEPT + config),
    });
    expect(log.join('\n')).toMatch(/resumed at 1\.18 MiB of 3\.00 MiB/);
    expect(progressOf(events, layer)).toEqual({ final: SIZE, least: 0, most: SIZE });
    expect(Math.max(...percents)).toBe(100);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  });

  test('that is finished leaves nothing to resume', async () => {
    const { state, registry, again } = await interrupt(tools);
    await again();
    expect(state.files().filter((name) => name.startsWith('resume'))).toEqual(['resume']);

    const third = await again();
    expect(third.report).toMatchObject({ status: 'success', bytesUploaded: 0, bytesResumed: 0 });
    expect(third.report.resume).toBeUndefined();
    registry.assertClean();
  });

  test.each([
    ['less', 1],
    ['less', KEPT - 1],
    ['as much', KEPT],
    ['more', KEPT + 1],
    ['everything', SIZE],
  ])('believes the registry where %s is remembered (%i bytes)', async (_, written) => {
    const { registry, state, layer, bytes, again, arrived } = await interrupt(tools);
    state.pretend(layer.digest, bytes.subarray(0, written));

    const second = await again();

    expect(second.steps).toEqual(GOES_ON);
    expect(second.report.bytesResumed).toBe(KEPT);
    expect(arrived()).toBe(true);
    registry.assertClean();
  });

  test.each(['relative', 'absolute', 'query-state', 'absolute-query-state'] as const)(
    'uses addresses as they come (%s)',
    async (locationStyle) => {
      const { registry, again } = await interrupt(tools, {
        registry: { features: { locationStyle } },
      });
      const second = await again();
      expect(second.steps).toEqual(GOES_ON);
      registry.assertClean();
    },
  );

  test.each(['basic', 'bearer'] as const)('logs in for it (%s)', async (mode) => {
    const registry = await start({ auth: { mode } });
    const { again } = await interrupt(
      { ...tools, registry: () => Promise.resolve(registry) },
      { request: { registries: { [registry.host]: LOGIN } } },
    );
    registry.expireTokens();
    const second = await again();
    expect(second.error).toBeUndefined();
    expect(second.report.bytesResumed).toBe(KEPT);
    registry.assertClean();
  });

  test('goes on as often as it is interrupted', async () => {
    const { registry, again, arrived } = await interrupt(tools);
    for (const [from, more] of [
      [KEPT, 500_000],
      [KEPT + 500_000, 700_000],
    ] as const) {
      registry.faults.add({ match: { path: 'blob-upload-patch' }, do: { cutAfterBytes: more } });
      const next = await again({ attempts: 1 });
      expect(next.report.status).toBe('failed');
      expect(next.steps.at(-1)).toBe(`patch ${from}+${more} 0`);
    }
    const last = await again();
    expect(last.report.bytesResumed).toBe(KEPT + 1_200_000);
    expect(arrived()).toBe(true);
    registry.assertClean();
  });

  test('only ends an upload of which nothing is missing', async () => {
    const { registry, again, arrived } = await interrupt(tools, {
      request: { chunkSize: MIB },
      // The first one is the configuration's.
      fault: { match: { path: 'blob-upload-put', nth: 2 }, do: { status: 503 } },
    });

    const second = await again();

    expect(second.steps).toEqual(['status 204', 'put 201']);
    expect(second.report.places[0]?.blobs).toContainEqual(
      expect.objectContaining({ outcome: 'resumed', resumedBytes: SIZE }),
    );
    expect(arrived()).toBe(true);
    registry.assertClean();
  });

  test('goes on in chunks where blobs go in chunks', async () => {
    const { registry, again } = await interrupt(tools, {
      request: { chunkSize: MIB },
      fault: { match: { path: 'blob-upload-patch', nth: 2 }, do: { cutAfterBytes: 300_000 } },
    });

    const second = await again();

    const from = MIB + 300_000;
    expect(second.steps).toEqual([
      'status 204',
      `patch ${from}+${MIB} 202`,
      `patch ${from + MIB}+${SIZE - from - MIB} 202`,
      'put 201',
    ]);
    expect(second.report.bytesResumed).toBe(from);
    registry.assertClean();
  });

  test('goes on between chunks where broken ones are dropped, and counted one too many (Gitea)', async () => {
    const registry = await start({ preset: 'gitea' });
    const chunk = 8 * MIB;
    const { again } = await interrupt(
      { ...tools, registry: () => Promise.resolve(registry) },
      {
        // Smaller ones go in a single POST there.
        size: 17 * MIB,
        fault: { match: { path: 'blob-upload-patch', nth: 2 }, do: { cutAfterBytes: 300_000 } },
        request: {
          chunkSize: chunk,
          registries: { [registry.host]: { plainHttp: true, profile: 'gitea' } },
        },
      },
    );

    const second = await again();

    expect(second.steps).toEqual([
      'status 204',
      `patch ${chunk}+${chunk} 202`,
      `patch ${2 * chunk}+${MIB} 202`,
      'put 201',
    ]);
    expect(second.report.bytesResumed).toBe(chunk);
    registry.assertClean();
  });

  test('goes on in each place by itself', async () => {
    const size = 16 * MIB;
    const [one, two] = [await start(), await start()];
    const [layout, state] = [create(), keep()];
    const layer = layout.layer('layer', size);
    const root = layout.root(layout.image({ layers: [layer] }));
    const match = { path: 'blob-upload-put', reference: layer.digest };
    one.faults.add({ match, do: { delayMs: 100, cutAfterBytes: 1_000_000 } });
    // The slower one is stopped by the other's failure.
    two.faults.add({ match, do: { readBytesPerSecond: 20_000_000 } });
    const request = {
      source: layout.source,
      tags: [`${one.host}/app:1`, `${two.host}/team/app:1`],
      state: state.places,
      concurrency: 1,
    };
    await run({ ...request, attempts: 1 });
    await two.idle();
    const [before, kept] = [one.requests.length, two.requests.length];
    const from = two.requests.find(({ cut }) => cut)?.bytesIn ?? 0;

    const { report } = await run(request);

    expect(report.status).toBe('success');
    expect(stepsOf(one.requests.slice(before), layer)[1]).toBe(
      `patch 1000000+${size - 1_000_000} 202`,
    );
    expect(stepsOf(two.requests.slice(kept), layer)[1]).toBe(`patch ${from}+${size - from} 202`);
    expect(report.bytesResumed).toBe(1_000_000 + from);
    expect(one.tags('app')).toEqual({ 1: root.digest });
    expect(two.tags('team/app')).toEqual({ 1: root.digest });
    one.assertClean();
    two.assertClean();
  });

  test('sends no blob again that had arrived, and asks whether it has', async () => {
    const registry = await start();
    const [layout, state] = [create(), keep()];
    const done = layout.layer('done', 2 * MIB);
    const gone = layout.layer('gone', 2 * MIB + 1);
    const broken = layout.layer('broken', SIZE);
    layout.root(layout.image({ layers: [done, gone, broken] }));
    const match = { path: 'blob-upload-put', reference: broken.digest };
    registry.faults.add({ match, do: { delayMs: 300, cutAfterBytes: KEPT } });
    const request = {
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      state: state.places,
    };
    await run({ ...request, attempts: 1 });
    expect(registry.blobSize('app', done.digest)).toBe(done.size);
    registry.removeBlob('app', gone.digest);

    const { report } = await run(request);

    const blobs = new Map(report.places[0]?.blobs.map((blob) => [blob.digest, blob]));
    expect(blobs.get(done.digest)).toMatchObject({ outcome: 'exists', hint: 'resume' });
    expect(blobs.get(gone.digest)).toMatchObject({ outcome: 'uploaded' });
    expect(blobs.get(gone.digest)).not.toHaveProperty('hint');
    expect(blobs.get(broken.digest)).toMatchObject({ outcome: 'resumed', resumedBytes: KEPT });
    expect(report.resume?.bytesSaved).toBe(done.size + KEPT);
    registry.assertClean();
  });
});

describe('a source that has changed', () => {
  test('where it had been sent is said to start over, and then to be corrupt', async () => {
    const { registry, layout, layer, state, bytes, again } = await interrupt(tools);
    state.pretend(layer.digest, bytes.subarray(0, KEPT));
    const changed = Buffer.from(bytes);
    changed[KEPT - 1]! ^= 1;
    writeFileSync(layout.fileOf(layer), changed);

    const second = await again();

    expect(second.notes).toEqual([
      startsOver(registry, layer, 'its bytes are not the ones that were sent then'),
    ]);
    expect(second.report).toMatchObject({ status: 'failed', exitCode: 4 });
    expect(second.error?.message).toContain(`the bytes of blob ${layer.digest} hash to sha256:`);
    expect(registry.blobSize('app', layer.digest)).toBeUndefined();
    expect(registry.stats().sessions.open).toBe(0);
    expect(state.layer(layer.digest)).toBeUndefined();
    registry.assertClean();
  });

  test.each([
    ['beyond what is remembered', KEPT - 1],
    ['where nothing had been sent', SIZE - 1],
  ])('%s is corrupt', async (_, at) => {
    const { registry, layout, layer, state, bytes, again } = await interrupt(tools);
    state.pretend(layer.digest, bytes.subarray(0, KEPT - 1000));
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1;
    writeFileSync(layout.fileOf(layer), changed);

    const second = await again();

    expect(second.notes).toEqual([]);
    expect(second.report).toMatchObject({ status: 'failed', exitCode: 4 });
    expect(second.error?.hint).toContain('nothing wrong was stored');
    expect(registry.blobSize('app', layer.digest)).toBeUndefined();
    expect(registry.stats().sessions.open).toBe(0);
    registry.assertClean();
  });
});

describe('nothing is left behind', () => {
  test('of a blob of less than 1 MiB', async () => {
    const { registry, state, layer, first, again } = await interrupt(tools, {
      size: MIB - 1,
      kept: 500_000,
    });
    expect(first.report.status).toBe('failed');
    expect(state.layer(layer.digest)).toBeUndefined();
    expect(registry.stats().sessions.open).toBe(0);

    const second = await again();
    expect(second.steps).toEqual([`put 0+${MIB - 1} 201`]);
    registry.assertClean();
  });

  test.each(['docker-hub', 'ghcr', 'ecr', 'acr', 'quay', 'harbor'])(
    'where uploads are never kept (%s)',
    async (profile) => {
      const registry = await start();
      const { state, layer, again } = await interrupt(
        { ...tools, registry: () => Promise.resolve(registry) },
        { request: { registries: { [registry.host]: { plainHttp: true, profile } } } },
      );
      expect(state.layer(layer.digest)).toBeUndefined();
      expect(registry.stats().sessions.open).toBe(0);

      const second = await again();
      expect(second.report).toMatchObject({ status: 'success', bytesResumed: 0 });
      expect(second.requests.some(({ kind }) => kind === 'blob-upload-status')).toBe(false);
      registry.assertClean();
    },
  );

  test.each([
    ['somewhere else in the registry', { uploadPath: 'opaque' }],
    ['where it is not looked for', { uploadPath: 'upload' }],
    ['on another host', { foreignUploads: true }],
  ] as const)('where the upload is %s', async (_, features) => {
    const { registry, state, layer, again } = await interrupt(tools, { registry: { features } });
    expect(state.layer(layer.digest)).toBeUndefined();
    expect(registry.stats().sessions.open).toBe(0);

    const second = await again();
    expect(second.steps).toEqual([`put 0+${SIZE} 201`]);
    registry.assertClean();
  });

  test('by one that may not remember: no file, no request, no session', async () => {
    const { registry, state, first, again } = await interrupt(tools, {
      request: { state: {} },
    });
    expect(first.report.status).toBe('failed');
    expect(state.files()).toEqual([]);
    expect(registry.stats().sessions.open).toBe(0);

    const second = await again();
    expect(second.steps).toEqual([`put 0+${SIZE} 201`]);
    expect(second.events.some(({ type }) => type === 'resuming')).toBe(false);
    expect(state.files()).toEqual([]);
    registry.assertClean();
  });

  test('by one that is finished at once costs no request more', async () => {
    const kinds = async (state?: ReturnType<typeof keep>) => {
      const registry = await start();
      const layout = create();
      layout.root(layout.image({ layers: [SIZE, 5000] }));
      const tags = [`${registry.host}/app:1`];
      await run({ source: layout.source, tags, ...(state ? { state: state.places } : {}) });
      registry.assertClean();
      return registry.requests.map(({ kind, status }) => `${kind} ${status}`).toSorted();
    };
    expect(await kinds(keep())).toEqual(await kinds());
  });
});

describe('one who is told to stop', () => {
  // More than the system takes out of our hands at once.
  const LARGE = 16 * MIB;

  async function stopped(remember: boolean) {
    const registry = await start();
    const [layout, state] = [create(), keep()];
    const layer = layout.layer('layer', LARGE);
    const root = layout.root(layout.image({ layers: [layer] }));
    const match = { path: 'blob-upload-put', reference: layer.digest };
    registry.faults.add({ match, do: { readBytesPerSecond: 20_000_000 } });
    const request = {
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      concurrency: 1,
      ...(remember ? { state: state.places } : {}),
    };
    const controller = new AbortController();
    const watch = setInterval(() => {
      if (registry.requests.some(({ bytesIn }) => bytesIn >= MIB)) controller.abort();
    }, 5);
    const { report } = await run({ ...request, cancel: controller.signal });
    clearInterval(watch);
    await registry.idle();
    expect(report.status).toBe('cancelled');
    return { registry, layer, root, request, state };
  }

  test('keeps the upload, and goes on with it', async () => {
    const { registry, layer, root, request } = await stopped(true);
    expect(registry.stats().sessions).toMatchObject({ open: 1 });
    const before = registry.requests.length;

    const { report } = await run(request);

    const steps = stepsOf(registry.requests.slice(before), layer);
    const kept = registry.requests.find(({ cut }) => cut)?.bytesIn ?? 0;
    expect(steps).toEqual(['status 204', `patch ${kept}+${LARGE - kept} 202`, 'put 201']);
    expect(report.bytesResumed).toBe(kept);
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    registry.assertClean();
  });

  test('gives it back where nothing is remembered', async () => {
    const { registry, state } = await stopped(false);
    expect(registry.stats().sessions).toMatchObject({ open: 0 });
    expect(state.files()).toEqual([]);
    registry.assertClean();
  });
});
