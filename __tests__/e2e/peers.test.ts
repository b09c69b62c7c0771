/** What other tools write, pushed by us, is what those tools push themselves. */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { cp, mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describeWith } from '../support/services/describe-with.ts';
import {
  mustRun,
  removeFolder,
  requireImage,
  requireTool,
  startDistribution,
  startPodman,
  temporaryFolder,
  type Podman,
  type Service,
} from '../support/services/index.ts';
import { layoutFacts, layoutRoot } from './support/image-facts.ts';
import { createReader, type Reader } from './support/reader.ts';
import { runCli } from './support/run.ts';

jest.setTimeout(300_000);

let folder: string;
let registry: Service;
let reader: Reader;
let count = 0;

/** Copies with skopeo as its user would push: nothing is changed that can stay. */
function skopeo(from: string, to: string, ...flags: readonly string[]): Promise<string> {
  const tls = ['--src-tls-verify=false', '--dest-tls-verify=false'];
  const args = ['--insecure-policy', 'copy', '--quiet', ...tls, ...flags, from, to];
  return mustRun(requireTool('skopeo'), args, { env: { REGISTRY_AUTH_FILE: undefined } });
}

/** A name nothing was pushed to before. */
function freshName(): string {
  count += 1;
  return `${registry.host}/peers/image-${count}:1`;
}

/** Pushes with our program and returns the reference and the digest it tells. */
async function push(source: string): Promise<{ reference: string; digest: string }> {
  const reference = freshName();
  const run = await runCli(['--plain-http', source, reference]);
  expect(run).toMatchObject({ code: 0, leftovers: [] });
  const digest = run.stdout.trim().replace(/^.*@/, '');
  expect(await reader.digest(reference)).toBe(digest);
  return { reference, digest };
}

/** Pushes an image and lets crane look at every byte of it. */
async function pushImage(source: string): Promise<{ reference: string; digest: string }> {
  const pushed = await push(source);
  await reader.validate(pushed.reference);
  return pushed;
}

describeWith(['distribution', 'crane'], 'what other tools write', () => {
  beforeAll(async () => {
    folder = await temporaryFolder('peers');
    registry = await startDistribution();
    reader = await createReader(folder, registry.host);
  });

  afterAll(async () => {
    await registry?.stop();
    if (folder) await removeFolder(folder);
  });

  describeWith(['ko', 'go', 'skopeo', 'image:debian'], 'ko', () => {
    const built = { layout: '', tarball: '' };
    const layout = (): string => join(folder, 'hello', 'ko-layout');

    /** @returns the digest ko gives to what it has built */
    const ko = async (...args: readonly string[]): Promise<string> => {
      const env = {
        KO_DEFAULTBASEIMAGE: `${registry.host}/peers/base:12`,
        DOCKER_CONFIG: join(folder, 'nothing'),
        GOFLAGS: '-mod=mod',
      };
      const cwd = join(folder, 'hello');
      const printed = await mustRun(requireTool('ko'), ['build', '--push=false', ...args, '.'], {
        cwd,
        env,
      });
      return printed.trim().replace(/^.*@/, '');
    };

    beforeAll(async () => {
      const base = `docker://${registry.host}/peers/base:12`;
      await skopeo(`oci:${requireImage('debian')}:latest`, base, '--all', '--preserve-digests');
      const sources = join(folder, 'hello');
      await mkdir(sources);
      await writeFile(join(sources, 'go.mod'), 'module example.test/hello\n\ngo 1.21\n');
      await writeFile(join(sources, 'main.go'), 'package main\n\nfunc main() { println("hi") }\n');
      // ko makes a reference of the path, which therefore must be in lower case.
      const both = '--platform=linux/amd64,linux/arm64';
      built.layout = await ko(`--oci-layout-path=${basename(layout())}`, both);
      built.tarball = await ko(`--tarball=${join(folder, 'ko.tar')}`, '--platform=linux/amd64');
    });

    it('its layout of two platforms keeps the digest ko gave it', async () => {
      const { digest, reference } = await pushImage(`oci:${layout()}`);
      expect(digest).toBe(built.layout);
      expect((await reader.facts(reference)).images).toHaveLength(2);
    });

    it('its tarball is what crane pushes from it', async () => {
      const { digest } = await pushImage(join(folder, 'ko.tar'));
      expect(digest).toBe(await reader.push(join(folder, 'ko.tar'), freshName()));
    });
  });

  describeWith(['podman', 'skopeo', 'image:debian.docker.tar'], 'podman', () => {
    let podman: Podman;
    const image = 'example.test/debian:12';

    beforeAll(async () => {
      podman = await startPodman();
      await podman.load(requireImage('debian.docker.tar'));
    });

    afterAll(() => podman?.stop());

    const save = async (format: string): Promise<string> => {
      const target = join(folder, `podman.${format}`);
      await podman.podman('save', '--quiet', '--format', format, '--output', target, image);
      return target;
    };

    it.each([
      ['oci-archive', 'oci-archive'],
      ['oci-dir', 'oci'],
    ])('its %s is what skopeo copies from it', async (format, transport) => {
      const source = `${transport}:${await save(format)}`;
      const { digest } = await pushImage(source);
      const theirs = freshName();
      await skopeo(source, `docker://${theirs}`, '--preserve-digests');
      expect(digest).toBe(await reader.digest(theirs));
    });

    it('its docker-archive has the config and layers that podman pushes', async () => {
      const { reference } = await pushImage(`docker-archive:${await save('docker-archive')}`);
      const theirs = freshName();
      await podman.podman('push', '--quiet', '--tls-verify=false', image, theirs);
      const [ours, others] = [await reader.facts(reference), await reader.facts(theirs)];
      expect(ours.images[0]).toMatchObject({
        config: others.images[0]!.config,
        diffIds: others.images[0]!.diffIds,
      });
    });

    describeWith(['buildah'], 'buildah', () => {
      it('its oci-archive is what skopeo copies from it', async () => {
        const archive = join(folder, 'buildah.oci.tar');
        const from = `docker-archive:${requireImage('debian.docker.tar')}`;
        const roots = ['--root', join(folder, 'buildah'), '--runroot', join(folder, 'buildah-run')];
        const storage = [...roots, '--storage-driver', 'vfs'];
        const policy = join(folder, 'policy.json');
        await writeFile(policy, '{"default":[{"type":"insecureAcceptAnything"}]}');
        const buildah = (command: string, ...args: readonly string[]): Promise<string> =>
          mustRun(requireTool('buildah'), [...storage, command, ...args]);
        const id = (await buildah('pull', '--quiet', '--signature-policy', policy, from)).trim();
        const to = `oci-archive:${archive}`;
        await buildah('push', '--quiet', '--signature-policy', policy, id, to);
        const { digest } = await pushImage(`oci-archive:${archive}`);
        const theirs = freshName();
        await skopeo(`oci-archive:${archive}`, `docker://${theirs}`, '--preserve-digests');
        expect(digest).toBe(await reader.digest(theirs));
      });
    });
  });

  describeWith(['skopeo', 'image:repeated.docker.tar'], 'skopeo', () => {
    it('its docker-archive with a repeated layer has the config and layers it pushes', async () => {
      const archive = requireImage('repeated.docker.tar');
      const { reference } = await pushImage(archive);
      const theirs = freshName();
      await skopeo(`docker-archive:${archive}`, `docker://${theirs}`);
      const [ours, others] = [await reader.facts(reference), await reader.facts(theirs)];
      expect(ours.images[0]!.diffIds).toHaveLength(3);
      expect(ours.images[0]).toMatchObject({
        config: others.images[0]!.config,
        diffIds: others.images[0]!.diffIds,
      });
    });

    it('its dir of an image is refused with a sentence', async () => {
      const target = join(folder, 'dir');
      await skopeo(`oci:${requireImage('repeated')}:latest`, `dir:${target}`);
      const run = await runCli(['--plain-http', target, freshName()]);
      expect(run.code).toBe(4);
      expect(run.stderr).toContain(target);
    });
  });

  describeWith(['image:debian'], 'Bazel', () => {
    it('its layout of symbolic links keeps its digest', async () => {
      const [layout, store] = [join(folder, 'bazel'), join(folder, 'execroot')];
      await cp(requireImage('debian'), layout, { recursive: true });
      await rename(join(layout, 'blobs', 'sha256'), store);
      await mkdir(join(layout, 'blobs', 'sha256'));
      for (const name of await readdir(store)) {
        await symlink(join(store, name), join(layout, 'blobs', 'sha256', name));
      }
      const { reference } = await pushImage(`oci:${layout}`);
      expect(await reader.facts(reference)).toEqual(await layoutFacts(requireImage('debian')));
    });
  });

  describeWith(['oras'], 'oras', () => {
    const ARTIFACTS = {
      'a Helm chart': {
        config: 'application/vnd.cncf.helm.config.v1+json',
        content: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
      },
      'a cosign signature': {
        config: 'application/vnd.oci.image.config.v1+json',
        content: 'application/vnd.dev.cosign.simplesigning.v1+json',
      },
      'an artifact of a type nobody knows': {
        type: 'application/vnd.example.nobody-knows',
        content: 'application/x-nobody-knows',
      },
    };

    const oras = (...args: readonly string[]): Promise<string> =>
      mustRun(requireTool('oras'), args, {
        cwd: folder,
        env: { DOCKER_CONFIG: join(folder, 'nothing') },
      });

    it.each(Object.entries(ARTIFACTS))('%s is what oras copies', async (name, types) => {
      const layout = `artifact-${name.replace(/\W/g, '-').toLowerCase()}`;
      await writeFile(join(folder, 'config.json'), '{"name":"an-example","version":"1.0.0"}');
      await writeFile(join(folder, 'content.bin'), `the content of ${name}`);
      const flags =
        'config' in types
          ? ['--config', `config.json:${types.config}`]
          : ['--artifact-type', types.type];
      const target = `${layout}:1`;
      await oras('push', '--oci-layout', ...flags, target, `content.bin:${types.content}`);
      const { digest, reference } = await push(`oci:${join(folder, layout)}:1`);
      expect(digest).toBe(await layoutRoot(join(folder, layout), '1'));
      const theirs = freshName();
      await oras('cp', '--from-oci-layout', '--to-plain-http', target, theirs);
      expect(await reader.digest(theirs)).toBe(digest);
      // Every byte of it, by the tool that knows artifacts.
      await oras('pull', '--plain-http', '--output', `${layout}-back`, reference);
    });
  });
});
