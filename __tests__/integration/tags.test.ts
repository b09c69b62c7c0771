import { describe, expect, test } from '@jest/globals';
import { bench, run } from './support/index.ts';

const { registry: start, layout: create } = bench();

const TAGS = ['1', '1.2', '1.2.3', 'latest'];

describe('several tags', () => {
  test('go in one request where the registry confirms them', async () => {
    const registry = await start();
    const layout = create();
    const root = layout.root(layout.image());

    const { report } = await run({
      source: layout.source,
      tags: TAGS.map((tag) => `${registry.host}/app:${tag}`),
    });

    expect(registry.tags('app')).toEqual(Object.fromEntries(TAGS.map((tag) => [tag, root.digest])));
    expect(registry.stats().byKind['tag-put']).toBeUndefined();
    expect(registry.requests.at(-1)?.query.getAll('tag')).toEqual(TAGS);
    expect(report.places[0]?.tags).toEqual(TAGS.map((tag) => ({ tag, status: 'published' })));
    registry.assertClean();
  });

  test('go one by one where it does not', async () => {
    const registry = await start({ features: { ociTag: false } });
    const layout = create();
    const root = layout.root(layout.image());

    await run({ source: layout.source, tags: TAGS.map((tag) => `${registry.host}/app:${tag}`) });

    expect(registry.tags('app')).toEqual(Object.fromEntries(TAGS.map((tag) => [tag, root.digest])));
    expect(registry.stats().byKind['tag-put']).toBe(TAGS.length);
    registry.assertClean();
  });

  test('go one by one where the request for all is refused', async () => {
    const registry = await start();
    const layout = create();
    layout.root(layout.image());
    registry.faults.add({ match: { path: /\?tag=/ }, do: { status: 400 } });

    const { error } = await run({
      source: layout.source,
      tags: TAGS.map((tag) => `${registry.host}/app:${tag}`),
    });

    expect(error).toBeUndefined();
    expect(Object.keys(registry.tags('app'))).toEqual(TAGS);
    registry.assertClean();
  });

  test('those that were moved before one was refused are taken back', async () => {
    const registry = await start({ features: { ociTag: false } });
    const layout = create();
    layout.root(layout.image());
    registry.faults.add({
      match: { path: 'tag-put', reference: '1.2' },
      times: Infinity,
      do: { status: 403, body: '{"errors":[{"code":"DENIED","message":"tag is protected"}]}' },
    });

    const { report, error } = await run({
      source: layout.source,
      tags: TAGS.map((tag) => `${registry.host}/app:${tag}`),
    });

    expect(error?.message).toContain('tag is protected');
    expect(error?.message).toContain('(3 tags moved before that and taken back)');
    expect(error).toMatchObject({ code: 'REGISTRY', stage: 'publish' });
    expect(registry.tags('app')).toEqual({});
    expect(report.places[0]?.tags).toEqual(
      TAGS.map((tag) => ({ tag, status: tag === '1.2' ? 'not-moved' : 'removed' })),
    );
    registry.assertClean();
  });
});

describe('immutable tags', () => {
  const immutableTags = { status: 412, code: 'PRECONDITION', sameDigestToo: true };

  test('a tag that names this image already is left alone', async () => {
    const registry = await start({ features: { immutableTags } });
    const layout = create();
    layout.root(layout.image());
    const push = { source: layout.source, tags: [`${registry.host}/app:1`] };
    await run(push);

    const { error, report } = await run(push);

    expect(error).toBeUndefined();
    expect(report.places[0]?.tags).toEqual([{ tag: '1', status: 'unchanged' }]);
    registry.assertClean();
  });

  test('one that names another image is an error that says so', async () => {
    const registry = await start({ features: { immutableTags } });
    const layout = create();
    registry.seedManifest('app', { schemaVersion: 2, layers: [] }, '1');
    layout.root(layout.image());

    const { error, report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
    });

    expect(error).toMatchObject({ code: 'REGISTRY', stage: 'publish' });
    expect(error?.hint).toMatch(/immutable/);
    expect(report.exitCode).toBe(5);
    registry.assertClean();
  });
});
