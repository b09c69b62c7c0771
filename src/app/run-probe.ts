import type { Config } from '../config/config.ts';
import { probeRegistry, type Finding } from '../registry/probe.ts';
import { systemClock } from '../util/clock.ts';
import { createEmitter } from '../util/events.ts';
import type { Host } from './host.ts';
import { wireNetwork } from './wire.ts';

/**
 * Asks a registry what it can do.
 * @throws PushError when it cannot be reached, or one may not write there
 */
export async function runProbe(
  { registry, repository }: { readonly registry: string; readonly repository: string },
  config: Config,
  host: Host,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const emit = createEmitter(host.sinks, () => systemClock.now());
  const network = wireNetwork(config, host, emit);
  try {
    return await probeRegistry(await network.connect(registry, signal), repository, signal);
  } finally {
    await network.close();
  }
}

/** Findings as aligned lines. */
export function findingLines(findings: readonly Finding[]): readonly string[] {
  const width = Math.max(...findings.map(({ what }) => what.length));
  return findings.map(({ what, answer }) => `${what.padEnd(width)}  ${answer}`);
}
