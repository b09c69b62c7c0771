import type { Config } from '../config/config.ts';
import { DEFAULT_RETRY } from '../util/backoff.ts';
import { systemClock } from '../util/clock.ts';
import type { Emit } from '../util/events.ts';
import type { Ancestry } from '../push/tags/forward.ts';
import type { Connection } from '../registry/connection.ts';
import { createAncestry } from './ancestry.ts';
import { openChain } from './chain.ts';
import { createConnections } from './connections.ts';
import { credentialsOf } from './credentials.ts';
import type { Host } from './host.ts';
import { createTransports } from './transports.ts';
import { VERSION } from './version.ts';

/** One connection per registry, made when it is first asked for. */
export type Connect = (registry: string, signal: AbortSignal) => Promise<Connection>;

/** What it takes to talk to registries; `close` puts away what is open. */
export interface Network {
  readonly connect: Connect;
  readonly ancestry: Ancestry;
  readonly close: () => Promise<void>;
}

/** Wires transports, middlewares and credentials. Nothing is opened before the first request. */
export function wireNetwork(config: Config, host: Host, emit: Emit): Network {
  const transport = createTransports(config, host.env);
  const policy = { ...DEFAULT_RETRY, ...host.backoff, attempts: config.attempts };
  const retry = { policy, clock: systemClock, emit };
  const parts = { transport, retry, userAgent: `idpbuilder-push/${VERSION} (${host.kind})` };
  const connect = createConnections({
    config,
    parts,
    credentials: credentialsOf(config, host, emit),
    mask: host.mask,
  });
  const { env } = host;
  const ancestry = createAncestry({ config, env, send: openChain(parts) });
  return { connect, ancestry, close: () => transport.close() };
}
