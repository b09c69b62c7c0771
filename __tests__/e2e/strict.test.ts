/** What our client sends, seen by a proxy before each real registry that notes every broken rule. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { describeWith } from '../support/services/describe-with.ts';
import {
  requireImage,
  startDistribution,
  startDockerRegistry,
  startGitea,
  startOlareg,
  type Login,
  type Service,
} from '../support/services/index.ts';
import { startStrictProxy, type StrictProxy } from '../support/strict-proxy/index.ts';
import { runCli } from './support/run.ts';

jest.setTimeout(300_000);

interface Registry {
  readonly title: string;
  readonly needs: readonly string[];
  readonly start: () => Promise<Service & Partial<Login>>;
}

const REGISTRIES: readonly Registry[] = [
  { title: 'distribution 3', needs: ['distribution'], start: () => startDistribution() },
  { title: 'docker-registry 2.8', needs: ['docker-registry'], start: () => startDockerRegistry() },
  { title: 'olareg', needs: ['olareg'], start: () => startOlareg() },
  {
    title: 'olareg with a rate limit',
    needs: ['olareg'],
    start: () => startOlareg({ rateLimit: 20 }),
  },
  { title: 'Gitea', needs: ['gitea', 'git', 'openssl'], start: () => startGitea() },
];

describe.each(REGISTRIES)(
  'nothing a correct client would not send, to $title',
  ({ title, needs, start }) => {
    describeWith([...needs, 'image:debian', 'image:debian.docker.tar', 'image:l40'], title, () => {
      let service: Service & Partial<Login>;
      let proxy: StrictProxy;

      beforeAll(async () => {
        service = await start();
        proxy = await startStrictProxy({ upstream: service.url });
      });
      afterAll(async () => {
        await proxy?.stop();
        await service?.stop();
      });

      const push = async (source: string, tags: readonly string[], ...flags: string[]) => {
        const { user, password } = service;
        const login = user && password ? [`--username=${user}`, `--password=${password}`] : [];
        const names = tags.map((tag) => `${proxy.host}/${user?.toLowerCase() ?? 'team'}/${tag}`);
        const config = `{registries: {"${service.host}": {insecure: "true"}}}`;
        const result = await runCli([
          '--plain-http',
          `--config=${config}`,
          ...login,
          ...flags,
          source,
          ...names,
        ]);
        expect(result.output).not.toContain('error');
        expect(result.code).toBe(0);
      };

      it.each([
        ['an index of two platforms, under two tags', 'debian', ['strict:1', 'strict:2'], []],
        ['the same again', 'debian', ['strict:1', 'strict:2'], []],
        ['another repository, by mounting', 'debian', ['strict:3', 'other:1'], []],
        ['layers that are compressed on the way', 'debian.docker.tar', ['plain:1'], []],
        ['forty layers', 'l40', ['forty:1'], []],
        ['in chunks', 'l40', ['chunks:1'], ['--chunk-size=1MiB']],
        ['one platform of two', 'debian', ['arm:1'], ['--platforms=linux/arm64']],
      ] as const)('%s', async (_, image, tags, flags) => {
        await push(requireImage(image), tags, ...flags);
        expect(proxy.violations).toEqual([]);
        expect(proxy.openSessions()).toBe(0);
        expect(proxy.requests).toBeGreaterThan(1);
      });
    });
  },
);
