import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ownFolder, placesIn } from '../../../src/app/state-places.ts';

const HOME = path.resolve('/home/me');
const SHARED = path.resolve('/shared');
const LAYERS = path.join(HOME, '.idpbuilder', 'layers.sqlite');

describe('where a push remembers things', () => {
  test.each([
    [
      { resume: true, cache: true },
      {
        resumeDirectory: path.join(SHARED, 'resume'),
        recordFile: path.join(SHARED, 'record.sqlite'),
        layersFile: LAYERS,
      },
    ],
    [{ resume: true, cache: false }, { resumeDirectory: path.join(SHARED, 'resume') }],
    [
      { resume: false, cache: true },
      { recordFile: path.join(SHARED, 'record.sqlite'), layersFile: LAYERS },
    ],
    [{ resume: false, cache: false }, {}],
  ])('%j', (config, places) => {
    expect(placesIn(SHARED, config, HOME)).toEqual(places);
  });

  test('a folder that somebody names is one that others read', () => {
    const config = { resume: true, cache: false, cacheDirectory: SHARED };
    expect(placesIn(SHARED, config, HOME)).toEqual({
      resumeDirectory: path.join(SHARED, 'resume'),
      shared: true,
    });
  });

  test('without a home there is no folder of its own, and none in the checkout', () => {
    const both = { resume: true, cache: true };
    expect(placesIn(ownFolder(''), both, '')).toEqual({});
    expect(placesIn(SHARED, both, '')).not.toHaveProperty('layersFile');
  });
});
