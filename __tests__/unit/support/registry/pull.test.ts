import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  OCI_INDEX,
  OCI_MANIFEST,
  digestOf,
  startRegistry,
} from '../../../support/registry/index.ts';
import type { Descriptor, StrictRegistry } from '../../../support/registry/index.ts';
import { GoodClient, REPO, imageOf, indexOf } from './raw.ts';

const BYTES = Buffer.from('0123456789');

describe('reading, tagging and deleting', () => {
  let registry: StrictRegistry;
  let client: GoodClient;
  let blob: Descriptor;
  let image: Buffer;

  beforeEach(async () => {
    registry = await startRegistry();
    client = new GoodClient(registry);
    blob = registry.seedBlob(REPO, BYTES);
    image = imageOf(blob, [blob]);
  });

  afterEach(async () => {
    registry.assertClean();
    await registry.stop();
  });

  const path = (digest: string): string => `/v2/${REPO}/blobs/${digest}`;

  it('serves blobs, whole, by head and by range', async () => {
    const head = await client.send('HEAD', path(blob.digest));
    expect(head.status).toBe(200);
    expect(head.headers).toMatchObject({
      'content-length': '10',
      'docker-content-digest': blob.digest,
    });
    expect((await client.send('GET', path(blob.digest))).body).toEqual(BYTES);
    const ranges = { 'bytes=2-4': '234', 'bytes=7-': '789', 'bytes=-2': '89', 'bytes=8-99': '89' };
    for (const [range, expected] of Object.entries(ranges)) {
      const part = await client.send('GET', path(blob.digest), { headers: { range } });
      expect([part.status, part.body.toString()]).toEqual([206, expected]);
    }
    const beyond = await client.send('GET', path(blob.digest), { headers: { range: 'bytes=10-' } });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, 'bytes */10']);
    const absent = await client.send('GET', path(digestOf(Buffer.from('x'))));
    expect(absent.json()).toMatchObject({ errors: [{ code: 'BLOB_UNKNOWN' }] });
  });

  it('redirects blobs to the foreign host', async () => {
    const redirecting = await startRegistry({ features: { redirectBlobs: true } });
    redirecting.seedBlob(REPO, BYTES);
    const { headers, status } = await new GoodClient(redirecting).send('GET', path(blob.digest));
    expect(status).toBe(307);
    const bytes = await new GoodClient(redirecting).send('GET', headers.location ?? '');
    expect(bytes.body).toEqual(BYTES);
    redirecting.assertClean();
    await redirecting.stop();
  });

  it('keeps manifests byte for byte, by digest and by tag', async () => {
    const digest = digestOf(image);
    const pushed = await client.pushManifest(image, digest);
    expect(pushed.headers).toMatchObject({
      location: `/v2/${REPO}/manifests/${digest}`,
      'docker-content-digest': digest,
    });
    await client.pushManifest(image, 'latest');
    for (const reference of [digest, 'latest']) {
      const read = await client.getManifest(reference);
      expect(read.headers['content-type']).toBe(OCI_MANIFEST);
      expect(read.body).toEqual(image);
      const head = await client.getManifest(reference, 'HEAD');
      expect(head.headers['content-length']).toBe(String(image.length));
    }
    const absent = await client.getManifest('absent');
    expect(absent.json()).toMatchObject({ errors: [{ code: 'MANIFEST_UNKNOWN' }] });
    expect(registry.manifest(REPO, 'latest')?.digest).toBe(digest);
  });

  it('takes many tags with one manifest and answers OCI-Tag', async () => {
    const answer = await client.pushManifest(image, `${digestOf(image)}?tag=1.2.3&tag=1.2&tag=1`);
    expect(answer.headers['oci-tag']).toBe('1.2.3, 1.2, 1');
    expect(Object.keys(registry.tags(REPO))).toEqual(['1', '1.2', '1.2.3']);
    const single = await client.pushManifest(image, `${digestOf(image)}?tag=only`);
    expect(single.headers['oci-tag']).toBe('only');
  });

  it('ignores tags with a digest where OCI-Tag is not known', async () => {
    const older = await startRegistry({ features: { ociTag: false, sparseIndex: true } });
    const bytes = indexOf([blob]);
    const reference = `${digestOf(bytes)}?tag=latest`;
    const answer = await new GoodClient(older).pushManifest(bytes, reference, OCI_INDEX);
    expect([answer.status, answer.headers['oci-tag']]).toEqual([201, undefined]);
    expect(older.tags(REPO)).toEqual({});
    older.assertClean();
    await older.stop();
  });

  it('refuses manifests that are too large, and tags that may not move', async () => {
    const immutableTags = { status: 412, code: 'DENIED' };
    const narrow = await startRegistry({ features: { manifestMax: 1000, immutableTags } });
    const other = new GoodClient(narrow);
    narrow.seedBlob(REPO, BYTES);
    const large = imageOf(blob, [blob], { annotations: { large: 'x'.repeat(1000) } });
    expect((await other.pushManifest(large, digestOf(large))).status).toBe(413);
    narrow.seedManifest(REPO, { schemaVersion: 2, mediaType: OCI_MANIFEST }, 'v1');
    await other.pushManifest(image, digestOf(image));
    expect((await other.pushManifest(image, 'v1')).status).toBe(412);
    expect((await other.pushManifest(image, 'v2')).status).toBe(201);
    expect((await other.pushManifest(image, 'v2')).status).toBe(201);
    narrow.assertClean();
    await narrow.stop();
  });

  it('lists tags in pages', async () => {
    registry.seedManifest(REPO, image, 'c', 'a', 'b');
    const list = async (query: string): Promise<unknown> =>
      (await client.send('GET', `/v2/${REPO}/tags/list${query}`)).json();
    expect(await list('')).toEqual({ name: REPO, tags: ['a', 'b', 'c'] });
    expect(await list('?n=2&last=a')).toMatchObject({ tags: ['b', 'c'] });
    const page = await client.send('GET', `/v2/${REPO}/tags/list?n=2`);
    expect(page.headers.link).toBe(`</v2/${REPO}/tags/list?n=2&last=b>; rel="next"`);
    const absent = await client.send('GET', '/v2/no/such/tags/list');
    expect(absent.json()).toMatchObject({ errors: [{ code: 'NAME_UNKNOWN' }] });
  });

  it('lists referrers, with a filter', async () => {
    const subject = registry.seedManifest(REPO, image);
    const sbom = imageOf(blob, [], { subject, artifactType: 'application/sbom' });
    const plain = imageOf(blob, [], { subject, annotations: { who: 'me' } });
    for (const bytes of [sbom, plain]) registry.seedManifest(REPO, bytes);
    const url = `/v2/${REPO}/referrers/${subject.digest}`;
    const all = await client.send('GET', url);
    expect(all.headers['content-type']).toBe(OCI_INDEX);
    expect(all.json()).toMatchObject({
      manifests: [
        { digest: digestOf(sbom), artifactType: 'application/sbom' },
        { digest: digestOf(plain), artifactType: blob.mediaType, annotations: { who: 'me' } },
      ],
    });
    const filtered = await client.send('GET', `${url}?artifactType=application/sbom`);
    expect(filtered.headers['oci-filters-applied']).toBe('artifactType');
    expect((filtered.json() as { manifests: unknown[] }).manifests).toHaveLength(1);
  });

  it('deletes tags, manifests and blobs', async () => {
    const { digest } = registry.seedManifest(REPO, image, 'a', 'b');
    const remove = async (what: string): Promise<number> =>
      (await client.send('DELETE', `/v2/${REPO}/${what}`)).status;
    expect(await remove('manifests/a')).toBe(202);
    expect(registry.tags(REPO)).toEqual({ b: digest });
    expect(await remove(`manifests/${digest}`)).toBe(202);
    expect(registry.tags(REPO)).toEqual({});
    expect(await remove(`manifests/${digest}`)).toBe(404);
    expect(await remove(`blobs/${blob.digest}`)).toBe(202);
    expect(await remove(`blobs/${blob.digest}`)).toBe(404);
    // What was deleted may be uploaded again.
    await client.pushBlob(BYTES);
  });

  it('does not delete where that is off', async () => {
    const fixed = await startRegistry({ features: { deleteManifests: false, deleteBlobs: false } });
    const other = new GoodClient(fixed);
    for (const what of ['manifests/latest', `blobs/${blob.digest}`]) {
      expect((await other.send('DELETE', `/v2/${REPO}/${what}`)).status).toBe(405);
    }
    fixed.assertClean();
    await fixed.stop();
  });
});
