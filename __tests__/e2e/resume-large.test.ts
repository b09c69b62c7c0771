/** One layer of 1 GiB, killed on its way: what is there by then is not sent again. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWith } from '../support/services/describe-with.ts';
import {
  missing,
  removeFolder,
  startDistribution,
  startOlareg,
  temporaryFolder,
  type Login,
  type Service,
} from '../support/services/index.ts';
import { afterBytes } from './support/kill.ts';
import { makeImage, type TestImage } from './support/resume-image.ts';
import {
  createPlace,
  interrupt,
  TWICE_AT_MOST,
  type Outcome,
  type ResumePlace,
} from './support/resume-place.ts';

jest.setTimeout(300_000);

const GIB = 1024 ** 3;
const LOGIN: Login = { user: 'push-user', password: 'a pass:word %&"$' };

interface Kind {
  readonly title: string;
  readonly needs: string;
  /** @param port of the first start, for a second */
  readonly start: (storage: string, port?: number) => Promise<Service>;
  readonly login?: Login;
  /** the registry is killed, too, and started on the same port and folder */
  readonly restarts?: boolean;
}

const distribution = (storage: string, port?: number, login?: Login): Promise<Service> =>
  startDistribution({
    storage,
    ...(port === undefined ? {} : { port }),
    ...(login === undefined ? {} : { login }),
  });

const KINDS: readonly Kind[] = [
  { title: 'distribution 3', needs: 'distribution', start: distribution },
  {
    title: 'distribution 3 that is killed and restarted, too',
    needs: 'distribution',
    start: distribution,
    restarts: true,
  },
  {
    title: 'distribution 3 with a password',
    needs: 'distribution',
    start: (storage, port) => distribution(storage, port, LOGIN),
    login: LOGIN,
  },
  { title: 'olareg', needs: 'olareg', start: (storage) => startOlareg({ storage }) },
];

describe('SIGKILL in the middle of a layer of 1 GiB', () => {
  let folder: string;
  let image: TestImage;

  beforeAll(async () => {
    folder = await temporaryFolder('large');
    const wanted = KINDS.some(({ needs }) => missing([needs]).length === 0);
    if (wanted) image = await makeImage(join(folder, 'image'), [GIB]);
  });
  afterAll(() => removeFolder(folder));

  describe.each(KINDS)('on its way to $title', (kind) => {
    describeWith([kind.needs], 'goes on', () => {
      let storage: string;
      let registry: Service;
      let place: ResumePlace;

      beforeAll(async () => {
        storage = join(folder, 'registry');
        await mkdir(storage);
        registry = await kind.start(storage);
        const login = kind.login ? { login: kind.login } : {};
        place = await createPlace({ upstream: registry.url, ...login });
      });
      afterAll(async () => {
        await place?.stop();
        await registry?.stop();
        await removeFolder(storage);
      });

      const restart = async (): Promise<void> => {
        process.kill(registry.pid, 'SIGKILL');
        await registry.stop();
        registry = await kind.start(storage, registry.port);
      };

      it.each([10, 50, 90])('killed at %i %%: at most 16 MiB go twice', async (percent) => {
        const bytes = (percent / 100) * GIB;
        const outcome: Outcome = await interrupt(place, image, {
          repository: `team/large-${percent}`,
          room: afterBytes(bytes),
          ...(kind.restarts ? { between: restart } : {}),
        });
        expect(outcome.problems).toEqual([]);
        expect(outcome.first.code).toBeUndefined();
        expect(outcome.twice).toBeGreaterThanOrEqual(0);
        expect(outcome.twice).toBeLessThanOrEqual(TWICE_AT_MOST);
        expect(outcome.report?.status).toBe('success');
        expect(outcome.report?.bytesResumed).toBeGreaterThanOrEqual(bytes - TWICE_AT_MOST);
      });
    });
  });
});
