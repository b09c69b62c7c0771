import { SERVICE, isRightPassword } from './auth.ts';
import type { Context } from './context.ts';
import type { Exchange } from './exchange.ts';
import { parseScopes } from './tokens.ts';
import type { Token } from './tokens.ts';

const FORM = 'application/x-www-form-urlencoded';

/** The refresh token handed out to those who ask with access_type=offline. */
const OFFLINE_TOKEN = 'strict-offline-token';

/** Answers a request to the token realm. */
export async function answerToken(context: Context, exchange: Exchange): Promise<void> {
  if (exchange.record.role === 'foreign') {
    await answerForeign(context, exchange);
    return;
  }
  const { tokenEndpoint } = context.options.auth;
  const isPost = exchange.record.method === 'POST';
  if (tokenEndpoint === (isPost ? 'get' : 'oauth2')) {
    await exchange.fail(405, 'UNSUPPORTED', 'the realm does not take this method');
    return;
  }
  if (isPost) await answerPost(context, exchange);
  else await answerGet(context, exchange);
}

async function answerGet(context: Context, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  const scopes = parseScopes(query.getAll('scope'));
  if (query.get('service') !== SERVICE) exchange.violate('token-request-malformed', 'service');
  if (scopes === undefined) exchange.violate('token-request-malformed', 'scope');
  const authorization = exchange.header('authorization');
  if (authorization === undefined && !context.options.auth.anonymousPull) {
    // Realms hand out a token to everybody; it is just good for nothing.
    await grant(context, exchange, new Map());
    return;
  }
  if (authorization !== undefined && !isRightPassword(context, authorization)) {
    await deny(context, exchange, authorization);
    return;
  }
  const granted = scopes ?? new Map<string, Set<string>>();
  const scope = authorization === undefined ? pullOnly(granted) : granted;
  await grant(context, exchange, scope, query.get('offline_token') === 'true');
}

async function answerPost(context: Context, exchange: Exchange): Promise<void> {
  const form = await readForm(exchange);
  const scopes = parseScopes(form.getAll('scope'));
  const type = exchange.header('content-type')?.split(';')[0]?.trim();
  if (type !== FORM) exchange.violate('token-request-malformed', `content-type ${type}`);
  if (form.get('service') !== SERVICE) exchange.violate('token-request-malformed', 'service');
  if ((form.get('client_id') ?? '') === '') {
    exchange.violate('token-request-malformed', 'client_id');
  }
  if (scopes === undefined) exchange.violate('token-request-malformed', 'scope');
  if (!isRightForm(context, exchange, form)) {
    await deny(context, exchange, form.toString());
    return;
  }
  const offline = form.get('access_type') === 'offline';
  await grant(context, exchange, scopes ?? new Map(), offline);
}

function isRightForm(context: Context, exchange: Exchange, form: URLSearchParams): boolean {
  const { username, password, identityToken } = context.options.auth;
  switch (form.get('grant_type') ?? '') {
    case 'password':
      return form.get('username') === username && form.get('password') === password;
    case 'refresh_token': {
      const token = form.get('refresh_token');
      return token !== null && [identityToken, OFFLINE_TOKEN].includes(token);
    }
    default:
      exchange.violate('token-request-malformed', 'grant_type');
      return false;
  }
}

async function grant(
  context: Context,
  exchange: Exchange,
  asked: Token['scopes'],
  offline = false,
): Promise<void> {
  const { ttlSeconds, issueExpiresIn, readableTokens, oneRepository } = context.options.auth;
  const scopes = oneRepository ? oneOf(asked) : asked;
  const token = context.tokens.issue(scopes, ttlSeconds, issueExpiresIn, readableTokens);
  const names =
    exchange.record.method === 'POST'
      ? { access_token: token.value }
      : { token: token.value, access_token: token.value };
  const lifetime = issueExpiresIn
    ? { expires_in: ttlSeconds, issued_at: new Date().toISOString() }
    : {};
  const refresh = offline ? { refresh_token: OFFLINE_TOKEN } : {};
  await exchange.replyJson(200, { ...names, ...lifetime, ...refresh });
}

/** A wrong password tried again on the same connection is what locks accounts. */
async function deny(context: Context, exchange: Exchange, credentials: string): Promise<void> {
  const { connection } = exchange.record;
  if (context.refusals.isRepeated(credentials, connection)) {
    exchange.violate('authorization-repeated');
  }
  context.refusals.note(credentials, connection);
  await exchange.fail(401, 'UNAUTHORIZED', 'incorrect username or password');
}

async function answerForeign(context: Context, exchange: Exchange): Promise<void> {
  const form = await readForm(exchange);
  const secrets = ['password', 'refresh_token'].some((name) => form.has(name));
  if (secrets || exchange.header('authorization') !== undefined) {
    exchange.violate('credentials-to-foreign-realm');
  }
  await grant(context, exchange, new Map());
}

async function readForm(exchange: Exchange): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of exchange.body()) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

function oneOf(scopes: Token['scopes']): Token['scopes'] {
  const all = [...scopes];
  const chosen = all.find(([, actions]) => actions.has('push')) ?? all[0];
  return new Map(chosen === undefined ? [] : [chosen]);
}

function pullOnly(scopes: Token['scopes']): Token['scopes'] {
  const kept = [...scopes].filter(([, actions]) => actions.has('pull'));
  return new Map(kept.map(([name]) => [name, new Set(['pull'])]));
}
