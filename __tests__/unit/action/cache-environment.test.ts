import { describe, expect, test } from '@jest/globals';
import { cacheAccess, toolkitEnvironment } from '../../../src/action/cache-environment.ts';

const V2 = {
  ACTIONS_RUNTIME_TOKEN: 't',
  ACTIONS_RESULTS_URL: 'https://results.example/',
  ACTIONS_CACHE_SERVICE_V2: 'True',
};
const V1 = { ACTIONS_RUNTIME_TOKEN: 't', ACTIONS_CACHE_URL: 'https://cache.example/' };
const BOTH = { readable: true, writable: true };

describe('whether there is an Actions cache', () => {
  test.each([
    ['a runner of GitHub', V2, BOTH],
    ['an older one', V1, BOTH],
    ['no runner', {}, undefined],
    ['no token', { ...V2, ACTIONS_RUNTIME_TOKEN: '' }, undefined],
    ['no address', { ...V2, ACTIONS_RESULTS_URL: undefined }, undefined],
    [
      'version 2 with the address of version 1',
      { ...V1, ACTIONS_CACHE_SERVICE_V2: '1' },
      undefined,
    ],
    [
      'an enterprise server, which has version 1 only',
      { ...V2, GITHUB_SERVER_URL: 'https://git.corp.example' },
      undefined,
    ],
    [
      'an enterprise server that has it',
      { ...V2, ...V1, GITHUB_SERVER_URL: 'https://git.corp.example' },
      BOTH,
    ],
    ['a tenant of ghe.com', { ...V2, GITHUB_SERVER_URL: 'https://corp.ghe.com' }, BOTH],
  ])('%s', (_title, env, expected) => {
    expect(cacheAccess(env)).toEqual(expected);
  });

  test.each([
    ['none', false, false],
    ['read', true, false],
    [' Write ', true, true],
    ['write-only', false, true],
    ['something new', true, true],
  ])('cache-mode %s', (mode, readable, writable) => {
    expect(cacheAccess({ ...V2, ACTIONS_CACHE_MODE: mode })).toEqual({ readable, writable });
  });
});

test('the toolkit sees no input and no other token', () => {
  const env = {
    ...V2,
    Path: 'C:\\bin',
    SystemRoot: 'C:\\Windows',
    https_proxy: 'http://proxy:3128',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
    INPUT_PASSWORD: 'x',
    'INPUT_REGISTRY-AUTH': 'x',
    'INPUT_GITHUB-TOKEN': 'x',
    IDPBUILDER_PUSH_PASSWORD: 'x',
    GITHUB_TOKEN: 'x',
    GITHUB_STATE: '/state',
    GITHUB_ENV: '/env',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x',
    ACTIONS_ID_TOKEN_REQUEST_URL: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
    NODE_OPTIONS: '--require=/evil.js',
    TAR_OPTIONS: '--to-command=sh',
    DOCKER_CONFIG: '/docker',
  };
  expect(toolkitEnvironment(env)).toEqual({
    ...V2,
    Path: 'C:\\bin',
    SystemRoot: 'C:\\Windows',
    https_proxy: 'http://proxy:3128',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
  });
});
