import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { bench, MAY_BE_TOO_LATE, run } from './support/index.ts';

const { registry: start, layout: create } = bench();

test('a source that is pinned by a sha512 digest is checked against it', async () => {
  const registry = await start();
  const layout = create();
  layout.root(layout.image());
  await run({ source: layout.source, tags: [`${registry.host}/src:1`] });
  const other = `sha512:${createHash('sha512').update('other').digest('hex')}`;
  registry.faults.add({
    match: { path: 'manifest-get' },
    times: Infinity,
    do: {
      status: 200,
      headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
      body: '{"schemaVersion":2,"layers":[]}',
    },
  });

  const { error } = await run({
    source: `docker://${registry.host}/src@${other}`,
    tags: [`${registry.host}/copy:1`],
  });

  expect(error).toMatchObject({ code: 'IMAGE' });
  expect(error?.message).toContain('is damaged');
});

test('a blob that the source lacks is the source’s fault, by name', async () => {
  const source = await start();
  const target = await start();
  const layout = create();
  const layer = layout.layer('gone', 100_000);
  layout.root(layout.image({ layers: [layer] }));
  await run({ source: layout.source, tags: [`${source.host}/src:1`] });
  source.removeBlob('src', layer.digest);

  const { error, report } = await run({
    source: `docker://${source.host}/src:1`,
    tags: [`${target.host}/copy:1`],
  });

  expect(error).toMatchObject({ code: 'IMAGE' });
  expect(error?.message).toContain(`${source.host}/src lacks blob ${layer.digest}`);
  expect(report.exitCode).toBe(4);
  expect(target.tags('copy')).toEqual({});
  // The config was under way when the layer failed.
  target.assertClean(MAY_BE_TOO_LATE);
});
