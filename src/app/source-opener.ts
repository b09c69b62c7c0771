import type { Config } from '../config/config.ts';
import { openSource } from '../image/open.ts';
import { openRegistrySource } from '../image/registry-source.ts';
import type { CompressedLayerCache, OpenOptions } from '../image/options.ts';
import type { OpenedSource } from '../image/source.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { CompressedLayers } from '../state/compressed-layers.ts';
import { systemClock } from '../util/clock.ts';
import { allOrNothing } from '../util/concurrency.ts';
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

/**
 * Remembers for one push what layers were compressed to, so that a layer of several images is
 * compressed once.
 */
function withMemory(cache: CompressedLayerCache | undefined): CompressedLayerCache {
  const made = new Map<string, Descriptor>();
  return {
    get: async (diffId, version) =>
      made.get(`${diffId} ${version}`) ?? (await cache?.get(diffId, version)),
    put: async (diffId, version, layer) => {
      made.set(`${diffId} ${version}`, layer);
      await cache?.put(diffId, version, layer);
    },
  };
}

/** All sources at once. When one cannot be opened, nothing of the others is left open. */
async function openAll(
  texts: readonly string[],
  open: (text: string, signal: AbortSignal) => Promise<OpenedSource>,
  signal: AbortSignal,
): Promise<readonly OpenedSource[]> {
  const opened: OpenedSource[] = [];
  try {
    return await allOrNothing(
      texts.map((text) => async (abort) => {
        const source = await open(text, abort);
        opened.push(source);
        return source;
      }),
      signal,
    );
  } catch (error) {
    for (const source of opened) await source.close();
    throw error;
  }
}

/** Opens the sources of a push with everything they may need: registries, the spool, the cache. */
export function sourceOpener(
  options: SourceOpenerOptions,
): (signal: AbortSignal) => Promise<readonly OpenedSource[]> {
  const { config, host, emit, connect, sharing, layersFile } = options;
  const { DOCKER_HOST, DOCKER_CERT_PATH, DOCKER_TLS_VERIFY } = host.env;
  const layers = layerCache(layersFile, emit);
  const several = config.sources.length > 1;
  const cache = several ? withMemory(layers.cache) : layers.cache;
  const onWork = throttledWork(emit);
  return async (signal) => {
    const open = async (text: string, abort: AbortSignal): Promise<OpenedSource> => {
      const how: OpenOptions = {
        tempDirectory: host.tempDirectory,
        compression: config.compression,
        dockerHost: {
          ...(DOCKER_HOST ? { host: DOCKER_HOST } : {}),
          ...(DOCKER_CERT_PATH ? { certPath: DOCKER_CERT_PATH } : {}),
          tlsVerify: Boolean(DOCKER_TLS_VERIFY),
        },
        openRegistry: async (reference) =>
          openRegistrySource(await connect(reference.registry, abort), reference, abort),
        ...(cache ? { compressedLayers: cache } : {}),
        signal: abort,
        onWork,
        onNote: (message) => emit({ type: 'note', message }),
        onCompressed: (from, to) => emit({ type: 'layer-compressed', from, to }),
      };
      return sharing.wrap(await openSource(text, how), how);
    };
    const sources = await openAll(config.sources, open, signal);
    const last = sources.at(-1);
    if (!last) return sources;
    // They are closed in their order; the last one turns off the light.
    const close = async (): Promise<void> => {
      await last.close();
      await layers.close();
    };
    return [...sources.slice(0, -1), { ...last, close }];
  };
}
