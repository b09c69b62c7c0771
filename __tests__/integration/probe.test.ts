import { describe, expect, test } from '@jest/globals';
import { findingLines, runProbe } from '../../src/app/run-probe.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import type { RegistryOptions, StrictRegistry } from '../support/registry/index.ts';
import { bench } from './support/index.ts';

const { registry: start } = bench();

/** Probes a registry and gives the answers by their questions. */
async function probe(registry: StrictRegistry, more: Readonly<Record<string, string>> = {}) {
  const config = await resolveConfig({
    inputs: { probe: `${registry.host}/team/app`, 'plain-http': 'true', ...more },
    env: {},
    onSecret: () => undefined,
  });
  const host = {
    env: {},
    home: '/nonexistent',
    tempDirectory: '/nonexistent',
    mask: () => undefined,
    sinks: [],
    backoff: { baseMs: 1, maxMs: 5 },
    kind: 'library',
  } as const;
  const place = { registry: registry.host, repository: 'team/app' };
  const findings = await runProbe(place, config, host, new AbortController().signal);
  return {
    lines: findingLines(findings),
    answers: Object.fromEntries(findings.map(({ what, answer }) => [what, answer])),
  };
}

describe('probe', () => {
  test.each<[string, RegistryOptions, Readonly<Record<string, string>>]>([
    [
      'one that can do everything',
      { features: { singlePost: true, mount: 'anonymous', chunkMin: 1024 } },
      {
        'a blob in one POST (?digest=)': 'yes',
        'smallest chunk': '1.00 KiB',
        'chunks (PATCH)': 'yes',
        'offset of a session (GET)': 'exact (1024 of 1024)',
        'a second chunk': 'yes',
        'mount without from': 'yes',
        'referrers API': 'yes',
      },
    ],
    [
      'distribution',
      { preset: 'distribution' },
      {
        'a blob in one POST (?digest=)': 'no: it opens an upload instead',
        'smallest chunk': 'does not say',
        'mount without from': 'no: it opens an upload instead',
        'referrers API': 'no (404)',
      },
    ],
    [
      'Gitea',
      { preset: 'gitea' },
      {
        'a blob in one POST (?digest=)': 'yes',
        'offset of a session (GET)': 'counts one byte too many (1025 of 1024)',
      },
    ],
    [
      'one that takes no chunks',
      { features: { chunked: 'refused' } },
      { 'chunks (PATCH)': expect.stringMatching(/^no \(4\d\d\)$/) as unknown as string },
    ],
  ])('finds out about %s, and leaves no upload behind', async (_, options, expected) => {
    const registry = await start(options);

    const { answers, lines } = await probe(registry);

    expect(answers).toMatchObject(expected);
    expect(lines[0]).toMatch(/^profile {2,}generic/);
    expect(registry.stats().byKind['manifest-put']).toBeUndefined();
    registry.assertClean();
  });

  test('says so where one may not write', async () => {
    const registry = await start({ auth: { mode: 'basic', username: 'u', password: 'right' } });

    const failed = probe(registry, { username: 'u', password: 'wrong' });

    await expect(failed).rejects.toMatchObject({ code: 'AUTHENTICATION' });
  });
});
