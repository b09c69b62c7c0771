import { PushError } from '../../util/errors.ts';
import { printable } from '../../util/text.ts';
import type { HttpRequest, HttpResponse } from '../transport.ts';
import { parseChallenges } from './challenge.ts';
import type { Credential } from './credentials.ts';
import { subjectOf } from './scopes.ts';

/** What the sentences are about. */
export interface RefusalContext {
  readonly registry: string;
  readonly credential: Credential | undefined;
  /** where credentials were looked for */
  readonly looked: string;
  /** what must not appear in a sentence, whatever the server says */
  readonly secrets: Iterable<string>;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The server's own words: registry errors (`errors[].message`) or OAuth2's; '' where there are none. */
function wordsOf(body: Uint8Array): string {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return '';
  }
  if (typeof value !== 'object' || value === null) return '';
  const fields = value as Readonly<Record<string, unknown>>;
  const list: unknown = fields['errors'];
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  if (typeof first === 'object' && first !== null) {
    const error = first as Readonly<Record<string, unknown>>;
    return textOf(error['message']) || textOf(error['code']);
  }
  return (
    textOf(fields['error_description']) || textOf(fields['details']) || textOf(fields['message'])
  );
}

/** `: the registry says "…"`, without secrets a hostile server may have put there; or ''. */
function quote(response: HttpResponse | undefined, secrets: Iterable<string>): string {
  let words = response ? wordsOf(response.body) : '';
  for (const secret of secrets) words = words.replaceAll(secret, '***');
  const text = printable(words, 200);
  return text === '' ? '' : ` (it says: ${text})`;
}

function source(context: RefusalContext): string {
  return context.credential?.from ?? context.looked;
}

/** Nobody gave credentials, and the server wants some. */
export function noCredentials(context: RefusalContext, response?: HttpResponse): PushError {
  const { registry, looked, secrets } = context;
  return new PushError(
    `${registry} wants credentials and none were found (looked in ${looked})${quote(response, secrets)}`,
    {
      code: 'AUTHENTICATION',
      hint: `Set username and password (or registry-auth) for ${registry}, or log in first, for example with docker/login-action or docker login ${registry}`,
    },
  );
}

/** The server does not know this user name and password, or token. */
function wrongCredentials(context: RefusalContext, response?: HttpResponse): PushError {
  const { registry, credential, secrets } = context;
  const what = credential?.kind === 'basic' ? 'user name or password' : 'token';
  const problem = credential?.kind === 'basic' ? 'wrong' : 'invalid or expired';
  return new PushError(
    `${problem} ${what} for ${registry}, from ${source(context)}${quote(response, secrets)}`,
    { code: 'AUTHENTICATION', hint: `Correct the ${what} in ${source(context)}, or log in again` },
  );
}

/** The credentials are good, but not for this. */
function notAllowed(
  context: RefusalContext,
  request: HttpRequest,
  response?: HttpResponse,
): PushError {
  const { registry, secrets } = context;
  const { repository, actions } = subjectOf(request);
  const reading = actions.length > 0 && !actions.includes('push');
  const verb = reading ? 'pull from' : 'push to';
  const place = repository === undefined ? registry : `${registry}/${repository}`;
  const needs = reading ? 'read' : 'write';
  return new PushError(
    `not allowed to ${verb} ${place} with the credentials from ${source(context)}${quote(response, secrets)}`,
    {
      code: 'AUTHENTICATION',
      hint:
        registry === 'ghcr.io'
          ? `Give the job "permissions: packages: ${needs}" and the package's settings this repository, or use a token with ${needs}:packages`
          : `Give this account or token ${needs} access to ${place}, and check that the repository or project exists`,
    },
  );
}

/** The token server failed, or answered something that is no token. */
function unusableAnswer(context: RefusalContext, host: string, response: HttpResponse): PushError {
  const { status } = response;
  const busy = status === 429 || status >= 500;
  const answer = status === 200 ? 'something that holds no token' : `status ${status}`;
  return new PushError(
    `the token server of ${context.registry} (${host}) answered ${answer}${quote(response, context.secrets)}`,
    {
      code: busy ? 'REGISTRY' : 'AUTHENTICATION',
      retryable: busy && !response.exhausted,
      hint: busy
        ? 'Try again later'
        : 'Check the address of the registry and its authentication settings',
    },
  );
}

/** The registry asks for something none of its ways can be served with. */
export function unsuitable(context: RefusalContext): PushError {
  return new PushError(
    `${context.registry} asks for a user name and password, but ${source(context)} holds a token`,
    {
      code: 'AUTHENTICATION',
      hint: `Set username and password (or registry-auth) for ${context.registry}`,
    },
  );
}

/** Whether an answer speaks of rights rather than of who somebody is. */
function isAboutRights(response: HttpResponse): boolean {
  return (
    response.status === 403 ||
    Buffer.from(response.body).includes('"DENIED"') ||
    parseChallenges(response.headers['www-authenticate']).some(
      ({ parameters }) => parameters.get('error') === 'insufficient_scope',
    )
  );
}

/**
 * Why a request was refused with the credentials there are.
 * @param checked somebody (a token server) has already accepted them
 */
export function refusal(
  context: RefusalContext,
  request: HttpRequest,
  response: HttpResponse,
  checked: boolean,
): PushError {
  if (!context.credential) return noCredentials(context, response);
  return checked || isAboutRights(response)
    ? notAllowed(context, request, response)
    : wrongCredentials(context, response);
}

/** Why a token server gave no token. */
export function noToken(
  context: RefusalContext,
  request: HttpRequest,
  host: string,
  response: HttpResponse,
): PushError {
  const { credential } = context;
  const { status } = response;
  // OAuth2 answers a refresh token it does not know with 400 (invalid_grant).
  const unknown = status === 401 || (status === 400 && credential?.kind === 'identity-token');
  if (!unknown && status !== 403) return unusableAnswer(context, host, response);
  return refusal(context, request, response, false);
}
