import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runPush, type FinishedPush } from '../../../src/app/create-push.ts';
import type { Config, RegistrySettings } from '../../../src/config/config.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { sourceRegistries } from '../../../src/config/targets.ts';
import { isLoopbackHost } from '../../../src/http/addresses.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import type { StatePlaces } from '../../../src/state/store.ts';
import { createLogProgress } from '../../../src/report/log-progress.ts';
import { errorLines } from '../../../src/report/error-text.ts';
import type { EventSink, PushEvent } from '../../../src/util/events.ts';
import { createRedactor } from '../../../src/util/redactor.ts';

export interface RunRequest extends Partial<Omit<Config, 'targets' | 'registries' | 'sources'>> {
  /** one per line */
  readonly source: string;
  readonly tags: readonly string[];
  /** by host; loopback registries speak plain HTTP unless something is said of them here */
  readonly registries?: Readonly<Record<string, Partial<RegistrySettings>>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly cancel?: AbortSignal;
  readonly sink?: EventSink;
  /** where it may keep what it remembers; nowhere by default */
  readonly state?: StatePlaces;
}

export interface Run extends FinishedPush {
  readonly events: readonly PushEvent[];
  /** what a verbose log shows, the error included */
  readonly log: readonly string[];
  /** everything that was announced as a secret */
  readonly secrets: readonly string[];
}

function registriesOf(request: RunRequest): Record<string, RegistrySettings> {
  const hosts = request.tags.map((tag) => parseReference(tag).registry);
  hosts.push(...sourceRegistries(request.source.split('\n')));
  const settings: Record<string, RegistrySettings> = {};
  for (const host of new Set([...hosts, ...Object.keys(request.registries ?? {})])) {
    const loopback = isLoopbackHost(new URL(`http://${host}`).hostname);
    settings[host] = {
      insecure: false,
      plainHttp: loopback,
      ...request.registries?.[host],
    };
  }
  return settings;
}

/** Through the schema, so that whatever is not said here has its documented default. */
async function configOf(request: RunRequest): Promise<Config> {
  const { env: _env, cancel: _cancel, sink: _sink, state: _state, tags, ...rest } = request;
  const base = await resolveConfig({
    inputs: { source: request.source, tags: tags.join('\n'), push: String(request.push ?? true) },
    env: {},
    onSecret: () => undefined,
  });
  return {
    ...base,
    attempts: 5,
    verbosity: 'verbose',
    ...rest,
    registries: registriesOf(request),
  };
}

/** A whole push, as a shell runs it, with short waits and an empty home. */
export async function run(request: RunRequest): Promise<Run> {
  const home = mkdtempSync(path.join(tmpdir(), 'push-home-'));
  const events: PushEvent[] = [];
  const log: string[] = [];
  const secrets: string[] = [];
  const redactor = createRedactor();
  const { redact } = redactor;
  const write = (line: string): number => log.push(line);
  const now = Date.now.bind(Date);
  const { state } = request;
  const progress = createLogProgress({ write, verbosity: 'verbose', redact, now });
  const host = {
    env: request.env ?? {},
    home,
    tempDirectory: home,
    mask: (secret: string) => {
      secrets.push(secret);
      redactor.add(secret);
    },
    redact,
    sinks: [
      (event: PushEvent) => {
        events.push(event);
      },
      progress.sink,
      ...(request.sink ? [request.sink] : []),
    ],
    backoff: { baseMs: 2, maxMs: 20 },
    ...(state ? { state: () => state } : {}),
    kind: 'library',
  } as const;
  try {
    const finished = await runPush(
      await configOf(request),
      host,
      request.cancel ?? new AbortController().signal,
    );
    progress.stop();
    if (finished.error) log.push(...errorLines(finished.error, { verbose: true, redact }));
    return { ...finished, events, log, secrets };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
