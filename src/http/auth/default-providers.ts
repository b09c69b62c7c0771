import path from 'node:path';
import type { Clock } from '../../util/clock.ts';
import { configError } from '../../util/errors.ts';
import {
  authFiles,
  dockerFolder,
  type FileHost,
  runtimeFallback,
  scopedFolder,
} from './auth-file.ts';
import type { HelperHost } from './credential-helper.ts';
import type { CredentialProvider, OnSecret } from './credentials.ts';
import {
  dockerConfig,
  dockerConfigFile,
  type DockerConfigHost,
  type ReadText,
  readIfOurs,
  readTextFile,
} from './docker-config.ts';
import { firstOf, remembered } from './first-of.ts';
import { type ListFolder, scopedConfig } from './scoped-config.ts';
import { type StaticLogin, staticCredentials } from './static-credentials.ts';

/** Everything credentials may come from; nothing else is looked at. */
export interface CredentialChainOptions extends FileHost {
  /** logins from `username` and `password`, and from the config's registries */
  readonly inputs?: readonly StaticLogin[];
  /** logins from `registry-auth` */
  readonly registryAuth?: readonly StaticLogin[];
  /** the registry the environment's user and password are for; without one they are not used */
  readonly defaultRegistry?: string | undefined;
  /** GitHub's token, for ghcr.io only */
  readonly githubToken?: string | undefined;
  /** the checked-out repository: no credential helper is run from there */
  readonly workspace?: string | undefined;
  readonly clock: Clock;
  readonly onSecret: OnSecret;
  readonly onWarning: (message: string) => void;
  readonly read?: ReadText;
  readonly list?: ListFolder;
  readonly run?: HelperHost['run'];
}

const USER = 'IDPBUILDER_REGISTRY_USER';
const PASSWORD = 'IDPBUILDER_REGISTRY_PASSWORD';

function fromEnvironment(options: CredentialChainOptions): CredentialProvider {
  const name = `${USER} and ${PASSWORD}`;
  const username = options.env[USER] ?? '';
  const password = options.env[PASSWORD] ?? '';
  if ((username === '') !== (password === '')) {
    const [given, missing] = username === '' ? [PASSWORD, USER] : [USER, PASSWORD];
    throw configError(`${given} is set without ${missing}`, `Set ${missing} too, or none of them`);
  }
  const registry = options.defaultRegistry;
  const known = registry !== undefined && username !== '';
  return staticCredentials(name, known ? [{ registry, username, password }] : []);
}

function fromFiles(options: CredentialChainOptions): readonly CredentialProvider[] {
  const { env, workspace, run } = options;
  const host: DockerConfigHost = {
    read: options.read ?? readTextFile,
    onWarning: options.onWarning,
    helpers: {
      // Windows calls it Path.
      path: env['PATH'] ?? env['Path'] ?? '',
      env,
      ...(workspace === undefined ? {} : { workspace }),
      ...(run ? { run } : {}),
    },
  };
  const fallback = runtimeFallback(options);
  const scoped = scopedFolder(options);
  const docker = dockerFolder(options);
  const text = env['DOCKER_AUTH_CONFIG'];
  return [
    ...(scoped === undefined ? [] : [scopedConfig(scoped, host, options.list)]),
    ...authFiles(options).map((file) =>
      dockerConfigFile(
        file,
        file === fallback && !options.read ? { ...host, read: readIfOurs } : host,
      ),
    ),
    ...(text === undefined || text === ''
      ? []
      : [dockerConfig('DOCKER_AUTH_CONFIG', () => Promise.resolve(text), host)]),
    ...(docker === undefined ? [] : [dockerConfigFile(path.join(docker, 'config.json'), host)]),
  ];
}

/**
 * Where credentials come from, in order: the inputs, the environment, the files and helpers of
 * Docker's and podman's tools, and on GitHub the job's token for ghcr.io.
 * @throws PushError (GENERAL) where only one of the environment's two variables is set
 */
export function createCredentialChain(options: CredentialChainOptions): CredentialProvider {
  const { githubToken, clock, onSecret } = options;
  const token = githubToken ?? '';
  const providers = [
    staticCredentials('the inputs', options.inputs ?? []),
    staticCredentials('registry-auth', options.registryAuth ?? []),
    fromEnvironment(options),
    ...fromFiles(options),
    ...(token === ''
      ? []
      : [
          staticCredentials('github-token', [
            // GitHub looks at the token only; the name is the one its own tools use.
            { registry: 'ghcr.io', username: 'x-access-token', password: token },
          ]),
        ]),
  ];
  return remembered(firstOf(providers), clock, onSecret);
}
