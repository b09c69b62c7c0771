import type { Connections } from './connections.ts';
import type { FaultScript } from './faults.ts';
import type { KnownBlobs } from './known-blobs.ts';
import type { ResolvedOptions } from './options.ts';
import type { Recorder } from './recorder.ts';
import type { Refusals } from './refusals.ts';
import type { ContentPool } from './content.ts';
import type { Sessions } from './sessions.ts';
import type { Store } from './store.ts';
import type { Tokens } from './tokens.ts';
import type { Violations } from './violations.ts';
import type { Waits } from './waits.ts';

/** Everything one registry has, for its handlers and checks. */
export interface Context {
  readonly options: ResolvedOptions;
  readonly violations: Violations;
  readonly pool: ContentPool;
  readonly store: Store;
  readonly sessions: Sessions;
  readonly faults: FaultScript;
  readonly tokens: Tokens;
  readonly recorder: Recorder;
  readonly connections: Connections;
  readonly waits: Waits;
  readonly refusals: Refusals;
  readonly known: KnownBlobs;
  /** Digests, with their repository, of manifests whose subject no OCI-Subject acknowledged. */
  readonly unlistedReferrers: { repo: string; digest: string; subject: string }[];
  /** Errors of this registry itself, not of the client. */
  readonly internalErrors: Error[];
  /** URLs of the other listeners, where they run. */
  readonly urls: { foreign: string | undefined; token: string | undefined };
}
