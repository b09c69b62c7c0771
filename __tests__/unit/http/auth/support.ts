import type { Clock } from '../../../../src/util/clock.ts';
import type { Credential, CredentialProvider } from '../../../../src/http/auth/credentials.ts';
import type { Authenticator } from '../../../../src/http/auth/authenticator.ts';
import { createAuthenticator } from '../../../../src/http/auth/registry-authenticator.ts';
import { auth, authorize } from '../../../../src/http/auth/middleware.ts';
import {
  compose,
  type Handler,
  type HttpRequest,
  type HttpResponse,
} from '../../../../src/http/transport.ts';
import { PushError } from '../../../../src/util/errors.ts';

export const REGISTRY = 'registry.example';
export const REALM = 'https://auth.example/token';
export const BEARER = `Bearer realm="${REALM}",service="svc"`;
export const OCTO: Credential = { kind: 'basic', username: 'octo', password: 's3cret:ß' };

/** A clock that only moves when told to. */
export function manualClock(start = 1_000_000): Clock & { advance(milliseconds: number): void } {
  let now = start;
  return {
    now: () => now,
    sleep: () => Promise.reject(new Error('nothing here waits')),
    advance: (milliseconds) => {
      now += milliseconds;
    },
  };
}

export function answer(
  status: number,
  body: unknown = '',
  headers: Record<string, string> = {},
): HttpResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers, body: Buffer.from(text) };
}

export function ask(path: string, rest: Partial<HttpRequest> = {}): HttpRequest {
  const url = new URL(path, `https://${REGISTRY}`);
  return { method: 'GET', url, headers: {}, registry: REGISTRY, ...rest };
}

export function provider(credential?: Credential, name = 'the test'): CredentialProvider {
  return { name, find: () => Promise.resolve(credential) };
}

export async function readBody(request: HttpRequest): Promise<URLSearchParams> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request.body?.open() ?? []) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  if (request.body?.size !== Buffer.byteLength(text)) throw new Error('the size is wrong');
  return new URLSearchParams(text);
}

/** A token in three parts with this in the middle; its signature is as good as any. */
export function jwt(payload: unknown): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(payload)}.c2lnbmF0dXJl`;
}

/** The error a promise ends with; a promise that succeeds fails the test. */
export async function failure(promise: Promise<unknown>): Promise<PushError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof PushError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

export interface World {
  readonly clock: ReturnType<typeof manualClock>;
  readonly authenticator: Required<Authenticator>;
  /** the whole chain: auth, authorize, and the registry at its end */
  readonly send: Handler;
  readonly tokenRequests: HttpRequest[];
  readonly registryRequests: HttpRequest[];
  readonly secrets: string[];
  /** tokens the registry accepts from now on; none: every token it gave */
  readonly revoke: () => void;
}

export interface WorldOptions {
  readonly credentials?: CredentialProvider;
  readonly origin?: string;
  readonly challenge?: (request: HttpRequest) => string | undefined;
  /** the token server; by default it gives t1, t2, … for 300 seconds */
  readonly tokens?: (request: HttpRequest, count: number) => HttpResponse | Promise<HttpResponse>;
  /** the registry's judgement of a header; by default a token that was given and not revoked */
  readonly accepts?: (request: HttpRequest, valid: ReadonlySet<string>) => boolean;
  readonly refusal?: unknown;
  readonly resolve?: (hostname: string) => Promise<readonly string[]>;
}

/** A registry and its token server, as functions. */
export function world(options: WorldOptions = {}): World {
  const clock = manualClock();
  const tokenRequests: HttpRequest[] = [];
  const registryRequests: HttpRequest[] = [];
  const secrets: string[] = [];
  const valid = new Set<string>();
  const tokens =
    options.tokens ?? ((_, count) => answer(200, { token: `t${count}`, expires_in: 300 }));
  const sendToken: Handler = async (request) => {
    tokenRequests.push(request);
    const response = await tokens(request, tokenRequests.length);
    const given = /"(?:token|access_token)":"([^"]*)"/.exec(Buffer.from(response.body).toString());
    if (response.status === 200 && given) valid.add(`Bearer ${given[1]}`);
    return response;
  };
  const accepts =
    options.accepts ?? ((request) => valid.has(request.headers['authorization'] ?? ''));
  const registry: Handler = (request) => {
    registryRequests.push(request);
    if (accepts(request, valid)) return Promise.resolve(answer(200, 'ok'));
    const header = options.challenge ? options.challenge(request) : BEARER;
    const headers = header === undefined ? undefined : { 'www-authenticate': header };
    return Promise.resolve(answer(401, options.refusal ?? '', headers));
  };
  const authenticator = createAuthenticator({
    registry: REGISTRY,
    origin: new URL(options.origin ?? `https://${REGISTRY}`),
    credentials: options.credentials ?? provider(OCTO),
    send: sendToken,
    clock,
    onSecret: (secret) => secrets.push(secret),
    resolve: options.resolve ?? (() => Promise.resolve(['93.184.216.34'])),
  });
  const authenticatorFor = (): Authenticator => authenticator;
  const send = compose(
    // Something between the two that copies the request, as tracing does.
    [
      auth(authenticatorFor),
      (next) => (request) =>
        next({ ...request, headers: { ...request.headers, traceparent: 'x' } }),
      authorize(authenticatorFor),
    ],
    registry,
  );
  return {
    clock,
    authenticator,
    send,
    tokenRequests,
    registryRequests,
    secrets,
    revoke: () => valid.clear(),
  };
}
