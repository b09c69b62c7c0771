import { afterEach, describe, expect, it } from '@jest/globals';
import { digestOf, startRegistry } from '../../../support/registry/index.ts';
import type { Features, RegistryOptions, StrictRegistry } from '../../../support/registry/index.ts';
import { GoodClient, OCTETS, REPO, send } from './raw.ts';

const BYTES = Buffer.from('0123456789');
const DIGEST = digestOf(BYTES);
const START = `/v2/${REPO}/blobs/uploads/`;

describe('uploads', () => {
  const started: StrictRegistry[] = [];

  afterEach(async () => {
    for (const registry of started) registry.assertClean();
    await Promise.all(started.splice(0).map(async (registry) => await registry.stop()));
  });

  async function start(
    features: Partial<Features> = {},
    options: RegistryOptions = {},
  ): Promise<[StrictRegistry, GoodClient]> {
    const registry = await startRegistry({ ...options, features });
    started.push(registry);
    return [registry, new GoodClient(registry)];
  }

  it.each(['relative', 'absolute', 'query-state', 'absolute-query-state'] as const)(
    'gives %s Locations',
    async (locationStyle) => {
      const [registry, client] = await start({ locationStyle });
      const location = await client.start();
      expect(location.startsWith(registry.url)).toBe(locationStyle.startsWith('absolute'));
      expect(location.includes('_state=')).toBe(locationStyle.endsWith('state'));
      const half = await client.patch(location, 0, BYTES.subarray(0, 5));
      expect(half.headers.range).toBe('0-4');
      const next = half.headers.location ?? '';
      expect(next === location).toBe(!locationStyle.endsWith('state'));
      expect((await client.put(next, DIGEST, BYTES.subarray(5), 5)).status).toBe(201);
      expect(registry.blob(REPO, DIGEST)).toEqual(BYTES);
    },
  );

  it.each([
    ['uploads', `/v2/${REPO}/blobs/uploads/`],
    ['upload', `/v2/${REPO}/blobs/upload/`],
    ['opaque', '/u/'],
  ] as const)('has sessions under %s', async (uploadPath, prefix) => {
    const [, client] = await start({ uploadPath });
    const location = await client.start();
    expect(location.startsWith(prefix)).toBe(true);
    expect((await client.put(location, DIGEST, BYTES)).status).toBe(201);
  });

  it('takes a blob in one POST where that is offered', async () => {
    const [registry, client] = await start({ singlePost: true });
    const headers = { 'content-type': OCTETS };
    const path = `${START}?digest=${DIGEST}`;
    const answer = await client.send('POST', path, { headers, body: BYTES });
    expect(answer.status).toBe(201);
    expect(answer.headers.location).toBe(`/v2/${REPO}/blobs/${DIGEST}`);
    expect(registry.blob(REPO, DIGEST)).toEqual(BYTES);
    expect(registry.stats().sessions).toEqual({ opened: 0, committed: 0, cancelled: 0, open: 0 });
  });

  it('opens a session for such a POST where it is not', async () => {
    const [registry, client] = await start();
    const headers = { 'content-type': OCTETS };
    const path = `${START}?digest=${DIGEST}`;
    const answer = await client.send('POST', path, { headers, body: BYTES });
    expect(answer.status).toBe(202);
    await client.put(answer.headers.location ?? '', DIGEST, BYTES);
    expect(registry.stats()).toMatchObject({ blobBytes: 20, committedBytes: 10 });
  });

  it('mounts what the named repository has', async () => {
    const [registry, client] = await start();
    registry.seedBlob('base/image', BYTES);
    const answer = await client.send('POST', `${START}?mount=${DIGEST}&from=base/image`);
    expect(answer.status).toBe(201);
    expect(registry.blob(REPO, DIGEST)).toEqual(BYTES);
    expect(registry.stats().mounts).toBe(1);
  });

  it.each([
    ['from', '&from=other/image', 202],
    ['from', '', 202],
    ['anonymous', '', 201],
    ['off', '&from=base/image', 202],
    [401, '&from=base/image', 401],
    [500, '&from=base/image', 500],
  ] as const)('with mount %s answers a mount%s with %i', async (mount, from, status) => {
    const [registry, client] = await start({ mount });
    registry.seedBlob('base/image', BYTES);
    const answer = await client.send('POST', `${START}?mount=${DIGEST}${from}`);
    expect(answer.status).toBe(status);
    if (status === 202) await client.put(answer.headers.location ?? '', DIGEST, BYTES);
  });

  it('takes sha512, announced or found out at the end', async () => {
    const [registry, client] = await start();
    const digest = digestOf(BYTES, 'sha512');
    const announced = await client.send('POST', `${START}?digest-algorithm=sha512`);
    expect((await client.put(announced.headers.location ?? '', digest, BYTES)).status).toBe(201);
    const location = await client.start('other/repo');
    await client.patch(location, 0, BYTES);
    expect((await client.put(location, digest)).status).toBe(201);
    expect(registry.blob('other/repo', digest)).toEqual(BYTES);
  });

  it('announces the smallest chunk and refuses larger ones than the largest', async () => {
    const [, client] = await start({ chunkMin: 3, chunkMax: 6 });
    const answer = await client.send('POST', START);
    expect(answer.headers['oci-chunk-min-length']).toBe('3');
    const location = answer.headers.location ?? '';
    expect((await client.patch(location, 0, BYTES)).status).toBe(416);
    // Without a Content-Range the limit is not looked at.
    expect((await client.put(location, DIGEST, BYTES)).status).toBe(201);
  });

  it('refuses chunks, answers 201 to them, or wants the last one in the PUT', async () => {
    const [, refusing] = await start({ chunked: 'refused' });
    const closed = await refusing.start();
    expect((await refusing.patch(closed, 0, BYTES)).status).toBe(405);
    expect((await refusing.put(closed, DIGEST, BYTES)).status).toBe(201);

    const [, created] = await start({ patchStatus: 201, lastChunkInPut: true });
    const location = await created.start();
    expect((await created.patch(location, 0, BYTES.subarray(0, 5))).status).toBe(201);
    expect((await created.put(location, DIGEST)).status).toBe(500);
    expect((await created.put(location, DIGEST, BYTES.subarray(5), 5)).status).toBe(201);
  });

  it('answers 413 with a page above its limit', async () => {
    const [registry, client] = await start({ bodyMax: 9 });
    const location = await client.start();
    const answer = await client.put(location, DIGEST, BYTES);
    expect(answer.status).toBe(413);
    expect(answer.headers['content-type']).toBe('text/html');
    await client.patch(location, 0, BYTES.subarray(0, 9));
    expect((await client.put(location, DIGEST, BYTES.subarray(9), 9)).status).toBe(201);
    expect(registry.stats().byStatus).toMatchObject({ 413: 1, 201: 1 });
  });

  it('answers 429 above its number of uploads, and takes them one by one', async () => {
    const [registry, client] = await start({ maxConcurrentUploads: 1, busyRetryAfter: 0 });
    const [one, two] = [await client.start(), await client.start()];
    registry.faults.add({ match: { nth: 1 }, do: { readBytesPerSecond: 100 } });
    const answers = await Promise.all([
      client.put(one, DIGEST, BYTES),
      client.put(two, DIGEST, BYTES),
    ]);
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([201, 429]);
    const refused = answers[0].status === 429 ? one : two;
    expect((await client.put(refused, DIGEST, BYTES)).status).toBe(201);
    expect(registry.stats().peakUploads).toBe(2);
  });

  it.each([
    ['none', '0-3', '0-3', '0-7'],
    ['off-by-one', '0-3', '0-4', '0-7'],
    ['stuck', '0-3', '0-3', '0-3'],
  ] as const)('tells where an upload is: %s', async (rangeQuirk, first, asked, second) => {
    const [, client] = await start({ rangeQuirk });
    const location = await client.start();
    expect((await client.patch(location, 0, BYTES.subarray(0, 4))).headers.range).toBe(first);
    const status = await client.send('GET', location);
    expect([status.status, status.headers.range]).toEqual([204, asked]);
    expect((await client.patch(location, 4, BYTES.subarray(4, 8))).headers.range).toBe(second);
    expect((await client.put(location, DIGEST, BYTES.subarray(8), 8)).status).toBe(201);
  });

  it('does not tell where an upload is', async () => {
    const [, client] = await start({ uploadStatus: false });
    const location = await client.start();
    expect((await client.send('GET', location)).status).toBe(400);
    await client.send('DELETE', location);
  });

  it.each([
    ['keep', '0-6'],
    ['drop-chunk', '0-3'],
  ] as const)('after a cut chunk: %s', async (onCut, range) => {
    const [registry, client] = await start({ onCut, locationStyle: 'query-state' });
    const first = await client.patch(await client.start(), 0, BYTES.subarray(0, 4));
    registry.faults.add({ match: { method: 'PATCH' }, do: { cutAfterBytes: 3 } });
    const location = first.headers.location ?? '';
    await expect(client.patch(location, 4, BYTES.subarray(4))).rejects.toThrow();
    const status = await client.send('GET', location);
    expect([status.status, status.headers.range]).toEqual([204, range]);
    const offset = Number(range.slice(2)) + 1;
    const rest = BYTES.subarray(offset);
    const last = await client.put(status.headers.location ?? '', DIGEST, rest, offset);
    expect(last.status).toBe(201);
    expect(registry.blob(REPO, DIGEST)).toEqual(BYTES);
    expect(registry.requests.filter((request) => request.cut)).toHaveLength(1);
  });

  it('after a cut chunk: drop-session', async () => {
    const [registry, client] = await start({ onCut: 'drop-session' });
    const location = await client.start();
    registry.faults.add({ match: { method: 'PATCH' }, do: { cutAfterBytes: 3 } });
    await expect(client.patch(location, 0, BYTES)).rejects.toThrow();
    expect((await client.send('GET', location)).status).toBe(404);
    await client.pushBlob(BYTES);
  });

  it('resumes a cut PUT by range', async () => {
    const [registry, client] = await start();
    const location = await client.start();
    registry.faults.add({ match: { method: 'PUT' }, do: { cutAfterBytes: 6 } });
    await expect(client.put(location, DIGEST, BYTES)).rejects.toThrow();
    expect((await client.send('GET', location)).headers.range).toBe('0-5');
    expect((await client.put(location, DIGEST, BYTES.subarray(6), 6)).status).toBe(201);
  });

  it('does not hold an offset against a client that cannot know it', async () => {
    const [registry, client] = await start();
    const location = await client.start();
    registry.faults.add({ match: { method: 'PATCH' }, do: { dropResponse: true } });
    await expect(client.patch(location, 0, BYTES.subarray(0, 5))).rejects.toThrow();
    const again = await client.patch(location, 0, BYTES.subarray(0, 5));
    expect([again.status, again.headers.range]).toEqual([416, '0-4']);
    await client.put(location, DIGEST, BYTES.subarray(5), 5);
  });

  it('serves uploads on a foreign host, without credentials', async () => {
    const login = { mode: 'basic', username: 'u', password: 'secret' } as const;
    const [registry] = await start({ foreignUploads: true }, { auth: login });
    await send(registry.url, 'GET', '/v2/');
    const authorization = `Basic ${Buffer.from('u:secret').toString('base64')}`;
    const location = await new GoodClient(registry, { authorization }).start();
    expect(location).toMatch(/^http:\/\/localhost:/);
    const answer = await new GoodClient(registry).put(location, DIGEST, BYTES);
    expect(answer.status).toBe(201);
    expect(registry.requests.at(-1)?.role).toBe('foreign');
    expect(registry.blob(REPO, DIGEST)).toEqual(BYTES);
  });
});
