import { describe, expect, test } from '@jest/globals';
import { COMPLETE, resolving } from './resolving.ts';

const ENV = {
  IDPBUILDER_REGISTRY_USER: 'from-env',
  IDPBUILDER_REGISTRY_PASSWORD: 'secret-env',
  IDPBUILDER_PUSH_TIMEOUT: '20m',
  IDPBUILDER_PUSH_RETRY_ATTEMPTS: '20',
};
const CONFIG = `
username: from-config
password: secret-config
timeout: 30m
retry-attempts: 30
compression: zstd
`;

describe('inputs win over environment, config and defaults', () => {
  test('with nothing but what is needed, the documented defaults hold', async () => {
    const { config, warnings } = await resolving(COMPLETE);
    expect(config).toEqual({
      sources: ['oci:image'],
      targets: [{ registry: 'ghcr.io', repository: 'octo/app', tag: '1' }],
      push: true,
      tagPolicies: [{ pattern: '*', policy: 'move' }],
      requireRegistries: 'all',
      registries: {},
      githubApiUrl: 'https://api.github.com',
      platforms: [],
      manifestStrategy: 'auto',
      platformSuffix: '-{os}-{arch}-{variant}',
      edits: {
        attestations: 'keep',
        format: 'keep',
        annotations: { index: {}, manifest: {} },
      },
      compression: 'gzip',
      foreignLayers: false,
      attempts: 10,
      concurrency: 'auto',
      maxConcurrency: 16,
      resume: true,
      cache: true,
      cacheMaxSize: 16 * 1024 * 1024,
      cacheMaxEntries: 100_000,
      verbosity: 'normal',
    });
    expect(warnings).toEqual([]);
  });

  test.each([
    ['inputs', { timeout: '10m', 'retry-attempts': '5', config: CONFIG }, ENV, 600_000, 5],
    ['environment', { config: CONFIG }, ENV, 1_200_000, 20],
    ['config', { config: CONFIG }, {}, 1_800_000, 30],
    ['defaults', {}, {}, undefined, 10],
    ['an empty input is none', { timeout: ' ' }, ENV, 1_200_000, 20],
    ['a timeout of 0 is none', { timeout: '0' }, ENV, undefined, 20],
  ])('%s', async (_, inputs, env, timeoutMs, attempts) => {
    const { config } = await resolving({ ...COMPLETE, ...inputs }, { env });
    expect([config.timeoutMs, config.attempts]).toEqual([timeoutMs, attempts]);
  });

  test.each([
    [{ username: 'from-input', password: 'secret-input' }, ENV, 'from-input', 'secret-input'],
    [{}, ENV, 'from-env', 'secret-env'],
    [{}, {}, 'from-config', 'secret-config'],
  ])('a login stays a pair (%#)', async (inputs, env, username, password) => {
    const { config } = await resolving({ ...COMPLETE, ...inputs, config: CONFIG }, { env });
    expect(config.registries['ghcr.io']).toMatchObject({ username, password });
  });

  test('an explicit false wins over a true below it', async () => {
    const config = 'registries: {ghcr.io: {insecure: true}}\nforeign-layers: true';
    const inputs = { ...COMPLETE, insecure: 'false', 'foreign-layers': 'false', config };
    const resolved = await resolving(inputs);
    expect(resolved.config.registries['ghcr.io']?.insecure).toBe(false);
    expect(resolved.config.foreignLayers).toBe(false);
  });

  test.each([
    [{ push: 'false' }, {}, false],
    [{ push: 'TRUE' }, {}, true],
    [{ config: 'push: false' }, {}, false],
    [{ push: 'true', config: 'push: false' }, {}, true],
  ])('push %j', async (inputs, env, push) => {
    expect((await resolving({ ...COMPLETE, ...inputs }, { env })).config.push).toBe(push);
  });

  test.each([
    [{ quiet: 'true' }, {}, 'quiet'],
    [{ verbose: 'true' }, {}, 'verbose'],
    [{}, { IDPBUILDER_PUSH_QUIET: '1' }, 'quiet'],
    [{}, { IDPBUILDER_PUSH_QUIET: '0' }, 'normal'],
    [{ quiet: 'false' }, { IDPBUILDER_PUSH_QUIET: 'true' }, 'normal'],
    [{ quiet: 'true' }, { IDPBUILDER_PUSH_VERBOSE: 'true' }, 'quiet'],
    [{ verbose: 'true' }, { IDPBUILDER_PUSH_QUIET: 'true' }, 'verbose'],
    [{ quiet: 'true' }, { RUNNER_DEBUG: '1' }, 'verbose'],
    [{}, { RUNNER_DEBUG: '0' }, 'normal'],
  ])('verbosity of %j with %j is %s', async (inputs, env, verbosity) => {
    const { config } = await resolving({ ...COMPLETE, ...inputs }, { env: { ...env } });
    expect(config.verbosity).toBe(verbosity);
  });

  test('the result is frozen to the ground', async () => {
    const inputs = { ...COMPLETE, username: 'u', password: 'p', platforms: 'linux/arm64' };
    const { config } = await resolving(inputs);
    const parts = [config, config.targets, config.targets[0], config.registries, config.platforms];
    expect(
      [...parts, config.registries['ghcr.io'], config.platforms[0]].every(Object.isFrozen),
    ).toBe(true);
  });

  test('an unreadable environment is an error even where an input wins', async () => {
    const env = { IDPBUILDER_PUSH_TIMEOUT: 'soon' };
    await expect(resolving({ ...COMPLETE, timeout: '1m' }, { env })).rejects.toThrow(
      /^IDPBUILDER_PUSH_TIMEOUT: "soon" is not a duration/,
    );
  });
});
