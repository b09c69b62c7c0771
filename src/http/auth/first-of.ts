import type { Clock } from '../../util/clock.ts';
import { SingleFlight } from '../../util/single-flight.ts';
import {
  type Credential,
  type CredentialProvider,
  type OnSecret,
  secretsOf,
} from './credentials.ts';

/** Asks one provider after the other; the first that knows credentials wins. */
export function firstOf(providers: readonly CredentialProvider[]): CredentialProvider {
  return {
    name: providers.map(({ name }) => name).join(', '),
    find: async (registry, repository, actions) => {
      for (const provider of providers) {
        const found = await provider.find(registry, repository, actions);
        if (found) return { from: provider.name, ...found };
      }
      return undefined;
    },
  };
}

/** Some helpers give passwords that live for five minutes (Google's workload identity). */
const KEEP_MS = 4 * 60_000;

/**
 * Remembers answers for some minutes, also that there are none, and announces secrets before
 * anybody can use them. A failure is not remembered.
 */
export function remembered(
  provider: CredentialProvider,
  clock: Clock,
  onSecret: OnSecret,
): CredentialProvider {
  const known = new Map<string, { at: number; credential: Credential | undefined }>();
  const flights = new SingleFlight<Credential | undefined>();
  return {
    name: provider.name,
    find: (registry, repository, actions) => {
      const key = [registry, repository ?? '', ...[...(actions ?? [])].sort()].join(' ');
      const kept = known.get(key);
      if (kept && clock.now() - kept.at < KEEP_MS) return Promise.resolve(kept.credential);
      return flights.run(key, async () => {
        const credential = await provider.find(registry, repository, actions);
        for (const secret of credential ? secretsOf(credential) : []) onSecret(secret);
        known.set(key, { at: clock.now(), credential });
        return credential;
      });
    },
  };
}
