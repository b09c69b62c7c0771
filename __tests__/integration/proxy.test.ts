import { describe, expect, test } from '@jest/globals';
import { selfSignedCertificate, type RegistryOptions } from '../support/registry/index.ts';
import { bench, run } from './support/index.ts';
import { startProxy } from './support/proxy.ts';

const { registry: start, layout: create, after } = bench();

// A name that only the proxy knows: what arrives there cannot have gone another way.
const NAME = 'registry.test';

async function behindProxy(options: RegistryOptions = {}) {
  const registry = await start(options);
  const proxy = await startProxy(NAME);
  after(() => proxy.stop());
  const layout = create();
  const root = layout.root(layout.image({ layers: [100_000, 5000] }));
  const host = registry.host.replace('127.0.0.1', NAME);
  return { registry, proxy, layout, root, host };
}

describe('a proxy', () => {
  test.each(['HTTPS_PROXY', 'https_proxy'])('of %s is used for https', async (variable) => {
    const tls = selfSignedCertificate([NAME]);
    const { registry, proxy, layout, root, host } = await behindProxy({ tls });

    const { error } = await run({
      source: layout.source,
      tags: [`${host}/app:1`],
      registries: { [host]: { ca: tls.cert } },
      env: { [variable]: proxy.url },
    });

    expect(error).toBeUndefined();
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    expect(new Set(proxy.requests)).toEqual(new Set([`CONNECT ${host}`]));
    registry.assertClean();
  });

  test.each(['HTTP_PROXY', 'http_proxy'])('of %s is used for http', async (variable) => {
    const { registry, proxy, layout, root, host } = await behindProxy();

    const { error } = await run({
      source: layout.source,
      tags: [`${host}/app:1`],
      registries: { [host]: { plainHttp: true } },
      env: { [variable]: proxy.url },
    });

    expect(error).toBeUndefined();
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    expect(proxy.requests.length).toBeGreaterThan(0);
    registry.assertClean();
  });

  test('gets its own login, and nobody else does', async () => {
    const tls = selfSignedCertificate([NAME]);
    const { registry, proxy, layout, host } = await behindProxy({ tls });

    const { log } = await run({
      source: layout.source,
      tags: [`${host}/app:1`],
      registries: { [host]: { ca: tls.cert } },
      env: { HTTPS_PROXY: proxy.url.replace('//', '//me:proxy-secret@') },
    });

    expect(proxy.logins[0]).toBe(`Basic ${Buffer.from('me:proxy-secret').toString('base64')}`);
    expect(registry.requests.some(({ headers }) => 'proxy-authorization' in headers)).toBe(false);
    expect(log.join('\n')).not.toContain('proxy-secret');
    registry.assertClean();
  });

  test('trusts no certificate of the registry by itself', async () => {
    const tls = selfSignedCertificate([NAME]);
    const { registry, proxy, layout, host } = await behindProxy({ tls });

    const { error } = await run({
      source: layout.source,
      tags: [`${host}/app:1`],
      env: { HTTPS_PROXY: proxy.url },
    });

    expect(error).toMatchObject({ code: 'NETWORK' });
    expect(error?.message).toContain('self-signed');
    registry.assertClean();
  });

  test('that is not there is an error of the network', async () => {
    const { proxy, layout, host, registry } = await behindProxy();
    await proxy.stop();

    const { error } = await run({
      source: layout.source,
      tags: [`${host}/app:1`],
      attempts: 2,
      env: { HTTPS_PROXY: proxy.url },
    });

    expect(error).toMatchObject({ code: 'NETWORK' });
    registry.assertClean();
  });

  test.each([
    ['this machine', {}],
    ['a host of NO_PROXY', { NO_PROXY: '127.0.0.1' }],
  ])('is not asked for %s', async (_, env) => {
    const { registry, proxy, layout, root } = await behindProxy();

    const { error } = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      env: { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, ...env },
    });

    expect(error).toBeUndefined();
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    expect(proxy.requests).toEqual([]);
    registry.assertClean();
  });

  test('is not asked for a name of NO_PROXY', async () => {
    const { proxy, layout, host, registry } = await behindProxy();

    const { error } = await run({
      source: layout.source,
      tags: [`${host}/app:1`],
      attempts: 1,
      env: { HTTPS_PROXY: proxy.url, NO_PROXY: `other.test,.${NAME.split('.')[1]}` },
    });

    // Nobody but the proxy knows the name.
    expect(error).toMatchObject({ code: 'NETWORK' });
    expect(proxy.requests).toEqual([]);
    registry.assertClean();
  });
});

describe('a registry of the world', () => {
  test('is not followed to this machine', async () => {
    const tls = selfSignedCertificate([NAME]);
    const { registry, proxy, layout, host } = await behindProxy({
      tls,
      features: { singlePost: true },
    });
    const inside = await start({ tls });
    registry.faults.add({
      match: { path: 'blob-upload-start' },
      times: Infinity,
      do: { location: `${inside.url}/v2/app/blobs/uploads/1?token=hidden` },
    });

    const { error } = await run({
      source: layout.source,
      tags: [`${host}/app:1`],
      registries: { [host]: { ca: tls.cert } },
      env: { HTTPS_PROXY: proxy.url },
    });

    expect(error).toMatchObject({ code: 'REGISTRY', stage: 'upload' });
    expect(error?.message).toContain('inside the private network');
    expect(error?.message).not.toContain('hidden');
    expect(inside.requests).toHaveLength(0);
    registry.assertClean();
    inside.assertClean();
  });

  test('is not followed from TLS to plain HTTP', async () => {
    const tls = selfSignedCertificate([NAME]);
    const { registry, proxy, layout, host } = await behindProxy({
      tls,
      features: { singlePost: true },
    });
    registry.faults.add({
      match: { path: 'blob-upload-start' },
      times: Infinity,
      do: { location: 'http://other.test/upload' },
    });

    const { error } = await run({
      source: layout.source,
      tags: [`${host}/app:1`],
      registries: { [host]: { ca: tls.cert } },
      env: { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url },
    });

    expect(error).toMatchObject({ code: 'REGISTRY', stage: 'upload' });
    expect(error?.message).toContain('not encrypted');
    expect(proxy.requests.some((line) => line.includes('other.test'))).toBe(false);
    registry.assertClean();
  });
});
