import type { Config, RegistrySettings } from '../config/config.ts';
import type { Environment } from '../config/layers.ts';
import { isLoopbackHost } from '../http/addresses.ts';
import type { HttpRequest, Transport } from '../http/transport.ts';
import { canonicalRegistry } from '../oci/reference.ts';
import { createTransport, type ProxySettings, type TransportOptions } from '../http/undici.ts';

/** Where the usual proxy variables point; lower case wins, as curl has it. */
function proxySettings(env: Environment): ProxySettings {
  const http = env['http_proxy'] || env['HTTP_PROXY'];
  const https = env['https_proxy'] || env['HTTPS_PROXY'];
  const none = env['no_proxy'] || env['NO_PROXY'];
  return { ...(http ? { http } : {}), ...(https ? { https } : {}), ...(none ? { none } : {}) };
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
      const options = optionsFor(settingsFor(config, request), direct ? undefined : proxy);
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
