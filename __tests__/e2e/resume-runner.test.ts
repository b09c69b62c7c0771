/** A job that dies with its machine: the next runner has the cache directory and nothing else. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWith } from '../support/services/describe-with.ts';
import {
  missing,
  removeFolder,
  startDistribution,
  startDockerRegistry,
  startGitea,
  startOlareg,
  temporaryFolder,
  type Login,
  type Service,
} from '../support/services/index.ts';
import { afterBytes, leftInState } from './support/kill.ts';
import { makeImage, type TestImage } from './support/resume-image.ts';
import {
  createPlace,
  interrupt,
  layerBytes,
  sentAgain,
  TWICE_AT_MOST,
  unfinishedBytes,
  type Outcome,
  type ResumePlace,
} from './support/resume-place.ts';

jest.setTimeout(300_000);

const MIB = 1024 * 1024;
const SMALL = 3 * MIB;
const LARGE = 160 * MIB;
const LOGIN: Login = { user: 'push-user', password: 'a pass:word %&"$' };

interface Kind {
  readonly title: string;
  readonly needs: readonly string[];
  readonly start: () => Promise<Service & Partial<Login>>;
  readonly login?: Login;
  /** it keeps what it has of an upload that breaks */
  readonly keeps: boolean;
}

const KINDS: readonly Kind[] = [
  {
    title: 'distribution 3',
    needs: ['distribution'],
    start: () => startDistribution(),
    keeps: true,
  },
  {
    title: 'distribution 3 with a password',
    needs: ['distribution'],
    start: () => startDistribution({ login: LOGIN }),
    login: LOGIN,
    keeps: true,
  },
  { title: 'olareg', needs: ['olareg'], start: () => startOlareg(), keeps: true },
  {
    title: 'docker-registry 2.8',
    needs: ['docker-registry'],
    start: () => startDockerRegistry(),
    keeps: false,
  },
  { title: 'Gitea', needs: ['gitea', 'git', 'openssl'], start: () => startGitea(), keeps: false },
];

describe('a push that dies with its machine', () => {
  let folder: string;
  let image: TestImage;

  beforeAll(async () => {
    folder = await temporaryFolder('runner');
    const wanted = KINDS.some(({ needs }) => missing(needs).length === 0);
    if (wanted) image = await makeImage(join(folder, 'image'), [SMALL, LARGE], 6);
  });
  afterAll(() => removeFolder(folder));

  describe.each(KINDS)('on its way to $title', ({ needs, start, login, keeps }) => {
    describeWith(needs, 'another runner', () => {
      let registry: Service & Partial<Login>;
      let place: ResumePlace;
      let namespace: string;

      beforeAll(async () => {
        registry = await start();
        const { user = login?.user, password = login?.password } = registry;
        const known = user !== undefined && password !== undefined;
        place = await createPlace({
          upstream: registry.url,
          ...(known ? { login: { user, password } } : {}),
        });
        namespace = registry.user?.toLowerCase() ?? 'team';
      });
      afterAll(async () => {
        await place?.stop();
        await registry?.stop();
      });

      /** Half of the large layer is sent when the machine goes; only a copy of the folder is left. */
      const onTwoMachines = async (name: string, flags: string[]): Promise<[Outcome, string]> => {
        const [here, there] = [join(place.folder, `${name}-1`), join(place.folder, `${name}-2`)];
        const outcome = await interrupt(place, image, {
          repository: `${namespace}/${name}`,
          room: afterBytes(SMALL + LARGE / 2),
          flags: [`--cache-directory=${here}`, ...flags],
          between: async (home) => {
            await cp(here, there, { recursive: true }).catch(() => undefined);
            await removeFolder(here);
            await removeFolder(home);
          },
          next: {
            home: await place.home(`${name}-other-home`),
            flags: [`--cache-directory=${there}`, ...flags],
          },
        });
        return [outcome, there];
      };

      it('goes on with what the folder says', async () => {
        const [outcome, folder] = await onTwoMachines('kept', []);
        expect(outcome.problems).toEqual([]);
        expect(await leftInState(folder)).toEqual([]);
        expect(sentAgain(image, outcome)).toEqual([]);
        const again = layerBytes(image, outcome.second.exchanges);
        expect(again).toBeLessThanOrEqual(unfinishedBytes(image, outcome));
        if (keeps) expect(outcome.twice).toBeLessThanOrEqual(TWICE_AT_MOST);
      });

      it('sends the layer whole with --no-resume, and keeps nothing', async () => {
        const [outcome, folder] = await onTwoMachines('fresh', ['--no-resume']);
        expect(outcome.problems).toEqual([]);
        expect(await readdir(join(folder, 'resume')).catch(() => [])).toEqual([]);
        const again = layerBytes(image, outcome.second.exchanges);
        expect(again).toBeGreaterThanOrEqual(image.layers[1]?.size ?? Infinity);
        expect(outcome.report?.bytesResumed ?? 0).toBe(0);
      });
    });
  });
});
