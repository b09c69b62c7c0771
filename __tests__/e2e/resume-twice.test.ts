/** Two processes push the same image to the same place at the same time. */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { describeWith } from '../support/services/describe-with.ts';
import { startDistribution, type Service } from '../support/services/index.ts';
import { afterBytes, killWhere, leftInState, startPush } from './support/kill.ts';
import { makeImage, type TestImage } from './support/resume-image.ts';
import { createPlace, type ResumePlace } from './support/resume-place.ts';

jest.setTimeout(120_000);

const MIB = 1024 * 1024;
const LAYERS = [8 * MIB, 16 * MIB];
const BYTES_PER_SECOND = 24 * MIB;
const WITHOUT = /Another process is pushing .*: going on without resume\./;

describeWith(['distribution'], 'two processes that push the same image', () => {
  let registry: Service;
  let place: ResumePlace;
  let image: TestImage;

  beforeAll(async () => {
    registry = await startDistribution();
    place = await createPlace({ upstream: registry.url, bytesPerSecond: BYTES_PER_SECOND });
    image = await makeImage(join(place.folder, 'image'), LAYERS, 9);
  });
  afterAll(async () => {
    await place?.stop();
    await registry?.stop();
  });

  /** Starts two at once; the texts they print. */
  const both = async (home: string, repository: string): Promise<string[]> => {
    const args = place.args(image.source, repository);
    const ends = await Promise.all([1, 2].map(() => startPush(args, home).finished));
    for (const { code, output } of ends) expect(`${code}: ${output}`).toMatch(/^0: /);
    expect(await place.problems(image, repository)).toEqual([]);
    expect(await leftInState(join(home, '.idpbuilder'))).toEqual([]);
    return ends.map(({ output }) => output);
  };

  it('both succeed, and one says that it goes on without resume', async () => {
    const outputs = await both(await place.home('home-new'), 'team/both');
    expect(outputs.filter((output) => WITHOUT.test(output))).toHaveLength(1);
  });

  it('after a push that was killed: one goes on with it, and both succeed', async () => {
    const home = await place.home('home-killed');
    const args = place.args(image.source, 'team/both-killed');
    await killWhere(place.proxy, args, home, afterBytes(12 * MIB));
    const outputs = await both(home, 'team/both-killed');
    expect(outputs.filter((output) => WITHOUT.test(output))).toHaveLength(1);
    expect(outputs.filter((output) => /^Resuming the push/m.test(output))).toHaveLength(1);
  });
});
