import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Connection } from '../registry/connection.ts';
import type { UploadMemory } from '../registry/upload/checkpoint.ts';
import type { Place } from '../util/events.ts';

/**
 * What is known of earlier pushes. All of it is a hint: it is asked about before it is trusted, and
 * a wrong one costs a request. Nothing here throws; what fails is a warning and is then forgotten.
 */
export interface Remembered {
  /** What an interrupted run says of a blob or manifest: true when it had arrived there. */
  finished(place: Place, digest: Digest): boolean;
  /** The blob's upload; undefined where nothing is resumed. */
  upload(place: Place, descriptor: Descriptor, connection: Connection): UploadMemory | undefined;
  /** Other repositories of the same registry in which the blob was seen, the latest first. */
  elsewhere(place: Place, digest: Digest): readonly string[];
  /** The blob is in the repository. */
  blobArrived(place: Place, descriptor: Descriptor): void;
  /** The manifest is in the repository. */
  manifestArrived(place: Place, digest: Digest): void;
  /** What is remembered of the blob in this repository is wrong. */
  notThere(place: Place, digest: Digest): void;
}

/** What one push remembers; see `Remembered`. */
export interface PushMemory {
  /**
   * Reads what earlier runs left, once; later calls return the same. Bounded in time.
   * @param image digest of the root manifest, or of the config while there is no manifest yet
   */
  recall(image: Digest, signal: AbortSignal): Promise<Remembered>;
  /**
   * Puts everything away: a finished push leaves nothing to resume.
   * @returns uploads another run can go on with, and their bytes
   */
  close(finished: boolean): Promise<{ readonly blobs: number; readonly bytes: number }>;
}
