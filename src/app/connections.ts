import type { Config } from '../config/config.ts';
import { systemResolve } from '../http/addresses.ts';
import type { CredentialProvider } from '../http/auth/credentials.ts';
import type { Authenticator } from '../http/auth/authenticator.ts';
import { createAuthenticator } from '../http/auth/registry-authenticator.ts';
import { CongestionController } from '../http/congestion.ts';
import { Capabilities } from '../registry/capabilities.ts';
import { pullScope, pushScope, type Connection } from '../registry/connection.ts';
import { findOrigin } from '../registry/endpoint.ts';
import { openChain, registryChain, type ChainParts } from './chain.ts';

export interface ConnectionsOptions {
  readonly config: Config;
  readonly parts: ChainParts;
  readonly credentials: CredentialProvider;
  readonly mask: (secret: string) => void;
}

/** See `Connection.mayPull`: asks for the token that a mount would be sent with. */
function pullCheck(
  registry: string,
  origin: URL,
  authenticator: Required<Authenticator>,
): NonNullable<Connection['mayPull']> {
  return async (repository, pushTo, signal) => {
    const pull = pullScope(repository);
    const request = {
      method: 'POST',
      url: new URL(`/v2/${pushTo}/blobs/uploads/`, origin),
      headers: {},
      registry,
      scopes: [pushScope(pushTo), pull],
      ...(signal ? { signal } : {}),
    } as const;
    return (await authenticator.grants(request, pull)) ?? true;
  };
}

async function connectTo(
  registry: string,
  { config, parts, credentials, mask }: ConnectionsOptions,
  signal: AbortSignal,
): Promise<Connection> {
  const { insecure = false, plainHttp = false, profile } = config.registries[registry] ?? {};
  const { retry } = parts;
  const { concurrency: uploads, maxConcurrency: maxUploads, chunkSize } = config;
  const open = openChain(parts);
  const origin = await findOrigin(registry, { insecure, plainHttp, send: open, retry }, signal);
  const congestion = new CongestionController({ clock: retry.clock, uploads, maxUploads });
  const authenticator = createAuthenticator({
    registry,
    origin,
    credentials,
    send: open,
    clock: retry.clock,
    onSecret: mask,
    resolve: systemResolve,
  });
  const capabilities = new Capabilities({ registry, profile, chunkSize });
  const send = registryChain(parts, authenticator, congestion, capabilities, origin);
  return {
    registry,
    origin,
    send,
    retry,
    congestion,
    capabilities,
    resolve: systemResolve,
    anonymous: open,
    challenged: () => authenticator.asked(),
    mayPull: pullCheck(registry, origin, authenticator),
  };
}

/** Makes one connection per registry, when it is first asked for. */
export function createConnections(
  options: ConnectionsOptions,
): (registry: string, signal: AbortSignal) => Promise<Connection> {
  const connections = new Map<string, Promise<Connection>>();
  return (registry, signal) => {
    const connection = connections.get(registry) ?? connectTo(registry, options, signal);
    connections.set(registry, connection);
    return connection;
  };
}
