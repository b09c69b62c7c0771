import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  OCI_INDEX,
  OCI_MANIFEST,
  digestOf,
  referrersTag,
  startRegistry,
} from '../../../support/registry/index.ts';
import type { Descriptor, StrictRegistry } from '../../../support/registry/index.ts';
import { GoodClient, REPO, expectBroken, imageOf, indexOf, send } from './raw.ts';

const ABSENT: Descriptor = {
  mediaType: OCI_MANIFEST,
  digest: `sha256:${'0'.repeat(64)}`,
  size: 7,
};

describe('rules for manifests', () => {
  let registry: StrictRegistry;
  let client: GoodClient;
  let config: Descriptor;
  let layer: Descriptor;
  let image: Buffer;

  beforeEach(async () => {
    registry = await startRegistry();
    client = new GoodClient(registry);
    config = registry.seedBlob(REPO, Buffer.from('{}'), 'application/vnd.oci.image.config.v1+json');
    layer = registry.seedBlob(REPO, Buffer.from('layer'));
    image = imageOf(config, [layer]);
  });

  afterEach(async () => {
    await registry.stop();
  });

  const put = async (reference: string, body: Buffer, type: string | null) =>
    await send(registry.url, 'PUT', `/v2/${REPO}/manifests/${reference}`, {
      headers: { 'user-agent': 'x', ...(type === null ? {} : { 'content-type': type }) },
      body,
    });

  it.each(['GET', 'HEAD'])('manifest-without-accept: %s', async (method) => {
    registry.seedManifest(REPO, image, 'latest');
    await client.send(method, `/v2/${REPO}/manifests/latest`);
    await expectBroken(registry, 'manifest-without-accept');
  });

  it.each(['*/*', 'application/json'])('manifest-without-accept: %s', async (accept) => {
    await client.send('GET', `/v2/${REPO}/manifests/latest`, { headers: { accept } });
    await expectBroken(registry, 'manifest-without-accept');
  });

  it('manifest-type-missing', async () => {
    await put(digestOf(image), image, null);
    await expectBroken(registry, 'manifest-type-missing');
  });

  it('manifest-type-parameters', async () => {
    await put(digestOf(image), image, `${OCI_MANIFEST}; charset=utf-8`);
    await expectBroken(registry, 'manifest-type-parameters');
  });

  it('manifest-type-mismatch', async () => {
    await put(digestOf(image), image, OCI_INDEX);
    await expectBroken(registry, 'manifest-type-mismatch');
  });

  it.each(['not json', '[]', 'null'])('manifest-not-json: %s', async (text) => {
    const bytes = Buffer.from(text);
    expect((await put(digestOf(bytes), bytes, OCI_MANIFEST)).status).toBe(400);
    await expectBroken(registry, 'manifest-not-json');
  });

  it('manifest-digest-mismatch', async () => {
    expect((await put(ABSENT.digest, image, OCI_MANIFEST)).status).toBe(400);
    await expectBroken(registry, 'manifest-digest-mismatch');
  });

  it('manifest-before-blobs', async () => {
    const early = imageOf(config, [layer, ABSENT]);
    const answer = await put(digestOf(early), early, OCI_MANIFEST);
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({
      errors: [{ code: 'MANIFEST_BLOB_UNKNOWN', detail: { digest: ABSENT.digest } }],
    });
    await expectBroken(registry, 'manifest-before-blobs');
  });

  it('manifest-before-blobs: layers that stay elsewhere need not be there', async () => {
    const mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';
    const foreign = { ...ABSENT, mediaType, urls: ['https://example.org/layer'] };
    const windows = imageOf(config, [foreign]);
    expect((await put(digestOf(windows), windows, OCI_MANIFEST)).status).toBe(201);
    await expectBroken(registry);
  });

  it('manifest-before-children', async () => {
    const index = indexOf([ABSENT]);
    expect((await put(digestOf(index), index, OCI_INDEX)).status).toBe(400);
    await expectBroken(registry, 'manifest-before-children');
  });

  it('descriptor-malformed', async () => {
    const { mediaType, digest } = layer;
    const broken = imageOf(config, [{ mediaType, digest } as Descriptor]);
    await put(digestOf(broken), broken, OCI_MANIFEST);
    await expectBroken(registry, 'descriptor-malformed');
  });

  it('descriptor-size: of a blob and of a child', async () => {
    const wrong = imageOf(config, [{ ...layer, size: 6 }]);
    await put(digestOf(wrong), wrong, OCI_MANIFEST);
    await expectBroken(registry, 'descriptor-size');
    registry.reset();
    const child = registry.seedManifest(REPO, image);
    const index = indexOf([{ ...child, size: 1 }]);
    await put(digestOf(index), index, OCI_INDEX);
    await expectBroken(registry, 'descriptor-size');
  });

  it('tag-before-digest', async () => {
    expect((await put('latest', image, OCI_MANIFEST)).status).toBe(201);
    await expectBroken(registry, 'tag-before-digest');
  });

  it('tag-parameter-on-tag', async () => {
    registry.seedManifest(REPO, image);
    await put('latest?tag=other', image, OCI_MANIFEST);
    await expectBroken(registry, 'tag-parameter-on-tag');
    expect(registry.tags(REPO)).toEqual({ latest: digestOf(image) });
  });

  it('reference-malformed: in a tag parameter', async () => {
    await put(`${digestOf(image)}?tag=.no`, image, OCI_MANIFEST);
    await expectBroken(registry, 'reference-malformed');
  });

  it('accepts digests first, tags last', async () => {
    await client.pushManifest(image, digestOf(image));
    await client.pushManifest(image, 'latest');
    expect((await client.getManifest('latest')).body).toEqual(image);
    await expectBroken(registry);
  });
});

describe('rules for the referrers tag', () => {
  let registry: StrictRegistry;
  let client: GoodClient;
  let subject: Descriptor;
  let tag: string;

  beforeEach(async () => {
    registry = await startRegistry({ features: { referrers: false } });
    client = new GoodClient(registry);
    subject = registry.seedManifest(REPO, { schemaVersion: 2, mediaType: OCI_MANIFEST });
    tag = referrersTag(subject.digest);
  });

  afterEach(async () => {
    await registry.stop();
  });

  async function attach(name: string): Promise<Descriptor> {
    const config = registry.seedBlob(REPO, Buffer.from('{}'));
    const bytes = imageOf(config, [], { subject, annotations: { name } });
    const answer = await client.pushManifest(bytes, digestOf(bytes));
    expect(answer.headers['oci-subject']).toBeUndefined();
    return { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length };
  }

  it('referrers-tag-missing', async () => {
    await attach('signature');
    await expectBroken(registry, 'referrers-tag-missing');
  });

  it('referrers-tag-lost', async () => {
    const first = await attach('signature');
    await client.pushManifest(indexOf([first]), tag, OCI_INDEX);
    const second = await attach('sbom');
    await client.pushManifest(indexOf([second]), tag, OCI_INDEX);
    await expectBroken(registry, 'referrers-tag-lost', 'referrers-tag-missing');
  });

  it('accepts an index under the tag that grows', async () => {
    const first = await attach('signature');
    await client.pushManifest(indexOf([first]), tag, OCI_INDEX);
    const second = await attach('sbom');
    await client.pushManifest(indexOf([first, second]), tag, OCI_INDEX);
    await expectBroken(registry);
  });

  it('asks for no tag where OCI-Subject was answered', async () => {
    await registry.stop();
    registry = await startRegistry();
    client = new GoodClient(registry);
    const config = registry.seedBlob(REPO, Buffer.from('{}'));
    const bytes = imageOf(config, [], { subject, artifactType: 'application/x-test' });
    const answer = await client.pushManifest(bytes, digestOf(bytes));
    expect(answer.headers['oci-subject']).toBe(subject.digest);
    const list = await client.send('GET', `/v2/${REPO}/referrers/${subject.digest}`);
    expect(list.json()).toMatchObject({ manifests: [{ artifactType: 'application/x-test' }] });
    await expectBroken(registry);
  });
});
