import { expect, test } from '@jest/globals';
import { bench, run } from './support/index.ts';

const { registry: start, layout: create } = bench();

test.each([
  ['eight, because that was asked for', { concurrency: 8 }, 8],
  ['sixteen at most by itself', {}, 16],
  ['one', { concurrency: 1 }, 1],
])(
  'an image of 200 blobs is sent so many at a time: %s',
  async (_, options, most) => {
    const registry = await start({ latencyMs: 1 });
    const layout = create();
    const root = layout.root(layout.image({ layers: Array<number>(200).fill(500) }));

    const { report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      ...options,
    });

    expect(report.status).toBe('success');
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    expect(registry.stats().peakUploads).toBeLessThanOrEqual(most);
    expect(registry.stats().sessions.opened).toBe(201);
    // Connections are kept: a new one for each request would be hundreds.
    expect(registry.stats().connections).toBeLessThanOrEqual(40);
    registry.assertClean();
  },
  30_000,
);

test('an index of many images is written sixteen manifests at a time at most', async () => {
  const registry = await start({ latencyMs: 2 });
  const layout = create();
  const shared = layout.layer('shared', 100);
  const images = Array.from({ length: 40 }, (_, number) =>
    layout.image({ seed: `image ${number}`, layers: [shared] }),
  );
  const root = layout.root(layout.index(images));

  await run({ source: layout.source, tags: [`${registry.host}/app:1`] });

  expect(registry.tags('app')).toEqual({ 1: root.digest });
  expect(registry.stats().peakRequests).toBeLessThanOrEqual(16);
  registry.assertClean();
});
