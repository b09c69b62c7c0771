/** A real Debian, from every kind of source, to every registry that runs here. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { describeWith } from '../support/services/describe-with.ts';
import {
  missing,
  mustRun,
  removeFolder,
  requireImage,
  requireTool,
  startOlareg,
  startPodman,
  temporaryFolder,
  type Podman,
  type Service,
} from '../support/services/index.ts';
import { layoutFacts, type Facts } from './support/image-facts.ts';
import { PLACES, type Place } from './support/places.ts';

jest.setTimeout(300_000);

const NEEDS = ['crane', 'skopeo', 'olareg', 'image:debian', 'image:debian.docker.tar'];
const COPY = ['--insecure-policy', 'copy', '--quiet', '--all', '--preserve-digests'];

/** The sources by their names in the titles; `both` platforms, or amd64 `alone`. */
const SOURCES = [
  { kind: 'oci', holds: 'both', compressed: true },
  { kind: 'oci-archive', holds: 'both', compressed: true },
  { kind: 'docker://', holds: 'both', compressed: true },
  { kind: 'docker-archive of Docker 25', holds: 'alone', compressed: true },
  { kind: 'docker-archive', holds: 'alone', compressed: false },
  { kind: 'docker-daemon', holds: 'alone', compressed: false },
] as const;

type Source = (typeof SOURCES)[number];

describeWith(NEEDS, 'a real Debian', () => {
  let folder: string;
  let upstream: Service;
  let podman: Podman | undefined;
  let expected: Readonly<Record<'both' | 'alone', Facts>>;
  /** the digests of what our program compressed: the same wherever it goes and however often */
  const compressed = new Set<string>();

  beforeAll(async () => {
    folder = await temporaryFolder('registries');
    upstream = await startOlareg();
    if (missing(['podman']).length === 0) {
      podman = await startPodman();
      await podman.load(requireImage('debian.docker.tar'));
    }
    expected = {
      both: await layoutFacts(requireImage('debian')),
      alone: await layoutFacts(requireImage('debian-amd64')),
    };
    const to = `docker://${upstream.host}/library/debian:12`;
    const from = `oci:${requireImage('debian')}:latest`;
    await mustRun(requireTool('skopeo'), [...COPY, '--dest-tls-verify=false', from, to]);
  });

  afterAll(async () => {
    await podman?.stop();
    await upstream?.stop();
    if (folder) await removeFolder(folder);
  });

  const sourceOf = (kind: Source['kind']): string => {
    const sources = {
      oci: `oci:${requireImage('debian')}`,
      'oci-archive': `oci-archive:${requireImage('debian.oci.tar')}`,
      'docker://': `docker://${upstream.host}/library/debian:12`,
      'docker-archive of Docker 25': `docker-archive:${requireImage('debian.docker25.tar')}`,
      'docker-archive': `docker-archive:${requireImage('debian.docker.tar')}`,
      'docker-daemon': 'docker-daemon:example.test/debian:12',
    };
    return sources[kind];
  };

  it('is the same for amd64 in both layouts', () => {
    expect(expected.both.images).toHaveLength(2);
    expect(expected.both.images[0]).toEqual(expected.alone.images[0]);
  });

  describe.each(PLACES.map((place) => [place.title, place] as const))('to %s', (_title, kind) => {
    describeWith(kind.needs, 'pushes', () => {
      let place: Place;
      beforeAll(async () => {
        place = await kind.start();
      });
      afterAll(() => place?.stop());

      const pushes = async ({ kind: source, holds, compressed: asIs }: Source): Promise<void> => {
        const name = source.replace(/\W+/g, '-').toLowerCase().replace(/-$/, '');
        const reference = `${place.host}/${place.namespace}/${name}:12`;
        const env = { DOCKER_HOST: podman?.dockerHost };
        const run = await place.push(sourceOf(source), reference, {}, { env });
        expect(run).toMatchObject({ code: 0 });
        const facts = await place.reader.facts(reference);
        const { config, diffIds } = expected.alone.images[0]!;
        expect(facts.images[0]).toMatchObject({ config, diffIds });
        expect(run.output).toContain(facts.root);
        if (asIs) expect(facts).toEqual(expected[holds]);
        else compressed.add(facts.root);
        expect(compressed.size).toBeLessThanOrEqual(1);
        await place.reader.validate(reference);
      };

      for (const source of SOURCES) {
        if (source.kind !== 'docker-daemon') it(source.kind, () => pushes(source));
        else describeWith(['podman'], 'podman', () => it(source.kind, () => pushes(source)));
      }

      it('skopeo reads every byte back', async () => {
        const copy = join(folder, place.host.replace(':', '-'));
        const { user, password } = place.login ?? { user: 'nobody', password: 'none' };
        const access = ['--src-tls-verify=false', `--src-creds=${user}:${password}`];
        const from = `docker://${place.host}/${place.namespace}/oci:12`;
        await mustRun(requireTool('skopeo'), [...COPY, ...access, from, `oci:${copy}:latest`]);
        expect(await layoutFacts(copy)).toEqual(expected.both);
      });

      it('sends nothing twice', async () => {
        const reference = `${place.host}/${place.namespace}/oci:again`;
        const run = await place.push(sourceOf('oci-archive'), reference);
        expect(run).toMatchObject({ code: 0 });
        expect(run.output).toContain('already there');
        expect(await place.reader.digest(reference)).toBe(expected.both.root);
      });
    });
  });
});
