import { describe, expect, test } from '@jest/globals';
import { digestOf } from '../../../src/oci/digest.ts';
import { MEDIA_TYPES } from '../../../src/oci/media-types.ts';
import { blobExists, openBlob } from '../../../src/registry/blobs.ts';
import { getManifest, headManifest, putManifest } from '../../../src/registry/manifests.ts';
import { answer } from '../http/support.ts';
import { fakeConnection } from './support.ts';

const DIGEST = digestOf('blob');
const BLOB = { mediaType: 'application/octet-stream', digest: DIGEST, size: 10 };
const PATH = `/v2/app/blobs/${DIGEST}`;

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('whether a blob is there', () => {
  test.each([
    [200, true],
    [404, false],
  ])('%i: %p', async (status, there) => {
    const connection = fakeConnection(() => answer(status));
    await expect(blobExists(connection, 'app', DIGEST)).resolves.toBe(there);
    expect(connection.lines).toEqual([`HEAD ${PATH}`]);
    expect(connection.requests[0]?.scopes).toEqual(['repository:app:pull,push']);
  });

  test.each([
    [200, true],
    [404, false],
  ])('is answered by whom the registry sends us to (%i)', async (status, there) => {
    const connection = fakeConnection((line) =>
      line.includes('store')
        ? answer(status)
        : answer(307, '', { location: 'https://store.example/b?sig=1' }),
    );
    await expect(blobExists(connection, 'app', DIGEST)).resolves.toBe(there);
    expect(connection.lines[1]).toBe('HEAD https://store.example/b?sig=1');
  });

  test('any other answer is an error', async () => {
    const connection = fakeConnection(() => answer(405));
    await expect(blobExists(connection, 'app', DIGEST)).rejects.toMatchObject({ status: 405 });
  });

  test('is not asked inside the private network', async () => {
    const connection = fakeConnection(() =>
      answer(302, '', { location: 'https://inside.example/b' }),
    );
    await expect(blobExists(connection, 'app', DIGEST)).rejects.toThrow(/private network/);
    expect(connection.lines).toHaveLength(1);
  });

  test('redirects have an end', async () => {
    const connection = fakeConnection(() => answer(301, '', { location: '?again' }));
    await expect(blobExists(connection, 'app', DIGEST)).rejects.toMatchObject({ status: 301 });
    expect(connection.lines).toHaveLength(6);
  });
});

describe('reading a blob', () => {
  test('from its start', async () => {
    const connection = fakeConnection(() => ({ ...answer(200), stream: pieces('01234', '56789') }));
    await expect(textOf(openBlob(connection, 'app', BLOB))).resolves.toBe('0123456789');
    expect(connection.requests[0]).toMatchObject({ stream: true, headers: {} });
    expect(connection.requests[0]?.scopes).toEqual(['repository:app:pull']);
  });

  test.each([
    [206, pieces('3456789')],
    [200, pieces('01', '2345', '6789')],
  ])('from an offset, also where the server ignores that (%i)', async (status, stream) => {
    const connection = fakeConnection(() => ({ ...answer(status), stream }));
    await expect(textOf(openBlob(connection, 'app', BLOB, 3))).resolves.toBe('3456789');
    expect(connection.requests[0]?.headers).toEqual({ range: 'bytes=3-' });
  });

  test('that is not there is an error', async () => {
    const connection = fakeConnection(() => undefined);
    await expect(textOf(openBlob(connection, 'app', BLOB))).rejects.toMatchObject({ status: 404 });
  });
});

describe('manifests', () => {
  const bytes = Buffer.from('{"schemaVersion":2,"layers":[]}');
  const digest = digestOf(bytes);
  const headers = { 'content-type': `${MEDIA_TYPES.ociManifest}; charset=utf-8` };

  test('are read by tag, and their digest is computed', async () => {
    const connection = fakeConnection(() => answer(200, bytes.toString(), headers));
    await expect(getManifest(connection, 'app', '1')).resolves.toEqual({
      descriptor: { mediaType: MEDIA_TYPES.ociManifest, digest, size: bytes.length },
      bytes,
    });
    expect(connection.requests[0]?.headers['accept']).toContain(MEDIA_TYPES.dockerList);
  });

  test.each([
    ['the one that was asked for', digestOf('another'), {}],
    ['the one the registry names', '1', { 'docker-content-digest': digestOf('another') }],
  ])('with a digest that is not %s are damaged', async (_, reference, more) => {
    const connection = fakeConnection(() => answer(200, bytes.toString(), { ...headers, ...more }));
    await expect(getManifest(connection, 'app', reference)).rejects.toMatchObject({
      code: 'IMAGE',
    });
  });

  test('that are not there', async () => {
    const connection = fakeConnection(() => undefined);
    await expect(getManifest(connection, 'app', '1')).rejects.toMatchObject({
      code: 'IMAGE',
      message: 'registry.example/app:1 does not exist.',
    });
  });

  test.each([
    ['1', { 'docker-content-digest': digest }, digest],
    ['1', {}, undefined],
    ['1', { 'docker-content-digest': 'rubbish' }, undefined],
    [digest, {}, digest],
  ])('%s is looked for (%j)', async (reference, more, found) => {
    const connection = fakeConnection(() => answer(200, '', more));
    await expect(headManifest(connection, 'app', reference)).resolves.toBe(found);
  });

  test('are not believed of a web server that has everything', async () => {
    const connection = fakeConnection(() => answer(200, '', { 'content-type': 'text/html' }));
    await expect(headManifest(connection, 'app', digest)).rejects.toThrow(/web page/);
  });

  test.each([
    [{ 'oci-tag': 'a' }, ['a']],
    [{ 'oci-tag': 'a, b,c' }, ['a', 'b', 'c']],
    [{}, []],
  ])('are written with their tags (%j)', async (more, tags) => {
    const connection = fakeConnection(() => answer(201, '', more));
    const content = { descriptor: { mediaType: MEDIA_TYPES.ociManifest, digest, size: 1 }, bytes };
    const options = { tags: ['a', 'b'] };
    await expect(putManifest(connection, 'app', digest, content, options)).resolves.toEqual(tags);
    expect(connection.lines).toEqual([`PUT /v2/app/manifests/${digest}?tag=a&tag=b`]);
    expect(connection.requests[0]?.headers).toEqual({ 'content-type': MEDIA_TYPES.ociManifest });
  });
});
