/** CNCF distribution, version 3 as built from its module and 2.8 as Debian ships it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bcrypt } from './bcrypt.ts';
import { startServer } from './process.ts';
import { answers, startService, type KeyPair, type Login, type Service } from './service.ts';
import { requireTool } from './tools.ts';

/** Token authentication: who issues the tokens, and whose signature counts. */
export interface TokenAuth {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** Certificates of the issuer, PEM. */
  readonly rootCertBundle: string;
}

/** How the registry is configured; nothing given is open and over plain HTTP. */
export interface DistributionOptions {
  /** Basic authentication with this one user. */
  readonly login?: Login;
  readonly tls?: KeyPair;
  readonly token?: TokenAuth;
  /** Signs the upload sessions; the same one after a restart keeps their Locations valid. */
  readonly secret?: string;
  /** A folder that outlives the server, for restarts; else it is temporary. */
  readonly storage?: string;
  /** Whether it deletes; by default it does. */
  readonly deletes?: boolean;
  /** A port of the caller's choice, for restarts. */
  readonly port?: number;
}

/** Starts distribution 3. */
export function startDistribution(options: DistributionOptions = {}): Promise<Service> {
  return startRegistry('distribution', options);
}

/** Starts Debian's docker-registry 2.8: what Harbor's uploads behave like. */
export function startDockerRegistry(options: DistributionOptions = {}): Promise<Service> {
  return startRegistry('docker-registry', options);
}

function startRegistry(program: string, options: DistributionOptions): Promise<Service> {
  const file = requireTool(program);
  const tls = options.tls !== undefined;
  return startService(program, { port: options.port, tls }, async (port, folder) => {
    const configuration = join(folder, 'config.yml');
    await writeFile(configuration, JSON.stringify(await configure(port, folder, options)));
    const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}/v2/`;
    // Without it version 3 looks for a collector of traces and logs that there is none.
    const env = { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' };
    return startServer(file, ['serve', configuration], { env, probe: answers(url) });
  });
}

/** The configuration file's content: JSON is YAML. */
async function configure(
  port: number,
  folder: string,
  options: DistributionOptions,
): Promise<object> {
  const { tls, secret = 'a-secret', storage = join(folder, 'data'), deletes = true } = options;
  const auth = await authentication(folder, options);
  return {
    version: '0.1',
    log: { level: 'info' },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: deletes } },
    http: {
      addr: `127.0.0.1:${port}`,
      secret,
      ...(tls === undefined ? {} : { tls: { certificate: tls.certFile, key: tls.keyFile } }),
    },
    ...(auth === undefined ? {} : { auth }),
  };
}

async function authentication(
  folder: string,
  { login, token }: DistributionOptions,
): Promise<object | undefined> {
  if (login !== undefined && token !== undefined) throw new Error('login or token, not both');
  if (token !== undefined) {
    const { realm, service, issuer, rootCertBundle } = token;
    return { token: { realm, service, issuer, rootcertbundle: rootCertBundle } };
  }
  if (login === undefined) return undefined;
  const path = join(folder, 'htpasswd');
  await writeFile(path, `${login.user}:${bcrypt(login.password)}\n`);
  return { htpasswd: { realm: 'test', path } };
}
