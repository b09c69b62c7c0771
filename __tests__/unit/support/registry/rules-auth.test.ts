import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { startRegistry } from '../../../support/registry/index.ts';
import type {
  AuthOptions,
  RegistryOptions,
  StrictRegistry,
} from '../../../support/registry/index.ts';
import { GoodClient, REPO, expectBroken, keepAlive, send } from './raw.ts';

const PASSWORD = 'p@ss/word+1';
const LOGIN = { username: 'robot', password: PASSWORD };
const BASIC = `Basic ${Buffer.from(`robot:${PASSWORD}`).toString('base64')}`;
const WRONG = `Basic ${Buffer.from('robot:wrong').toString('base64')}`;
const SCOPE = `repository:${REPO}:pull,push`;
const TAGS = `/v2/${REPO}/tags/list`;

describe('rules for credentials', () => {
  const started: StrictRegistry[] = [];

  afterEach(async () => {
    await Promise.all(started.splice(0).map(async (registry) => await registry.stop()));
  });

  async function start(
    mode: AuthOptions['mode'],
    auth: Partial<AuthOptions> = {},
    options: RegistryOptions = {},
  ): Promise<StrictRegistry> {
    const registry = await startRegistry({ ...options, auth: { mode, ...LOGIN, ...auth } });
    started.push(registry);
    return registry;
  }

  async function tokenFor({ url }: StrictRegistry): Promise<string> {
    const path = `/token?service=strict-registry&scope=${SCOPE}`;
    const answer = await send(url, 'GET', path, { headers: { authorization: BASIC } });
    return `Bearer ${(answer.json() as { token: string }).token}`;
  }

  it('credentials-in-url', async () => {
    const registry = await start('bearer');
    const query = `service=strict-registry&password=${encodeURIComponent(PASSWORD)}`;
    await send(registry.url, 'GET', `/token?${query}`);
    await expectBroken(registry, 'credentials-in-url');
  });

  it('authorization-unasked: a registry that never asks', async () => {
    const registry = await start('none');
    await send(registry.url, 'GET', '/v2/', { headers: { authorization: BASIC } });
    await expectBroken(registry, 'authorization-unasked');
  });

  it('authorization-unasked: before the first challenge', async () => {
    const registry = await start('basic');
    await send(registry.url, 'GET', '/v2/', { headers: { authorization: BASIC } });
    await expectBroken(registry, 'authorization-unasked');
  });

  it('authorization-scheme: the password where a token was asked for', async () => {
    const registry = await start('bearer');
    await send(registry.url, 'GET', '/v2/');
    const answer = await send(registry.url, 'GET', TAGS, { headers: { authorization: BASIC } });
    expect(answer.status).toBe(401);
    await expectBroken(registry, 'authorization-scheme');
  });

  it('authorization-scheme: a token at the realm', async () => {
    const registry = await start('bearer');
    const path = '/token?service=strict-registry';
    await send(registry.url, 'GET', path, { headers: { authorization: 'Bearer x' } });
    await expectBroken(registry, 'authorization-scheme');
  });

  it('authorization-repeated: a wrong password on the same connection', async () => {
    const registry = await start('basic');
    const agent = keepAlive();
    await send(registry.url, 'GET', '/v2/', { agent });
    await send(registry.url, 'GET', '/v2/', { agent, headers: { authorization: WRONG } });
    await send(registry.url, 'GET', '/v2/', { agent, headers: { authorization: WRONG } });
    await expectBroken(registry);
    await delay(600);
    await send(registry.url, 'GET', '/v2/', { headers: { authorization: WRONG } });
    await expectBroken(registry);
    await send(registry.url, 'GET', '/v2/', { agent, headers: { authorization: WRONG } });
    agent.destroy();
    await expectBroken(registry, 'authorization-repeated');
  });

  it('authorization-repeated: a wrong password at the realm', async () => {
    const registry = await start('bearer');
    const agent = keepAlive();
    const path = '/token?service=strict-registry';
    await send(registry.url, 'GET', path, { agent, headers: { authorization: WRONG } });
    await delay(600);
    await send(registry.url, 'GET', path, { agent, headers: { authorization: WRONG } });
    agent.destroy();
    await expectBroken(registry, 'authorization-repeated');
  });

  it('authorization-repeated: a token long after it was refused', async () => {
    const registry = await start('bearer');
    await send(registry.url, 'GET', '/v2/');
    const authorization = await tokenFor(registry);
    registry.expireTokens();
    const first = await send(registry.url, 'GET', TAGS, { headers: { authorization } });
    expect(first.headers['www-authenticate']).toContain('error="invalid_token"');
    // What was under way at that moment may still come.
    await send(registry.url, 'GET', TAGS, { headers: { authorization } });
    await expectBroken(registry);
    await delay(600);
    await send(registry.url, 'GET', TAGS, { headers: { authorization } });
    await expectBroken(registry, 'authorization-repeated');
  });

  it('authorization-to-foreign-host', async () => {
    const registry = await start('basic', {}, { features: { redirectBlobs: true } });
    const { digest } = registry.seedBlob(REPO, Buffer.from('bytes'));
    await send(registry.url, 'GET', '/v2/');
    const client = new GoodClient(registry, { authorization: BASIC });
    const { headers, status } = await client.send('GET', `/v2/${REPO}/blobs/${digest}`);
    expect(status).toBe(307);
    expect((await client.send('GET', headers.location ?? '')).body.toString()).toBe('bytes');
    await expectBroken(registry, 'authorization-to-foreign-host');
  });

  it('credentials-to-foreign-realm', async () => {
    const registry = await start('basic');
    const foreign = await registry.startForeignHost({ challenges: true });
    const path = `/v2/${REPO}/blobs/sha256:${'a'.repeat(64)}`;
    const answer = await send(foreign.url, 'GET', path);
    expect(answer.headers['www-authenticate']).toContain(`${foreign.url}/token`);
    await send(foreign.url, 'GET', '/token', { headers: { authorization: BASIC } });
    await expectBroken(registry, 'credentials-to-foreign-realm');
  });

  it('credentials-to-foreign-realm: in a form', async () => {
    const registry = await start('basic');
    const foreign = await registry.startForeignHost();
    await send(foreign.url, 'POST', '/token', { body: 'grant_type=password&password=x' });
    await expectBroken(registry, 'credentials-to-foreign-realm');
  });

  it('token-expired', async () => {
    const registry = await start('bearer', { ttlSeconds: 0.05 }, { tokenSlackMs: 100 });
    await send(registry.url, 'GET', '/v2/');
    const authorization = await tokenFor(registry);
    await delay(80);
    const late = await send(registry.url, 'GET', TAGS, { headers: { authorization } });
    expect(late.status).toBe(401);
    await expectBroken(registry);
    const next = await tokenFor(registry);
    await delay(200);
    await send(registry.url, 'GET', TAGS, { headers: { authorization: next } });
    await expectBroken(registry, 'token-expired');
  });

  it('token-expired: not when the client was not told', async () => {
    const auth = { ttlSeconds: 0.05, issueExpiresIn: false };
    const registry = await start('bearer', auth, { tokenSlackMs: 0 });
    await send(registry.url, 'GET', '/v2/');
    const authorization = await tokenFor(registry);
    await delay(100);
    await send(registry.url, 'GET', TAGS, { headers: { authorization } });
    await expectBroken(registry);
  });

  it.each([
    ['without the service', `scope=${SCOPE}`],
    ['with a scope that is none', 'service=strict-registry&scope=everything'],
  ])('token-request-malformed: GET %s', async (_what, query) => {
    const registry = await start('bearer');
    await send(registry.url, 'GET', `/token?${query}`, { headers: { authorization: BASIC } });
    await expectBroken(registry, 'token-request-malformed');
  });

  it.each([
    ['grant type', { service: 'strict-registry', client_id: 'x' }],
    ['client', { service: 'strict-registry', grant_type: 'password', ...LOGIN }],
    ['service', { client_id: 'x', grant_type: 'password', ...LOGIN }],
  ])('token-request-malformed: POST without the %s', async (_what, fields) => {
    const registry = await start('bearer');
    const body = new URLSearchParams(fields).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    await send(registry.url, 'POST', '/token', { headers, body });
    await expectBroken(registry, 'token-request-malformed');
  });

  it('token-request-malformed: POST with another type', async () => {
    const registry = await start('bearer');
    const fields = { service: 'strict-registry', client_id: 'x', grant_type: 'password' };
    const body = new URLSearchParams({ ...fields, ...LOGIN }).toString();
    await send(registry.url, 'POST', '/token', { body });
    await expectBroken(registry, 'token-request-malformed');
  });
});
