import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Agent } from 'node:http';
import { digestOf, startRegistry } from '../../../support/registry/index.ts';
import type { Features, StrictRegistry } from '../../../support/registry/index.ts';
import {
  GoodClient,
  OCTETS,
  REPO,
  chunk,
  expectBroken,
  keepAlive,
  withDigest,
  wire,
} from './raw.ts';

const BYTES = Buffer.from('0123456789');
const DIGEST = digestOf(BYTES);
const START = `/v2/${REPO}/blobs/uploads/`;

describe('rules for uploads', () => {
  let registry: StrictRegistry;
  let client: GoodClient;
  let agent: Agent;

  beforeEach(async () => {
    await restart();
  });

  afterEach(async () => {
    agent.destroy();
    await registry.stop();
  });

  async function restart(features: Partial<Features> = {}): Promise<void> {
    if (registry !== undefined) await registry.stop();
    registry = await startRegistry({ features });
    agent = keepAlive();
    client = new GoodClient(registry, {}, agent);
  }

  describe('starting', () => {
    it('upload-start-path', async () => {
      const answer = await client.send('POST', START.slice(0, -1));
      await client.put(answer.headers.location ?? '', DIGEST, BYTES);
      await expectBroken(registry, 'upload-start-path');
    });

    it('upload-start-length', async () => {
      const head = `POST ${START} HTTP/1.1\r\nHost: ${registry.host}\r\nUser-Agent: x\r\n\r\n`;
      const location = /^location: (.+)\r$/im.exec(await wire(registry.url, head))?.[1] ?? '';
      await client.put(location, DIGEST, BYTES);
      await expectBroken(registry, 'upload-start-length');
    });

    it('upload-start-body', async () => {
      const answer = await client.send('POST', START, { body: BYTES });
      await client.put(answer.headers.location ?? '', DIGEST, BYTES);
      await expectBroken(registry, 'upload-start-body');
    });

    it('mount-from-alone', async () => {
      const answer = await client.send('POST', `${START}?from=other/repo`);
      await client.put(answer.headers.location ?? '', DIGEST, BYTES);
      await expectBroken(registry, 'mount-from-alone');
    });

    it('blob-known-present: after HEAD has said so', async () => {
      registry.seedBlob(REPO, BYTES);
      await client.send('HEAD', `/v2/${REPO}/blobs/${DIGEST}`);
      await client.pushBlob(BYTES);
      await expectBroken(registry, 'blob-known-present');
      expect(registry.stats().duplicateUploads).toBe(1);
    });

    it('blob-known-present: not when nobody asked', async () => {
      registry.seedBlob(REPO, BYTES);
      await client.pushBlob(BYTES);
      await expectBroken(registry);
    });

    it('upload-content-type: in one POST', async () => {
      await restart({ singlePost: true });
      const answer = await client.send('POST', `${START}?digest=${DIGEST}`, { body: BYTES });
      expect(answer.status).toBe(201);
      await expectBroken(registry, 'upload-content-type');
    });
  });

  describe('using a session', () => {
    it('upload-url-unknown', async () => {
      const answer = await client.put(`${START}made-up`, DIGEST, BYTES);
      expect(answer.status).toBe(404);
      await expectBroken(registry, 'upload-url-unknown');
    });

    it('upload-location-stale: the query is left out', async () => {
      await restart({ locationStyle: 'query-state' });
      const [path = ''] = (await client.start()).split('?');
      expect((await client.put(path, DIGEST, BYTES)).status).toBe(416);
      await expectBroken(registry, 'upload-location-stale', 'upload-session-leaked');
    });

    it('upload-location-stale: a state that was spoiled on the way', async () => {
      await restart({ locationStyle: 'query-state' });
      const spoiled = decodeURIComponent(await client.start()).replaceAll(' ', '+');
      await client.put(spoiled, DIGEST, BYTES);
      await expectBroken(registry, 'upload-location-stale', 'upload-session-leaked');
    });

    it('upload-location-stale: not the latest', async () => {
      await restart({ locationStyle: 'query-state' });
      const first = await client.start();
      const { headers } = await client.patch(first, 0, BYTES.subarray(0, 5));
      expect((await client.patch(first, 5, BYTES.subarray(5))).status).toBe(416);
      expect(headers.location).not.toBe(first);
      await expectBroken(registry, 'upload-location-stale', 'upload-session-leaked');
    });

    it('upload-location-stale: a parameter of our own', async () => {
      await client.put(`${await client.start()}?extra=1`, DIGEST, BYTES);
      await expectBroken(registry, 'upload-location-stale', 'upload-session-leaked');
    });

    it.each(['commit', 'cancel'])('upload-session-finished: after %s', async (how) => {
      const location = await client.start();
      if (how === 'commit') await client.put(location, DIGEST, BYTES);
      else await client.send('DELETE', location);
      expect((await client.patch(location, 0, BYTES)).status).toBe(404);
      await expectBroken(registry, 'upload-session-finished');
    });

    it('upload-session-finished: after the registry said it is lost', async () => {
      const location = await client.start();
      registry.faults.add({ match: { path: 'blob-upload-status' }, do: { forgetSession: true } });
      expect((await client.send('GET', location)).status).toBe(404);
      await expectBroken(registry);
      await client.patch(location, 0, BYTES);
      await expectBroken(registry, 'upload-session-finished');
    });

    it('upload-session-finished: not when the answer was lost', async () => {
      const location = await client.start();
      registry.faults.add({ match: { path: 'blob-upload-put' }, do: { dropResponse: true } });
      await expect(client.put(location, DIGEST, BYTES)).rejects.toThrow();
      expect((await client.put(location, DIGEST, BYTES)).status).toBe(404);
      await expectBroken(registry);
    });

    it('upload-session-concurrent', async () => {
      const location = await client.start();
      const match = { path: 'blob-upload-patch' } as const;
      registry.faults.add({ match, do: { readBytesPerSecond: 15 } });
      const other = new GoodClient(registry);
      const slow = other.patch(location, 0, BYTES);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect((await client.send('GET', location)).status).toBe(400);
      const { headers } = await slow;
      await client.put(headers.location ?? '', DIGEST);
      await expectBroken(registry, 'upload-session-concurrent');
    });

    it('upload-session-leaked', async () => {
      await client.start();
      await expectBroken(registry, 'upload-session-leaked');
      expect(registry.violations).toEqual([]);
    });

    it('upload-session-leaked: not when the client could not know, or tried to cancel', async () => {
      registry.faults.add({ do: { dropResponse: true } });
      await expect(client.start()).rejects.toThrow();
      registry.faults.add({ do: { location: 'http://192.0.2.1/upload' } });
      await client.start();
      const location = await client.start();
      registry.faults.add({ do: { status: 500 } });
      await client.send('DELETE', location);
      await expectBroken(registry);
    });
  });

  describe('sending bytes', () => {
    it.each(['PATCH', 'PUT'])('upload-content-type: %s', async (method) => {
      const location = await client.start();
      const path = method === 'PUT' ? withDigest(location, DIGEST) : location;
      const range = { 'content-range': '0-9', 'content-type': 'application/json' };
      await client.send(method, path, { headers: range, body: BYTES });
      if (method === 'PATCH') await client.put(location, DIGEST);
      await expectBroken(registry, 'upload-content-type');
    });

    it('chunk-without-length', async () => {
      const location = await client.start();
      const headers = { ...chunk(0, 10), 'content-length': null, 'transfer-encoding': 'chunked' };
      await client.send('PATCH', location, { headers, body: BYTES });
      await client.put(location, DIGEST);
      await expectBroken(registry, 'chunk-without-length');
    });

    it('chunk-without-range', async () => {
      const location = await client.start();
      await client.send('PATCH', location, { headers: { 'content-type': OCTETS }, body: BYTES });
      await client.put(location, DIGEST);
      await expectBroken(registry, 'chunk-without-range');
    });

    it.each(['bytes 0-9/10', 'bytes=0-9', '0-9/*', '9-0'])(
      'chunk-range-malformed: %s',
      async (range) => {
        const location = await client.start();
        const headers = { ...chunk(0, 10), 'content-range': range };
        const answer = await client.send('PATCH', location, { headers, body: BYTES });
        expect(answer.status).toBe(400);
        await client.send('DELETE', location);
        await expectBroken(registry, 'chunk-range-malformed');
      },
    );

    it('chunk-range-length', async () => {
      const location = await client.start();
      const headers = chunk(0, 11);
      await client.send('PATCH', location, { headers, body: BYTES });
      await client.send('DELETE', location);
      await expectBroken(registry, 'chunk-range-length');
    });

    it.each(['PATCH', 'PUT'])('chunk-out-of-order: %s', async (method) => {
      const location = await client.start();
      await client.patch(location, 0, BYTES.subarray(0, 5));
      const rest = BYTES.subarray(5);
      const answer =
        method === 'PATCH'
          ? await client.patch(location, 6, rest)
          : await client.put(location, DIGEST, rest, 4);
      expect(answer.status).toBe(416);
      expect(answer.headers.range).toBe('0-4');
      await client.put(location, DIGEST, rest, 5);
      await expectBroken(registry, 'chunk-out-of-order');
    });

    it('chunk-below-minimum', async () => {
      await restart({ chunkMin: 6 });
      const location = await client.start();
      await client.patch(location, 0, BYTES.subarray(0, 5));
      expect((await client.patch(location, 5, BYTES.subarray(5))).status).toBe(400);
      await client.send('DELETE', location);
      await expectBroken(registry, 'chunk-below-minimum');
    });

    it('chunk-below-minimum: the last chunk may be small', async () => {
      await restart({ chunkMin: 6 });
      const location = await client.start();
      await client.patch(location, 0, BYTES.subarray(0, 6));
      await client.patch(location, 6, BYTES.subarray(6));
      expect((await client.put(location, DIGEST)).status).toBe(201);
      await expectBroken(registry);
    });
  });

  describe('closing', () => {
    it('put-without-digest', async () => {
      const location = await client.start();
      const headers = { 'content-type': OCTETS };
      await client.send('PUT', location, { headers, body: BYTES });
      await client.send('DELETE', location);
      await expectBroken(registry, 'put-without-digest');
    });

    it('put-without-length', async () => {
      const path = withDigest(await client.start(), DIGEST);
      const headers = {
        'content-type': OCTETS,
        'content-length': null,
        'transfer-encoding': 'chunked',
      };
      await client.send('PUT', path, { headers, body: BYTES });
      await expectBroken(registry, 'put-without-length');
    });

    it('put-without-range', async () => {
      const location = await client.start();
      await client.patch(location, 0, BYTES.subarray(0, 5));
      expect((await client.put(location, DIGEST, BYTES.subarray(5))).status).toBe(201);
      await expectBroken(registry, 'put-without-range');
    });

    it('put-replayed', async () => {
      const location = await client.start();
      const match = { path: 'blob-upload-put' } as const;
      registry.faults.add({ match, do: { cutAfterBytes: 4 } });
      await expect(client.put(location, DIGEST, BYTES)).rejects.toThrow();
      expect((await client.put(location, DIGEST, BYTES)).status).toBe(400);
      await expectBroken(registry, 'put-replayed');
    });

    it('put-replayed: not when nothing of the body had come', async () => {
      const location = await client.start();
      registry.faults.add({ match: { path: 'blob-upload-put' }, do: { status: 503 } });
      expect((await client.put(location, DIGEST, BYTES)).status).toBe(503);
      expect((await client.put(location, DIGEST, BYTES)).status).toBe(201);
      await expectBroken(registry);
    });

    it('blob-digest-mismatch', async () => {
      const location = await client.start();
      const answer = await client.put(location, DIGEST, Buffer.from('9876543210'));
      expect(answer.json()).toMatchObject({ errors: [{ code: 'DIGEST_INVALID' }] });
      await expectBroken(registry, 'blob-digest-mismatch');
    });
  });
});
