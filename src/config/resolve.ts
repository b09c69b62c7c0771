import { configError } from '../util/errors.ts';
import type { Config, RegistrySettings, Verbosity } from './config.ts';
import { localFiles, type ConfigFiles } from './files.ts';
import { readKept } from './kept.ts';
import { deepFreeze } from './freeze.ts';
import { layerOf, valueOf, type Environment } from './layers.ts';
import { readPlaces, type Place } from './places.ts';
import { bindLayer, mergeRegistries, type DefaultHost } from './registries.ts';
import type { OptionName } from './options.ts';
import type { OnSecret } from './secrets.ts';
import { parseRepository, parseTargets, sourceRegistries } from './targets.ts';
import type { Reference } from '../oci/reference.ts';

const GITHUB_API = 'https://api.github.com';

/** What a shell hands over. */
export interface ConfigRequest {
  /** the action's inputs, or the command line's flags under the names of inputs */
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Environment;
  /** folder of the checkout: a config file in it is not trusted with logins and certificates */
  readonly workspace?: string | undefined;
  readonly onSecret: OnSecret;
  /** receives sentences about what is odd but not wrong */
  readonly onWarning?: (sentence: string) => void;
  readonly files?: ConfigFiles;
}

/** The host for options that name none: `registry`, else the first tag's, else the source's. */
function defaultHost(layers: readonly Place[], firstTarget: string | undefined): DefaultHost {
  const registry = valueOf(layers, 'registry');
  if (registry) return { host: registry.host, trusted: true };
  if (firstTarget !== undefined) {
    return { host: firstTarget, trusted: layerOf(layers, 'tags')?.trusted ?? true };
  }
  const [host] = sourceRegistries(valueOf(layers, 'source') ?? []);
  return { host, trusted: layerOf(layers, 'source')?.trusted ?? true };
}

/** The place of higher precedence decides; RUNNER_DEBUG is somebody re-running to see everything. */
function verbosity(places: readonly Place[], env: Environment): Verbosity {
  if (env['RUNNER_DEBUG'] === '1') return 'verbose';
  const [quiet, verbose] = [layerOf(places, 'quiet'), layerOf(places, 'verbose')];
  if (!quiet?.values.quiet) return verbose?.values.verbose ? 'verbose' : 'normal';
  if (!verbose?.values.verbose) return 'quiet';
  if (quiet === verbose) {
    throw configError(
      `${quiet.nameOf('quiet')}: true together with ${quiet.nameOf('verbose')} (expected one of the two)`,
    );
  }
  return places.indexOf(quiet) < places.indexOf(verbose) ? 'quiet' : 'verbose';
}

function requireSources(places: readonly Place[]): readonly string[] {
  const sources = valueOf(places, 'source') ?? [];
  if (sources.length > 0) return sources;
  throw configError(
    'source: nothing is given to push (expected for example oci:DIR, docker-archive:FILE, docker-daemon:NAME:TAG or docker://HOST/REPO:TAG)',
  );
}

function readProbe(places: readonly Place[]): Reference | undefined {
  const given = valueOf(places, 'probe');
  if (!given) return undefined;
  const where = layerOf(places, 'probe')?.nameOf('probe') ?? 'probe';
  return parseRepository(given, valueOf(places, 'registry')?.host, where);
}

function readTargets(places: readonly Place[], push: boolean): readonly Reference[] {
  const where = layerOf(places, 'tags')?.nameOf('tags') ?? 'tags';
  const registry = valueOf(places, 'registry')?.host;
  const targets = parseTargets(valueOf(places, 'tags') ?? [], registry, where);
  if (targets.length > 0 || !push) return targets;
  throw configError(
    `${where}: nothing is given to push to (expected at least one, for example ghcr.io/octo/app:1.2.3, or push: false)`,
  );
}

async function readRegistrySettings(
  places: readonly Place[],
  targets: readonly Reference[],
  push: boolean,
  { files = localFiles, onWarning }: ConfigRequest,
): Promise<Readonly<Record<string, RegistrySettings>>> {
  const fallback = defaultHost(places, targets[0]?.registry);
  const bound = places.map((place) => bindLayer(place, fallback));
  // A pull request from a fork has no secrets, only the user name: its dry run shall still work.
  return mergeRegistries(bound, files, (sentence) => {
    if (push) throw configError(sentence);
    onWarning?.(`${sentence}; ignored, because nothing is pushed`);
  });
}

/** A login that no request can use is most likely a typing error. */
function warnOfUnusedLogin(places: readonly Place[], config: Config, request: ConfigRequest): void {
  const place = layerOf(places, 'registry');
  const host = place?.values.registry?.host;
  if (place === undefined || host === undefined || config.targets.length === 0) return;
  const hosts = [
    ...config.targets.map(({ registry }) => registry),
    ...sourceRegistries(config.sources),
  ];
  if (hosts.includes(host) || config.registries[host]?.username === undefined) return;
  request.onWarning?.(
    `${place.nameOf('registry')}: neither a tag nor the source is at ${host}, so its login is not used`,
  );
}

/** How fast and how patiently. */
function readPace(
  places: readonly Place[],
): Pick<Config, 'timeoutMs' | 'attempts' | 'concurrency' | 'maxConcurrency' | 'chunkSize'> {
  const timeoutMs = valueOf(places, 'timeout');
  const chunkSize = valueOf(places, 'chunk-size');
  return {
    ...(timeoutMs ? { timeoutMs } : {}),
    attempts: valueOf(places, 'retry-attempts') ?? 10,
    concurrency: valueOf(places, 'concurrency') ?? 'auto',
    maxConcurrency: valueOf(places, 'max-concurrency') ?? 16,
    ...(chunkSize ? { chunkSize } : {}),
  };
}

/** What becomes of the platforms, and of what their manifests say. */
function readShape(
  places: readonly Place[],
): Pick<Config, 'platforms' | 'manifestStrategy' | 'platformSuffix' | 'edits'> {
  return {
    platforms: valueOf(places, 'platforms') ?? [],
    manifestStrategy: valueOf(places, 'manifest-strategy') ?? 'auto',
    platformSuffix: valueOf(places, 'platform-suffix') ?? '-{os}-{arch}-{variant}',
    edits: {
      attestations: valueOf(places, 'attestations') ?? 'keep',
      format: valueOf(places, 'format') ?? 'keep',
      annotations: valueOf(places, 'annotations') ?? { index: {}, manifest: {} },
    },
  };
}

/**
 * Everything somebody asked for, from inputs, environment, config and defaults (in this order of
 * precedence), validated, completed and frozen. Sends nothing and writes nothing.
 * @throws PushError with code GENERAL and one sentence that names the option
 */
export async function resolveConfig(request: ConfigRequest): Promise<Config> {
  const { files = localFiles } = request;
  const places = await readPlaces(request, files);
  const get = <Name extends OptionName>(name: Name) => valueOf(places, name);
  const probe = readProbe(places);
  const sources = probe ? [] : requireSources(places);
  const push = get('push') ?? true;
  const targets = probe ? [probe] : readTargets(places, push);
  const githubToken = get('github-token')?.trim();
  const config: Config = {
    ...(probe ? { probe } : {}),
    sources,
    targets,
    push,
    registries: await readRegistrySettings(places, targets, push, request),
    tagPolicies: get('tag-policy') ?? [],
    requireRegistries: get('require-registries') ?? 'all',
    ...(githubToken ? { githubToken } : {}),
    githubApiUrl: get('github-api-url') ?? GITHUB_API,
    ...readShape(places),
    compression: get('compression') ?? 'gzip',
    foreignLayers: get('foreign-layers') ?? false,
    ...readPace(places),
    ...(await readKept(places, files, request.onWarning)),
    verbosity: verbosity(places, request.env),
  };
  warnOfUnusedLogin(places, config, request);
  return deepFreeze(config);
}
