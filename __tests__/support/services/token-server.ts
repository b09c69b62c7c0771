/** A token server as the distribution project specifies it, in this process. */
import { createPublicKey, createSign, randomUUID, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TokenAuth } from './distribution.ts';
import type { KeyPair, Login } from './service.ts';

/** How tokens are given. */
export interface TokenServerOptions {
  readonly login: Login;
  /** Signs the tokens; its certificate is what the registry trusts. An EC key on P-256. */
  readonly signer: KeyPair;
  /** Default 300: how long a token is valid. */
  readonly ttlSeconds?: number;
  /** Default true: tokens to pull for those who give no credentials. */
  readonly anonymousPull?: boolean;
}

/** One request it has seen, without what is secret in it. */
export interface TokenRequest {
  readonly method: string;
  readonly scopes: readonly string[];
  readonly granted: boolean;
}

/** A running token server. */
export interface TokenServer {
  /** What the registry's configuration needs. */
  readonly auth: TokenAuth;
  /** The refresh token for those who ask for offline access: an identity token. */
  readonly refreshToken: string;
  readonly requests: readonly TokenRequest[];
  stop(): Promise<void>;
}

const SERVICE = 'test-registry';
const ISSUER = 'test-issuer';

/** Starts a token server on a free port of 127.0.0.1. */
export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const issuer: Issuer = {
    options,
    refreshToken: randomUUID(),
    requests: [],
    sign: await signer(options.signer),
  };
  const server = createServer((request, response) => {
    const reply = async (): Promise<void> => {
      const [status, body] = answer(issuer, request, await parametersOf(request));
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    reply().catch((error: unknown) => response.destroy(error as Error));
  });
  const realm = `http://127.0.0.1:${await listen(server)}/token`;
  const rootCertBundle = options.signer.certFile;
  return {
    auth: { realm, service: SERVICE, issuer: ISSUER, rootCertBundle },
    refreshToken: issuer.refreshToken,
    requests: issuer.requests,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

interface Issuer {
  readonly options: TokenServerOptions;
  readonly refreshToken: string;
  readonly requests: TokenRequest[];
  readonly sign: (payload: object) => string;
}

function answer(
  { options, refreshToken, requests, sign }: Issuer,
  request: IncomingMessage,
  parameters: URLSearchParams,
): [status: number, body: object] {
  const method = request.method ?? '';
  const scopes = parameters.getAll('scope').flatMap((scope) => scope.split(' '));
  const known = isKnown(request, parameters, options.login, refreshToken);
  const claimed = request.headers.authorization !== undefined || method === 'POST';
  const granted = known || (!claimed && options.anonymousPull !== false);
  requests.push({ method, scopes, granted });
  if (!granted) return [401, { errors: [{ code: 'UNAUTHORIZED', message: 'who are you?' }] }];
  const seconds = options.ttlSeconds ?? 300;
  const rights = scopes.flatMap((scope) => access(scope, known));
  const token = sign(claims(known ? options.login.user : '', rights, seconds));
  const body = {
    ...(method === 'POST' ? { access_token: token } : { token }),
    ...(known && wantsRefreshToken(parameters) ? { refresh_token: refreshToken } : {}),
    expires_in: seconds,
    issued_at: new Date().toISOString(),
  };
  return [200, body];
}

/** The OAuth2 form and the older GET each have a word of their own for it. */
function wantsRefreshToken(parameters: URLSearchParams): boolean {
  return parameters.get('access_type') === 'offline' || parameters.get('offline_token') === 'true';
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

async function parametersOf(request: IncomingMessage): Promise<URLSearchParams> {
  if (request.method !== 'POST') return new URL(request.url ?? '/', 'http://token').searchParams;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

function isKnown(
  request: IncomingMessage,
  parameters: URLSearchParams,
  { user, password }: Login,
  refreshToken: string,
): boolean {
  if (request.method !== 'POST') {
    const basic = Buffer.from(`${user}:${password}`).toString('base64');
    return request.headers.authorization === `Basic ${basic}`;
  }
  if (parameters.get('grant_type') === 'refresh_token') {
    return parameters.get('refresh_token') === refreshToken;
  }
  return parameters.get('username') === user && parameters.get('password') === password;
}

/** What a scope such as `repository:app/web:pull,push` becomes in a token. */
function access(scope: string, known: boolean): object[] {
  const [, type, name, actions] = /^(\w+):(.+):([^:]+)$/.exec(scope) ?? [];
  if (actions === undefined) return [];
  const allowed = actions.split(',').filter((action) => known || action === 'pull');
  return [{ type, name, actions: allowed }];
}

function claims(subject: string, granted: readonly object[], seconds: number): object {
  const now = Math.floor(Date.now() / 1000);
  const times = { iat: now, nbf: now - 5, exp: now + seconds };
  return { iss: ISSUER, sub: subject, aud: SERVICE, jti: randomUUID(), ...times, access: granted };
}

/** Signs JSON web tokens that carry the certificate, which is how distribution finds the key. */
async function signer({ certFile, keyFile }: KeyPair): Promise<(payload: object) => string> {
  const certificate = new X509Certificate(await readFile(certFile));
  const key = await readFile(keyFile, 'utf8');
  if (createPublicKey(key).asymmetricKeyType !== 'ec') throw new Error(`${keyFile} is no EC key`);
  const header = { typ: 'JWT', alg: 'ES256', x5c: [certificate.raw.toString('base64')] };
  return (payload) => {
    const text = `${encode(header)}.${encode(payload)}`;
    const signature = createSign('SHA256').update(text).sign({ key, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
