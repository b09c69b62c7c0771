import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { bench, run } from './support/index.ts';

const { registry: start, layout: create } = bench();

describe('a dry run', () => {
  test('only reads, with the right to read', async () => {
    const registry = await start({ auth: { mode: 'bearer', denyPush: /./ } });
    const layout = create();
    const kept = layout.layer('kept', 5000);
    const root = layout.root(layout.image({ layers: [kept, 3000] }));
    registry.seedBlob('app', readFileSync(layout.fileOf(kept)));

    const { report, plan, error } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`, `${registry.host}/other:1`],
      registries: { [registry.host]: { plainHttp: true, username: 'user', password: 'password' } },
      push: false,
    });

    expect(error).toBeUndefined();
    expect(report).toMatchObject({
      status: 'planned',
      exitCode: 0,
      image: { digest: root.digest, blobs: 3 },
      bytesUploaded: 0,
      warnings: [],
    });
    expect(report.places[0]?.tags).toEqual([{ tag: '1', status: 'planned' }]);
    expect(report.notes?.join('\n')).toContain('app: 1 of 3 blobs are there');
    expect(plan?.blobs).toHaveLength(3);
    const asked = registry.requests.filter(({ kind }) => kind !== 'token');
    expect(new Set(asked.map(({ method }) => method))).toEqual(new Set(['HEAD']));
    const tokens = registry.requests.filter(({ kind }) => kind === 'token');
    for (const { query } of tokens) expect(query.get('scope')).not.toContain('push');
    registry.assertClean();
  });

  test('says that the image is there', async () => {
    const registry = await start();
    const layout = create();
    layout.root(layout.image());
    const push = { source: layout.source, tags: [`${registry.host}/app:1`] };
    await run(push);
    const before = registry.stats().requests;

    const { report } = await run({ ...push, push: false });

    expect(report.notes?.join('\n')).toContain('holds the whole image already');
    expect(registry.stats().requests).toBe(before + 1);
    registry.assertClean();
  });

  test('without any login is a warning, not a failure', async () => {
    const registry = await start({ auth: { mode: 'basic' } });
    const layout = create();
    layout.root(layout.image());

    const { report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      push: false,
    });

    expect(report.status).toBe('planned');
    expect(report.warnings.join('\n')).toContain(`${registry.host}/app`);
    registry.assertClean();
  });

  test('without a target only looks at the source', async () => {
    const layout = create();
    const root = layout.root(layout.image());

    const { report } = await run({ source: layout.source, tags: [], push: false });

    expect(report).toMatchObject({ status: 'planned', image: { digest: root.digest }, places: [] });
  });

  test('of a broken source fails all the same', async () => {
    const layout = create();

    const { report } = await run({ source: layout.source, tags: [], push: false });

    expect(report).toMatchObject({ status: 'failed', exitCode: 4 });
  });
});
