import type { Config } from '../config/config.ts';
import { openSource } from '../image/open.ts';
import { openRegistrySource } from '../image/registry-source.ts';
import type { OpenOptions } from '../image/options.ts';
import type { OpenedSource } from '../image/source.ts';
import { DEFAULT_RETRY } from '../util/backoff.ts';
import { systemClock } from '../util/clock.ts';
import { asPushError, PushError } from '../util/errors.ts';
import { createEmitter, type Emit } from '../util/events.ts';
import type { PushContext } from '../push/context.ts';
import { startDeadline } from '../push/deadline.ts';
import { placesOf, type PushPlan } from '../push/plan.ts';
import { push } from '../push/push.ts';
import { createCollector } from '../report/collector.ts';
import type { PushReport } from '../report/push-report.ts';
import { createConnections } from './connections.ts';
import { credentialsOf } from './credentials.ts';
import type { Host } from './host.ts';
import { createTransports } from './transports.ts';
import { VERSION } from './version.ts';

/** How a push ended: always with a report, whatever happened. */
export interface FinishedPush {
  readonly report: PushReport;
  /** what was, or would have been, done; undefined when it failed before that was known */
  readonly plan?: PushPlan;
  readonly error?: PushError;
}

type Connect = PushContext['connect'];

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
      onNote: (message) => emit({ type: 'note', message }),
      onCompressed: (from, to) => emit({ type: 'layer-compressed', from, to }),
    };
    return openSource(config.source, options);
  };
}

/** Everything a push is made of, wired; and what has to be put away after it. */
function wire(
  config: Config,
  host: Host,
  emit: Emit,
  signal: AbortSignal,
): { readonly context: PushContext; readonly close: () => Promise<void> } {
  const clock = systemClock;
  const transport = createTransports(config, host.env);
  const policy = { ...DEFAULT_RETRY, ...host.backoff, attempts: config.attempts };
  const retry = { policy, clock, emit };
  const userAgent = `idpbuilder-push/${VERSION} (${host.kind})`;
  const connect = createConnections({
    config,
    parts: { transport, retry, userAgent },
    credentials: credentialsOf(config, host, emit),
    mask: host.mask,
  });
  const { targets, platforms, foreignLayers } = config;
  const context: PushContext = {
    request: { targets, platforms, foreignLayers, push: config.push },
    openSource: sourceOpener(config, host, emit, connect),
    connect,
    clock,
    emit,
    signal,
  };
  return { context, close: () => transport.close() };
}

function cancelled(cause: unknown): PushError {
  return new PushError('The push was cancelled.', {
    code: 'GENERAL',
    hint: 'Tags were left as they are unless the report says otherwise; what has arrived is not sent again next time.',
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
  const emit = createEmitter([collector.sink, deadline.sink, ...host.sinks], () => clock.now());
  const signal = AbortSignal.any([cancel, deadline.signal]);
  let close: (() => Promise<void>) | undefined;
  try {
    const wired = wire(config, host, emit, signal);
    close = wired.close;
    const { plan, root } = await push(wired.context);
    collector.describeImage({
      platforms: plan.platforms,
      ...(root ? { digest: root.digest, mediaType: root.mediaType } : {}),
    });
    return { plan, report: collector.report(config.push ? 'success' : 'planned') };
  } catch (thrown) {
    // What was waiting when the deadline passed only knows that it was aborted, not why.
    const why: unknown = deadline.signal.aborted ? deadline.signal.reason : thrown;
    const error = cancel.aborted ? cancelled(thrown) : asPushError(why);
    return { error, report: collector.report(cancel.aborted ? 'cancelled' : 'failed', error) };
  } finally {
    deadline.stop();
    await close?.();
  }
}
