import type { Digest } from '../oci/digest.ts';
import type { Stage } from './errors.ts';

/** How a blob or manifest came to be in the registry. */
export type BlobOutcome = 'exists' | 'mounted' | 'uploaded' | 'resumed';

/**
 * What told us that a blob need not be sent: the record of what is where, or what an interrupted
 * push has left. Nothing of it was believed without asking the registry.
 */
export type BlobHint = 'record' | 'resume';

/** One place of one image: the unit in which things are uploaded and counted. */
export interface Place {
  readonly registry: string;
  readonly repository: string;
}

/**
 * What a tag is after a push that did not simply move it. `kept`: its policy left it alone;
 * `restored` and `removed`: taken back after a refusal elsewhere; `left`: could not be taken back;
 * `not-moved`: what it was before; `unknown`: the registry could not be asked any more.
 */
export type SettledTag = 'kept' | 'restored' | 'removed' | 'left' | 'not-moved' | 'unknown';

/** Everything a push tells those who only watch. Sizes are bytes, times milliseconds. */
export type PushEventBody =
  | { readonly type: 'stage-started'; readonly stage: Stage }
  | { readonly type: 'stage-finished'; readonly stage: Stage; readonly durationMs: number }
  | {
      readonly type: 'planned';
      /** with the tags that are going to be there, where they are known */
      readonly places: readonly (Place & { readonly tags?: readonly string[] })[];
      readonly blobs: number;
      readonly bytes: number;
      readonly manifests: number;
      /** nothing is going to be written */
      readonly dryRun?: boolean;
      /** layers that are still to be compressed: `bytes` has their full size until then */
      readonly pending?: number;
    }
  | ({ readonly type: 'blob-started'; readonly digest: Digest; readonly size: number } & Place)
  | ({ readonly type: 'blob-progress'; readonly digest: Digest; readonly bytes: number } & Place)
  /** an attempt failed: what it had sent no longer counts as progress */
  | ({ readonly type: 'blob-restarted'; readonly digest: Digest; readonly bytes: number } & Place)
  /** an upload that an earlier run began goes on: so many of its bytes are in the registry */
  | ({ readonly type: 'blob-resumed'; readonly digest: Digest; readonly bytes: number } & Place)
  | ({
      readonly type: 'blob-finished';
      readonly digest: Digest;
      readonly size: number;
      readonly outcome: BlobOutcome;
      readonly durationMs: number;
      /** bytes that an earlier run had sent, of a blob that was resumed */
      readonly resumedBytes?: number;
      readonly hint?: BlobHint;
    } & Place)
  | ({
      readonly type: 'manifest-pushed';
      readonly digest: Digest;
      readonly outcome: 'exists' | 'uploaded';
    } & Place)
  /** the repository holds the whole image by digest, or by several where platforms are separate */
  | ({ readonly type: 'place-filled'; readonly digest?: Digest } & Place)
  | ({
      readonly type: 'tag-published';
      readonly tag: string;
      readonly digest: Digest;
      /** it named the image before */
      readonly unchanged?: true;
    } & Place)
  /** what became of a tag otherwise, or in the end: takes the place of what was said before */
  | ({
      readonly type: 'tag-settled';
      readonly tag: string;
      readonly status: SettledTag;
      /** what it names now; undefined when that is nothing, or not known */
      readonly digest?: Digest;
      /** a clause: `this image is 1.2.9` */
      readonly reason?: string;
    } & Place)
  /** a registry that may fail has failed; the push goes on without it */
  | { readonly type: 'registry-failed'; readonly registry: string; readonly message: string }
  /** the machine is at work on the source: spooling, unpacking, compressing, hashing */
  | { readonly type: 'source-progress'; readonly bytes: number }
  | { readonly type: 'layer-compressed'; readonly from: number; readonly to: number }
  | {
      readonly type: 'waiting';
      readonly registry: string;
      readonly reason: string;
      readonly waitMs: number;
      /** the number of the attempt that failed, and how many there may be */
      readonly attempt: number;
      readonly attempts?: number;
      /** the registry has asked for it */
      readonly announced?: boolean;
    }
  /** an earlier run of this push was interrupted, and what it left was found */
  | {
      readonly type: 'resuming';
      /** when it was last heard of, ms since 1970 */
      readonly since: number;
      /** blobs it had finished, and bytes it had sent, in all places */
      readonly blobs: number;
      readonly bytes: number;
      /** where that was kept: a file's path, or `the Actions cache` */
      readonly from: string;
    }
  /** what the push has settled on with a registry */
  | {
      readonly type: 'registry-settled';
      readonly registry: string;
      /** name of the profile */
      readonly profile: string;
      /** uploads at a time, at the end and at most */
      readonly concurrency: number;
      readonly mostConcurrency: number;
      /** bytes; undefined where blobs went whole */
      readonly chunkSize?: number;
    }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'note'; readonly message: string }
  | { readonly type: 'detail'; readonly message: string };

/** An event with its number, the event it belongs to, and when it happened (ms since 1970). */
export type PushEvent = PushEventBody & {
  readonly id: number;
  readonly parent?: number;
  readonly time: number;
};

/** Watches a push. It must not throw, and nothing waits for it. */
export type EventSink = (event: PushEvent) => void;

/** Sends an event to all sinks and returns its id, for events that belong to it. */
export type Emit = (event: PushEventBody, parent?: number) => number;

/** Numbers events and hands them to every sink; a sink that throws is dropped, never the push. */
export function createEmitter(sinks: readonly EventSink[], now: () => number): Emit {
  let last = 0;
  const active = new Set(sinks);
  return (body, parent) => {
    last += 1;
    const event: PushEvent = {
      ...body,
      id: last,
      time: now(),
      ...(parent === undefined ? {} : { parent }),
    };
    for (const sink of active) {
      try {
        sink(event);
      } catch {
        active.delete(sink);
      }
    }
    return last;
  };
}
