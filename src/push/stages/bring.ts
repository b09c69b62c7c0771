import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { blobExists } from '../../registry/blobs.ts';
import type { Connection } from '../../registry/connection.ts';
import { headManifest, type ManifestContent } from '../../registry/manifests.ts';
import { storeManifest } from '../../registry/store-manifest.ts';
import { giveBackEarlier } from '../../registry/upload/resume.ts';
import { uploadBlob } from '../../registry/upload/strategy.ts';
import type { BlobResult } from '../../registry/upload/blob-upload.ts';
import type { BlobHint } from '../../util/events.ts';
import type { PushContext } from '../context.ts';
import type { LoadedImage } from '../loaded.ts';
import type { Remembered } from '../memory.ts';
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
  /** what earlier pushes left */
  readonly remembered?: Remembered | undefined;
  readonly signal: AbortSignal;
}

/** A repository of the same registry that may hold a blob, and who says so. */
interface MountSource {
  readonly from: string;
  /** told by the record of earlier pushes */
  readonly recorded: boolean;
}

function mountSource(filling: Filling, digest: Digest): MountSource | undefined {
  const { image, connection, place, sibling, remembered } = filling;
  const origin = image.content.originIn(connection.registry, digest)?.repository;
  const certain = sibling ?? (origin === place.repository ? undefined : origin);
  if (certain !== undefined) return { from: certain, recorded: false };
  // Who never mounts proves nothing about what the record says.
  if (connection.capabilities.profile.mount?.value === false) return undefined;
  const from = remembered?.elsewhere(place, digest)[0];
  return from === undefined ? undefined : { from, recorded: true };
}

/**
 * Sending so few bytes costs no more than asking whether they are there. What the config is needed
 * for besides: it shows whether the registry takes a blob in a single request.
 */
const RATHER_SENT_THAN_ASKED = 16 * 1024;

/** Asks whether a blob is there, in the lane of requests; where it can be mounted, mounting answers. */
export async function isThere(filling: Filling, descriptor: Descriptor): Promise<boolean> {
  const { connection, place, image, early, remembered, signal } = filling;
  const { digest, size } = descriptor;
  // Of an image that we write ourselves nobody knows yet whether it is there as a whole.
  const tiny = image.roots !== undefined && size <= RATHER_SENT_THAN_ASKED;
  if (tiny && remembered?.finished(place, digest) !== true) return false;
  const asked = early?.get(digest);
  if (asked) return asked;
  if (mountSource(filling, digest)) return false;
  // A blob whose upload was interrupted: its session knows more.
  if (remembered?.upload(place, descriptor, connection)?.earlier()) return false;
  return connection.congestion.run(
    'request',
    () => blobExists(connection, place.repository, digest, signal),
    signal,
  );
}

/** Tells the memory and everybody else what became of a blob. */
function tell(
  { context, place, remembered }: Filling,
  descriptor: Descriptor,
  { outcome, resumedBytes }: BlobResult,
  facts: { readonly durationMs: number; readonly hint?: BlobHint | undefined },
): void {
  const { registry, repository } = place;
  const { digest, size } = descriptor;
  const { durationMs, hint } = facts;
  remembered?.blobArrived(place, descriptor);
  context.emit({
    type: 'blob-finished',
    registry,
    repository,
    digest,
    size,
    outcome,
    durationMs,
    ...(resumedBytes === undefined ? {} : { resumedBytes }),
    ...(hint === undefined ? {} : { hint }),
  });
}

async function uploadOne(
  filling: Filling,
  descriptor: Descriptor,
  mount: MountSource | undefined,
): Promise<BlobResult> {
  const { context, image, connection, place, remembered, signal } = filling;
  const { registry, repository } = place;
  const { digest, size } = descriptor;
  const { emit } = context;
  emit({ type: 'blob-started', registry, repository, digest, size });
  const result = await uploadBlob({
    connection,
    repository,
    descriptor,
    content: image.content,
    mountFrom: mount?.from,
    memory: remembered?.upload(place, descriptor, connection),
    emit,
    signal,
  });
  // What was gone on with was not asked for there.
  if (mount?.recorded && result.outcome !== 'mounted' && result.outcome !== 'resumed') {
    remembered?.notThere({ registry, repository: mount.from }, digest);
  }
  return result;
}

/** Brings one blob, unless it is there. */
export async function bringBlob(filling: Filling, descriptor: Descriptor): Promise<void> {
  const { context, connection, place, remembered, signal } = filling;
  const { clock } = context;
  const { digest } = descriptor;
  const started = clock.now();
  const arrived = remembered?.finished(place, digest) === true;
  if (await isThere(filling, descriptor)) {
    const memory = remembered?.upload(place, descriptor, connection);
    await giveBackEarlier({ connection, repository: place.repository, descriptor, memory });
    const hint = arrived ? 'resume' : undefined;
    tell(filling, descriptor, { outcome: 'exists' }, { durationMs: clock.now() - started, hint });
    return;
  }
  if (arrived) remembered?.notThere(place, digest);
  const mount = mountSource(filling, digest);
  await connection.congestion.run(
    'upload',
    async () => {
      const begun = clock.now();
      const result = await uploadOne(filling, descriptor, mount);
      const hint = mount?.recorded && result.outcome === 'mounted' ? 'record' : undefined;
      tell(filling, descriptor, result, { durationMs: clock.now() - begun, hint });
    },
    signal,
  );
}

/** Stores a manifest by its digest; what it names is there by now. */
export async function bringManifest(filling: Filling, content: ManifestContent): Promise<void> {
  const { context, connection, place, signal } = filling;
  const { registry, repository } = place;
  const { digest } = content.descriptor;
  // A run that was interrupted may have brought it; in its word alone nobody trusts.
  const brought = filling.remembered?.finished(place, digest) === true;
  const there = brought
    ? await connection.congestion.run(
        'request',
        () => headManifest(connection, repository, digest, signal),
        signal,
      )
    : undefined;
  const outcome = there === digest ? 'exists' : 'uploaded';
  if (outcome === 'uploaded') await storeManifest(connection, repository, content, signal);
  filling.remembered?.manifestArrived(place, digest);
  context.emit({ type: 'manifest-pushed', registry, repository, digest, outcome });
}
