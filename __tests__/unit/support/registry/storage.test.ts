import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { request as tlsRequest } from 'node:https';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf, selfSignedCertificate, startRegistry } from '../../../support/registry/index.ts';
import { Content, ContentPool } from '../../../support/registry/content.ts';
import { GoodClient, REPO } from './raw.ts';

const MIB = 1024 * 1024;

describe('content', () => {
  const pieces = ['one', 'two', 'three'].map((text) => Buffer.from(text));

  // In memory, in a file from the start, and moved to a file on the way.
  it.each([100, 0, 5])('reads back what was written with %i bytes of memory', (limit) => {
    const pool = new ContentPool(false, limit);
    const content = new Content(pool);
    for (const piece of pieces) content.append(piece);
    expect(content.size).toBe(11);
    expect(content.bytes().toString()).toBe('onetwothree');
    expect(Buffer.concat([...content.read(2, 8)]).toString()).toBe('etwoth');
    content.truncate(4);
    content.append(Buffer.from('!'));
    expect(content.bytes().toString()).toBe('onet!');
    content.release();
    pool.dispose();
  });

  it('gives memory back', () => {
    const pool = new ContentPool(false, 10);
    const first = new Content(pool);
    first.append(Buffer.alloc(10));
    expect(pool.reserve(1)).toBe(false);
    first.truncate(4);
    expect(pool.reserve(6)).toBe(true);
    first.release();
    expect(pool.reserve(4)).toBe(true);
  });

  it('reads a range out of a large file', () => {
    const pool = new ContentPool(false, 0);
    const content = new Content(pool);
    for (let index = 0; index < 5; index += 1) content.append(Buffer.alloc(200_000, index));
    const range = Buffer.concat([...content.read(399_999, 600_001)]);
    expect(range).toHaveLength(200_002);
    expect([range[0], range[1], range[200_000], range[200_001]]).toEqual([1, 2, 2, 3]);
    pool.dispose();
  });

  it('keeps only the size when told to', () => {
    const content = new Content(new ContentPool(true, 0));
    content.append(Buffer.alloc(5));
    expect(content.size).toBe(5);
    expect(() => content.bytes()).toThrow('discarded');
  });
});

describe('a registry that holds much', () => {
  let folder: string;
  let before: string | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'registry-test-'));
    before = process.env['TMPDIR'];
    process.env['TMPDIR'] = folder;
  });

  afterEach(() => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(folder, { recursive: true });
  });

  it('moves to temporary files and deletes them', async () => {
    const registry = await startRegistry({ memoryLimit: MIB });
    const client = new GoodClient(registry);
    const body = Buffer.alloc(3 * MIB, 'x');
    const { digest } = await client.pushBlob(body);
    expect(registry.blob(REPO, digest)?.equals(body)).toBe(true);
    const range = { range: `bytes=${2 * MIB}-${2 * MIB + 9}` };
    const part = await client.send('GET', `/v2/${REPO}/blobs/${digest}`, { headers: range });
    expect(part.body.toString()).toBe('xxxxxxxxxx');
    registry.assertClean();
    await registry.stop();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('discards bytes but checks them', async () => {
    const registry = await startRegistry({ store: 'discard' });
    const client = new GoodClient(registry);
    const { digest } = await client.pushBlob(Buffer.alloc(3 * MIB, 'y'));
    expect(registry.blobSize(REPO, digest)).toBe(3 * MIB);
    expect((await client.send('HEAD', `/v2/${REPO}/blobs/${digest}`)).status).toBe(200);
    expect((await client.send('GET', `/v2/${REPO}/blobs/${digest}`)).status).toBe(500);
    const location = await client.start();
    expect((await client.put(location, digest, Buffer.from('other'))).status).toBe(400);
    registry.assertClean(['blob-digest-mismatch', 'blob-known-present']);
    await registry.stop();
  });
});

describe('what tests can ask and prepare', () => {
  it('records requests', async () => {
    const registry = await startRegistry();
    const client = new GoodClient(registry);
    const location = await client.start();
    await client.put(location, digestOf(Buffer.from('bytes')), Buffer.from('bytes'));
    const [start, put] = registry.requests;
    expect(start).toMatchObject({
      id: 1,
      method: 'POST',
      path: `/v2/${REPO}/blobs/uploads/`,
      kind: 'blob-upload-start',
      repo: REPO,
      role: 'registry',
      status: 202,
      concurrent: 1,
      faulted: false,
      cut: false,
    });
    expect(put).toMatchObject({ kind: 'blob-upload-put', bytesIn: 5, status: 201 });
    expect(put?.reference).toBe(digestOf(Buffer.from('bytes')));
    expect(put?.query.get('digest')).toBe(put?.reference);
    expect(put?.finishedAt).toBeGreaterThanOrEqual(put?.startedAt ?? Infinity);
    expect(registry.stats()).toMatchObject({
      requests: 2,
      byKind: { 'blob-upload-start': 1, 'blob-upload-put': 1 },
      byStatus: { 201: 1, 202: 1 },
      peakUploads: 1,
      sessions: { opened: 1, committed: 1, cancelled: 0, open: 0 },
    });
    await registry.stop();
    expect(registry.requests).toHaveLength(2);
  });

  it('forgets on reset, and garbage-collects on request', async () => {
    const registry = await startRegistry();
    const { digest } = registry.seedBlob(REPO, Buffer.from('bytes'));
    registry.removeBlob(REPO, digest);
    expect(registry.blob(REPO, digest)).toBeUndefined();
    await new GoodClient(registry).start();
    registry.reset();
    expect(registry.requests).toEqual([]);
    registry.assertClean();
    await registry.stop();
  });

  it('waits for requests that still run', async () => {
    const registry = await startRegistry();
    registry.faults.add({ do: { delayMs: 60 } });
    const answer = new GoodClient(registry).send('GET', '/v2/');
    await registry.idle();
    expect((await answer).status).toBe(200);
    expect(registry.requests[0]?.finishedAt).toBeGreaterThan(0);
    await registry.stop();
  });

  it('stops by itself at the end of a block', async () => {
    let url: string;
    {
      await using registry = await startRegistry();
      url = registry.url;
    }
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  it('speaks TLS with a certificate made here', async () => {
    const tls = selfSignedCertificate();
    const registry = await startRegistry({ tls });
    expect(registry.url).toBe(`https://${registry.host}`);
    const get = async (ca: string[]): Promise<number | undefined> =>
      await new Promise((resolve, reject) => {
        const options = { ca, agent: false, headers: { 'user-agent': 'tls-test' } } as const;
        tlsRequest(`${registry.url}/v2/`, { ...options, servername: '' }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });
    expect(await get([tls.cert])).toBe(200);
    await expect(get([])).rejects.toThrow('self-signed certificate');
    await expect(get([selfSignedCertificate().cert])).rejects.toThrow('self-signed certificate');
    registry.faults.add({ do: { cutAfterBytes: 0 } });
    await expect(get([tls.cert])).rejects.toThrow(/ECONNRESET|hang up|disconnected/);
    registry.assertClean();
    await registry.stop();
  });
});
