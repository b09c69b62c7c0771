/** olareg: the newest distribution spec, with rate limits and both kinds of authentication. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bcrypt } from './bcrypt.ts';
import { startServer } from './process.ts';
import { answers, startService, type KeyPair, type Login, type Service } from './service.ts';
import { requireTool } from './tools.ts';

/** How olareg is started; nothing given is open, in memory and over plain HTTP. */
export interface OlaregOptions {
  /** Requests per second and client; more are answered 429 with Retry-After. */
  readonly rateLimit?: number;
  /** The one user who may pull and push. */
  readonly login?: Login;
  /** How `login` is asked for; default `basic`. */
  readonly auth?: 'basic' | 'bearer';
  readonly tls?: KeyPair;
  /** Keeps its data in this folder rather than in memory. */
  readonly storage?: string;
  readonly port?: number;
}

/** Starts olareg. */
export function startOlareg(options: OlaregOptions = {}): Promise<Service> {
  const file = requireTool('olareg');
  const tls = options.tls !== undefined;
  return startService('olareg', { port: options.port, tls }, async (port, folder) => {
    const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
    const args = ['serve', '--addr', '127.0.0.1', '--port', String(port), '--verbosity', 'info'];
    args.push('--api-delete', '--api-blob-delete', ...flags(options));
    if (options.login !== undefined) args.push(...(await authFlags(folder, url, options)));
    // The probe must not use up the client's rate: it stops at the first answer.
    return startServer(file, args, { cwd: folder, probe: answers(`${url}/v2/`) });
  });
}

function flags({ rateLimit, tls, storage }: OlaregOptions): string[] {
  const store = storage === undefined ? ['mem'] : ['dir', '--dir', storage];
  return [
    '--store-type',
    ...store,
    ...(rateLimit === undefined ? [] : ['--rate-limit', String(rateLimit)]),
    ...(tls === undefined ? [] : ['--tls-cert', tls.certFile, '--tls-key', tls.keyFile]),
  ];
}

async function authFlags(
  folder: string,
  url: string,
  { login, auth = 'basic' }: OlaregOptions,
): Promise<string[]> {
  if (login === undefined) return [];
  const { user, password } = login;
  const path = join(folder, 'auth.yaml');
  const acls = [
    // The empty repository is the ping to /v2/.
    { repo: '', members: [user], access: ['read'] },
    { repo: '*', members: [user], access: ['read', 'write', 'delete'] },
  ];
  const users = { [user]: { cred: bcrypt(password) } };
  await writeFile(path, JSON.stringify({ users, acls }));
  return auth === 'basic'
    ? ['--auth-basic', path]
    : ['--auth-token-opaque', path, '--external-url', url];
}
