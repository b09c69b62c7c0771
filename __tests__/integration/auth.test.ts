import { describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AuthOptions } from '../support/registry/index.ts';
import { bench, run } from './support/index.ts';

const { registry: start, layout: create } = bench();

const LOGIN = { username: 'octo', password: 'pässwörd: "1/2"' };
const PLAIN = { plainHttp: true, insecure: false };

describe('a registry that wants', () => {
  const modes: readonly (readonly [string, AuthOptions])[] = [
    ['nothing', { mode: 'none' }],
    ['Basic', { mode: 'basic', ...LOGIN }],
    ['Bearer by GET', { mode: 'bearer', ...LOGIN, tokenEndpoint: 'get' }],
    ['Bearer by OAuth2', { mode: 'bearer', ...LOGIN, tokenEndpoint: 'oauth2' }],
    ['Bearer of another server', { mode: 'bearer', ...LOGIN, separateRealm: true }],
    ['Bearer without a lifetime', { mode: 'bearer', ...LOGIN, issueExpiresIn: false }],
  ];
  test.each(modes)('%s gets it', async (_, auth) => {
    const registry = await start({ auth });
    const layout = create();
    const root = layout.root(layout.image());

    const { error } = await run({
      source: layout.source,
      tags: [`${registry.host}/octo/app:1`, `${registry.host}/octo/app:2`],
      registries: { [registry.host]: auth.mode === 'none' ? PLAIN : { ...PLAIN, ...LOGIN } },
    });

    expect(error).toBeUndefined();
    expect(registry.tags('octo/app')).toEqual({ 1: root.digest, 2: root.digest });
    registry.assertClean();
  });

  test('an identity token gets it from a Docker config file', async () => {
    const identityToken = 'identity-0123456789';
    const registry = await start({
      auth: { mode: 'bearer', identityToken, tokenEndpoint: 'oauth2' },
    });
    const layout = create();
    layout.root(layout.image());
    const auths = { [registry.host]: { identitytoken: identityToken } };
    writeFileSync(path.join(layout.directory, 'config.json'), JSON.stringify({ auths }));

    const { error, secrets } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      env: { DOCKER_CONFIG: layout.directory },
    });

    expect(error).toBeUndefined();
    expect(secrets).toContain(identityToken);
    registry.assertClean();
  });
});

describe('tokens', () => {
  test('one is asked for however many requests wait for it', async () => {
    const registry = await start({ auth: { mode: 'bearer', ...LOGIN } });
    const layout = create();
    layout.root(layout.image({ layers: Array<number>(20).fill(1000) }));

    await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      registries: { [registry.host]: { ...PLAIN, ...LOGIN } },
    });

    expect(registry.stats().tokensIssued).toBe(1);
    registry.assertClean();
  });

  test.each([
    ['before a blob', 'blob-upload-put'],
    ['before the manifest', 'manifest-put'],
    ['before the tag', 'tag-put'],
    ['before an upload is started', 'blob-upload-start'],
  ])('one that expires %s is replaced once', async (_, kind) => {
    const registry = await start({ auth: { mode: 'bearer', ...LOGIN } });
    const layout = create();
    layout.root(layout.image({ layers: [50_000, 60_000, 70_000] }));
    registry.faults.add({ match: { path: kind }, do: { expireAllTokens: true } });

    const { error, report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      registries: { [registry.host]: { ...PLAIN, ...LOGIN } },
    });

    expect(error).toBeUndefined();
    expect(report.status).toBe('success');
    expect(registry.stats().tokensIssued).toBe(2);
    registry.assertClean();
  });

  test('one with a short life is replaced before it ends', async () => {
    // A second of life: every stage of a slow push would find it expired.
    const registry = await start({
      auth: { mode: 'bearer', ...LOGIN, ttlSeconds: 1 },
      latencyMs: 150,
    });
    const layout = create();
    layout.root(layout.image());

    const { error } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      registries: { [registry.host]: { ...PLAIN, ...LOGIN } },
    });

    expect(error).toBeUndefined();
    const refused = registry.requests.filter(({ status }) => status === 401);
    expect(refused.some(({ headers }) => 'authorization' in headers)).toBe(false);
    registry.assertClean();
  }, 30_000);

  test('a body that is sent again counts once in what is told of the progress', async () => {
    const registry = await start({ auth: { mode: 'bearer', ...LOGIN } });
    const layout = create();
    layout.root(layout.image({ layers: [300_000] }));
    registry.faults.add({ match: { path: 'blob-upload-put' }, do: { expireAllTokens: true } });

    const { events } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      registries: { [registry.host]: { ...PLAIN, ...LOGIN } },
    });

    const moved = new Map<string, number>();
    for (const event of events) {
      if (event.type !== 'blob-progress' && event.type !== 'blob-restarted') continue;
      const change = event.type === 'blob-progress' ? event.bytes : -event.bytes;
      moved.set(event.digest, (moved.get(event.digest) ?? 0) + change);
    }
    for (const event of events) {
      if (event.type === 'blob-finished') expect(moved.get(event.digest)).toBe(event.size);
    }
    registry.assertClean();
  });
});

describe('a login that is', () => {
  const bearer: AuthOptions = { mode: 'bearer', ...LOGIN };
  const basic: AuthOptions = { mode: 'basic', ...LOGIN };
  test.each([
    ['missing', 'Basic', basic, {}, /wants credentials/],
    ['missing', 'Bearer', bearer, {}, /wants credentials/],
    ['wrong', 'Basic', basic, { username: 'octo', password: 'no' }, /wrong user name or password/],
    [
      'wrong',
      'Bearer',
      bearer,
      { username: 'octo', password: 'no' },
      /wrong user name or password/,
    ],
  ])('%s is refused with one sentence (%s)', async (_, _mode, auth, login, sentence) => {
    const registry = await start({ auth });
    const layout = create();
    layout.root(layout.image());

    const { error, report } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      registries: { [registry.host]: { ...PLAIN, ...login } },
    });

    expect(error).toMatchObject({ code: 'AUTHENTICATION' });
    expect(error?.message).toMatch(sentence);
    expect(error?.hint).toBeDefined();
    expect(report).toMatchObject({ status: 'failed', exitCode: 2 });
    expect(registry.stats().blobBytes).toBe(0);
    registry.assertClean();
  });

  test('good, but may not push here, is refused with the name of the repository', async () => {
    const registry = await start({ auth: { ...bearer, denyPush: /^octo\// } });
    const layout = create();
    layout.root(layout.image());

    const { error } = await run({
      source: layout.source,
      tags: [`${registry.host}/octo/app:1`],
      registries: { [registry.host]: { ...PLAIN, ...LOGIN } },
    });

    expect(error).toMatchObject({ code: 'AUTHENTICATION' });
    expect(error?.message).toContain('octo/app');
    expect(registry.tags('octo/app')).toEqual({});
    registry.assertClean();
  });
});

test('a wrong password is one failed login, however many requests wait for it', async () => {
  const registry = await start({ auth: { mode: 'basic', username: 'u', password: 'right' } });
  const layout = create();
  layout.root(layout.image({ layers: [200_000, 100_000] }));
  const tags = Array.from({ length: 8 }, (_, index) => `${registry.host}/app:${index}`);

  const { error } = await run({
    source: layout.source,
    tags,
    registries: { [registry.host]: { plainHttp: true, username: 'u', password: 'wrong' } },
  });

  expect(error).toMatchObject({ code: 'AUTHENTICATION' });
  const tried = registry.requests.filter(({ headers }) => headers['authorization'] !== undefined);
  expect(tried).toHaveLength(1);
  registry.assertClean();
});
