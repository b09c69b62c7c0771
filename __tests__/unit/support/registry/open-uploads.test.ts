import { expect, it } from '@jest/globals';
import { startRegistry } from '../../../support/registry/index.ts';
import { send } from './raw.ts';

it.each([
  [true, 204],
  [false, 401],
])('who has the address of an upload needs a login or not (%s)', async (openUploads, status) => {
  const registry = await startRegistry({ auth: { mode: 'basic', openUploads } });
  const authorization = `Basic ${Buffer.from('user:password').toString('base64')}`;
  await send(registry.url, 'GET', '/v2/');
  const headers = { authorization, 'content-length': '0' };
  const opened = await send(registry.url, 'POST', '/v2/app/blobs/uploads/', { headers });
  const location = String(opened.headers['location']);

  expect((await send(registry.url, 'GET', location)).status).toBe(status);

  await send(registry.url, 'DELETE', location, { headers: { authorization } });
  expect((await send(registry.url, 'POST', '/v2/app/blobs/uploads/')).status).toBe(401);
  registry.assertClean();
  await registry.stop();
});
