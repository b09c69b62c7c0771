import type { Config } from '../config/config.ts';
import type { CredentialProvider } from '../http/auth/credentials.ts';
import { createCredentialChain } from '../http/auth/default-providers.ts';
import { systemClock } from '../util/clock.ts';
import type { Emit } from '../util/events.ts';
import type { Host } from './host.ts';

const USER = 'IDPBUILDER_REGISTRY_USER';
const PASSWORD = 'IDPBUILDER_REGISTRY_PASSWORD';

/** Who we are where: what the config says (inputs over environment), then the tools' own files. */
export function credentialsOf(config: Config, host: Host, emit: Emit): CredentialProvider {
  const { [USER]: user, [PASSWORD]: secret, ...others } = host.env;
  const logins = Object.entries(config.registries).flatMap(([registry, settings]) => {
    const { username, password } = settings;
    return username === undefined || password === undefined
      ? []
      : [{ registry, username, password }];
  });
  // The config has bound the environment's login to its registry; messages shall name the variables.
  const fromEnvironment = logins.find(
    ({ username, password }) => username === user && password === secret,
  );
  return createCredentialChain({
    inputs: logins.filter((login) => login !== fromEnvironment),
    env: fromEnvironment ? host.env : others,
    defaultRegistry: fromEnvironment?.registry,
    home: host.home,
    uid: host.uid,
    workspace: host.workspace,
    githubToken: config.githubToken,
    clock: systemClock,
    onSecret: host.mask,
    onWarning: (message) => emit({ type: 'warning', message }),
  });
}
