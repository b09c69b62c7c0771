/** A registry that refuses a tag after real ones have taken theirs: what is said is what they hold. */
import { afterAll, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startRegistry, type StrictRegistry } from '../support/registry/index.ts';
import { describeWith } from '../support/services/describe-with.ts';
import {
  removeFolder,
  requireImage,
  startDistribution,
  startDockerRegistry,
  startGitea,
  startOlareg,
  temporaryFolder,
  type Login,
  type Service,
} from '../support/services/index.ts';
import { createReader, type Reader } from './support/reader.ts';
import { runCli, type RunResult } from './support/run.ts';

jest.setTimeout(300_000);

interface Kind {
  readonly title: string;
  readonly needs: readonly string[];
  readonly start: () => Promise<Service & Partial<Login>>;
  /** what becomes of a new tag that is taken back */
  readonly ofNew: 'removed' | 'left';
}

const KINDS: readonly Kind[] = [
  {
    title: 'distribution 3 that deletes',
    needs: ['distribution'],
    start: () => startDistribution(),
    ofNew: 'removed',
  },
  {
    title: 'distribution 3 as shipped',
    needs: ['distribution'],
    start: () => startDistribution({ deletes: false }),
    ofNew: 'left',
  },
  {
    title: 'docker-registry 2.8 as shipped',
    needs: ['docker-registry'],
    start: () => startDockerRegistry({ deletes: false }),
    ofNew: 'left',
  },
  { title: 'olareg', needs: ['olareg'], start: () => startOlareg(), ofNew: 'removed' },
  {
    title: 'Gitea',
    needs: ['gitea', 'git', 'openssl'],
    start: () => startGitea(),
    ofNew: 'removed',
  },
];

interface ReportedTag {
  readonly tag: string;
  readonly status: string;
}

interface Report {
  readonly image: { readonly digest: string };
  readonly places: readonly { readonly registry: string; readonly tags: readonly ReportedTag[] }[];
}

/** What a tag names that has this status. */
function named(status: string, before: string | undefined, root: string): string | undefined {
  if (status === 'published' || status === 'unchanged' || status === 'left') return root;
  return status === 'removed' ? undefined : before;
}

describeWith(['crane', 'image:l40', 'image:repeated'], 'a transaction', () => {
  for (const { title, needs, start, ofNew } of KINDS) {
    describeWith(needs, title, () => {
      let folder: string;
      let service: Service & Partial<Login>;
      let other: StrictRegistry;
      let reader: Reader;
      let count = 0;
      let repository: string;
      let before: string | undefined;

      beforeAll(async () => {
        folder = await temporaryFolder('transaction');
        service = await start();
        other = await startRegistry({ preset: 'distribution' });
        const { user, password } = service;
        const login = user && password ? { user, password } : undefined;
        reader = await createReader(folder, service.host, login);
      });
      afterAll(async () => {
        await other?.stop();
        await service?.stop();
        if (folder) await removeFolder(folder);
      });

      const push = async (
        image: string,
        hosts: readonly string[],
        tags: readonly string[],
        ...flags: readonly string[]
      ): Promise<{ run: RunResult; report: Report }> => {
        const { user, password } = service;
        const login = user && password ? [`--username=${user}`, `--password=${password}`] : [];
        const config = {
          registries: Object.fromEntries(hosts.map((host) => [host, { insecure: 'true' }])),
        };
        const file = join(folder, `report-${count}.json`);
        const run = await runCli([
          `--registry=${service.host}`,
          `--config=${JSON.stringify(config)}`,
          `--report=${file}`,
          ...login,
          ...flags,
          requireImage(image),
          ...hosts.flatMap((host) => tags.map((tag) => `${host}/${repository}:${tag}`)),
        ]);
        return { run, report: JSON.parse(await readFile(file, 'utf8')) as Report };
      };

      beforeEach(async () => {
        count += 1;
        repository = `${service.user?.toLowerCase() ?? 'team'}/app${count}`;
        other.reset();
        const { run } = await push('repeated', [service.host], ['latest']);
        expect(run).toMatchObject({ code: 0 });
        before = await reader.digest(`${service.host}/${repository}:latest`);
      });

      const expectTruth = async ({ image, places }: Report): Promise<readonly string[]> => {
        const tags = places.find(({ registry }) => registry === service.host)?.tags ?? [];
        for (const { tag, status } of tags) {
          const expected = named(status, tag === 'latest' ? before : undefined, image.digest);
          expect(await reader.digest(`${service.host}/${repository}:${tag}`)).toBe(expected);
        }
        return tags.map(({ status }) => status);
      };

      it('takes back what had moved when another registry refuses', async () => {
        other.faults.add({ match: { path: 'tag-put' }, times: Infinity, do: { status: 400 } });
        const { run, report } = await push('l40', [service.host, other.host], ['1.2.3', 'latest']);
        expect(run.code).toBe(5);
        expect(await expectTruth(report)).toEqual([ofNew, 'restored']);
        expect(other.tags(repository)).toEqual({});
        if (ofNew === 'left') expect(run.output).toContain(`${service.host}/${repository}:1.2.3`);
      });

      it('moves nothing when another registry refuses the image', async () => {
        other.faults.add({ match: { path: 'manifest-put' }, times: Infinity, do: { status: 400 } });
        const { run, report } = await push('l40', [service.host, other.host], ['1.2.3', 'latest']);
        expect(run.code).toBe(5);
        expect(await expectTruth(report)).toEqual(['not-moved', 'not-moved']);
      });

      it('goes on without a registry where one is enough', async () => {
        other.faults.add({ match: { path: 'tag-put' }, times: Infinity, do: { status: 400 } });
        const { run, report } = await push(
          'l40',
          [other.host, service.host],
          ['1.2.3', 'latest'],
          '--require-registries=any',
        );
        expect(run.code).toBe(0);
        expect(await expectTruth(report)).toEqual(['published', 'published']);
        expect(run.output).toContain(`Pushed without ${other.host}`);
      });
    });
  }
});
