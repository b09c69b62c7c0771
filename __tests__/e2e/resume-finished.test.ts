/** Registries that do not keep half a blob: what they have as a whole is not sent again. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { startRegistry, type PresetName } from '../support/registry/index.ts';
import { describeWith } from '../support/services/describe-with.ts';
import {
  removeFolder,
  startDistribution,
  startDockerRegistry,
  temporaryFolder,
  type Service,
} from '../support/services/index.ts';
import { beforeManifest } from './support/kill.ts';
import { makeImage, type TestImage } from './support/resume-image.ts';
import {
  afterLayers,
  createPlace,
  interrupt,
  layerBytes,
  sentAgain,
  unfinishedBytes,
  type PlaceOptions,
} from './support/resume-place.ts';

jest.setTimeout(120_000);

const MIB = 1024 * 1024;
/** Of different sizes, so that some are done while others are under way. */
const LAYERS = [3, 5, 7, 9, 11, 13].map((size) => size * MIB);
const PRESETS: readonly PresetName[] = ['ghcr', 'gar', 'acr', 'ecr'];

describe('SIGKILL on the way to', () => {
  let folder: string;
  let image: TestImage;

  beforeAll(async () => {
    folder = await temporaryFolder('finished');
    image = await makeImage(join(folder, 'image'), LAYERS, 4);
  });
  afterAll(() => removeFolder(folder));

  const someAreDone = async (options: PlaceOptions, layers: number): Promise<void> => {
    const place = await createPlace(options);
    try {
      const outcome = await interrupt(place, image, {
        repository: `team/after-${layers}`,
        room: afterLayers(place, image, layers),
      });
      expect(outcome.problems).toEqual([]);
      expect(sentAgain(image, outcome)).toEqual([]);
      const unfinished = unfinishedBytes(image, outcome);
      expect(unfinished).toBeGreaterThan(0);
      expect(unfinished).toBeLessThan(LAYERS.reduce((sum, size) => sum + size));
      expect(layerBytes(image, outcome.second.exchanges)).toBeLessThanOrEqual(unfinished);
    } finally {
      await place.stop();
    }
  };

  describeWith(['docker-registry'], 'docker-registry 2.8', () => {
    let registry: Service;
    beforeAll(async () => {
      registry = await startDockerRegistry();
    });
    afterAll(() => registry?.stop());

    it.each([1, 3])('with %i layers done: only the others are sent', async (layers) => {
      await someAreDone({ upstream: registry.url }, layers);
    });
  });

  describeWith(['distribution'], 'distribution 3', () => {
    let registry: Service;
    beforeAll(async () => {
      registry = await startDistribution();
    });
    afterAll(() => registry?.stop());

    it.each(['digest', 'tag'] as const)(
      'before the %s of the image: no layer is sent, and nothing is left',
      async (which) => {
        const place = await createPlace({ upstream: registry.url });
        try {
          const repository = `team/before-${which}`;
          const room = beforeManifest(which);
          const outcome = await interrupt(place, image, { repository, room });
          expect(outcome.problems).toEqual([]);
          expect(layerBytes(image, outcome.second.exchanges)).toBe(0);
        } finally {
          await place.stop();
        }
      },
    );
  });

  describe.each(PRESETS)('what looks like %s', (preset) => {
    it.each([1, 3])('with %i layers done: only the others are sent', async (layers) => {
      const registry = await startRegistry({ preset });
      try {
        await someAreDone({ upstream: registry.url, profile: preset }, layers);
        // Nobody was left to give back what the killed push had begun.
        registry.assertClean(['upload-session-leaked']);
      } finally {
        await registry.stop();
      }
    });
  });
});
