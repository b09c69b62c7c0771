import { describe, expect, test } from '@jest/globals';
import { bench, MAY_BE_TOO_LATE, run } from './support/index.ts';

const { registry: start, layout: create } = bench();

describe('several registries', () => {
  test('all get the same', async () => {
    const registries = [await start(), await start({ preset: 'gitea' }), await start()];
    const layout = create();
    const root = layout.root(layout.image());

    const { report } = await run({
      source: layout.source,
      tags: registries.map(({ host }) => `${host}/app:1`),
    });

    expect(report.status).toBe('success');
    for (const registry of registries) {
      expect(registry.tags('app')).toEqual({ 1: root.digest });
      registry.assertClean();
    }
  });

  test('none gets a tag when one of them fails', async () => {
    const [good, bad] = [await start(), await start()];
    const layout = create();
    layout.root(layout.image());
    bad.faults.add({ match: { path: 'manifest-put' }, times: Infinity, do: { status: 400 } });

    const { error, report } = await run({
      source: layout.source,
      tags: [`${good.host}/app:1`, `${bad.host}/app:1`],
    });

    expect(error).toMatchObject({ code: 'REGISTRY', stage: 'upload' });
    expect(error?.message).toContain(bad.host);
    expect(good.tags('app')).toEqual({});
    expect(bad.tags('app')).toEqual({});
    const tags = report.places.flatMap((place) => place.tags.map(({ status }) => status));
    expect(tags).toEqual(['not-moved', 'not-moved']);
    good.assertClean(MAY_BE_TOO_LATE);
    bad.assertClean();
  });

  test('a failure stops the uploads to the others, and their sessions are tidied up', async () => {
    const [slow, bad] = [await start(), await start()];
    const layout = create();
    layout.root(layout.image({ layers: [400_000] }));
    slow.faults.add({
      match: { path: 'blob-upload-put' },
      times: Infinity,
      do: { hang: true },
    });
    bad.faults.add({ match: { path: 'blob-upload-put' }, times: Infinity, do: { status: 403 } });

    const { error } = await run({
      source: layout.source,
      tags: [`${slow.host}/app:1`, `${bad.host}/app:1`],
    });

    expect(error?.message).toContain(bad.host);
    slow.assertClean(MAY_BE_TOO_LATE);
    bad.assertClean(MAY_BE_TOO_LATE);
  });

  test('a login is for one of them only', async () => {
    const [one, two] = [
      await start({ auth: { mode: 'basic', username: 'one', password: 'first-password' } }),
      await start({ auth: { mode: 'basic', username: 'two', password: 'second-password' } }),
    ];
    const layout = create();
    layout.root(layout.image());

    const { error } = await run({
      source: layout.source,
      tags: [`${one.host}/app:1`, `${two.host}/app:1`],
      registries: {
        [one.host]: { plainHttp: true, username: 'one', password: 'first-password' },
      },
    });

    expect(error).toMatchObject({ code: 'AUTHENTICATION' });
    expect(error?.message).toContain(two.host);
    expect(two.requests.some(({ headers }) => 'authorization' in headers)).toBe(false);
    one.assertClean(MAY_BE_TOO_LATE);
    two.assertClean();
  });
});
