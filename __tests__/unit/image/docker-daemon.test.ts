import { createServer, type RequestListener, type Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseDockerHost } from '../../../src/image/docker-host.ts';
import { buildDockerArchive } from '../../support/images/build.ts';
import { viewSource } from '../../support/images/push-view.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';

let space: Workspace;
let server: Server | undefined;
beforeEach(async () => {
  space = await createWorkspace();
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  await space.close();
});

/** A daemon on a Unix socket. */
async function serve(handler: RequestListener): Promise<string> {
  const path = space.path('docker.sock');
  server = createServer(handler);
  await new Promise<void>((resolve) => server!.listen(path, resolve));
  return `unix://${path}`;
}

async function refused(host: string, message: string | RegExp): Promise<void> {
  const opening = space.open('docker-daemon:octo/app:1', { dockerHost: { host } });
  await expect(opening).rejects.toThrow(message);
  await expect(opening).rejects.toMatchObject({ code: 'IMAGE' });
  expect(await space.spooled()).toEqual([]);
}

describe('an image in a Docker daemon', () => {
  test('is fetched once, with a note', async () => {
    const image = await buildDockerArchive(space.path('a.tar'), { tags: ['octo/app:1'] });
    const tar = await readFile(space.path('a.tar'));
    const urls: (string | undefined)[] = [];
    const host = await serve(({ url }, response) => {
      urls.push(url);
      response.end(url?.endsWith('/json') ? '{"Size":123456}' : tar);
    });
    const notes: string[] = [];
    const source = await space.open('docker-daemon:octo/app:1', {
      dockerHost: { host },
      onNote: (note) => notes.push(note),
    });
    expect((await viewSource(source)).config).toBe(image.config.descriptor.digest);
    expect(source.description).toBe('docker-daemon:octo/app:1');
    expect(urls).toEqual(['/images/octo/app:1/json', '/images/octo/app:1/get']);
    expect(notes).toEqual([
      `fetching octo/app:1 (about 120.6 KiB) from the Docker daemon at ${host}`,
    ]);
    await source.close();
    expect(await space.spooled()).toEqual([]);
  });

  test('that it does not have', async () => {
    const host = await serve((_request, response) => {
      response.writeHead(404).end('{"message":"No such image"}');
    });
    await refused(host, `image octo/app:1 is not in the Docker daemon at ${host}.`);
  });

  test('that it cannot give', async () => {
    const host = await serve((_request, response) => {
      response.writeHead(500).end('{"message":"disk\\n::error::x"}');
    });
    await refused(host, /answered 500 for image octo\/app:1: disk :\u200a:error:\u200a:x\.$/);
  });

  test('that breaks off in the middle', async () => {
    const host = await serve(({ url }, response) => {
      if (url?.endsWith('/json')) response.end('{}');
      else
        response
          .writeHead(200, { 'content-length': 5000 })
          .write(Buffer.alloc(600), () => response.destroy());
    });
    await refused(host, `the Docker daemon at ${host} broke off in the middle of the image.`);
  });

  test('larger than the disk', async () => {
    const host = await serve((_request, response) => response.end(`{"Size":${2 ** 52}}`));
    const opening = space.open('docker-daemon:app:1', { dockerHost: { host } });
    await expect(opening).rejects.toThrow(/left; 4096\.0 TiB are needed/);
  });

  test('while the push is cancelled', async () => {
    const stop = new AbortController();
    const host = await serve(({ url }, response) => {
      if (url?.endsWith('/json')) response.end('{}');
      else response.write(Buffer.alloc(600), () => stop.abort());
    });
    const opening = space.open('docker-daemon:app:1', {
      dockerHost: { host },
      signal: stop.signal,
    });
    await expect(opening).rejects.toThrow(/abort/i);
    expect(await space.spooled()).toEqual([]);
  });
});

describe('a daemon that cannot be reached', () => {
  test('no socket', async () => {
    const host = `unix://${space.path('none.sock')}`;
    await refused(host, `the Docker daemon at ${host} does not answer (ENOENT).`);
  });

  test('nobody listens', async () => {
    await refused('tcp://127.0.0.1:1', 'the Docker daemon at tcp://127.0.0.1:1 does not answer');
  });

  test.each([
    ['ssh://host', /DOCKER_HOST is ssh:\/\/host, which is not supported/],
    ['fd://3', /which is not supported/],
    ['nonsense', /which is not supported/],
    ['tcp://', /which is not supported/],
    ['unix://', /which is not supported/],
  ])('%s', async (host, message) => {
    const opening = space.open('docker-daemon:app:1', { dockerHost: { host } });
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toMatchObject({ code: 'GENERAL' });
  });

  test('certificates that are not there', async () => {
    const dockerHost = { host: 'tcp://127.0.0.1:1', certPath: space.directory };
    await expect(space.open('docker-daemon:app:1', { dockerHost })).rejects.toThrow(
      /\w+\.pem of the Docker daemon cannot be read in/,
    );
  });
});

test.each([
  ['unix:///var/run/docker.sock', false, { socketPath: '/var/run/docker.sock' }, false],
  ['npipe:////./pipe/docker_engine', false, { socketPath: '//./pipe/docker_engine' }, false],
  ['tcp://host', false, { hostname: 'host', port: '2375' }, false],
  ['tcp://host:1234', true, { hostname: 'host', port: '1234' }, true],
  ['tcp://[::1]', true, { hostname: '::1', port: '2376' }, true],
  ['http://host', false, { hostname: 'host' }, false],
  ['https://host:1/', false, { hostname: 'host', port: '1' }, true],
])('DOCKER_HOST=%s (secured: %s)', (host, secured, options, tls) => {
  expect(parseDockerHost(host, secured)).toEqual({ options, tls, prefix: '' });
});
