import type { Config } from '../config/config.ts';
import { openSource } from '../image/open.ts';
import { openRegistrySource } from '../image/registry-source.ts';
import type { CompressedLayerCache, OpenOptions } from '../image/options.ts';
import type { OpenedSource } from '../image/source.ts';
import type { CompressedLayers } from '../state/compressed-layers.ts';
import { systemClock } from '../util/clock.ts';
import type { Emit } from '../util/events.ts';
import type { Host } from './host.ts';
import type { SourceSharing } from './sharing.ts';
import type { Connect } from './wire.ts';

/** One event a second is enough to show that something moves. */
const WORK_EVERY_MS = 1000;

function throttledWork(emit: Emit): (bytes: number) => void {
  let bytes = 0;
  let told = 0;
  return (more) => {
    bytes += more;
    const now = systemClock.now();
    if (now - told < WORK_EVERY_MS) return;
    told = now;
    emit({ type: 'source-progress', bytes });
    bytes = 0;
  };
}

/** The compressed layers this machine knows; opened when the first layer is asked for. */
function layerCache(
  file: string | undefined,
  emit: Emit,
): { readonly cache?: CompressedLayerCache; readonly close: () => Promise<void> } {
  if (file === undefined) return { close: async () => undefined };
  let opened: Promise<CompressedLayers | undefined> | undefined;
  const open = (): Promise<CompressedLayers | undefined> =>
    (opened ??= import('../state/compressed-layers.ts').then(({ CompressedLayers: Layers }) =>
      Layers.open({
        file,
        now: () => systemClock.now(),
        onProblem: (message) => emit({ type: 'detail', message }),
      }),
    ));
  return {
    cache: {
      get: async (diffId, version) => (await open())?.get(diffId, version),
      put: async (diffId, version, layer) => (await open())?.put(diffId, version, layer),
    },
    close: async () => (await opened)?.close(),
  };
}

export interface SourceOpenerOptions {
  readonly config: Config;
  readonly host: Host;
  readonly emit: Emit;
  readonly connect: Connect;
  readonly sharing: SourceSharing;
  /** database of the compressed layers this machine knows */
  readonly layersFile?: string | undefined;
}

/** Opens the source of a push with everything it may need: other registries, the spool, the cache. */
export function sourceOpener(options: SourceOpenerOptions) {
  const { config, host, emit, connect, sharing, layersFile } = options;
  const { DOCKER_HOST, DOCKER_CERT_PATH, DOCKER_TLS_VERIFY } = host.env;
  const layers = layerCache(layersFile, emit);
  return async (signal: AbortSignal): Promise<OpenedSource> => {
    const open: OpenOptions = {
      tempDirectory: host.tempDirectory,
      compression: config.compression,
      dockerHost: {
        ...(DOCKER_HOST ? { host: DOCKER_HOST } : {}),
        ...(DOCKER_CERT_PATH ? { certPath: DOCKER_CERT_PATH } : {}),
        tlsVerify: Boolean(DOCKER_TLS_VERIFY),
      },
      openRegistry: async (reference) =>
        openRegistrySource(await connect(reference.registry, signal), reference, signal),
      ...(layers.cache ? { compressedLayers: layers.cache } : {}),
      signal,
      onWork: throttledWork(emit),
      onNote: (message) => emit({ type: 'note', message }),
      onCompressed: (from, to) => emit({ type: 'layer-compressed', from, to }),
    };
    const source = sharing.wrap(await openSource(config.source, open), open);
    return {
      ...source,
      close: async () => {
        await source.close();
        await layers.close();
      },
    };
  };
}
