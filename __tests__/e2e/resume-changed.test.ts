/** Between a killed push and the next one the layer on the disk has become another. */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWith } from '../support/services/describe-with.ts';
import { startDistribution, type Service } from '../support/services/index.ts';
import { afterBytes, killWhere, pushThrough } from './support/kill.ts';
import { blobFile, makeImage, type TestImage } from './support/resume-image.ts';
import { createPlace, layerBytes, type ResumePlace } from './support/resume-place.ts';
import { untilWritten } from './support/resume-state.ts';

jest.setTimeout(120_000);

const MIB = 1024 * 1024;
const LAYER = 24 * MIB;
const SOURCE_IS_WRONG = 4;

describeWith(['distribution'], 'a layer that was changed after its push was killed', () => {
  let registry: Service;
  let place: ResumePlace;

  beforeAll(async () => {
    registry = await startDistribution();
    place = await createPlace({ upstream: registry.url });
  });
  afterAll(async () => {
    await place?.stop();
    await registry?.stop();
  });

  /** Changes the layer's file, its name stays. @returns what makes it as it was */
  const change = async (
    image: TestImage,
    edit: (file: FileHandle) => Promise<() => Promise<unknown>>,
  ): Promise<() => Promise<void>> => {
    const path = join(image.folder, blobFile(image.layers[0]?.digest ?? ''));
    const file = await open(path, 'r+');
    const back = await edit(file);
    return async () => {
      await back();
      await file.close();
    };
  };

  /** One byte becomes another. */
  const flip =
    (at: number) =>
    async (file: FileHandle): Promise<() => Promise<unknown>> => {
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
      await file.write(Buffer.from(buffer.map((byte) => byte ^ 1)), 0, 1, at);
      return () => file.write(buffer, 0, 1, at);
    };

  it.each([
    ['in what was sent already', 'sent', flip(MIB)],
    ['in what is still to be sent', 'unsent', flip(LAYER - MIB)],
    ['in its last byte', 'last', flip(LAYER + 1023)],
  ])('%s: exit code 4, and nothing wrong is in the registry', async (_title, name, edit) => {
    const image = await makeImage(join(place.folder, name), [LAYER], 8);
    const home = await place.home(`home-${name}`);
    const repository = `team/changed-${name}`;
    const args = place.args(image.source, repository);
    await killWhere(place.proxy, args, home, afterBytes(LAYER / 2), untilWritten);
    const restore = await change(image, edit);
    const digest = image.layers[0]?.digest ?? '';
    const second = await pushThrough(place.proxy, args, home);
    expect(second.output).toMatch(/The source is corrupt: .*blob/);
    expect(second.output).toContain(digest);
    expect(second.code).toBe(SOURCE_IS_WRONG);
    expect(await place.problems(image, repository)).toEqual(
      expect.arrayContaining([
        'tag 1 is answered 404',
        'manifest is answered 404',
        `blob ${digest} is answered 404`,
      ]),
    );

    await restore();
    const third = await pushThrough(place.proxy, args, home);
    expect(third.output).not.toMatch(/corrupt/);
    expect(third.code).toBe(0);
    expect(await place.problems(image, repository)).toEqual([]);
    expect(layerBytes(image, third.exchanges)).toBeGreaterThan(0);
  });
});
