import type { Authenticator } from '../http/auth/authenticator.ts';
import { auth, authorize } from '../http/auth/middleware.ts';
import { congestion, type CongestionController } from '../http/congestion.ts';
import { exchange } from '../http/exchange.ts';
import { log } from '../http/log.ts';
import { retry, type RetryOptions } from '../http/retry.ts';
import { compose, type Handler, type Transport } from '../http/transport.ts';
import { observe, type Capabilities } from '../registry/capabilities.ts';
import { userAgent } from '../http/user-agent.ts';

export interface ChainParts {
  readonly transport: Transport;
  readonly retry: RetryOptions;
  readonly userAgent: string;
}

/** For questions that need no login: which scheme is spoken, and the token server's. */
export function openChain({ transport, retry: options, userAgent: agent }: ChainParts): Handler {
  return compose(
    [userAgent(agent), retry(options), log(options.emit, options.clock)],
    exchange(transport),
  );
}

/**
 * The order of everything that concerns one exchange, outermost first. Challenges are answered
 * outside of everything that waits for the registry: a token server on the registry's own host
 * would else wait behind the request that needs its token.
 */
export function registryChain(
  { transport, retry: options, userAgent: agent }: ChainParts,
  authenticator: Authenticator,
  controller: CongestionController,
  capabilities: Capabilities,
  origin: URL,
): Handler {
  return compose(
    [
      userAgent(agent),
      auth(() => authenticator),
      retry(options),
      congestion(() => controller, options.clock),
      observe(capabilities, origin),
      log(options.emit, options.clock),
      authorize(() => authenticator),
    ],
    exchange(transport),
  );
}
