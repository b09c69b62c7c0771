import type { Digest } from '../oci/digest.ts';
import type { ErrorCode, Stage } from '../util/errors.ts';
import type { BlobHint, BlobOutcome, SettledTag } from '../util/events.ts';
import type { SavedReport } from './saved.ts';

/** What became of one blob in one repository. */
export interface BlobReport {
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
  readonly outcome: BlobOutcome;
  readonly durationMs: number;
  /** bytes that an interrupted push had sent, of a blob that was resumed */
  readonly resumedBytes?: number;
  /** what told us that the blob need not be sent */
  readonly hint?: BlobHint;
}

export interface TagReport {
  readonly tag: string;
  /**
   * `published`: it names the image now; `unchanged`: it did so before; `planned`: nothing was
   * written because the push was a dry run; for the others see `SettledTag`
   */
  readonly status: 'published' | 'unchanged' | 'planned' | SettledTag;
  /** what it names now, where it was asked and that is not the image */
  readonly digest?: Digest;
  /** why it is what it is: `stays at sha256:… (1.2.10): this image is 1.2.9` */
  readonly reason?: string;
}

/**
 * `pushed`: the repository holds the image, and every tag names it or was kept by its policy;
 * `partial`: some tags name it; `failed`: none does; `planned`: nothing was to be written
 */
export type PlaceStatus = 'pushed' | 'partial' | 'failed' | 'planned';

/** What became of the image in one repository of one registry. */
export interface PlaceReport {
  readonly registry: string;
  readonly repository: string;
  readonly status: PlaceStatus;
  /** the image, where the repository holds all of it under this digest */
  readonly digest?: Digest;
  /** what went wrong with a registry that may fail */
  readonly error?: string;
  readonly tags: readonly TagReport[];
  readonly blobs: readonly BlobReport[];
  /** blob bytes that were sent */
  readonly bytesUploaded: number;
  /** blob bytes that were there already or were mounted from another repository */
  readonly bytesSkipped: number;
  /** bytes of partly sent blobs that an interrupted push had sent; with the two above: all bytes */
  readonly bytesResumed: number;
  /** announced waits (429, retries), milliseconds; waits of parallel requests count once */
  readonly waitedMs: number;
  /** manifests sent, and manifests that were there already */
  readonly manifests?: { readonly uploaded: number; readonly existing: number };
  /** from the first to the last thing that happened in this place, milliseconds */
  readonly durationMs?: number;
}

/** Why a registry made us wait, and how often. */
export interface WaitReport {
  readonly registry: string;
  readonly reason: string;
  readonly times: number;
}

/** What the push has settled on with a registry. */
export interface RegistryReport {
  readonly registry: string;
  /** name of the profile, chosen or found out */
  readonly profile: string;
  /** uploads at a time, at the end and at most */
  readonly concurrency: number;
  readonly mostConcurrency: number;
  /** bytes; undefined where blobs went whole */
  readonly chunkSize?: number;
}

/** The interrupted push that was found, and what it was good for. */
export interface ResumeReport {
  /** when it was last heard of, ISO 8601 */
  readonly since: string;
  /** how long before it was found that was, milliseconds */
  readonly ageMs: number;
  /** where it was kept: a file's path, or `the Actions cache` */
  readonly from: string;
  /** blobs it had finished, and bytes it had sent, in all places */
  readonly blobs: number;
  readonly bytes: number;
  /** bytes of these that were not sent again */
  readonly bytesSaved: number;
}

/** The whole story of a push, written as JSON and rendered as summary and outputs. */
export interface PushReport {
  readonly schemaVersion: 1;
  readonly status: 'success' | 'planned' | 'failed' | 'cancelled';
  readonly exitCode: number;
  readonly source: string;
  readonly image?: {
    readonly digest?: Digest;
    readonly mediaType?: string;
    /** all blobs once, bytes */
    readonly size: number;
    readonly blobs: number;
    readonly manifests: number;
    readonly platforms: readonly string[];
  };
  readonly places: readonly PlaceReport[];
  readonly registries?: readonly RegistryReport[];
  readonly bytesUploaded: number;
  readonly bytesSkipped: number;
  readonly bytesResumed: number;
  /** where the bytes came from that were skipped or resumed */
  readonly saved: SavedReport;
  /** only where an interrupted push was found */
  readonly resume?: ResumeReport;
  /** ISO 8601 */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly warnings: readonly string[];
  readonly waits?: readonly WaitReport[];
  /** what was found out on the way, for example what a dry run saw in the registries */
  readonly notes?: readonly string[];
  readonly error?: {
    readonly code: ErrorCode;
    readonly stage?: Stage;
    readonly message: string;
    readonly hint?: string;
  };
}
