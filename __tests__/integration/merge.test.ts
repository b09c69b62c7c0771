import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { parsePlatform, type Platform } from '../../src/oci/platform.ts';
import { buildDockerArchive } from '../support/images/build.ts';
import type { StrictRegistry } from '../support/registry/index.ts';
import { bench, run, type Bench } from './support/index.ts';

const { registry: start, layout: create, after } = bench();
type Layout = ReturnType<Bench['layout']>;

/** A layout of one image; its index.json says nothing of a platform. */
function single(platform: Platform, seed: string, layers: (number | Descriptor)[] = [500]): Layout {
  const layout = create();
  layout.root(layout.image({ platform, seed, layers }));
  return layout;
}

interface IndexJson {
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
}

function indexOf(registry: StrictRegistry, repository: string, tag = '1'): IndexJson {
  return JSON.parse(registry.manifest(repository, tag)?.bytes.toString() ?? '{}') as IndexJson;
}

function folder(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'push-merge-'));
  after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const AMD = parsePlatform('linux/amd64');
const ARM: Platform = { os: 'linux', architecture: 'arm64', variant: 'v8' };
const WINDOWS: Platform = {
  os: 'windows',
  architecture: 'amd64',
  'os.version': '10.0.20348.2227',
  'os.features': ['win32k'],
};

describe('several sources', () => {
  test('are one index: children first, shared layers once, platforms normalised', async () => {
    const registry = await start();
    const layouts = [create(), create()];
    const shared = layouts.map((layout) => layout.layer('shared', 30_000));
    const roots = [ARM, AMD].map((platform, at) => {
      const layout = layouts[at]!;
      return layout.root(layout.image({ platform, seed: `s${at}`, layers: [shared[at]!, 700] }));
    });

    const { error, report, plan } = await run({
      source: layouts.map(({ source }) => source).join('\n'),
      tags: [`${registry.host}/app:1`],
    });

    expect(error).toBeUndefined();
    const index = indexOf(registry, 'app');
    expect(index).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        {
          ...pick(roots[1]!),
          platform: { architecture: 'amd64', os: 'linux' },
        },
        {
          ...pick(roots[0]!),
          platform: { architecture: 'arm64', os: 'linux' },
        },
      ],
    });
    const puts = registry.requests.filter(({ kind }) => kind === 'manifest-put');
    expect(puts.at(-1)?.reference).toBe(registry.tags('app')['1']);
    expect(puts).toHaveLength(3);
    const sent = registry.requests.filter(
      ({ kind, query }) => kind === 'blob-upload-put' && query.get('digest') === shared[0]?.digest,
    );
    expect(sent).toHaveLength(1);
    expect(plan?.root?.digest).toBe(registry.tags('app')['1']);
    expect(report.image).toMatchObject({
      manifests: 3,
      blobs: 5,
      platforms: ['linux/amd64', 'linux/arm64'],
    });
    expect(report.source).toBe(layouts.map(({ source }) => source).join(', '));
    registry.assertClean();
  });

  test('give the same index from layouts, from a registry and in any order', async () => {
    const registry = await start();
    const layouts = [single(AMD, 'a'), single(ARM, 'b'), single(WINDOWS, 'c')];
    const local = layouts.map(({ source }) => source);
    await run({ source: local.join('\n'), tags: [`${registry.host}/one:1`] });
    const digests: string[] = [];
    for (const [at, source] of local.entries()) {
      await run({ source, tags: [`${registry.host}/single:${at}`] });
      digests.push(registry.tags('single')[at] ?? '');
    }
    const remote = digests.map((digest) => `docker://${registry.host}/single@${digest}`);
    const mixed = [remote[2], local[0], remote[1]];

    const before = registry.requests.length;
    const runs = [
      await run({ source: remote.join('\n'), tags: [`${registry.host}/two:1`] }),
      await run({ source: mixed.join('\n'), tags: [`${registry.host}/three:1`] }),
    ];

    expect(runs.map(({ error }) => error)).toEqual([undefined, undefined]);
    expect(registry.tags('two')).toEqual(registry.tags('one'));
    expect(registry.tags('three')).toEqual(registry.tags('one'));
    const index = indexOf(registry, 'one');
    expect(index.manifests.map(({ platform }) => platform)).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm64', os: 'linux' },
      {
        architecture: 'amd64',
        os: 'windows',
        'os.version': '10.0.20348.2227',
        'os.features': ['win32k'],
      },
    ]);
    // What is in the registry already is mounted, and never downloaded.
    const layer = layouts[0]?.layer('a/0', 500).digest;
    const reads = registry.requests.slice(before).filter(({ kind }) => kind === 'blob-get');
    expect(reads.filter(({ reference }) => reference === layer)).toHaveLength(0);
    expect(runs[0]?.report.bytesUploaded).toBe(0);
    registry.assertClean();
  });

  test('of docker archives are the same index run after run', async () => {
    const registry = await start();
    const directory = folder();
    const sources: string[] = [];
    for (const platform of ['linux/arm/v7', 'linux/amd64', 'linux/riscv64']) {
      const file = path.join(directory, `${platform.replaceAll('/', '-')}.tar`);
      const layers = [{ 'base.txt': 'the same for all'.repeat(500) }, { 'own.txt': platform }];
      await buildDockerArchive(file, { platform, layers });
      sources.push(`docker-archive:${file}`);
    }

    const first = await run({ source: sources.join('\n'), tags: [`${registry.host}/one:1`] });
    const second = await run({
      source: sources.toReversed().join('\n'),
      tags: [`${registry.host}/two:1`],
    });

    expect([first.error, second.error]).toEqual([undefined, undefined]);
    expect(registry.tags('two')).toEqual(registry.tags('one'));
    expect(first.report.image?.digest).toBe(registry.tags('one')['1']);
    expect(first.report.image?.platforms).toEqual(['linux/amd64', 'linux/arm/v7', 'linux/riscv64']);
    const { manifests } = indexOf(registry, 'one');
    expect(manifests).toHaveLength(3);
    // The base is compressed once and sent once: 1 base, 3 layers, 3 configs.
    expect(first.events.filter(({ type }) => type === 'layer-compressed')).toHaveLength(4);
    const sent = registry.requests.filter(
      ({ kind, repo }) => kind === 'blob-upload-put' && repo === 'one',
    );
    expect(new Set(sent.map(({ query }) => query.get('digest'))).size).toBe(7);
    expect(sent).toHaveLength(7);
    registry.assertClean();
  });

  test('an index, a layout and a docker archive are one index, attestations included', async () => {
    const registry = await start();
    const layout = create();
    const amd = layout.image({ platform: AMD, seed: 'amd' });
    const s390x = layout.image({ platform: parsePlatform('linux/s390x'), seed: 'z' });
    const proof = {
      ...layout.image({ seed: 'proof', platform: { os: 'unknown', architecture: 'unknown' } }),
      annotations: { 'vnd.docker.reference.digest': s390x.digest },
    };
    const nested = layout.index([s390x, proof], { annotations: { lost: 'yes' } });
    layout.root(layout.index([amd, nested]));
    const file = path.join(folder(), 'ppc.tar');
    await buildDockerArchive(file, { platform: 'linux/ppc64le' });

    const { error, report } = await run({
      source: [`docker-archive:${file}`, layout.source, single(ARM, 'arm').source].join('\n'),
      tags: [`${registry.host}/app:1`],
    });

    expect(error).toBeUndefined();
    const index = indexOf(registry, 'app');
    expect(index.manifests.map(({ platform }) => platform?.architecture)).toEqual([
      'amd64',
      'arm64',
      'ppc64le',
      's390x',
      'unknown',
    ]);
    expect(index.manifests.at(-1)?.annotations).toEqual(proof.annotations);
    expect(report.notes?.join()).toContain(
      'was flattened: its 2 entries took its place, without its annotations',
    );
    registry.assertClean();
  });

  test('of which one platform is wanted are its manifest; more are an index', async () => {
    const registry = await start();
    const sources = [single(AMD, 'a'), single(ARM, 'b'), single(WINDOWS, 'c')];
    const source = sources.map((one) => one.source).join('\n');

    await run({
      source,
      tags: [`${registry.host}/one:1`],
      platforms: [parsePlatform('linux/arm64')],
    });
    await run({ source, tags: [`${registry.host}/two:1`], platforms: [AMD, ARM] });
    const { error } = await run({
      source,
      tags: [`${registry.host}/none:1`],
      platforms: [AMD, parsePlatform('linux/s390x')],
    });

    expect(indexOf(registry, 'one').mediaType).toBe('application/vnd.oci.image.manifest.v1+json');
    expect(indexOf(registry, 'two').manifests).toHaveLength(2);
    expect(error).toMatchObject({ code: 'IMAGE', stage: 'open' });
    expect(error?.message).toContain('platforms asks for linux/s390x');
    expect(error?.message).toContain('linux/amd64, linux/arm64, windows/amd64:10.0.20348.2227');
    expect(registry.tags('none')).toEqual({});
    registry.assertClean();
  });

  test('for one platform twice are an error that names both', async () => {
    const registry = await start();
    const sources = [single(ARM, 'a'), single(parsePlatform('linux/aarch64'), 'b')];

    const { error } = await run({
      source: sources.map(({ source }) => source).join('\n'),
      tags: [`${registry.host}/app:1`],
    });

    expect(error).toMatchObject({ code: 'IMAGE', stage: 'open' });
    expect(error?.message).toBe(
      `${sources[0]?.source} and ${sources[1]?.source} both hold linux/arm64: an index names each platform once.`,
    );
    expect(registry.requests).toHaveLength(0);
  });

  test('go to two registries; a source in a third is read once', async () => {
    const [origin, ...targets] = [await start(), await start(), await start()];
    const amd = single(AMD, 'a', [200_000]);
    await run({ source: amd.source, tags: [`${origin.host}/src:1`] });

    const { error } = await run({
      source: `docker://${origin.host}/src:1\n${single(ARM, 'b').source}`,
      tags: targets.map(({ host }) => `${host}/app:1`),
    });

    expect(error).toBeUndefined();
    expect(targets[0]?.tags('app')).toEqual(targets[1]?.tags('app'));
    expect(indexOf(targets[0], 'app').manifests).toHaveLength(2);
    const { digest } = amd.layer('a/0', 200_000);
    const reads = origin.requests.filter(
      ({ kind, reference }) => kind === 'blob-get' && reference === digest,
    );
    expect(reads).toHaveLength(1);
    targets.forEach((registry) => registry.assertClean());
  });

  test('are looked at only, in a dry run', async () => {
    const registry = await start();
    const { error, plan, report } = await run({
      source: [single(AMD, 'a'), single(ARM, 'b')].map(({ source }) => source).join('\n'),
      tags: [`${registry.host}/app:1`],
      push: false,
    });
    expect(error).toBeUndefined();
    expect(report.status).toBe('planned');
    expect(plan).toMatchObject({ manifests: 3, platforms: ['linux/amd64', 'linux/arm64'] });
    expect(registry.tags('app')).toEqual({});
  });

  test('of which one cannot be opened: nothing is sent, and nothing is left open', async () => {
    const registry = await start();
    const { error } = await run({
      source: `${single(AMD, 'a').source}\noci:/nowhere/at/all`,
      tags: [`${registry.host}/app:1`],
    });
    expect(error).toMatchObject({ code: 'IMAGE' });
    expect(error?.message).toContain('/nowhere/at/all');
    expect(registry.requests).toHaveLength(0);
  });
});

describe('manifest-strategy: merge', () => {
  test('makes an index over one image, and keeps an index as it is', async () => {
    const registry = await start();
    const one = single(AMD, 'a');
    const layout = create();
    const root = layout.root(
      layout.index([layout.image({ platform: AMD }), layout.image({ platform: ARM, seed: 'b' })]),
    );

    await run({ source: one.source, tags: [`${registry.host}/one:1`], manifestStrategy: 'merge' });
    await run({
      source: layout.source,
      tags: [`${registry.host}/two:1`],
      manifestStrategy: 'merge',
    });

    expect(indexOf(registry, 'one').manifests).toHaveLength(1);
    expect(registry.tags('two')).toEqual({ 1: root.digest });
    registry.assertClean();
  });
});

describe('a registry that does not know yet what it has just stored', () => {
  const unknown = (code: string, status = 400) => ({
    status,
    afterBody: true,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ errors: [{ code, message: 'unknown to registry' }] }),
  });

  test.each([
    ['MANIFEST_BLOB_UNKNOWN', 400],
    ['MANIFEST_UNKNOWN', 404],
  ])('is asked again: %s with %i', async (code, status) => {
    const registry = await start();
    const layout = create();
    const amd = layout.image({ platform: AMD });
    const root = layout.root(layout.index([amd]));
    const match = { path: 'manifest-put', reference: root.digest } as const;
    registry.faults.add({ match, times: 3, do: unknown(code, status) });

    const { error, events } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
    });

    expect(error).toBeUndefined();
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    expect(events.filter(({ type }) => type === 'waiting')).toHaveLength(3);
    registry.assertClean();
  });

  test('for ever: a handful of attempts, then its own words', async () => {
    const registry = await start();
    const layout = create();
    const root = layout.root(layout.image());
    const match = { path: 'manifest-put', reference: root.digest } as const;
    registry.faults.add({ match, times: Infinity, do: unknown('MANIFEST_BLOB_UNKNOWN') });

    const { error } = await run({ source: layout.source, tags: [`${registry.host}/app:1`] });

    expect(error).toMatchObject({ code: 'REGISTRY', stage: 'upload' });
    expect(error?.message).toContain('MANIFEST_BLOB_UNKNOWN');
    expect(registry.requests.filter(({ kind }) => kind === 'manifest-put')).toHaveLength(5);
    registry.assertClean();
  });
});

function pick({ mediaType, size, digest }: Descriptor): object {
  return { mediaType, size, digest };
}
