import { describe, expect, test } from '@jest/globals';
import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { bench, MAY_BE_TOO_LATE, run } from './support/index.ts';

const { registry: start, layout: create } = bench();

describe('a source', () => {
  const damages: readonly (readonly [string, (file: string) => void, RegExp])[] = [
    [
      'whose blob has other bytes',
      (file) => {
        const bytes = readFileSync(file);
        bytes[bytes.length - 1]! ^= 1;
        writeFileSync(file, bytes);
      },
      /hash to sha256:/,
    ],
    ['whose blob is shorter', (file) => truncateSync(file, 1000), /shorter/],
    ['whose blob is longer', (file) => appendFileSync(file, 'more'), /longer/],
    ['whose blob is missing', (file) => rmSync(file), /missing/],
  ];
  test.each(damages)('%s is refused by name, and nothing is committed', async (_, damage, why) => {
    const registry = await start({ features: { singlePost: true } });
    const layout = create();
    const layer = layout.layer('damaged', 150_000);
    layout.root(layout.image({ layers: [layer] }));
    damage(layout.fileOf(layer));

    const { error, report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
    });

    expect(error).toMatchObject({ code: 'IMAGE' });
    expect(error?.message).toContain(layer.digest);
    expect(error?.message).toMatch(why);
    expect(report).toMatchObject({ status: 'failed', exitCode: 4 });
    expect(registry.blob('app', layer.digest)).toBeUndefined();
    expect(registry.tags('app')).toEqual({});
    registry.assertClean(MAY_BE_TOO_LATE);
  });

  test('whose manifest has other bytes is refused before anything is sent', async () => {
    const registry = await start();
    const layout = create();
    const [one, two] = [layout.image({ seed: 'one' }), layout.image({ seed: 'two' })];
    layout.root(layout.index([one, two]));
    const text = readFileSync(layout.fileOf(two), 'utf8');
    writeFileSync(layout.fileOf(two), text.replace('"size":1000', '"size":1001'));

    const { error } = await run({ source: layout.source, tags: [`${registry.host}/app:1`] });

    expect(error).toMatchObject({ code: 'IMAGE', stage: 'open' });
    expect(error?.message).toContain(two.digest);
    expect(registry.requests).toHaveLength(0);
    registry.assertClean();
  });

  test('that gives one blob two sizes is refused before anything is sent', async () => {
    const registry = await start();
    const layout = create();
    const layer = layout.layer('layer', 1000);
    layout.root(layout.image({ layers: [layer, { ...layer, size: 2000 }] }));

    const { error } = await run({ source: layout.source, tags: [`${registry.host}/app:1`] });

    expect(error).toMatchObject({ code: 'IMAGE', stage: 'open' });
    expect(error?.message).toContain(layer.digest);
    expect(registry.requests).toHaveLength(0);
    registry.assertClean();
  });
});

describe('a registry', () => {
  test('that says it stored a manifest under another digest is not believed', async () => {
    const registry = await start();
    const layout = create();
    layout.root(layout.image());
    const lie = `sha256:${'0'.repeat(64)}`;
    registry.faults.add({
      match: { path: 'manifest-put' },
      times: Infinity,
      do: { addHeaders: { 'docker-content-digest': lie } },
    });

    const { error } = await run({ source: layout.source, tags: [`${registry.host}/app:1`] });

    expect(error).toMatchObject({ code: 'REGISTRY' });
    expect(error?.message).toContain(lie);
    expect(registry.tags('app')).toEqual({});
    registry.assertClean();
  });

  test('that lies about the digest of the image it was asked for gets it anyway', async () => {
    const registry = await start();
    const layout = create();
    const root = layout.root(layout.image());
    registry.faults.add({
      match: { path: 'manifest-head', nth: 1 },
      do: {
        status: 200,
        headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` },
        body: '',
      },
    });

    const { error } = await run({ source: layout.source, tags: [`${registry.host}/app:1`] });

    expect(error).toBeUndefined();
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    registry.assertClean();
  });
});
