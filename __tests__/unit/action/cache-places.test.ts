import { describe, expect, test } from '@jest/globals';
import path from 'node:path';
import { ActionsCache } from '../../../src/action/actions-cache.ts';
import { parseKept } from '../../../src/action/cache-kept.ts';
import { actionPlaces } from '../../../src/action/cache-places.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import { NAMES, runnerEnv, TARGET, type Environment } from './cache-support.ts';

const TEMP = path.resolve('/runner/_temp');
const HOME = path.resolve('/home/runner');
const ROOT = path.join(TEMP, 'idpbuilder-push', NAMES.places);
const RUNNER = runnerEnv('https://results.example/', 't', { RUNNER_TEMP: TEMP });

type Config = Parameters<typeof actionPlaces>[0];

function placesFor(config: Partial<Config>, env: Environment = RUNNER) {
  const left: string[] = [];
  const places = actionPlaces(
    {
      targets: [parseReference(TARGET)],
      push: true,
      resume: true,
      cache: true,
      verbosity: 'normal',
      ...config,
    },
    {
      env,
      home: HOME,
      entryFile: '/action/dist/index.js',
      keepForPost: (line) => left.push(line),
      warn: () => undefined,
      line: () => undefined,
    },
  );
  const { store, ...files } = places;
  return { store, files, left };
}

const LAYERS = { layersFile: path.join(HOME, '.idpbuilder', 'layers.sqlite') };
const RESUME = { resumeDirectory: path.join(ROOT, 'resume') };
const RECORD = {
  recordFile: path.join(TEMP, 'idpbuilder-push', NAMES.registries, 'record', 'record.sqlite'),
};

describe('where the action keeps what it remembers', () => {
  test('is RUNNER_TEMP and the Actions cache', () => {
    const { store, files, left } = placesFor({});
    expect(store).toBeInstanceOf(ActionsCache);
    expect(files).toEqual({ ...RESUME, ...RECORD, ...LAYERS });
    expect(left).toHaveLength(1);
    expect(parseKept(left[0])).toEqual({
      ...NAMES,
      resume: true,
      record: true,
      verbosity: 'normal',
    });
  });

  test.each([
    ['a runner without a service', {}, { ...RUNNER, ACTIONS_RUNTIME_TOKEN: '' }],
    ['cache-mode: none', {}, { ...RUNNER, ACTIONS_CACHE_MODE: 'none' }],
    ['a dry run', { push: false }, RUNNER],
  ])('is RUNNER_TEMP only with %s', (_title, config, env) => {
    const { store, files, left } = placesFor(config, env);
    expect(store).toBeUndefined();
    expect(files).toEqual({ ...RESUME, ...RECORD, ...LAYERS });
    expect(left).toEqual([]);
  });

  test('with cache: false is RUNNER_TEMP, for this job', () => {
    expect(placesFor({ cache: false })).toEqual({ store: undefined, files: RESUME, left: [] });
  });

  test('with resume: false is the record alone, also in the Actions cache', () => {
    const { store, files, left } = placesFor({ resume: false });
    expect(store).toBeInstanceOf(ActionsCache);
    expect(files).toEqual({ ...RECORD, ...LAYERS });
    expect(parseKept(left[0])).toMatchObject({ resume: false, record: true });
  });

  test('is the folder that somebody names, and no cache', () => {
    const cacheDirectory = path.resolve('/mnt/push');
    const { store, files, left } = placesFor({ cacheDirectory });
    expect(store).toBeUndefined();
    expect(left).toEqual([]);
    expect(files).toMatchObject({
      resumeDirectory: path.join(cacheDirectory, 'resume'),
      recordFile: path.join(cacheDirectory, 'record.sqlite'),
      ...LAYERS,
    });
  });

  test.each([
    ['RUNNER_TEMP', {}, { ...RUNNER, RUNNER_TEMP: undefined }],
    ['an absolute RUNNER_TEMP', {}, { ...RUNNER, RUNNER_TEMP: 'temp' }],
    ['a target', { targets: [], push: false }, RUNNER],
  ])('is nowhere without %s: the system has no folder of ours', (_title, config, env) => {
    expect(placesFor(config, env)).toEqual({ store: undefined, files: LAYERS, left: [] });
  });
});
