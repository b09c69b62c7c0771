import type { Config } from '../config/config.ts';
import { systemClock } from '../util/clock.ts';
import { asPushError, messageOf, PushError } from '../util/errors.ts';
import { formatBytes } from '../util/text.ts';
import { createEmitter, type Emit, type EventSink } from '../util/events.ts';
import type { PushContext } from '../push/context.ts';
import type { PushMemory } from '../push/memory.ts';
import { startDeadline } from '../push/deadline.ts';
import { placesOf, type PlannedPlace, type PushPlan } from '../push/plan.ts';
import { push, type PushResult } from '../push/push.ts';
import { createCollector } from '../report/collector.ts';
import type { PushReport } from '../report/push-report.ts';
import type { StatePlaces } from '../state/store.ts';
import type { Host } from './host.ts';
import { createMemory } from './memory.ts';
import { createSourceSharing } from './sharing.ts';
import { sourceOpener } from './source-opener.ts';
import { wireNetwork, type Network } from './wire.ts';

/** How a push ended: always with a report, whatever happened. */
export interface FinishedPush {
  readonly report: PushReport;
  /** what was, or would have been, done; undefined when it failed before that was known */
  readonly plan?: PushPlan;
  readonly error?: PushError;
}

interface Wired {
  readonly network: Network;
  readonly places: StatePlaces | undefined;
  readonly memory: PushMemory | undefined;
}

function optionalRegistries({ registries }: Config): ReadonlySet<string> {
  const optional = Object.entries(registries).filter(([, settings]) => settings.optional);
  return new Set(optional.map(([host]) => host));
}

function contextOf(
  config: Config,
  host: Host,
  emit: Emit,
  { network, places, memory }: Wired,
  signal: AbortSignal,
): PushContext {
  const { targets, platforms, foreignLayers, tagPolicies, requireRegistries } = config;
  const { manifestStrategy: strategy, edits, platformSuffix: suffix } = config;
  const { connect, ancestry } = network;
  const { layersFile } = places ?? {};
  const sharing = createSourceSharing(targets);
  return {
    request: {
      targets,
      platforms,
      strategy,
      edits,
      suffix,
      foreignLayers,
      push: config.push,
      tagPolicies,
      requireRegistries,
      optionalRegistries: optionalRegistries(config),
    },
    openSources: sourceOpener({ config, host, emit, connect, sharing, layersFile }),
    connect,
    memory,
    ancestry,
    clock: systemClock,
    emit: sharing.overhear(emit),
    signal,
  };
}

/** Where it goes; which tags platforms get each for itself is known when they are. */
function expectedPlaces({ targets, manifestStrategy }: Config): readonly PlannedPlace[] {
  const places = placesOf(targets);
  if (manifestStrategy !== 'separate') return places;
  return places.map(({ registry, repository }) => ({ registry, repository, tags: [] }));
}

function statePlaces(config: Config, host: Host, emit: Emit): StatePlaces | undefined {
  try {
    return host.state?.(config);
  } catch (error) {
    const message = `Nothing is remembered of this push: ${messageOf(error)}`;
    emit({ type: 'warning', message });
    return undefined;
  }
}

/** What another run can go on with, and where it finds that. */
function keptNote(
  { blobs, bytes }: { readonly blobs: number; readonly bytes: number },
  places: StatePlaces | undefined,
): string {
  const { store, resumeDirectory = '' } = places ?? {};
  const where = store?.keepsProgress ? store.name : resumeDirectory;
  const layers = blobs === 1 ? '1 unfinished layer' : `${blobs} unfinished layers`;
  return `Kept for the next run: ${formatBytes(bytes)} of ${layers} (${where}).`;
}

function cancelled(cause: unknown, tagged: boolean): PushError {
  return new PushError('The push was cancelled.', {
    code: 'GENERAL',
    hint: tagged
      ? 'Some tags had moved already. Run it again to finish; layers that have arrived are not sent again.'
      : 'No tag was moved. Run it again to finish; layers that have arrived are not sent again.',
    cause,
  });
}

/**
 * One push, from a resolved config to a report. It does not throw: what went wrong is in the result.
 * @param cancel ends the push at once, as a signal from the user or the runner
 */
export async function runPush(
  config: Config,
  host: Host,
  cancel: AbortSignal,
): Promise<FinishedPush> {
  const clock = systemClock;
  const deadline = startDeadline({ timeoutMs: config.timeoutMs, clock });
  const collector = createCollector({
    source: config.sources.join(', '),
    places: expectedPlaces(config),
    now: () => clock.now(),
    ...(host.redact ? { redact: host.redact } : {}),
  });
  let tagged = false;
  const watchTags: EventSink = (event) => {
    tagged ||= event.type === 'tag-published' && !event.unchanged;
  };
  const emit = createEmitter([collector.sink, deadline.sink, watchTags, ...host.sinks], () =>
    clock.now(),
  );
  const signal = AbortSignal.any([cancel, deadline.signal]);
  const places = statePlaces(config, host, emit);
  const memory = places && createMemory({ config, places, clock, emit });
  let network: Network | undefined;
  let result: PushResult | undefined;
  let thrown: unknown;
  try {
    network = wireNetwork(config, host, emit);
    result = await push(contextOf(config, host, emit, { network, places, memory }, signal));
  } catch (error) {
    thrown = error;
  }
  deadline.stop();
  // Of a registry that failed something may be left to go on with.
  const kept = await memory?.close(config.push && result?.complete === true);
  await network?.close().catch(() => undefined);
  if (result) {
    const { plan, root } = result;
    collector.describeImage({
      platforms: plan.platforms,
      ...(root ? { digest: root.digest, mediaType: root.mediaType } : {}),
    });
    return { plan, report: collector.report(config.push ? 'success' : 'planned') };
  }
  if (kept && kept.bytes > 0) emit({ type: 'note', message: keptNote(kept, places) });
  const error = cancel.aborted ? cancelled(thrown, tagged) : asPushError(thrown);
  return { error, report: collector.report(cancel.aborted ? 'cancelled' : 'failed', error) };
}
