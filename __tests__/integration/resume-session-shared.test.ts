import { describe, expect, test } from '@jest/globals';
import type { AuthOptions } from '../support/registry/index.ts';
import { bench } from './support/index.ts';
import { interrupt, KEPT, MIB } from './support/interrupt.ts';

const tools = bench();

/** So large that its upload is written down before its first byte. */
const LARGE = 17 * MIB;

/** A push that is interrupted, and remembers in a folder that others may read. */
async function shared(auth?: AuthOptions) {
  const registry = await tools.registry(auth ? { auth } : {});
  const login = { plainHttp: true, username: 'user', password: 'password' };
  const interrupted = await interrupt(
    { ...tools, registry: () => Promise.resolve(registry) },
    {
      shared: true,
      size: LARGE,
      request: auth ? { registries: { [registry.host]: login } } : {},
    },
  );
  await registry.idle();
  const trials = registry.requests.filter(
    ({ kind, headers }) => kind === 'blob-upload-status' && !('authorization' in headers),
  );
  return { ...interrupted, trials };
}

describe('an upload in a folder that others read', () => {
  test.each(['basic', 'bearer'] as const)(
    'is gone on with where its address alone opens nothing (%s)',
    async (mode) => {
      const { registry, state, layer, trials, again, arrived } = await shared({ mode });
      expect(trials.map(({ status }) => status)).toEqual([401]);
      expect(state.layer(layer.digest)).toMatchObject({ Shareable: true });
      // The one that was opened for a trial was given back.
      expect(registry.stats().sessions.open).toBe(1);

      const second = await again();

      expect(second.error).toBeUndefined();
      expect(second.report.bytesResumed).toBe(KEPT);
      expect(arrived()).toBe(true);
      expect(registry.stats().sessions.open).toBe(0);
      registry.assertClean();
    },
  );

  test('is not written down where its address is all it takes', async () => {
    const { registry, state, layer, trials, again, arrived } = await shared({
      mode: 'bearer',
      openUploads: true,
    });
    expect(trials.map(({ status }) => status)).toEqual([204]);
    expect(state.layer(layer.digest)).toBeUndefined();
    expect(JSON.stringify(state.read() ?? '')).not.toContain('uploads');
    // Nobody could go on with it.
    expect(registry.stats().sessions.open).toBe(0);

    const second = await again();

    expect(second.report).toMatchObject({ status: 'success', bytesResumed: 0 });
    expect(arrived()).toBe(true);
    registry.assertClean();
  });

  test('is gone on with where everybody may write anyway, and nothing is tried', async () => {
    const { registry, state, layer, trials, again } = await shared();
    expect(trials).toEqual([]);
    expect(registry.requests.filter(({ kind }) => kind === 'blob-upload-start')).toHaveLength(1);
    expect(state.layer(layer.digest)).toMatchObject({ Shareable: true });

    const second = await again();

    expect(second.report.bytesResumed).toBe(KEPT);
    expect(second.steps[0]).toBe('status 204');
    registry.assertClean();
  });
});
