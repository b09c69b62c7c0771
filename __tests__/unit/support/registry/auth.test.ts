import { afterEach, describe, expect, it } from '@jest/globals';
import { startRegistry } from '../../../support/registry/index.ts';
import type { AuthOptions, Features, StrictRegistry } from '../../../support/registry/index.ts';
import { GoodClient, REPO, send } from './raw.ts';
import type { Answer } from './raw.ts';

const LOGIN = { username: 'robot', password: 'secret' };
const BASIC = `Basic ${Buffer.from('robot:secret').toString('base64')}`;
const FORM = 'application/x-www-form-urlencoded';
const PUSH = `repository:${REPO}:pull,push`;

interface TokenAnswer {
  readonly token?: string;
  readonly access_token: string;
  readonly expires_in?: number;
  readonly refresh_token?: string;
}

async function getToken(url: string, query: string, authorization?: string): Promise<Answer> {
  const headers = authorization === undefined ? {} : { authorization };
  return await send(url, 'GET', `/token?service=strict-registry&${query}`, { headers });
}

async function postToken(url: string, fields: Record<string, string>): Promise<Answer> {
  const all = { service: 'strict-registry', client_id: 'test', ...fields };
  const body = new URLSearchParams(all).toString();
  return await send(url, 'POST', '/token', { headers: { 'content-type': FORM }, body });
}

const bearer = (answer: Answer): Record<string, string> => ({
  authorization: `Bearer ${(answer.json() as TokenAnswer).access_token}`,
});

describe('authentication', () => {
  const started: StrictRegistry[] = [];

  afterEach(async () => {
    for (const registry of started) registry.assertClean();
    await Promise.all(started.splice(0).map(async (registry) => await registry.stop()));
  });

  async function start(
    mode: AuthOptions['mode'],
    auth: Partial<AuthOptions> = {},
    features: Partial<Features> = {},
  ): Promise<StrictRegistry> {
    const registry = await startRegistry({ features, auth: { mode, ...LOGIN, ...auth } });
    started.push(registry);
    return registry;
  }

  it('basic: challenges and lets the right password in', async () => {
    const registry = await start('basic');
    const refused = await send(registry.url, 'GET', '/v2/');
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toBe('Basic realm="strict-registry"');
    expect(refused.json()).toMatchObject({ errors: [{ code: 'UNAUTHORIZED' }] });
    const headers = { authorization: BASIC };
    expect((await send(registry.url, 'GET', '/v2/', { headers })).status).toBe(200);
    expect(registry.requests.at(-1)?.headers['authorization']).toBe('Basic');
  });

  it('basic: reading can be free', async () => {
    const registry = await start('basic', { anonymousPull: true });
    const client = new GoodClient(registry);
    expect((await client.getManifest('latest')).status).toBe(404);
    expect((await client.send('POST', `/v2/${REPO}/blobs/uploads/`)).status).toBe(401);
  });

  it('bearer: names realm, service and the scopes that are needed', async () => {
    const registry = await start('bearer');
    const { url } = registry;
    const digest = `sha256:${'a'.repeat(64)}`;
    const ask = async (method: string, path: string): Promise<string | undefined> =>
      (await send(url, method, path)).headers['www-authenticate'];
    const common = `Bearer realm="${url}/token",service="strict-registry"`;
    const uploads = `/v2/${REPO}/blobs/uploads/`;
    expect(await ask('GET', '/v2/')).toBe(common);
    expect(await ask('HEAD', `/v2/${REPO}/blobs/${digest}`)).toBe(
      `${common},scope="repository:${REPO}:pull"`,
    );
    expect(await ask('POST', `${uploads}?mount=${digest}&from=base/image`)).toBe(
      `${common},scope="repository:${REPO}:pull,push repository:base/image:pull"`,
    );
  });

  it('bearer: a token opens what its scopes name', async () => {
    const registry = await start('bearer');
    await send(registry.url, 'GET', '/v2/');
    const answer = await getToken(registry.url, `scope=${PUSH}`, BASIC);
    expect(answer.json()).toMatchObject({ expires_in: 300, token: expect.any(String) });
    const client = new GoodClient(registry, bearer(answer));
    await client.pushBlob(Buffer.from('bytes'));
    const other = await client.send('GET', '/v2/other/repo/tags/list');
    expect(other.status).toBe(401);
    expect(other.headers['www-authenticate']).toContain('error="insufficient_scope"');
    expect(registry.stats().tokensIssued).toBe(1);
  });

  it('bearer: the realm refuses a wrong password and gives strangers an empty token', async () => {
    const registry = await start('bearer');
    await send(registry.url, 'GET', '/v2/');
    expect((await getToken(registry.url, `scope=${PUSH}`, 'Basic d3Jvbmc6eA==')).status).toBe(401);
    const stranger = await getToken(registry.url, `scope=${PUSH}`);
    const client = new GoodClient(registry, bearer(stranger));
    expect((await client.getManifest('latest')).status).toBe(401);
  });

  it('bearer: strangers may read where that is free', async () => {
    const registry = await start('bearer', { anonymousPull: true });
    await send(registry.url, 'GET', '/v2/');
    const client = new GoodClient(registry, bearer(await getToken(registry.url, `scope=${PUSH}`)));
    expect((await client.getManifest('latest')).status).toBe(404);
    expect((await client.send('POST', `/v2/${REPO}/blobs/uploads/`)).status).toBe(401);
  });

  it('bearer: the OAuth2 form takes a password, a refresh token and an identity token', async () => {
    const registry = await start('bearer', { identityToken: 'identity' });
    await send(registry.url, 'GET', '/v2/');
    const fields = { grant_type: 'password', scope: PUSH, access_type: 'offline', ...LOGIN };
    const first = await postToken(registry.url, fields);
    const { token, refresh_token: refresh = '' } = first.json() as TokenAnswer;
    expect(token).toBeUndefined();
    for (const refresh_token of [refresh, 'identity']) {
      const again = { grant_type: 'refresh_token', scope: PUSH, refresh_token };
      const client = new GoodClient(registry, bearer(await postToken(registry.url, again)));
      expect((await client.getManifest('latest')).status).toBe(404);
    }
    const wrong = { grant_type: 'refresh_token', refresh_token: 'wrong' };
    expect((await postToken(registry.url, wrong)).status).toBe(401);
  });

  it('bearer: takes only the method it is told to take', async () => {
    const get = await start('bearer', { tokenEndpoint: 'get' });
    expect((await postToken(get.url, { grant_type: 'password', ...LOGIN })).status).toBe(405);
    const post = await start('bearer', { tokenEndpoint: 'oauth2' });
    expect((await getToken(post.url, `scope=${PUSH}`, BASIC)).status).toBe(405);
  });

  it('bearer: the realm can be a server of its own', async () => {
    const registry = await start('bearer', { separateRealm: true });
    const refused = await send(registry.url, 'GET', '/v2/');
    const realm = /realm="([^"]+)\/token"/.exec(refused.headers['www-authenticate'] ?? '')?.[1];
    expect(realm).not.toBe(registry.url);
    const answer = await getToken(realm ?? '', `scope=${PUSH}`, BASIC);
    const client = new GoodClient(registry, bearer(answer));
    expect((await client.send('GET', '/v2/')).status).toBe(200);
    expect(registry.requests.map(({ role }) => role)).toEqual(['registry', 'token', 'registry']);
  });

  it('bearer: a token can be for one repository alone, and say so', async () => {
    const registry = await start('bearer', { oneRepository: true, readableTokens: true });
    await send(registry.url, 'GET', '/v2/');
    const both = `scope=repository:base/image:pull&scope=${PUSH}`;
    const answer = await getToken(registry.url, both, BASIC);
    const { access_token: token } = answer.json() as TokenAnswer;
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
    expect(JSON.parse(payload)).toMatchObject({
      access: [{ type: 'repository', name: REPO, actions: ['pull', 'push'] }],
    });
    const client = new GoodClient(registry, bearer(answer));
    expect((await client.send('GET', `/v2/${REPO}/tags/list`)).status).toBe(404);
    expect((await client.send('GET', '/v2/base/image/tags/list')).status).toBe(401);
  });

  it('bearer: a token can end in the middle', async () => {
    const registry = await start('bearer', { issueExpiresIn: false });
    await send(registry.url, 'GET', '/v2/');
    const answer = await getToken(registry.url, `scope=${PUSH}`, BASIC);
    expect(answer.json()).not.toHaveProperty('expires_in');
    const client = new GoodClient(registry, bearer(answer));
    const location = await client.start();
    registry.faults.add({ match: { method: 'PATCH' }, do: { expireToken: true } });
    const refused = await client.patch(location, 0, Buffer.from('bytes'));
    expect(refused.headers['www-authenticate']).toContain('error="invalid_token"');
    const fresh = bearer(await getToken(registry.url, `scope=${PUSH}`, BASIC));
    await new GoodClient(registry, fresh).send('DELETE', location);
  });

  it('denies pushing to some repositories', async () => {
    const registry = await start('basic', { denyPush: /^library\// });
    await send(registry.url, 'GET', '/v2/');
    const client = new GoodClient(registry, { authorization: BASIC });
    const answer = await client.send('POST', '/v2/library/app/blobs/uploads/');
    expect(answer.status).toBe(403);
    expect(answer.json()).toMatchObject({ errors: [{ code: 'DENIED' }] });
    expect((await client.send('GET', '/v2/library/app/tags/list')).status).toBe(404);
  });

  it('challenges a mount that answers 401', async () => {
    const registry = await start('basic', {}, { mount: 401 });
    await send(registry.url, 'GET', '/v2/');
    const client = new GoodClient(registry, { authorization: BASIC });
    const path = `/v2/${REPO}/blobs/uploads/?mount=sha256:${'a'.repeat(64)}&from=base/image`;
    const answer = await client.send('POST', path);
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([
      401,
      'Basic realm="strict-registry"',
    ]);
  });
});
