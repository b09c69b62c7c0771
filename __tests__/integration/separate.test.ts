import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parsePlatform } from '../../src/oci/platform.ts';
import { toOutputs } from '../../src/report/outputs.ts';
import { buildDockerArchive } from '../support/images/build.ts';
import { bench, run, type Bench } from './support/index.ts';

const { registry: start, layout: create, after } = bench();

function twoPlatforms(layout: ReturnType<Bench['layout']>) {
  const shared = layout.layer('shared', 9000);
  const images = ['linux/arm/v7', 'linux/amd64'].map((name) =>
    layout.image({ seed: name, platform: parsePlatform(name), layers: [shared, 500] }),
  );
  const proof = {
    ...layout.image({ seed: 'proof', platform: { os: 'unknown', architecture: 'unknown' } }),
    annotations: { 'vnd.docker.reference.digest': images[0]!.digest },
  };
  layout.root(layout.index([...images, proof]));
  return { shared, arm: images[0]!, amd: images[1]! };
}

describe('manifest-strategy: separate', () => {
  test('gives each platform its tags, and writes no index', async () => {
    const [one, two] = [await start(), await start()];
    const layout = create();
    const { shared, arm, amd } = twoPlatforms(layout);

    const { error, report, plan } = await run({
      source: layout.source,
      tags: [`${one.host}/app:1`, `${one.host}/app:latest`, `${two.host}/other:x`],
      manifestStrategy: 'separate',
    });

    expect(error).toBeUndefined();
    expect(one.tags('app')).toEqual({
      '1-linux-amd64': amd.digest,
      'latest-linux-amd64': amd.digest,
      '1-linux-arm-v7': arm.digest,
      'latest-linux-arm-v7': arm.digest,
    });
    expect(two.tags('other')).toEqual({
      'x-linux-amd64': amd.digest,
      'x-linux-arm-v7': arm.digest,
    });
    const puts = one.requests.filter(({ kind }) => kind === 'manifest-put');
    expect(new Set(puts.map(({ reference }) => reference))).toEqual(
      new Set([amd.digest, arm.digest]),
    );
    const sent = one.requests.filter(
      ({ kind, query }) => kind === 'blob-upload-put' && query.get('digest') === shared.digest,
    );
    expect(sent).toHaveLength(1);
    expect(plan?.root).toBeUndefined();
    expect(report.image?.digest).toBeUndefined();
    expect(report.places.map(({ tags }) => tags.map(({ tag }) => tag))).toEqual([
      ['1-linux-amd64', 'latest-linux-amd64', '1-linux-arm-v7', 'latest-linux-arm-v7'],
      ['x-linux-amd64', 'x-linux-arm-v7'],
    ]);
    expect(toOutputs(report)).toMatchObject({ digest: '', image: '' });
    expect(toOutputs(report).tags.split('\n')).toHaveLength(6);
    expect(report.notes).toContain(`${two.host}/other@${arm.digest} is x-linux-arm-v7`);
    expect(report.notes?.join()).toContain('there is no index to hold them');
    one.assertClean();
    two.assertClean();
  });

  test('again, with everything there: nothing is sent', async () => {
    const registry = await start();
    const layout = create();
    twoPlatforms(layout);
    const request = {
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      manifestStrategy: 'separate',
    } as const;
    await run(request);
    const before = registry.requests.length;
    const { error, report } = await run(request);
    expect(error).toBeUndefined();
    expect(report.bytesUploaded).toBe(0);
    const writes = registry.requests.slice(before).filter(({ method }) => method !== 'HEAD');
    expect(writes.filter(({ kind }) => kind.startsWith('blob') || kind.endsWith('put'))).toEqual(
      [],
    );
    registry.assertClean();
  });

  test('of docker archives whose layers are still to be compressed', async () => {
    const registry = await start();
    const directory = mkdtempSync(path.join(tmpdir(), 'push-separate-'));
    after(() => rmSync(directory, { recursive: true, force: true }));
    const sources: string[] = [];
    for (const platform of ['linux/s390x', 'linux/amd64']) {
      const file = path.join(directory, `${platform.slice(6)}.tar`);
      await buildDockerArchive(file, { platform });
      sources.push(`docker-archive:${file}`);
    }

    const { error } = await run({
      source: sources.join('\n'),
      tags: [`${registry.host}/app:1`],
      manifestStrategy: 'separate',
      platformSuffix: '.{arch}{variant}',
    });

    expect(error).toBeUndefined();
    expect(Object.keys(registry.tags('app')).toSorted()).toEqual(['1.amd64', '1.s390x']);
    for (const [tag, digest] of Object.entries(registry.tags('app'))) {
      const stored = JSON.parse(registry.manifest('app', digest)?.bytes.toString() ?? '') as {
        config: { digest: string };
      };
      const config = JSON.parse(registry.blob('app', stored.config.digest)?.toString() ?? '') as {
        architecture: string;
      };
      expect(tag).toBe(`1.${config.architecture}`);
    }
    registry.assertClean();
  });

  test('of one image gives one tag, and its digest', async () => {
    const registry = await start();
    const layout = create();
    const root = layout.root(layout.image());
    const { report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      manifestStrategy: 'separate',
    });
    expect(registry.tags('app')).toEqual({ '1-linux-amd64': root.digest });
    expect(report.image?.digest).toBe(root.digest);
    registry.assertClean();
  });

  test('refuses what would be one tag for two platforms, before anything is sent', async () => {
    const registry = await start();
    const layout = create();
    twoPlatforms(layout);
    const { error } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      manifestStrategy: 'separate',
      platformSuffix: '-{os}',
    });
    expect(error?.message).toContain('of both linux/amd64 and linux/arm/v7');
    expect(registry.requests).toHaveLength(0);
  });

  test('plans the tags of a dry run', async () => {
    const registry = await start();
    const layout = create();
    twoPlatforms(layout);
    const { report, plan } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      manifestStrategy: 'separate',
      push: false,
    });
    expect(plan?.places[0]?.tags).toEqual(['1-linux-amd64', '1-linux-arm-v7']);
    expect(report.places[0]?.tags).toEqual([
      { tag: '1-linux-amd64', status: 'planned' },
      { tag: '1-linux-arm-v7', status: 'planned' },
    ]);
    registry.assertClean();
  });
});
