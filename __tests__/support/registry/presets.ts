import type { Features, PresetName } from './types.ts';

const MIB = 1024 * 1024;

/** A registry with everything the specification has, and nothing of its own. */
export const IDEAL: Features = {
  referrers: true,
  ociTag: true,
  singlePost: false,
  mount: 'from',
  chunked: true,
  chunkMin: 0,
  chunkMax: Infinity,
  bodyMax: Infinity,
  manifestMax: 4 * MIB,
  maxConcurrentUploads: Infinity,
  busyRetryAfter: 0,
  locationStyle: 'relative',
  uploadPath: 'uploads',
  patchStatus: 202,
  rangeQuirk: 'none',
  uploadStatus: true,
  onCut: 'keep',
  lastChunkInPut: false,
  deleteManifests: true,
  deleteBlobs: true,
  sparseIndex: false,
  blobUnknownStatus: 400,
  immutableTags: undefined,
  redirectBlobs: false,
  foreignUploads: false,
  setCookie: false,
};

/**
 * Look-alikes: what is known of these registries from their documentation, from issues of other
 * clients and from runs. They imitate what decides how an upload goes, not the whole service.
 */
export const PRESETS: Record<PresetName, Partial<Features>> = {
  distribution: { referrers: false, ociTag: false, locationStyle: 'absolute-query-state' },
  'docker-hub': {
    ociTag: false,
    locationStyle: 'absolute-query-state',
    onCut: 'drop-session',
    setCookie: true,
  },
  // Larger bodies are fine as long as they carry no Content-Range.
  ghcr: { referrers: false, ociTag: false, uploadPath: 'upload', chunkMax: 4 * MIB },
  gar: { ociTag: false, chunked: 'refused', mount: 'anonymous', redirectBlobs: false },
  acr: { ociTag: false, bodyMax: 20 * MIB, onCut: 'drop-session' },
  ecr: {
    ociTag: false,
    patchStatus: 201,
    chunkMin: 5 * MIB,
    chunkMax: 10 * MIB,
    rangeQuirk: 'stuck',
    lastChunkInPut: true,
    mount: 'off',
    deleteBlobs: false,
    locationStyle: 'absolute',
  },
  gitea: {
    referrers: false,
    ociTag: false,
    singlePost: true,
    mount: 'anonymous',
    rangeQuirk: 'off-by-one',
    onCut: 'drop-chunk',
    blobUnknownStatus: 404,
  },
};
