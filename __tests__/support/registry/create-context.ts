import { Connections } from './connections.ts';
import { ContentPool } from './content.ts';
import type { Context } from './context.ts';
import { FaultScript } from './faults.ts';
import { KnownBlobs } from './known-blobs.ts';
import { resolveOptions } from './options.ts';
import { Recorder } from './recorder.ts';
import { Refusals } from './refusals.ts';
import { Sessions } from './sessions.ts';
import { Store } from './store.ts';
import { Tokens } from './tokens.ts';
import type { RegistryOptions } from './types.ts';
import { Violations } from './violations.ts';
import { Waits } from './waits.ts';

/** Puts the parts of one registry together. */
export function createContext(options: RegistryOptions): Context {
  const resolved = resolveOptions(options);
  const pool = new ContentPool(resolved.store === 'discard', resolved.memoryLimit);
  return {
    options: resolved,
    violations: new Violations(options.strict ?? true, options.allow ?? []),
    pool,
    store: new Store(),
    sessions: new Sessions(pool),
    faults: new FaultScript(),
    tokens: new Tokens(),
    recorder: new Recorder(),
    connections: new Connections(),
    waits: new Waits(resolved.graceMs),
    refusals: new Refusals(Math.max(500, resolved.graceMs)),
    known: new KnownBlobs(),
    unlistedReferrers: [],
    internalErrors: [],
    urls: { foreign: undefined, token: undefined },
  };
}
