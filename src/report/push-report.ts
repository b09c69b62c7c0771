import type { Digest } from '../oci/digest.ts';
import type { ErrorCode, Stage } from '../util/errors.ts';
import type { BlobOutcome } from '../util/events.ts';

/** What became of one blob in one repository. */
export interface BlobReport {
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
  readonly outcome: BlobOutcome;
  readonly durationMs: number;
}

export interface TagReport {
  readonly tag: string;
  /** `planned`: nothing was written because the push was a dry run */
  readonly status: 'published' | 'planned' | 'not-moved';
}

/** What became of the image in one repository of one registry. */
export interface PlaceReport {
  readonly registry: string;
  readonly repository: string;
  readonly tags: readonly TagReport[];
  readonly blobs: readonly BlobReport[];
  /** blob bytes that were sent */
  readonly bytesUploaded: number;
  /** blob bytes that were there already or were mounted from another repository */
  readonly bytesSkipped: number;
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
