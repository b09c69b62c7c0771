/** Gitea, the registry idpbuilder brings, with its packages behind a password. */
import { chmod, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { mustRun, startServer, type RunningProcess } from './process.ts';
import { answers, startService, type KeyPair, type Login, type Service } from './service.ts';
import { selfSigned, type Certificate } from './tls.ts';
import { requireTool, toolsRoot } from './tools.ts';

/** How Gitea is started. */
export interface GiteaOptions {
  /** Default: a self-signed certificate of its own; false is plain HTTP. */
  readonly tls?: Certificate | false;
  /** Default `giteaAdmin`, idpbuilder's name, with a password of awkward characters. */
  readonly login?: Login;
  readonly port?: number;
}

/** A running Gitea: push to `${host}/${user}/name:tag`. */
export interface Gitea extends Service, Login {
  /** What a client must trust; undefined over plain HTTP. */
  readonly caFile: string | undefined;
}

const DEFAULT_LOGIN: Login = { user: 'giteaAdmin', password: 'p@ss w"ord\'$&<>%:/\\#' };

/** Starts Gitea with one user, an administrator, and an empty database. */
export async function startGitea(options: GiteaOptions = {}): Promise<Gitea> {
  const file = requireTool('gitea');
  const login = options.login ?? DEFAULT_LOGIN;
  let caFile: string | undefined;
  const service = await startService(
    'gitea',
    { port: options.port, tls: options.tls !== false },
    async (port, folder) => {
      const tls = options.tls === false ? undefined : (options.tls ?? (await selfSigned(folder)));
      caFile = tls?.caFile;
      const configuration = join(folder, 'app.ini');
      await writeFile(configuration, configure(port, folder, tls));
      // Gitea writes its own secrets into the file and refuses one others can read.
      await chmod(configuration, 0o600);
      return start(
        file,
        folder,
        login,
        `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
      );
    },
  );
  return { ...service, ...login, caFile };
}

async function start(
  file: string,
  folder: string,
  { user, password }: Login,
  url: string,
): Promise<RunningProcess> {
  const place = ['--work-path', folder, '--config', join(folder, 'app.ini')];
  const options = { cwd: folder, env: { GITEA_WORK_DIR: folder, HOME: folder } };
  await mustRun(file, ['migrate', ...place], options);
  const account = ['--username', user, '--password', password, '--email', 'admin@example.test'];
  const flags = ['--admin', '--must-change-password=false'];
  await mustRun(file, ['admin', 'user', 'create', ...place, ...account, ...flags], options);
  return startServer(file, ['web', ...place], { ...options, probe: answers(`${url}/v2/`) });
}

function configure(port: number, folder: string, tls: KeyPair | undefined): string {
  const certificate =
    tls === undefined
      ? ['PROTOCOL = http']
      : ['PROTOCOL = https', `CERT_FILE = ${tls.certFile}`, `KEY_FILE = ${tls.keyFile}`];
  return [
    'APP_NAME = test',
    'RUN_MODE = prod',
    `RUN_USER = ${userInfo().username}`,
    // Gitea does not start as root otherwise, and in a container tests often are root.
    'I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true',
    '[server]',
    ...certificate,
    'HTTP_ADDR = 127.0.0.1',
    `HTTP_PORT = ${port}`,
    `ROOT_URL = ${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/`,
    'DOMAIN = 127.0.0.1',
    // The templates, which the module's build does not put into the program.
    `STATIC_ROOT_PATH = ${join(toolsRoot(), 'gitea')}`,
    `APP_DATA_PATH = ${join(folder, 'data')}`,
    'DISABLE_SSH = true',
    'OFFLINE_MODE = true',
    '[database]',
    'DB_TYPE = sqlite3',
    `PATH = ${join(folder, 'gitea.db')}`,
    '[security]',
    'INSTALL_LOCK = true',
    'PASSWORD_HASH_ALGO = pbkdf2_v2',
    '[cron]',
    'ENABLED = false',
    '[indexer]',
    'ISSUE_INDEXER_TYPE = db',
    '[log]',
    'MODE = console',
    'LEVEL = Info',
    '',
  ].join('\n');
}
