/** A real Debian for two platforms, from sources of every kind: one image, read back by others. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWith } from '../support/services/describe-with.ts';
import {
  mustRun,
  removeFolder,
  requireImage,
  requireTool,
  startDistribution,
  temporaryFolder,
  type Service,
} from '../support/services/index.ts';
import { layoutFacts, layoutRoot, type Facts } from './support/image-facts.ts';
import { PLACES, type Place } from './support/places.ts';
import { createReader, type Reader } from './support/reader.ts';
import { runAction, runCli } from './support/run.ts';

jest.setTimeout(300_000);

const ARCHITECTURES = ['amd64', 'arm64'] as const;

let folder: string;
let registry: Service;
let reader: Reader;
let debian: Facts;

interface Index {
  readonly manifests: readonly {
    readonly digest: string;
    readonly platform: { readonly os: string; readonly architecture: string };
  }[];
}

/** Debian for one architecture, as skopeo writes it. */
async function half(architecture: string, to: string, ...flags: readonly string[]): Promise<void> {
  const from = `oci:${requireImage('debian')}:latest`;
  const chosen = ['--override-os', 'linux', '--override-arch', architecture];
  const args = ['--insecure-policy', ...chosen, 'copy', '--quiet', ...flags, from, to];
  await mustRun(requireTool('skopeo'), args);
}

/** Pushes and returns the digest that is printed, which is the one the registry has. */
async function push(sources: readonly string[], repository: string): Promise<string> {
  const reference = `${registry.host}/${repository}:1`;
  const run = await runCli(['--plain-http', ...sources, reference]);
  expect(run).toMatchObject({ code: 0, leftovers: [] });
  const digest = run.stdout.trim().replace(/^.*@/, '');
  expect(await reader.digest(reference)).toBe(digest);
  return digest;
}

async function indexOf(repository: string): Promise<Index> {
  return JSON.parse(await reader.manifest(`${registry.host}/${repository}:1`)) as Index;
}

/** Every platform of it can be pulled by others, byte for byte. */
async function readByOthers(repository: string): Promise<void> {
  const reference = `${registry.host}/${repository}:1`;
  for (const architecture of ARCHITECTURES) {
    const platform = `linux/${architecture}`;
    const env = { DOCKER_CONFIG: join(folder, 'nothing'), HOME: folder };
    const tar = join(folder, `${repository}-${architecture}.tar`);
    await mustRun(
      requireTool('crane'),
      ['--insecure', 'pull', '--platform', platform, reference, tar],
      { env },
    );
    const fetched = await mustRun(
      requireTool('oras'),
      ['manifest', 'fetch', '--plain-http', '--platform', platform, reference],
      { env },
    );
    expect(fetched).toContain('"layers"');
    await mustRun(
      requireTool('skopeo'),
      [
        '--insecure-policy',
        '--override-os=linux',
        `--override-arch=${architecture}`,
        'copy',
        '--quiet',
        '--src-tls-verify=false',
        `docker://${reference}`,
        `oci:${join(folder, `${repository}-${architecture}-skopeo`)}:1`,
      ],
      { env: { REGISTRY_AUTH_FILE: undefined } },
    );
  }
  await reader.validate(reference);
}

describeWith(
  ['distribution', 'crane', 'oras', 'skopeo', 'image:debian'],
  'Debian for amd64 and arm64',
  () => {
    beforeAll(async () => {
      folder = await temporaryFolder('merge');
      registry = await startDistribution();
      reader = await createReader(folder, registry.host);
      debian = await layoutFacts(requireImage('debian'));
      for (const architecture of ARCHITECTURES) {
        await half(architecture, `oci:${join(folder, architecture)}:v1`);
        const archive = join(folder, `${architecture}.tar`);
        await half(architecture, `docker-archive:${archive}:example.test/debian:12`);
      }
    });

    afterAll(async () => {
      await registry?.stop();
      if (folder) await removeFolder(folder);
    });

    it('two layouts, two digests in a registry, and both in another order: the same index', async () => {
      const layouts = ARCHITECTURES.map((name) => `oci:${join(folder, name)}`);
      const digest = await push(layouts, 'layouts');
      const remote: string[] = [];
      for (const architecture of ARCHITECTURES) {
        const { manifests } = await indexOf('layouts');
        const entry = manifests.find(({ platform }) => platform.architecture === architecture);
        expect(entry?.digest).toBe(await layoutRoot(join(folder, architecture)));
        remote.push(`docker://${registry.host}/layouts@${entry?.digest}`);
      }

      expect(await push(remote, 'digests')).toBe(digest);
      expect(await push([remote[1] ?? '', layouts[0] ?? ''], 'mixed')).toBe(digest);
      const facts = await reader.facts(`${registry.host}/layouts:1`);
      expect(facts.images).toEqual(debian.images);
      await readByOthers('digests');
    });

    it('two docker archives: the same index run after run, configs and diff-IDs as they were', async () => {
      const archives = ARCHITECTURES.map((name) => `docker-archive:${join(folder, `${name}.tar`)}`);
      const first = await push(archives, 'archives');
      const second = await push(archives.toReversed(), 'again');

      expect(second).toBe(first);
      const { images } = await reader.facts(`${registry.host}/archives:1`);
      const told = ({ images: all }: Facts): unknown =>
        all.map(({ config, diffIds }) => ({ config, diffIds }));
      expect(told({ ...debian, images })).toEqual(told(debian));
      await readByOthers('archives');
    });

    it('as a step: sources in lines, platforms that are asked for, and one that is missing', async () => {
      const source = [
        `docker-archive:${join(folder, 'arm64.tar')}`,
        `oci:${join(folder, 'amd64')}`,
      ].join('\n');
      const tags = `${registry.host}/step:1`;
      const inputs = { source, tags, 'plain-http': 'true' };
      const missing = await runAction({ ...inputs, platforms: 'linux/amd64,linux/s390x' });
      expect(missing.code).toBe(4);
      expect(missing.output).toContain('linux/s390x');
      expect(await reader.digest(tags)).toBeUndefined();

      const step = await runAction({ ...inputs, platforms: 'linux/amd64,linux/arm64' });
      expect(step.code).toBe(0);
      expect(step.outputs['digest']).toBe(await reader.digest(tags));
      const { manifests } = await indexOf('step');
      expect(manifests.map(({ platform }) => `${platform.os}/${platform.architecture}`)).toEqual([
        'linux/amd64',
        'linux/arm64',
      ]);
      expect(JSON.parse(await readFile(join(folder, 'amd64', 'index.json'), 'utf8'))).toMatchObject(
        {
          manifests: [{ digest: manifests[0]?.digest }],
        },
      );
    });

    describe.each(PLACES)('to $title', (kind) => {
      describeWith(kind.needs, 'as it is needed', () => {
        let place: Place;
        beforeAll(async () => {
          place = await kind.start();
        });
        afterAll(() => place?.stop());

        it('an archive to be compressed and a layout are one index', async () => {
          const source = [
            `docker-archive:${join(folder, 'arm64.tar')}`,
            `oci:${join(folder, 'amd64')}`,
          ].join('\n');
          const reference = `${place.host}/${place.namespace}/merged:1`;
          const inputs = { format: 'oci', annotations: 'index:org.opencontainers.image.title=app' };
          const run = await place.push('', reference, { ...inputs, source });
          expect(run.code).toBe(0);
          await place.reader.validate(reference);
          expect(JSON.parse(await place.reader.manifest(reference))).toMatchObject({
            annotations: { 'org.opencontainers.image.title': 'app' },
            manifests: [
              { platform: { architecture: 'amd64' } },
              { platform: { architecture: 'arm64' } },
            ],
          });
        });

        it('its platforms are pushed separately', async () => {
          const reference = `${place.host}/${place.namespace}/separate:1`;
          const source = `oci:${requireImage('debian')}`;
          const run = await place.push(source, reference, { 'manifest-strategy': 'separate' });
          expect(run.code).toBe(0);
          for (const architecture of ARCHITECTURES) {
            const tag = `${reference}-linux-${architecture}`;
            const digest = await layoutRoot(join(folder, architecture));
            expect(await place.reader.digest(tag)).toBe(digest);
            await place.reader.validate(tag);
          }
          expect(await place.reader.digest(reference)).toBeUndefined();
        });
      });
    });
  },
);
