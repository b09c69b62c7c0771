import type { Context } from './context.ts';
import type { Exchange } from './exchange.ts';
import { onlyReads } from './kinds.ts';
import { origin } from './location.ts';
import { TOKEN_PATH } from './routes.ts';

/** Name under which tokens are asked for. */
export const SERVICE = 'strict-registry';

type Need = ReadonlyMap<string, string>;

/** Lets a request through, or answers it and says no. */
export async function authorize(context: Context, exchange: Exchange): Promise<boolean> {
  const { denyPush } = context.options.auth;
  if (exchange.record.role === 'foreign') return true;
  if (!checkCredentials(context, exchange)) return await refuse(context, exchange);
  const { repo = '', kind } = exchange.route;
  if (kind !== 'ping' && !onlyReads(kind) && denyPush?.test(repo) === true) {
    await exchange.fail(403, 'DENIED', 'requested access to the resource is denied');
    return false;
  }
  return true;
}

/** Holds the Authorization header against the rules, before anything is done with it. */
export function checkAuthorization(context: Context, exchange: Exchange): void {
  const authorization = exchange.header('authorization');
  if (authorization === undefined) return;
  const { record } = exchange;
  if (record.role === 'foreign') {
    // Its token realm has a rule of its own.
    if (exchange.route.kind !== 'token') exchange.violate('authorization-to-foreign-host');
    return;
  }
  if (exchange.route.kind === 'token') {
    if (!/^basic /i.test(authorization)) exchange.violate('authorization-scheme');
    return;
  }
  const { mode } = context.options.auth;
  if (mode === 'none' || !context.refusals.challenged) exchange.violate('authorization-unasked');
  else if (!authorization.toLowerCase().startsWith(`${mode} `)) {
    exchange.violate('authorization-scheme', `${mode} was asked for`);
  }
  if (context.refusals.isRepeated(authorization, record.connection)) {
    exchange.violate('authorization-repeated');
  }
  checkExpiry(context, exchange, authorization);
}

/** Whether user name and password of a Basic header are right. */
export function isRightPassword(context: Context, authorization: string | undefined): boolean {
  const { username, password } = context.options.auth;
  const right = Buffer.from(`${username}:${password}`).toString('base64');
  return /^basic (\S+)$/i.exec(authorization ?? '')?.[1] === right;
}

function checkExpiry(context: Context, exchange: Exchange, authorization: string): void {
  const token = context.tokens.get(bearer(authorization));
  if (token === undefined || !token.told) return;
  const late = Date.now() - token.expiresAt;
  if (late > context.options.tokenSlackMs) {
    exchange.violate('token-expired', `${late} ms after its end`);
  }
}

function checkCredentials(context: Context, exchange: Exchange): boolean {
  const { mode, anonymousPull, openUploads } = context.options.auth;
  if (mode === 'none') return true;
  const authorization = exchange.header('authorization');
  if (openUploads && authorization === undefined && exchange.route.session) return true;
  if (mode === 'basic') {
    if (isRightPassword(context, authorization)) return true;
    return authorization === undefined && anonymousPull && onlyReads(exchange.route.kind);
  }
  const value = bearer(authorization ?? '');
  if (exchange.fault.expireToken === true) context.tokens.revoke(value);
  if (exchange.fault.expireAllTokens === true) context.tokens.revokeAll();
  const token = context.tokens.get(value);
  if (token === undefined || !context.tokens.isValid(token)) return false;
  return [...neededScopes(exchange)].every(([repo, actions]) =>
    actions.split(',').every((action) => token.scopes.get(repo)?.has(action) === true),
  );
}

async function refuse(context: Context, exchange: Exchange): Promise<false> {
  const authorization = exchange.header('authorization');
  const token = context.tokens.get(bearer(authorization ?? ''));
  const isInvalid = token === undefined || !context.tokens.isValid(token);
  if (authorization !== undefined && isInvalid && exchange.deliverable) {
    context.refusals.note(authorization, exchange.record.connection);
  }
  let problem: string | undefined;
  if (authorization !== undefined) problem = isInvalid ? 'invalid_token' : 'insufficient_scope';
  await exchange.fail(401, 'UNAUTHORIZED', 'authentication required', {
    'www-authenticate': challenge(context, exchange, problem),
  });
  context.refusals.challenged = true;
  return false;
}

/** The WWW-Authenticate header for a request. */
export function challenge(context: Context, exchange: Exchange, problem?: string): string {
  const isForeign = exchange.record.role === 'foreign';
  if (context.options.auth.mode === 'basic' && !isForeign) return 'Basic realm="strict-registry"';
  const server = isForeign ? context.urls.foreign : context.urls.token;
  const realm = `${server ?? origin(context, exchange)}${TOKEN_PATH}`;
  const scopes = [...neededScopes(exchange)].map(([name, what]) => `repository:${name}:${what}`);
  const parts = [`realm="${realm}"`, `service="${SERVICE}"`];
  if (scopes.length > 0) parts.push(`scope="${scopes.join(' ')}"`);
  if (problem !== undefined) parts.push(`error="${problem}"`);
  return `Bearer ${parts.join(',')}`;
}

/** Which actions on which repositories a request needs. */
function neededScopes({ route, query }: Exchange): Need {
  const need = new Map<string, string>();
  const { repo, kind } = route;
  if (repo === undefined || kind === 'unknown') return need;
  if (onlyReads(kind)) need.set(repo, 'pull');
  else if (kind === 'manifest-delete' || kind === 'blob-delete') need.set(repo, 'delete');
  else need.set(repo, 'pull,push');
  const from = query.get('from');
  if (kind === 'blob-mount' && from !== null && from !== repo) need.set(from, 'pull');
  return need;
}

function bearer(authorization: string): string {
  return /^bearer (\S+)$/i.exec(authorization)?.[1] ?? '';
}
