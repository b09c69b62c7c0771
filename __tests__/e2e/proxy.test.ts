/** Behind nginx as idpbuilder's ingress has it: a limit for bodies, and bodies taken in whole first. */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { describeWith } from '../support/services/describe-with.ts';
import {
  removeFolder,
  requireImage,
  selfSigned,
  startDistribution,
  startGitea,
  startNginx,
  temporaryFolder,
  type Certificate,
  type Gitea,
  type NginxOptions,
  type Service,
} from '../support/services/index.ts';
import { layoutRoot } from './support/image-facts.ts';
import { createReader, type Reader } from './support/reader.ts';
import { runCli, type RunResult } from './support/run.ts';

jest.setTimeout(300_000);

describeWith(['nginx', 'openssl', 'crane'], 'behind nginx', () => {
  let folder: string;
  let tls: Certificate;

  beforeAll(async () => {
    folder = await temporaryFolder('proxy');
    tls = await selfSigned(folder);
  });

  afterAll(async () => {
    if (folder) await removeFolder(folder);
  });

  /** Starts a proxy for one test. */
  const through = async <T>(
    options: NginxOptions,
    work: (proxy: Service) => Promise<T>,
  ): Promise<T> => {
    const proxy = await startNginx({ tls, ...options });
    try {
      return await work(proxy);
    } finally {
      await proxy.stop();
    }
  };

  const refusedFor413 = (run: RunResult): void => {
    expect(run.code).toBe(5);
    const sentences = run.stderr.split('\n').filter((line) => line.includes('413'));
    expect(sentences).toHaveLength(1);
    expect(run.stderr).toContain('limits the size of a request body');
    expect(run.stderr).toContain('client_max_body_size');
    expect(run.stderr).not.toMatch(/^\s+at /m);
  };

  describeWith(['gitea', 'git', 'image:debian', 'image:big-1536m'], 'Gitea', () => {
    let gitea: Gitea;
    beforeAll(async () => {
      gitea = await startGitea({ tls: false });
    });
    afterAll(() => gitea?.stop());

    const push = (
      proxy: Service,
      source: string,
      name: string,
      ...flags: string[]
    ): Promise<RunResult> =>
      runCli(
        ['--insecure', ...flags, source, `${proxy.host}/${gitea.user.toLowerCase()}/${name}:1`],
        {
          env: {
            IDPBUILDER_REGISTRY_USER: gitea.user,
            IDPBUILDER_REGISTRY_PASSWORD: gitea.password,
          },
        },
      );

    it.each([true, false])('a real image arrives (buffering: %s)', async (buffering) => {
      await through({ upstream: gitea.url, buffering }, async (proxy) => {
        const name = `image-${String(buffering)}`;
        const run = await push(proxy, `oci:${requireImage('debian')}`, name);
        expect(run).toMatchObject({ code: 0 });
        const reader = await createReader(folder, proxy.host, gitea);
        const reference = `${proxy.host}/${gitea.user.toLowerCase()}/${name}:1`;
        expect(await reader.digest(reference)).toBe(await layoutRoot(requireImage('debian')));
        await reader.validate(reference);
      });
    });

    it('layers above the limit arrive in pieces', async () => {
      await through({ upstream: gitea.url, bodyLimit: '8m' }, async (proxy) => {
        const run = await push(proxy, `oci:${requireImage('debian')}`, 'in-pieces');
        expect(run).toMatchObject({ code: 0 });
        const reader = await createReader(folder, proxy.host, gitea);
        await reader.validate(`${proxy.host}/${gitea.user.toLowerCase()}/in-pieces:1`);
      });
    });

    it('a layer of 1.5 GiB arrives in chunks after the 413, which is met once', async () => {
      const source = `oci:${requireImage('big-1536m')}`;
      await through({ upstream: gitea.url }, async (proxy) => {
        const run = await push(proxy, source, 'big', '--verbose');
        expect(run).toMatchObject({ code: 0 });
        expect(run.stderr.match(/→ 413/g)).toHaveLength(1);
        expect(run.stderr.match(/PATCH .*→ 202/g)?.length).toBeGreaterThan(1);
        const reader = await createReader(folder, gitea.host, gitea);
        const reference = `${gitea.host}/${gitea.user.toLowerCase()}/big:1`;
        expect(await reader.digest(reference)).toBe(await layoutRoot(requireImage('big-1536m')));
      });
    });

    it('a limit below any piece: one sentence says which limit, and there is no tag', async () => {
      await through({ upstream: gitea.url, bodyLimit: '16k' }, async (proxy) => {
        refusedFor413(await push(proxy, `oci:${requireImage('debian')}`, 'too-large'));
        const reader = await createReader(folder, gitea.host, gitea);
        const repository = `${gitea.host}/${gitea.user.toLowerCase()}/too-large`;
        expect(await reader.digest(`${repository}:1`)).toBeUndefined();
      });
    });
  });

  describeWith(['distribution', 'image:big-1536m'], 'a layer of 1.5 GiB', () => {
    let registry: Service;
    let reader: Reader;
    let image: string;
    beforeAll(async () => {
      registry = await startDistribution();
      reader = await createReader(folder, registry.host);
      image = `oci:${requireImage('big-1536m')}`;
    });
    afterAll(() => registry?.stop());

    it.each([
      ['1024m', true],
      ['1024m', false],
      ['2g', true],
    ])('arrives (limit: %s, buffering: %s)', async (bodyLimit, buffering) => {
      const repository = `big/image-${bodyLimit}-${String(buffering)}`;
      await through({ upstream: registry.url, bodyLimit, buffering }, async (proxy) => {
        const run = await runCli(['--insecure', image, `${proxy.host}/${repository}:1`]);
        expect(run).toMatchObject({ code: 0 });
        const root = await layoutRoot(requireImage('big-1536m'));
        expect(await reader.digest(`${registry.host}/${repository}:1`)).toBe(root);
      });
    });
  });
});
