import { matching, parseCredentialKey } from './credential-keys.ts';
import type { CredentialProvider } from './credentials.ts';

/** A user name and password that somebody gave us for one registry. */
export interface StaticLogin {
  /** `host[:port]`, or `host/namespace` where it is for a part of the registry only */
  readonly registry: string;
  readonly username: string;
  readonly password: string;
}

/** Credentials that are known from the start; of several for one registry the longest prefix wins. */
export function staticCredentials(
  name: string,
  logins: readonly StaticLogin[],
): CredentialProvider {
  const entries = logins.map((login) => ({ ...login, ...parseCredentialKey(login.registry) }));
  return {
    name,
    find: (registry, repository) => {
      const login = matching(entries, registry, repository)[0];
      return Promise.resolve(
        login && { kind: 'basic', username: login.username, password: login.password, from: name },
      );
    },
  };
}
