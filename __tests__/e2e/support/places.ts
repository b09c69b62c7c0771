/** The registries that an ordinary push must work with, each asked for its login in its own way. */
import { join } from 'node:path';
import {
  removeFolder,
  selfSigned,
  signedByOwnCa,
  startDistribution,
  startDockerRegistry,
  startGitea,
  startOlareg,
  temporaryFolder,
  type Login,
  type Service,
} from '../../support/services/index.ts';
import { createReader, type Reader } from './reader.ts';
import { runAction, runCli, type Inputs, type RunOptions, type RunResult } from './run.ts';

const LOGIN: Login = { user: 'push-user', password: 'a pass:word %&"$' };

/** A registry that runs, and how our program is told about it. */
export interface Place {
  readonly host: string;
  /** what a repository's name starts with */
  readonly namespace: string;
  readonly reader: Reader;
  readonly login: Login | undefined;
  /** Pushes as a user of this registry does. */
  push(source: string, reference: string, more?: Inputs, options?: RunOptions): Promise<RunResult>;
  stop(): Promise<void>;
}

/** A registry that can be started. */
export interface PlaceKind {
  readonly title: string;
  readonly needs: readonly string[];
  start(): Promise<Place>;
}

type How = 'cli' | 'action';

async function place(
  how: How,
  start: (folder: string) => Promise<{
    service: Service;
    login?: Login;
    namespace?: string;
    inputs?: Inputs;
  }>,
): Promise<Place> {
  const folder = await temporaryFolder('place');
  const { service, login, namespace = 'team', inputs = {} } = await start(folder);
  const named = login === undefined ? {} : { username: login.user, password: login.password };
  return {
    host: service.host,
    namespace,
    login,
    reader: await createReader(folder, service.host, login),
    push: (source, reference, more = {}, options = {}) => {
      const all = { ...named, ...inputs, ...more };
      if (how === 'action') return runAction({ source, tags: reference, ...all }, options);
      const args = source === '' ? [reference] : [source, reference];
      return runCli([...flagsOf(all), ...args], options);
    },
    stop: async () => {
      await service.stop();
      await removeFolder(folder);
    },
  };
}

/** Inputs as flags: `--name=value`, which also carries values that start with a dash. */
function flagsOf(inputs: Inputs): string[] {
  return Object.entries(inputs).map(([name, value]) => `--${name}=${value}`);
}

const gitea = (trust: 'insecure' | 'ca-file'): Promise<Place> =>
  place('action', async () => {
    const service = await startGitea();
    const { user, password, caFile = '' } = service;
    const inputs: Inputs = trust === 'insecure' ? { insecure: 'true' } : { 'ca-file': caFile };
    return { service, login: { user, password }, namespace: user.toLowerCase(), inputs };
  });

export const PLACES: readonly PlaceKind[] = [
  {
    title: 'distribution 3 over TLS of its own authority, with a password',
    needs: ['distribution', 'openssl'],
    start: () =>
      place('cli', async (folder) => {
        const tls = await signedByOwnCa(folder);
        const service = await startDistribution({ tls, login: LOGIN });
        return { service, login: LOGIN, inputs: { 'ca-file': tls.caFile } };
      }),
  },
  {
    title: 'docker-registry 2.8 over plain HTTP',
    needs: ['docker-registry'],
    start: () =>
      place('action', async () => ({
        service: await startDockerRegistry(),
        inputs: { 'plain-http': 'true' },
      })),
  },
  {
    title: 'olareg with tokens, over TLS nobody signed',
    needs: ['olareg', 'openssl'],
    start: () =>
      place('cli', async (folder) => {
        const tls = await selfSigned(join(folder));
        const service = await startOlareg({ tls, login: LOGIN, auth: 'bearer' });
        return { service, login: LOGIN, inputs: { insecure: 'true' } };
      }),
  },
  {
    title: 'Gitea with a self-signed certificate and insecure: true',
    needs: ['gitea', 'git', 'openssl'],
    start: () => gitea('insecure'),
  },
  {
    title: 'Gitea with a self-signed certificate as ca-file',
    needs: ['gitea', 'git', 'openssl'],
    start: () => gitea('ca-file'),
  },
];
