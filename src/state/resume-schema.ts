import * as z from 'zod/mini';
import { isDigest, type Digest } from '../oci/digest.ts';
import { printable } from '../util/text.ts';

/** How far the upload of one blob has come. Sizes in bytes. */
export interface ResumeLayer {
  readonly Digest: Digest;
  readonly BytesWritten: number;
  readonly TotalBytes: number;
  /** digest of the first `BytesWritten` bytes */
  readonly Checksum: Digest;
  /** the upload's session; none when the blob has arrived */
  readonly Location?: string;
  /** true where the address alone opens nothing to a stranger */
  readonly Shareable?: boolean;
}

/** What has arrived, or is on its way, in one repository. */
export interface ResumePlace {
  readonly Registry: string;
  readonly Repository: string;
  /** by digest */
  readonly UploadedLayers: Readonly<Record<string, ResumeLayer>>;
  readonly Manifests: readonly Digest[];
}

/** The push of one image, as it is written down. */
export interface ResumeState {
  readonly SchemaVersion: 1;
  /** the first target, for people */
  readonly Image: string;
  readonly ImageDigest: Digest;
  /** ISO 8601 */
  readonly LastCheckpoint: string;
  readonly Places: readonly ResumePlace[];
}

/** What a state may have at most. Nothing larger is written, and nothing larger is read. */
export const RESUME_LIMITS = {
  fileBytes: 8 * 1024 * 1024,
  places: 64,
  layers: 20_000,
  manifests: 20_000,
  nameLength: 1024,
  locationLength: 8192,
} as const;

const VISIBLE = /^[\u0021-\u007e]+$/;

/** True for a text without blanks and anything unseen, of a length that may be written down. */
export function isVisible(text: string, maximum: number): boolean {
  return text.length <= maximum && VISIBLE.test(text);
}

/** True for a blob that has arrived. */
export function isFinished(layer: ResumeLayer): boolean {
  const { BytesWritten, TotalBytes, Checksum, Digest, Location } = layer;
  return BytesWritten === TotalBytes && Checksum === Digest && Location === undefined;
}

const visible = (maximum: number) => z.string().check(z.refine((text) => isVisible(text, maximum)));
const digest = z.custom<Digest>(isDigest);
const bytes = z.number().check(z.refine((size) => Number.isSafeInteger(size) && size >= 0));

const layer = z
  .object({
    Digest: digest,
    BytesWritten: bytes,
    TotalBytes: bytes,
    Checksum: digest,
    Location: z.exactOptional(visible(RESUME_LIMITS.locationLength)),
    Shareable: z.exactOptional(z.boolean()),
  })
  .check(z.refine(({ BytesWritten, TotalBytes }) => BytesWritten <= TotalBytes));

const place = z.object({
  Registry: visible(RESUME_LIMITS.nameLength),
  Repository: visible(RESUME_LIMITS.nameLength),
  UploadedLayers: z
    .record(digest, layer)
    .check(
      z.refine((layers) => Object.entries(layers).every(([key, { Digest }]) => key === Digest)),
    ),
  Manifests: z.array(digest),
});

function isBounded(places: readonly ResumePlace[]): boolean {
  let layers = 0;
  let manifests = 0;
  for (const { UploadedLayers, Manifests } of places) {
    layers += Object.keys(UploadedLayers).length;
    manifests += Manifests.length;
  }
  return layers <= RESUME_LIMITS.layers && manifests <= RESUME_LIMITS.manifests;
}

const state = z.object({
  SchemaVersion: z.literal(1),
  Image: visible(RESUME_LIMITS.nameLength),
  ImageDigest: digest,
  LastCheckpoint: z.iso.datetime({ offset: true }).check(
    z.maxLength(40),
    z.refine((time) => Number.isFinite(Date.parse(time))),
  ),
  Places: z.array(place).check(z.maxLength(RESUME_LIMITS.places), z.refine(isBounded)),
});

/** @returns the state, without fields that are not known; or why it is none, as half a sentence */
export function parseResumeState(value: unknown): ResumeState | string {
  const result = state.safeParse(value);
  if (result.success) return result.data;
  const path = result.error.issues[0]?.path.map(String).join('.') ?? '';
  return path === '' ? 'it is no such state' : `it has no valid ${printable(path, 120)}`;
}
