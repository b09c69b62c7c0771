import { shortDigest, type Digest } from '../oci/digest.ts';
import { formatBytes, printable } from '../util/text.ts';
import type { TargetPlace } from './collector.ts';
import { plural } from './counts.ts';

/** A blob that would be pushed; without a digest it is a layer that is still to be compressed. */
export interface PlannedBlob {
  readonly digest?: Digest;
  /** bytes; for a layer that is still to be compressed its uncompressed size */
  readonly size: number;
  readonly mediaType: string;
}

/** What people are told of a plan. */
export interface PlanView {
  /** the source as people know it: transport and path or name */
  readonly source: string;
  /** undefined while layers are still to be compressed, and where each platform has its own */
  readonly digest?: Digest;
  readonly platforms: readonly string[];
  readonly manifests: number;
  /** each blob once */
  readonly blobs: readonly PlannedBlob[];
  /** layers that are named but not uploaded, because their publisher forbids it */
  readonly foreign?: readonly Digest[];
  readonly places: readonly TargetPlace[];
}

const MAX_BLOBS = 50;

/** The content of a plan in one line: `3 manifests, 12 blobs (98.2 MiB), 2 layers to be compressed (1.10 GiB)`. */
export function describePlan(plan: PlanView): string {
  const ready = plan.blobs.filter((blob) => blob.digest !== undefined);
  const pending = plan.blobs.filter((blob) => blob.digest === undefined);
  const parts = [
    plural(plan.manifests, 'manifest'),
    `${plural(ready.length, 'blob')} (${formatBytes(sizeOf(ready))})`,
  ];
  if (pending.length > 0) {
    parts.push(
      `${plural(pending.length, 'layer')} to be compressed (${formatBytes(sizeOf(pending))})`,
    );
  }
  const foreign = plan.foreign?.length ?? 0;
  if (foreign > 0) parts.push(`without ${plural(foreign, 'foreign layer')}`);
  return parts.join(', ');
}

function sizeOf(blobs: readonly PlannedBlob[]): number {
  return blobs.reduce((sum, blob) => sum + blob.size, 0);
}

function blobLine(blob: PlannedBlob): string {
  const name = blob.digest ? shortDigest(blob.digest) : 'to compress ';
  return `  ${name}  ${formatBytes(blob.size).padStart(10)}  ${printable(blob.mediaType, 100)}`;
}

function placeLines(place: TargetPlace): string[] {
  const name = printable(`${place.registry}/${place.repository}`);
  if (place.tags.length === 0) return [`  ${name}  (by digest only)`];
  return place.tags.map((tag) => `  ${name}:${printable(tag)}`);
}

/** Why a plan has no digest. */
function unknownDigest({ blobs }: PlanView): string {
  const pending = blobs.some(({ digest }) => digest === undefined);
  return pending ? 'known once the layers are compressed' : 'each platform has its own';
}

/**
 * A dry run's plan as lines for people. All names come out printable.
 * @param verbose also lists the blobs, largest first
 */
export function planLines(plan: PlanView, verbose = false): string[] {
  const lines = [
    `would push ${printable(plan.source, 1000)}`,
    `  digest     ${plan.digest ?? unknownDigest(plan)}`,
  ];
  if (plan.platforms.length > 0)
    lines.push(`  platforms  ${printable(plan.platforms.join(', '), 1000)}`);
  lines.push(`  content    ${describePlan(plan)}`);
  if (verbose) {
    const blobs = [...plan.blobs].sort((left, right) => right.size - left.size);
    lines.push('blobs', ...blobs.slice(0, MAX_BLOBS).map(blobLine));
    if (blobs.length > MAX_BLOBS) lines.push(`  … and ${blobs.length - MAX_BLOBS} more`);
  }
  lines.push('to', ...plan.places.flatMap(placeLines), 'nothing was written');
  return lines;
}
