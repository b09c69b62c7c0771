import { describe, expect, test } from '@jest/globals';
import { convertManifest, mediaTypeIn } from '../../../src/oci/formats.ts';
import { MEDIA_TYPES } from '../../../src/oci/media-types.ts';

const OCI = {
  schemaVersion: 2,
  mediaType: MEDIA_TYPES.ociManifest,
  config: { mediaType: MEDIA_TYPES.ociConfig, digest: 'sha256:c', size: 1 },
  layers: [
    { mediaType: MEDIA_TYPES.ociLayerGzip, digest: 'sha256:a', size: 2 },
    {
      mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
      digest: 'sha256:b',
      size: 3,
      urls: ['https://somewhere.test/b'],
    },
  ],
};
const DOCKER = {
  schemaVersion: 2,
  mediaType: MEDIA_TYPES.dockerManifest,
  config: { ...OCI.config, mediaType: MEDIA_TYPES.dockerConfig },
  layers: [
    { ...OCI.layers[0], mediaType: MEDIA_TYPES.dockerLayerGzip },
    { ...OCI.layers[1], mediaType: MEDIA_TYPES.dockerForeignLayer },
  ],
};

describe('a manifest', () => {
  test('is the same in both formats but for the media types', () => {
    expect(convertManifest(OCI, OCI.mediaType, 'docker')).toEqual(DOCKER);
    expect(convertManifest(DOCKER, DOCKER.mediaType, 'oci')).toEqual(OCI);
    expect(convertManifest(OCI, OCI.mediaType, 'oci')).toEqual(OCI);
    expect(convertManifest(DOCKER, DOCKER.mediaType, 'docker')).toEqual(DOCKER);
  });

  test('keeps its annotations where there is a place for them', () => {
    const annotated = { ...OCI, annotations: { a: 'b' } };
    expect(convertManifest(annotated, OCI.mediaType, 'oci')).toEqual(annotated);
    expect(convertManifest(annotated, OCI.mediaType, 'docker')).toEqual(DOCKER);
  });

  test.each([
    [{ artifactType: 'application/x' }, /has no artifactType/],
    [{ subject: {} }, /has no subject/],
    [{ config: { mediaType: MEDIA_TYPES.ociEmpty } }, /nothing for application\/vnd.oci.empty/],
    [{ layers: [{ mediaType: MEDIA_TYPES.ociLayerZstd }] }, /nothing for .*tar\+zstd/],
    [{ layers: [{ mediaType: 'application/vnd.in-toto+json' }] }, /nothing for .*in-toto/],
  ])('that Docker cannot express is refused: %j', (more, message) => {
    expect(() => convertManifest({ ...OCI, ...more }, OCI.mediaType, 'docker')).toThrow(message);
    expect(() => convertManifest({ ...OCI, ...more }, OCI.mediaType, 'oci')).not.toThrow();
  });
});

test('indexes have a name in both, too', () => {
  expect(mediaTypeIn('docker', MEDIA_TYPES.ociIndex)).toBe(MEDIA_TYPES.dockerList);
  expect(mediaTypeIn('oci', MEDIA_TYPES.dockerList)).toBe(MEDIA_TYPES.ociIndex);
  expect(mediaTypeIn('oci', 'application/vnd.cncf.helm.config.v1+json')).toMatch(/helm/);
});
