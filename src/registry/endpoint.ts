import { isLoopbackHost } from '../http/addresses.ts';
import { isCertificateProblem } from '../http/network-error.ts';
import { failureOfError, waitBeforeRetry, type RetryOptions } from '../http/retry.ts';
import type { Handler } from '../http/transport.ts';
import { DOCKER_HUB } from '../oci/reference.ts';

export interface EndpointOptions {
  readonly insecure: boolean;
  readonly plainHttp: boolean;
  /** sends without logging in: only the scheme is of interest */
  readonly send: Handler;
  readonly retry: RetryOptions;
}

/** Where a registry's API answers when nobody has to be asked; undefined otherwise. */
function knownOrigin(registry: string, options: EndpointOptions): URL | undefined {
  if (registry === DOCKER_HUB) return new URL('https://registry-1.docker.io');
  if (options.plainHttp) return new URL(`http://${registry}`);
  const https = new URL(`https://${registry}`);
  return options.insecure || isLoopbackHost(https.hostname) ? undefined : https;
}

async function ping(
  registry: string,
  origin: URL,
  options: EndpointOptions,
  signal?: AbortSignal,
): Promise<URL> {
  await options.send({
    method: 'GET',
    url: new URL('/v2/', origin),
    headers: {},
    registry,
    retry: 'never',
    ...(signal ? { signal } : {}),
  });
  return origin;
}

/** TLS wherever it is spoken, whatever the certificate; plain HTTP only where it is not. */
async function probe(
  registry: string,
  options: EndpointOptions,
  signal?: AbortSignal,
): Promise<URL> {
  const https = new URL(`https://${registry}`);
  const http = new URL(`http://${registry}`);
  // Both at once: a server without TLS may take its time to say so.
  const [tls, plain] = await Promise.allSettled([
    ping(registry, https, options, signal),
    ping(registry, http, options, signal),
  ]);
  signal?.throwIfAborted();
  if (tls.status === 'fulfilled') return https;
  // The first real request then fails with the sentence about the certificate.
  if (isCertificateProblem(tls.reason)) return https;
  if (plain.status === 'fulfilled') return http;
  throw plain.reason;
}

/**
 * Finds out where a registry's API answers: https, except for loopback hosts and registries
 * declared insecure, which are asked; a registry that is not up yet is asked again.
 * @returns the origin, without a path
 */
export async function findOrigin(
  registry: string,
  options: EndpointOptions,
  signal?: AbortSignal,
): Promise<URL> {
  const known = knownOrigin(registry, options);
  if (known) return known;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await probe(registry, options, signal);
    } catch (error) {
      const failure = failureOfError(error);
      if (!failure || attempt >= options.retry.policy.attempts) throw error;
      await waitBeforeRetry(options.retry, registry, failure, attempt, signal);
    }
  }
}
