import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { startRegistry } from '../../../support/registry/index.ts';
import type { StrictRegistry } from '../../../support/registry/index.ts';
import { ACCEPT, GoodClient, REPO, expectBroken, keepAlive, send, wire } from './raw.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('rules for every request', () => {
  let registry: StrictRegistry;

  beforeEach(async () => {
    registry = await startRegistry();
  });

  afterEach(async () => {
    await registry.stop();
  });

  it('malformed-http: two different lengths', async () => {
    const head = 'POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nUser-Agent: x\r\n';
    const answer = await wire(
      registry.url,
      `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    await expectBroken(registry, 'malformed-http');
  });

  it('malformed-http: not by a client that tries TLS first', async () => {
    await wire(registry.url, '\u0016\u0003\u0001\u0000\u0005\u0001hello');
    await expectBroken(registry);
  });

  it('malformed-url: percent-encoding that does not decode', async () => {
    await send(registry.url, 'GET', `/v2/${REPO}/tags/list?last=%zz`);
    await expectBroken(registry, 'malformed-url');
  });

  it.each(['/v2', '/v2/_catalog', '/', `/v2/${REPO}/tags`, '/token', '/v1/search'])(
    'unknown-path: %s',
    async (path) => {
      const answer = await send(registry.url, 'GET', path);
      expect(answer.status).toBe(404);
      await expectBroken(registry, 'unknown-path');
    },
  );

  it.each([
    ['POST', `/v2/${REPO}/manifests/latest`],
    ['PUT', `/v2/${REPO}/blobs/${DIGEST}`],
    ['GET', `/v2/${REPO}/blobs/uploads/`],
    ['PUT', '/v2/'],
  ])('unknown-method: %s %s', async (method, path) => {
    const answer = await send(registry.url, method, path);
    expect(answer.status).toBe(405);
    await expectBroken(registry, 'unknown-method');
  });

  it('missing-user-agent', async () => {
    await send(registry.url, 'GET', '/v2/', { headers: { 'user-agent': null } });
    await expectBroken(registry, 'missing-user-agent');
  });

  it('cookie-sent', async () => {
    await send(registry.url, 'GET', '/v2/', { headers: { cookie: 'bait=1' } });
    await expectBroken(registry, 'cookie-sent');
  });

  it('header-repeated', async () => {
    await wire(
      registry.url,
      'GET /v2/ HTTP/1.1\r\nHost: x\r\nUser-Agent: a\r\nUser-Agent: b\r\n\r\n',
    );
    await expectBroken(registry, 'header-repeated');
  });

  it.each(['GET', 'HEAD', 'DELETE'])('body-unexpected: %s', async (method) => {
    const { digest } = registry.seedBlob(REPO, Buffer.from('x'));
    await send(registry.url, method, `/v2/${REPO}/blobs/${digest}`, { body: 'body' });
    await expectBroken(registry, 'body-unexpected');
  });

  it.each(['Team/app', 'team//app', 'team/-app', 'team/app.', '../team'])(
    'name-malformed: %s',
    async (name) => {
      const answer = await send(registry.url, 'GET', `/v2/${name}/tags/list`);
      expect(answer.status).toBe(400);
      expect(answer.json()).toMatchObject({ errors: [{ code: 'NAME_INVALID' }] });
      await expectBroken(registry, 'name-malformed');
    },
  );

  it('name-malformed: the source of a mount', async () => {
    await send(registry.url, 'POST', `/v2/${REPO}/blobs/uploads/?mount=${DIGEST}&from=UPPER`);
    await expectBroken(registry, 'name-malformed');
  });

  it.each(['.hidden', 'a'.repeat(129), 'with%20space'])('reference-malformed: %s', async (tag) => {
    const headers = { accept: ACCEPT };
    await send(registry.url, 'GET', `/v2/${REPO}/manifests/${tag}`, { headers });
    await expectBroken(registry, 'reference-malformed');
  });

  it.each([`sha256:${'A'.repeat(64)}`, 'sha256:abc', 'md5:d41d8cd98f00b204e9800998ecf8427e'])(
    'digest-malformed: %s',
    async (digest) => {
      const answer = await send(registry.url, 'HEAD', `/v2/${REPO}/blobs/${digest}`);
      expect(answer.status).toBe(400);
      await expectBroken(registry, 'digest-malformed');
    },
  );

  it.each(['bytes=5-2', 'bytes=-', '0-5', 'bytes=0-1,3-4'])(
    'range-malformed: %s',
    async (range) => {
      const { digest } = registry.seedBlob(REPO, Buffer.from('0123456789'));
      await send(registry.url, 'GET', `/v2/${REPO}/blobs/${digest}`, { headers: { range } });
      await expectBroken(registry, 'range-malformed');
    },
  );

  it('is silent when it is not strict, and about what is allowed', async () => {
    const lax = await startRegistry({ strict: false });
    const allowing = await startRegistry({ allow: ['cookie-sent'] });
    for (const { url } of [lax, allowing]) {
      await send(url, 'GET', '/v2/', { headers: { cookie: 'a=b' } });
    }
    await expectBroken(lax);
    await expectBroken(allowing);
    await Promise.all([lax.stop(), allowing.stop()]);
  });

  it('leaves out of the assertion what the test breaks on purpose', async () => {
    await send(registry.url, 'GET', '/v2/', { headers: { cookie: 'a=b' } });
    expect(() => {
      registry.assertClean(['cookie-sent']);
    }).not.toThrow();
    expect(registry.violations).toEqual(['cookie-sent: No request carries a Cookie. GET /v2/']);
    registry.reset();
    registry.assertClean();
  });
});

describe('the wait after 429 and 503', () => {
  let registry: StrictRegistry;
  let client: GoodClient;

  beforeEach(async () => {
    registry = await startRegistry({ graceMs: 50 });
    client = new GoodClient(registry);
  });

  afterEach(async () => {
    await registry.stop();
  });

  it('retry-too-early: the same request at once', async () => {
    registry.faults.storm(1, 1);
    expect((await client.getManifest('latest')).status).toBe(429);
    await client.getManifest('latest');
    await expectBroken(registry, 'retry-too-early');
  });

  it('retry-too-early: another request when the answer must be known', async () => {
    registry.faults.add({ do: { status: 503, headers: { 'Retry-After': '1' } } });
    await client.getManifest('latest');
    await delay(100);
    await client.send('GET', '/v2/');
    await expectBroken(registry, 'retry-too-early');
  });

  it('retry-too-early: a wait given as a date', async () => {
    const date = new Date(Date.now() + 5000).toUTCString();
    registry.faults.storm(1, date);
    await client.getManifest('latest');
    await client.getManifest('latest');
    await expectBroken(registry, 'retry-too-early');
  });

  it('accepts what crossed the answer, what tidies up, and what waited', async () => {
    const location = await client.start();
    registry.faults.storm(1, 1, { path: 'manifest-get' });
    await client.getManifest('latest');
    await client.send('GET', '/v2/');
    await delay(100);
    await client.send('DELETE', location);
    await delay(900);
    await client.getManifest('latest');
    await expectBroken(registry);
  });

  it('asks for no wait where none was announced', async () => {
    registry.faults.storm(2);
    const agent = keepAlive();
    await send(registry.url, 'GET', '/v2/', { agent });
    await send(registry.url, 'GET', '/v2/', { agent });
    await send(registry.url, 'GET', '/v2/', { agent });
    agent.destroy();
    expect(registry.stats().byStatus).toEqual({ 200: 1, 429: 2 });
    await expectBroken(registry);
  });
});
