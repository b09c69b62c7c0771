import { describe, expect, test } from '@jest/globals';
import { parsePlatform } from '../../src/oci/platform.ts';
import { bench, run, type Bench } from './support/index.ts';

const { registry: start, layout: create } = bench();

const ARM = parsePlatform('linux/arm64');
const AMD = parsePlatform('linux/amd64');

function twoPlatforms(layout: ReturnType<Bench['layout']>) {
  const shared = layout.layer('shared', 9000);
  const amd = layout.image({ seed: 'amd', platform: AMD, layers: [shared, 500] });
  const arm = layout.image({ seed: 'arm', platform: ARM, layers: [shared, 700] });
  const attestation = {
    ...layout.image({ seed: 'proof', platform: { os: 'unknown', architecture: 'unknown' } }),
    annotations: { 'vnd.docker.reference.digest': arm.digest },
  };
  return { shared, amd, arm, attestation };
}

describe('an index', () => {
  test('arrives whole, children first, shared layers once', async () => {
    const registry = await start();
    const layout = create();
    const { shared, amd, arm, attestation } = twoPlatforms(layout);
    const root = layout.root(layout.index([amd, arm, attestation]));

    const { report, error } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
    });

    expect(error).toBeUndefined();
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    for (const { digest } of [amd, arm, attestation]) {
      expect(registry.manifest('app', digest)).toBeDefined();
    }
    const puts = registry.requests.filter(({ kind }) => kind === 'manifest-put');
    expect(puts.at(-1)?.reference).toBe(root.digest);
    const sent = registry.requests.filter(
      ({ kind, query }) => kind === 'blob-upload-put' && query.get('digest') === shared.digest,
    );
    expect(sent).toHaveLength(1);
    expect(report.image).toMatchObject({
      digest: root.digest,
      manifests: 4,
      platforms: ['linux/amd64', 'linux/arm64'],
    });
    registry.assertClean();
  });

  test('of indexes arrives, too', async () => {
    const registry = await start();
    const layout = create();
    const { amd, arm } = twoPlatforms(layout);
    const inner = layout.index([arm]);
    const root = layout.root(layout.index([amd, inner]));

    const { error } = await run({ source: layout.source, tags: [`${registry.host}/app:1`] });

    expect(error).toBeUndefined();
    expect(registry.manifest('app', inner.digest)).toBeDefined();
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    registry.assertClean();
  });
});

describe('platforms', () => {
  test('one of two: its manifest, and nothing of the other', async () => {
    const registry = await start();
    const layout = create();
    const { amd, arm } = twoPlatforms(layout);
    layout.root(layout.index([amd, arm]));

    const { report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      platforms: [ARM],
    });

    expect(registry.tags('app')).toEqual({ 1: arm.digest });
    expect(registry.manifest('app', amd.digest)).toBeUndefined();
    expect(report.image).toMatchObject({ platforms: ['linux/arm64'], blobs: 3 });
    registry.assertClean();
  });

  test('two of three: an index of their own, with what belongs to them', async () => {
    const registry = await start();
    const layout = create();
    const { amd, arm, attestation } = twoPlatforms(layout);
    const third = layout.image({ seed: 'ppc', platform: parsePlatform('linux/ppc64le') });
    const root = layout.root(
      layout.index([amd, third, arm, attestation], { annotations: { a: 'b' } }),
    );

    const { report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      platforms: [AMD, ARM],
    });

    const pushed = registry.manifest('app', '1');
    expect(pushed?.digest).not.toBe(root.digest);
    expect(pushed?.digest).toBe(report.image?.digest);
    expect(JSON.parse(pushed?.bytes.toString() ?? '')).toMatchObject({
      annotations: { a: 'b' },
      manifests: [amd, arm, attestation].map(({ digest }) => ({ digest })),
    });
    registry.assertClean();
  });

  test('all of them: the index as it is', async () => {
    const registry = await start();
    const layout = create();
    const { amd, arm } = twoPlatforms(layout);
    const root = layout.root(layout.index([amd, arm]));

    await run({ source: layout.source, tags: [`${registry.host}/app:1`], platforms: [ARM, AMD] });

    expect(registry.tags('app')).toEqual({ 1: root.digest });
    registry.assertClean();
  });

  test.each([
    ['an index', true],
    ['a single image', false],
  ])('one that is not there is an error before anything is sent (%s)', async (_, indexed) => {
    const registry = await start();
    const layout = create();
    const { amd, arm } = twoPlatforms(layout);
    layout.root(indexed ? layout.index([amd, arm]) : amd);

    const { error, report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      platforms: [parsePlatform('linux/s390x')],
    });

    expect(error).toMatchObject({ code: 'IMAGE', stage: 'open' });
    expect(error?.message).toContain('linux/s390x');
    expect(error?.message).toContain('linux/amd64');
    expect(report.exitCode).toBe(4);
    expect(registry.requests).toHaveLength(0);
    registry.assertClean();
  });
});
