import type { Config } from '../config/config.ts';
import { openSource } from '../image/open.ts';
import { openRegistrySource } from '../image/registry-source.ts';
import type { OpenOptions } from '../image/options.ts';
import type { OpenedSource } from '../image/source.ts';
import { systemClock } from '../util/clock.ts';
import { asPushError, PushError } from '../util/errors.ts';
import { createEmitter, type Emit, type EventSink } from '../util/events.ts';
import type { PushContext } from '../push/context.ts';
import { startDeadline } from '../push/deadline.ts';
import { placesOf, type PushPlan } from '../push/plan.ts';
import { push } from '../push/push.ts';
import { createCollector } from '../report/collector.ts';
import type { PushReport } from '../report/push-report.ts';
import type { Host } from './host.ts';
import { wireNetwork, type Connect, type Network } from './wire.ts';

/** How a push ended: always with a report, whatever happened. */
export interface FinishedPush {
  readonly report: PushReport;
  /** what was, or would have been, done; undefined when it failed before that was known */
  readonly plan?: PushPlan;
  readonly error?: PushError;
}

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

function sourceOpener(config: Config, host: Host, emit: Emit, connect: Connect) {
  const { DOCKER_HOST, DOCKER_CERT_PATH, DOCKER_TLS_VERIFY } = host.env;
  return (signal: AbortSignal): Promise<OpenedSource> => {
    const options: OpenOptions = {
      tempDirectory: host.tempDirectory,
      compression: config.compression,
      dockerHost: {
        ...(DOCKER_HOST ? { host: DOCKER_HOST } : {}),
        ...(DOCKER_CERT_PATH ? { certPath: DOCKER_CERT_PATH } : {}),
        tlsVerify: Boolean(DOCKER_TLS_VERIFY),
      },
      openRegistry: async (reference) =>
        openRegistrySource(await connect(reference.registry, signal), reference, signal),
      signal,
      onWork: throttledWork(emit),
      onNote: (message) => emit({ type: 'note', message }),
      onCompressed: (from, to) => emit({ type: 'layer-compressed', from, to }),
    };
    return openSource(config.source, options);
  };
}

function contextOf(
  config: Config,
  host: Host,
  emit: Emit,
  { connect }: Network,
  signal: AbortSignal,
): PushContext {
  const { targets, platforms, foreignLayers } = config;
  return {
    request: { targets, platforms, foreignLayers, push: config.push },
    openSource: sourceOpener(config, host, emit, connect),
    connect,
    clock: systemClock,
    emit,
    signal,
  };
}

function cancelled(cause: unknown, tagged: boolean): PushError {
  return new PushError('The push was cancelled.', {
    code: 'GENERAL',
    hint: tagged
      ? 'Some tags had moved already. Run it again to finish; what has arrived is not sent again.'
      : 'No tag was moved. Run it again to finish; what has arrived is not sent again.',
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
    source: config.source,
    places: placesOf(config.targets),
    now: () => clock.now(),
    ...(host.redact ? { redact: host.redact } : {}),
  });
  let tagged = false;
  const watchTags: EventSink = ({ type }) => {
    tagged ||= type === 'tag-published';
  };
  const emit = createEmitter([collector.sink, deadline.sink, watchTags, ...host.sinks], () =>
    clock.now(),
  );
  const signal = AbortSignal.any([cancel, deadline.signal]);
  let network: Network | undefined;
  try {
    network = wireNetwork(config, host, emit);
    const { plan, root } = await push(contextOf(config, host, emit, network, signal));
    collector.describeImage({
      platforms: plan.platforms,
      ...(root ? { digest: root.digest, mediaType: root.mediaType } : {}),
    });
    return { plan, report: collector.report(config.push ? 'success' : 'planned') };
  } catch (thrown) {
    const error = cancel.aborted ? cancelled(thrown, tagged) : asPushError(thrown);
    return { error, report: collector.report(cancel.aborted ? 'cancelled' : 'failed', error) };
  } finally {
    deadline.stop();
    await network?.close();
  }
}
