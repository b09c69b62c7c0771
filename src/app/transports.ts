import type { Config, RegistrySettings } from '../config/config.ts';
import type { Environment } from '../config/layers.ts';
import { isLoopbackHost } from '../http/addresses.ts';
import type { HttpRequest, Transport } from '../http/transport.ts';
import { canonicalRegistry } from '../oci/reference.ts';
import { configError } from '../util/errors.ts';
import { createTransport, type ProxySettings, type TransportOptions } from '../http/undici.ts';

/** The address in the first variable that is set; without a scheme it means http, as curl has it. */
function proxyUrl(env: Environment, ...names: readonly string[]): string | undefined {
  const name = names.find((one) => env[one]);
  const given = name && env[name];
  if (!given) return undefined;
  const url = given.includes('://') ? given : `http://${given}`;
  if (URL.canParse(url) && /^https?:/i.test(url)) return url;
  throw configError(`${name}: this is no address of a proxy (expected http://HOST:PORT)`);
}

/** Where the usual proxy variables point; lower case wins, as curl has it. */
function proxySettings(env: Environment): ProxySettings {
  const http = proxyUrl(env, 'http_proxy', 'HTTP_PROXY');
  const https = proxyUrl(env, 'https_proxy', 'HTTPS_PROXY');
  const none = env['no_proxy'] || env['NO_PROXY'];
  return { ...(http ? { http } : {}), ...(https ? { https } : {}), ...(none ? { none } : {}) };
}

/** A proxy for plain HTTP is none for TLS, and the other way round: as curl, Go and Docker have it. */
function proxyFor({ http, https, none }: ProxySettings, url: URL): ProxySettings | undefined {
  const address = url.protocol === 'https:' ? https : http;
  if (!address) return undefined;
  return { http: address, https: address, ...(none ? { none } : {}) };
}

/** The settings that hold for a URL: they bind to one host, or to another port of it. */
function settingsFor(config: Config, request: HttpRequest): RegistrySettings | undefined {
  // Docker Hub's API answers under another name than the one people configure.
  const exact = config.registries[canonicalRegistry(request.url.host)];
  if (exact) return exact;
  const own = config.registries[request.registry];
  const sameName = request.registry.replace(/:\d+$/, '') === request.url.hostname;
  return sameName ? own : undefined;
}

function optionsFor(
  settings: RegistrySettings | undefined,
  proxy: ProxySettings | undefined,
): TransportOptions {
  return {
    ...(settings?.insecure ? { insecure: true } : {}),
    ...(settings?.ca === undefined ? {} : { ca: settings.ca }),
    ...(proxy ? { proxy } : {}),
  };
}

/**
 * One transport for everything: it picks the pool that fits the host, so that nobody's `insecure`
 * or extra authority holds for anybody else. Loopback is never asked for through a proxy.
 */
export function createTransports(config: Config, env: Environment): Transport {
  const proxy = proxySettings(env);
  const transports = new Map<string, Transport>();
  return {
    send: (request) => {
      const direct = isLoopbackHost(request.url.hostname);
      const own = direct ? undefined : proxyFor(proxy, request.url);
      const options = optionsFor(settingsFor(config, request), own);
      const key = JSON.stringify(options);
      const transport = transports.get(key) ?? createTransport(options);
      transports.set(key, transport);
      return transport.send(request);
    },
    close: async () => {
      await Promise.all([...transports.values()].map((transport) => transport.close()));
    },
  };
}
