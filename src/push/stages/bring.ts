import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { blobExists } from '../../registry/blobs.ts';
import type { Connection } from '../../registry/connection.ts';
import { putManifest, type ManifestContent } from '../../registry/manifests.ts';
import { uploadBlob } from '../../registry/upload/strategy.ts';
import type { BlobOutcome } from '../../util/events.ts';
import type { PushContext } from '../context.ts';
import type { LoadedImage } from '../image.ts';
import type { PlannedPlace } from '../plan.ts';

/** One repository that is being filled. */
export interface Filling {
  readonly context: PushContext;
  readonly image: LoadedImage;
  readonly connection: Connection;
  readonly place: PlannedPlace;
  /** a repository of the same registry that already got the image in this push */
  readonly sibling?: string | undefined;
  /** blobs that were asked about before anything else was known */
  readonly early?: ReadonlyMap<Digest, Promise<boolean>>;
  readonly signal: AbortSignal;
}

function mountSource({ image, connection, place, sibling }: Filling): string | undefined {
  const { origin } = image.source;
  const same = origin?.registry === connection.registry && origin.repository !== place.repository;
  return sibling ?? (same ? origin.repository : undefined);
}

/**
 * Sending so few bytes costs no more than asking whether they are there. What the config is needed
 * for besides: it shows whether the registry takes a blob in a single request.
 */
const RATHER_SENT_THAN_ASKED = 16 * 1024;

/** Asks whether a blob is there, in the lane of requests; where it can be mounted, mounting answers. */
export async function isThere(filling: Filling, { digest, size }: Descriptor): Promise<boolean> {
  const { connection, place, image, early, signal } = filling;
  // Of an image that we write ourselves nobody knows yet whether it is there as a whole.
  const tiny = image.graph !== undefined && size <= RATHER_SENT_THAN_ASKED;
  if (tiny || mountSource(filling) !== undefined) return false;
  const asked = early?.get(digest);
  if (asked) return asked;
  return connection.congestion.run(
    'request',
    () => blobExists(connection, place.repository, digest, signal),
    signal,
  );
}

/** Brings one blob, unless it is there. */
export async function bringBlob(filling: Filling, descriptor: Descriptor): Promise<void> {
  const { context, image, connection, place, signal } = filling;
  const { emit, clock } = context;
  const { registry, repository } = place;
  const { digest, size } = descriptor;
  const mountFrom = mountSource(filling);
  const started = clock.now();
  const finished = (outcome: BlobOutcome, since: number): void => {
    const durationMs = clock.now() - since;
    emit({ type: 'blob-finished', registry, repository, digest, size, outcome, durationMs });
  };
  if (await isThere(filling, descriptor)) return finished('exists', started);
  await connection.congestion.run(
    'upload',
    async () => {
      const begun = clock.now();
      emit({ type: 'blob-started', registry, repository, digest, size });
      const { content } = image.source;
      const upload = { connection, repository, descriptor, content, mountFrom, emit, signal };
      finished(await uploadBlob(upload), begun);
    },
    signal,
  );
}

/** Stores a manifest by its digest; what it names is there by now. */
export async function bringManifest(filling: Filling, content: ManifestContent): Promise<void> {
  const { context, connection, place, signal } = filling;
  const { registry, repository } = place;
  const { digest } = content.descriptor;
  await connection.congestion.run(
    'request',
    () => putManifest(connection, repository, digest, content, { signal }),
    signal,
  );
  context.emit({ type: 'manifest-pushed', registry, repository, digest, outcome: 'uploaded' });
}
