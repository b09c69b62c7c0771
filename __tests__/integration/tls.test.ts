import { describe, expect, test } from '@jest/globals';
import { createServer as createWebServer } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { RegistrySettings } from '../../src/config/config.ts';
import { selfSignedCertificate } from '../support/registry/index.ts';
import { bench, run } from './support/index.ts';

const { registry: start, layout: create, after } = bench();

const SECURE = { plainHttp: false, insecure: false };

async function pushTo(host: string, settings: Partial<RegistrySettings>, attempts = 2) {
  const layout = create();
  const root = layout.root(layout.image({ layers: [100_000] }));
  const result = await run({
    source: layout.source,
    tags: [`${host}/app:1`],
    registries: { [host]: settings },
    attempts,
  });
  return { ...result, root };
}

/** A server that is none of ours, for what people hit by mistake. */
async function listen(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onConnection(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a self-signed certificate', () => {
  test('is refused with a sentence that names both ways out', async () => {
    const registry = await start({ tls: selfSignedCertificate() });

    const { error, report } = await pushTo(registry.host, SECURE, 5);

    expect(error).toMatchObject({ code: 'NETWORK' });
    expect(error?.message).toContain('self-signed');
    expect(error?.hint).toMatch(/ca-file.*insecure/);
    expect(report.exitCode).toBe(3);
    expect(registry.requests).toHaveLength(0);
    registry.assertClean();
  });

  test('is accepted where that was asked for', async () => {
    const registry = await start({ tls: selfSignedCertificate() });

    const { error, root } = await pushTo(registry.host, { plainHttp: false, insecure: true });

    expect(error).toBeUndefined();
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    registry.assertClean();
  });

  test('is trusted as an authority that was given', async () => {
    const tls = selfSignedCertificate();
    const registry = await start({ tls });

    const { error, root } = await pushTo(registry.host, { ...SECURE, ca: tls.cert });

    expect(error).toBeUndefined();
    expect(registry.tags('app')).toEqual({ 1: root.digest });
    registry.assertClean();
  });

  test('what is said of one registry holds for no other', async () => {
    const tls = selfSignedCertificate();
    const [trusted, other] = [await start({ tls }), await start({ tls })];
    const layout = create();
    layout.root(layout.image());

    const { error } = await run({
      source: layout.source,
      tags: [`${trusted.host}/app:1`, `${other.host}/app:1`],
      registries: { [trusted.host]: { plainHttp: false, insecure: true }, [other.host]: SECURE },
    });

    expect(error).toMatchObject({ code: 'NETWORK' });
    expect(error?.message).toContain(other.host);
    expect(trusted.tags('app')).toEqual({});
    other.assertClean();
  });
});

describe('a certificate that', () => {
  test.each([
    ['has expired', selfSignedCertificate(['localhost'], ['127.0.0.1'], -3), /expired/],
    [
      'is for another host',
      selfSignedCertificate(['other.test'], ['10.0.0.1']),
      /another host name/,
    ],
  ])('%s is refused', async (_, tls, sentence) => {
    const registry = await start({ tls });

    const { error } = await pushTo(registry.host, { ...SECURE, ca: tls.cert });

    expect(error).toMatchObject({ code: 'NETWORK' });
    expect(error?.message).toMatch(sentence);
    registry.assertClean();
  });
});

describe('the wrong protocol', () => {
  test('plain HTTP to a port with TLS is an error, not an endless wait', async () => {
    const registry = await start({ tls: selfSignedCertificate() });

    const { error } = await pushTo(registry.host, { plainHttp: true, insecure: false });

    expect(error).toMatchObject({ code: 'NETWORK' });
    expect(error?.message).toContain(registry.host);
    registry.assertClean();
  });

  test('TLS to a port with plain HTTP names the option', async () => {
    // A server of the world is not asked for plain HTTP: this name is not loopback's.
    const registry = await start();
    const proxyless = registry.host.replace('127.0.0.1', '0.0.0.0');

    const { error } = await pushTo(proxyless, SECURE);

    expect(error).toMatchObject({ code: 'NETWORK' });
    expect(error?.message).toContain('does not speak TLS');
    expect(error?.hint).toContain('plain-http');
    registry.assertClean(['malformed-http']);
  });

  test('something else altogether is told at once', async () => {
    const host = await listen((socket) => socket.write('SSH-2.0-OpenSSH_9.9\r\n'));

    const { error, events } = await pushTo(host, { plainHttp: true, insecure: false }, 5);

    expect(error).toMatchObject({ code: 'NETWORK' });
    expect(error?.message).toContain('does not speak HTTP');
    expect(events.some(({ type }) => type === 'waiting')).toBe(false);
  });

  test('a web server is told from a registry', async () => {
    const web = createWebServer((_request, response) => {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<html>Welcome!</html>');
    });
    await new Promise<void>((resolve) => {
      web.listen(0, '127.0.0.1', resolve);
    });
    after(() => web.close());
    const host = `127.0.0.1:${(web.address() as AddressInfo).port}`;

    const { error, report } = await pushTo(host, { plainHttp: true, insecure: false });

    expect(error).toMatchObject({ code: 'REGISTRY' });
    expect(error?.message).toMatch(/does not answer like a container registry|web page/);
    expect(report.exitCode).toBe(5);
  });

  test('a server that closes every connection is given up', async () => {
    const host = await listen((socket) => socket.destroy());

    const { error } = await pushTo(host, { plainHttp: true, insecure: false }, 3);

    expect(error).toMatchObject({ code: 'NETWORK' });
    expect(error?.message).toMatch(/closed the connection.*tried 3 times/);
  });
});
