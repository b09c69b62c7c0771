import type { Clock } from '../../util/clock.ts';
import {
  bodyOf,
  type Handler,
  type HttpRequest,
  type HttpResponse,
  type RequestBody,
} from '../transport.ts';
import { basicHeader, type Credential } from './credentials.ts';

/** What is asked of a token server. */
export interface TokenQuestion {
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  /** undefined: an anonymous token */
  readonly credential: Exclude<Credential, { kind: 'registry-token' }> | undefined;
}

/** What is needed to ask. */
export interface TokenDeps {
  /** the chain without `auth` and `authorize`: its requests carry their own header */
  readonly send: Handler;
  readonly registry: string;
  readonly clock: Clock;
}

/** Two tokens of 16 KiB, the most a header can carry, fit twice. */
const MAX_BODY = 64 * 1024;
/** Servers that only speak OAuth2 answer GET with one of these (containerd and oras know them too). */
const NO_GET = new Set([400, 404, 405, 501]);
const CLIENT_ID = 'idpbuilder-push';

function form(fields: Readonly<Record<string, string>>): RequestBody {
  return bodyOf(Buffer.from(new URLSearchParams(fields).toString(), 'utf8'));
}

function get(question: TokenQuestion, deps: TokenDeps, signal?: AbortSignal): HttpRequest {
  const url = new URL(question.realm);
  if (question.service !== undefined) url.searchParams.set('service', question.service);
  for (const scope of question.scopes) url.searchParams.append('scope', scope);
  const { credential } = question;
  return {
    method: 'GET',
    url,
    headers: {
      accept: 'application/json',
      ...(credential?.kind === 'basic'
        ? { authorization: basicHeader(credential.username, credential.password) }
        : {}),
    },
    registry: deps.registry,
    maxResponseBytes: MAX_BODY,
    ...(signal ? { signal } : {}),
  };
}

function post(
  question: TokenQuestion,
  grant: Readonly<Record<string, string>>,
  deps: TokenDeps,
  signal?: AbortSignal,
): HttpRequest {
  return {
    method: 'POST',
    url: question.realm,
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: form({
      ...grant,
      client_id: CLIENT_ID,
      ...(question.service === undefined ? {} : { service: question.service }),
      ...(question.scopes.length === 0 ? {} : { scope: question.scopes.join(' ') }),
    }),
    registry: deps.registry,
    maxResponseBytes: MAX_BODY,
    ...(signal ? { signal } : {}),
  };
}

/**
 * Asks for a token: GET with Basic (or without, anonymously), the OAuth2 POST for identity tokens
 * and for servers that refuse GET. Returns the server's answer, whatever its status.
 * https://distribution.github.io/distribution/spec/auth/oauth/
 */
export async function askForToken(
  question: TokenQuestion,
  deps: TokenDeps,
  signal?: AbortSignal,
): Promise<HttpResponse> {
  const { credential } = question;
  if (credential?.kind === 'identity-token') {
    const grant = { grant_type: 'refresh_token', refresh_token: credential.token };
    return deps.send(post(question, grant, deps, signal));
  }
  const answer = await deps.send(get(question, deps, signal));
  if (!credential || !NO_GET.has(answer.status)) return answer;
  const { username, password } = credential;
  const second = await deps.send(
    post(question, { grant_type: 'password', username, password }, deps, signal),
  );
  // A server that knows neither way meant what it said to the first.
  return NO_GET.has(second.status) ? answer : second;
}
