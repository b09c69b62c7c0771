import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { StrictRegistry } from '../support/registry/index.ts';
import { bench, run, type RunRequest } from './support/index.ts';

const { registry: start, layout: create } = bench();
const MiB = 1024 * 1024;

/** Pushes an image with layers of these sizes and says whether it arrived whole. */
async function pushTo(
  registry: StrictRegistry,
  layers: readonly number[],
  request: Partial<RunRequest> = {},
) {
  const layout = create();
  const blobs = layers.map((size) => layout.blob(randomBytes(size)));
  const root = layout.root(layout.image({ layers: blobs }));
  const result = await run({ source: layout.source, tags: [`${registry.host}/app:1`], ...request });
  const arrived = registry.tags('app')['1'] === root.digest;
  return { ...result, arrived, bytes: layers.reduce((sum, size) => sum + size, 0) };
}

/** How many bytes each request of a kind carried. */
function sizes(registry: StrictRegistry, kind: string): readonly number[] {
  return registry.requests.filter((one) => one.kind === kind).map(({ bytesIn }) => bytesIn);
}

describe('bodies that are too large', () => {
  test('a limit is found out once, and what is larger goes in chunks below it', async () => {
    const registry = await start({ features: { bodyMax: MiB } });

    const { arrived, log } = await pushTo(registry, [3 * MiB + 17, 2 * MiB, 1000], {
      concurrency: 1,
    });

    expect(arrived).toBe(true);
    const refused = registry.requests.filter(({ status }) => status === 413);
    expect(refused).toHaveLength(1);
    expect(Math.max(...sizes(registry, 'blob-upload-patch'))).toBeLessThanOrEqual(MiB);
    expect(log.join('\n')).toMatch(/takes no request of .* going on in chunks/);
    registry.assertClean();
  });

  test('several blobs that meet the limit at once all arrive', async () => {
    const registry = await start({ features: { bodyMax: MiB } });

    const { arrived } = await pushTo(registry, [4 * MiB, 3 * MiB, 2 * MiB, 2 * MiB + 1]);

    expect(arrived).toBe(true);
    registry.assertClean();
  });

  test('where chunks are refused, too, one sentence says what stands in the way', async () => {
    const registry = await start({ features: { bodyMax: MiB, chunked: 'refused' } });

    const { arrived, error } = await pushTo(registry, [3 * MiB]);

    expect(arrived).toBe(false);
    expect(error).toMatchObject({ code: 'REGISTRY', status: 413 });
    expect(error?.hint).toContain('client_max_body_size');
    registry.assertClean();
  });
});

describe('chunks', () => {
  test('go in the size that was asked for', async () => {
    const registry = await start();

    const { arrived } = await pushTo(registry, [3 * MiB + 5], { chunkSize: MiB });

    expect(arrived).toBe(true);
    expect(sizes(registry, 'blob-upload-patch')).toEqual([MiB, MiB, MiB, 5]);
    registry.assertClean();
  });

  test('are never smaller than the registry announces', async () => {
    const registry = await start({ features: { chunkMin: 5 * MiB } });

    const { arrived } = await pushTo(registry, [11 * MiB], { chunkSize: MiB });

    expect(arrived).toBe(true);
    expect(sizes(registry, 'blob-upload-patch')).toEqual([5 * MiB, 5 * MiB, MiB]);
    registry.assertClean();
  });

  test('become smaller where they are refused as too large', async () => {
    const registry = await start({ features: { chunkMax: 4 * MiB } });

    const { arrived } = await pushTo(registry, [9 * MiB], { chunkSize: 8 * MiB });

    expect(arrived).toBe(true);
    expect(Math.max(...sizes(registry, 'blob-upload-patch').slice(1))).toBeLessThanOrEqual(4 * MiB);
    registry.assertClean();
  });

  test('give way to whole blobs where the registry knows no PATCH', async () => {
    const registry = await start({ features: { chunked: 'refused' } });

    const { arrived } = await pushTo(registry, [3 * MiB, 2 * MiB], { chunkSize: MiB });

    expect(arrived).toBe(true);
    expect(sizes(registry, 'blob-upload-put')).toContain(3 * MiB);
    registry.assertClean();
  });

  test('the last one is in the PUT where the profile says so', async () => {
    const registry = await start({ preset: 'ecr' });

    const { arrived } = await pushTo(registry, [11 * MiB], {
      chunkSize: 5 * MiB,
      registries: { [registry.host]: { plainHttp: true, profile: 'ecr' } },
    });

    expect(arrived).toBe(true);
    registry.assertClean();
  });

  test('one that breaks is continued where the registry keeps what it got', async () => {
    const registry = await start();
    registry.faults.add({
      match: { path: 'blob-upload-patch', nth: 2 },
      do: { cutAfterBytes: 300_000 },
    });

    const { arrived } = await pushTo(registry, [4 * MiB], { chunkSize: MiB });

    expect(arrived).toBe(true);
    expect(registry.stats().sessions.opened).toBeLessThanOrEqual(2);
    registry.assertClean();
  });

  test.each(['gitea', 'acr', 'docker-hub', 'distribution'] as const)(
    'work with what a look-alike of %s does',
    async (preset) => {
      const registry = await start({ preset });
      registry.faults.add({
        match: { path: 'blob-upload-patch', nth: 2 },
        do: { cutAfterBytes: 200_000 },
      });

      const { arrived } = await pushTo(registry, [3 * MiB, 2 * MiB], { chunkSize: MiB });

      expect(arrived).toBe(true);
      registry.assertClean();
    },
  );
});

describe('a blob in one request', () => {
  test('is tried with the config and then used', async () => {
    const registry = await start({ features: { singlePost: true } });

    const { arrived } = await pushTo(registry, [200_000, 100_000], { concurrency: 1 });

    expect(arrived).toBe(true);
    // Largest first: what is sent before the config does not know yet.
    expect(sizes(registry, 'blob-upload-single').length).toBeGreaterThan(0);
    registry.assertClean();
  });

  test('is not tried again where it only opens an upload, and that upload is used', async () => {
    const registry = await start();

    const { arrived } = await pushTo(registry, [9000, 8000, 7000], { concurrency: 1 });

    expect(arrived).toBe(true);
    expect(sizes(registry, 'blob-upload-single')).toHaveLength(1);
    expect(registry.stats().sessions.opened).toBe(4);
    registry.assertClean();
  });
});

describe('connections that are reset', () => {
  test('every third one, after 1 to 8 MiB (seed 7): complete, and at most half is sent twice', async () => {
    const registry = await start();
    registry.faults.resetEvery(3, MiB, 8 * MiB, 7);

    const { arrived, bytes, events } = await pushTo(
      registry,
      Array.from({ length: 24 }, (_, index) => 2 * MiB + index),
      { attempts: 10 },
    );

    expect(arrived).toBe(true);
    expect(events.filter(({ type }) => type === 'blob-restarted').length).toBeGreaterThan(0);
    expect(registry.stats().blobBytes).toBeLessThanOrEqual(1.5 * bytes);
    registry.assertClean();
  });
});

test('the report says what the push has settled on with each registry', async () => {
  const registry = await start({ features: { bodyMax: MiB } });

  const { report } = await pushTo(registry, [3 * MiB], { concurrency: 3 });

  expect(report.registries).toEqual([
    {
      registry: registry.host,
      profile: 'generic',
      concurrency: 3,
      mostConcurrency: 3,
      chunkSize: 900 * 1024,
    },
  ]);
});
