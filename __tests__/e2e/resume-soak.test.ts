/** Fifty pushes that are killed at a random moment, each followed by one that is not. */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { describeWith } from '../support/services/describe-with.ts';
import {
  removeFolder,
  startDistribution,
  temporaryFolder,
  type Service,
} from '../support/services/index.ts';
import { runSoak } from './support/resume-soak.ts';

jest.setTimeout(600_000);

const KIB = 1024;
const ROUNDS = 50;
const SEED = 5;
/** Forty layers of 20 to 176 KiB: about 4 MiB. */
const LAYERS = Array.from({ length: 40 }, (_, at) => (20 + 4 * at) * KIB);
const BYTES_PER_SECOND = 10 * 1024 * KIB;

describeWith(['distribution'], 'SIGKILL at any moment', () => {
  let folder: string;
  let registry: Service;

  beforeAll(async () => {
    folder = await temporaryFolder('soak');
    registry = await startDistribution();
  });
  afterAll(async () => {
    await registry?.stop();
    if (folder) await removeFolder(folder);
  });

  it(`${ROUNDS} times: the next run completes the image and leaves nothing`, async () => {
    const lines: string[] = [];
    const result = await runSoak({
      registry,
      folder,
      rounds: ROUNDS,
      seed: SEED,
      layers: LAYERS,
      bytesPerSecond: BYTES_PER_SECOND,
      log: (line) => lines.push(line),
    });
    // Whoever has to find out what went wrong needs the seed and every moment.
    if (result.problems.length > 0) console.error(lines.join('\n'));
    expect(result.problems).toEqual([]);
    expect(result.complete).toBe(ROUNDS);
    // Else it was not killed where anything could break.
    expect(result.killed).toBeGreaterThan(ROUNDS / 2);
    expect(result.sentAgain).toBe(0);
  });
});
