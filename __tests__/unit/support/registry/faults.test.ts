import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Agent } from 'node:http';
import { FaultScript, digestOf, startRegistry } from '../../../support/registry/index.ts';
import type { StrictRegistry } from '../../../support/registry/index.ts';
import { seededRandom } from '../../../support/registry/random.ts';
import { GoodClient, REPO, keepAlive } from './raw.ts';

const BYTES = Buffer.from('0123456789');

describe('scripted faults', () => {
  let registry: StrictRegistry;
  let client: GoodClient;

  beforeEach(async () => {
    registry = await startRegistry({ strict: false });
    client = new GoodClient(registry, {}, new Agent());
  });

  afterEach(async () => {
    await registry.stop();
  });

  const status = async (method: string, path: string): Promise<number> =>
    (await client.send(method, path)).status;
  const ping = async (): Promise<number> => await status('GET', '/v2/');

  it('matches by method, kind, path, repository and reference', async () => {
    const matches = [
      { method: 'DELETE' },
      { path: 'tags-list' },
      { path: `/v2/${REPO}/tags/list` },
      { path: /tags\/list\?n=1/ },
      { repo: 'other/repo' },
      { reference: 'stable' },
      { role: 'foreign' as const },
    ];
    for (const [index, match] of matches.entries()) {
      registry.faults.add({ match, times: 9, do: { status: 500 + index } });
    }
    expect(await status('DELETE', '/v2/a/manifests/b')).toBe(500);
    expect(await status('GET', `/v2/${REPO}/tags/list`)).toBe(501);
    expect(await status('GET', '/v2/other/repo/manifests/x')).toBe(504);
    expect(await status('GET', `/v2/${REPO}/manifests/stable`)).toBe(505);
    expect(await ping()).toBe(200);
    expect(registry.faults.all.map(({ applied }) => applied)).toEqual([1, 1, 0, 0, 1, 1, 0]);
  });

  it('counts: the n-th, each n-th, so many times', async () => {
    registry.faults.add({ match: { nth: 2 }, do: { status: 500 } });
    registry.faults.add({ match: { every: 2 }, do: { status: 501 } });
    const answers: number[] = [];
    for (let count = 0; count < 6; count += 1) answers.push(await ping());
    expect(answers).toEqual([200, 500, 501, 200, 501, 200]);
    registry.faults.clear();
    registry.faults.add({ times: 2, do: { status: 503 } });
    expect([await ping(), await ping(), await ping()]).toEqual([503, 503, 200]);
  });

  it('answers a status, headers and a body', async () => {
    const headers = { 'Content-Type': 'text/plain', 'X-Reason': 'test' };
    registry.faults.add({ do: { status: 418, headers, body: 'no\n' } });
    const answer = await client.send('GET', '/v2/');
    expect(answer.body.toString()).toBe('no\n');
    expect(answer.headers).toMatchObject({ 'content-type': 'text/plain', 'x-reason': 'test' });
  });

  it('answers before a body, or after it', async () => {
    const location = await client.start();
    const match = { path: 'blob-upload-put' } as const;
    registry.faults.add({ match, do: { status: 500, afterBody: true } });
    registry.faults.add({ match, do: { status: 500 } });
    const digest = digestOf(BYTES);
    await client.put(location, digest, BYTES);
    expect(registry.requests.at(-1)).toMatchObject({ bytesIn: 10, faulted: true, status: 500 });
    expect((await client.put(location, digest, BYTES)).status).toBe(500);
    expect((await client.put(location, digest, BYTES)).status).toBe(201);
  });

  it('storms with 429 and Retry-After', async () => {
    registry.faults.storm(2, 3, { path: 'ping' });
    const answer = await client.send('GET', '/v2/');
    expect(answer.headers['retry-after']).toBe('3');
    expect(answer.json()).toMatchObject({ errors: [{ code: 'TOOMANYREQUESTS' }] });
    expect([await ping(), await ping()]).toEqual([429, 200]);
  });

  it('delays, hangs and stalls', async () => {
    registry.faults.add({ do: { delayMs: 80 } });
    const before = Date.now();
    await ping();
    expect(Date.now() - before).toBeGreaterThanOrEqual(75);
    for (const action of [{ hang: true }, { stallAfterBytes: 4 }]) {
      const location = await client.start();
      registry.faults.add({ match: { method: 'PATCH' }, do: action });
      const outcome = await Promise.race([
        client.patch(location, 0, BYTES).catch(() => 'closed'),
        new Promise((resolve) => setTimeout(resolve, 100, 'waiting')),
      ]);
      expect(outcome).toBe('waiting');
    }
  });

  it('cuts a request after some bytes', async () => {
    const location = await client.start();
    registry.faults.add({ match: { method: 'PATCH' }, do: { cutAfterBytes: 4 } });
    await expect(client.patch(location, 0, BYTES)).rejects.toThrow(/ECONNRESET|EPIPE|hang up/);
    expect(registry.requests.at(-1)).toMatchObject({ bytesIn: 4, cut: true, status: 0 });
    registry.faults.add({ do: { cutAfterBytes: 0 } });
    await expect(ping()).rejects.toThrow();
  });

  it('cuts an answer, drops it, or disguises it after the work is done', async () => {
    const { digest } = registry.seedBlob(REPO, BYTES);
    const match = { method: 'GET' };
    registry.faults.add({ match, do: { cutResponseAfterBytes: 3 } });
    await expect(client.send('GET', `/v2/${REPO}/blobs/${digest}`)).rejects.toThrow();
    expect(registry.requests.at(-1)).toMatchObject({ status: 200, cut: true });
    registry.faults.add({ match, do: { dropResponse: true } });
    await expect(ping()).rejects.toThrow();

    const location = await client.start('other/repo');
    registry.faults.add({ match: { method: 'PUT' }, do: { answerStatus: 502 } });
    expect((await client.put(location, digest, BYTES)).status).toBe(502);
    expect(registry.blob('other/repo', digest)).toEqual(BYTES);
  });

  it('lies about ranges, Locations, headers and bytes', async () => {
    const foreign = await registry.startForeignHost();
    registry.faults.add({ do: { location: 'foreign' } });
    expect((await client.start()).startsWith(`${foreign.url}/v2/`)).toBe(true);
    registry.faults.add({ do: { location: 'http://169.254.169.254/latest' } });
    expect(await client.start()).toBe('http://169.254.169.254/latest');

    const location = await client.start();
    registry.faults.add({ do: { lyingRange: '0-3' } });
    expect((await client.patch(location, 0, BYTES)).headers.range).toBe('0-3');
    registry.faults.add({ do: { addHeaders: { 'Docker-Content-Digest': 'sha256:lie' } } });
    const { digest } = registry.seedBlob(REPO, BYTES);
    const blob = `/v2/${REPO}/blobs/${digest}`;
    const head = await client.send('HEAD', blob);
    expect(head.headers['docker-content-digest']).toBe('sha256:lie');
    registry.faults.add({ do: { corruptBody: true } });
    const { body } = await client.send('GET', blob);
    expect(body).toHaveLength(10);
    expect(body).not.toEqual(BYTES);
  });

  it('takes and gives bodies slowly', async () => {
    const location = await client.start();
    registry.faults.add({ match: { method: 'PATCH' }, do: { readBytesPerSecond: 100 } });
    let before = Date.now();
    await client.patch(location, 0, BYTES);
    expect(Date.now() - before).toBeGreaterThanOrEqual(90);
    const { digest } = registry.seedBlob(REPO, BYTES);
    registry.faults.add({ do: { writeBytesPerSecond: 100 } });
    before = Date.now();
    expect((await client.send('GET', `/v2/${REPO}/blobs/${digest}`)).body).toEqual(BYTES);
    expect(Date.now() - before).toBeGreaterThanOrEqual(80);
  });

  it('waits before every answer where there is latency', async () => {
    const slow = await startRegistry({ latencyMs: 60 });
    const before = Date.now();
    await new GoodClient(slow).send('GET', '/v2/');
    expect(Date.now() - before).toBeGreaterThanOrEqual(55);
    await slow.stop();
  });
});

function draw(seed: number): number[] {
  const faults = new FaultScript();
  faults.resetEvery(3, 1000, 2000, seed);
  return [3, 6, 9].map((connection) => faults.connectionLimit(connection));
}

describe('resets by connection', () => {
  it('resets each n-th connection after a number of bytes that the seed decides', async () => {
    const registry = await startRegistry();
    const [min, max] = [256 * 1024, 512 * 1024];
    registry.faults.resetEvery(2, min, max, 7);
    const body = Buffer.alloc(1024 * 1024, 1);
    const digest = digestOf(body);
    const outcomes: string[] = [];
    for (let connection = 1; connection <= 4; connection += 1) {
      const agent = keepAlive();
      const client = new GoodClient(registry, {}, agent);
      const location = await client.start(`team/app${connection}`);
      const put = client.put(location, digest, body);
      outcomes.push(await put.then(({ status }) => String(status)).catch(() => 'reset'));
      agent.destroy();
    }
    expect(outcomes).toEqual(['201', 'reset', '201', 'reset']);
    expect(registry.faults.resets).toBe(2);
    for (const { bytesIn } of registry.requests.filter((request) => request.cut)) {
      expect(bytesIn).toBeGreaterThanOrEqual(min - 1024);
      // What was read in one go counts in one go.
      expect(bytesIn).toBeLessThanOrEqual(max + 128 * 1024);
    }
    expect(registry.stats().connections).toBe(4);
    registry.assertClean(['upload-session-leaked']);
    await registry.stop();
  });

  it('draws the same numbers from the same seed', () => {
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(new FaultScript().connectionLimit(3)).toBe(Infinity);
    const random = seededRandom(42);
    const numbers = Array.from({ length: 1000 }, random);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
  });
});
