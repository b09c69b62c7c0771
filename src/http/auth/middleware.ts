import { PushError } from '../../util/errors.ts';
import type { HttpRequest, HttpResponse, Middleware } from '../transport.ts';
import type { Authenticator } from './authenticator.ts';

/** Gives the authenticator of a registry (`host[:port]`), the same one each time. */
export type AuthenticatorFor = (registry: string) => Authenticator;

/** What `authorize` tells `auth` about an attempt, across all that may copy the request between them. */
const NOTE = Symbol('what was sent');

interface Note {
  sent?: string | undefined;
}

interface NotedRequest extends HttpRequest {
  readonly [NOTE]?: Note;
}

/**
 * Answers challenges: a 401 is shown to the authenticator, and the request is sent once more where
 * that makes sense. Outermost, so that nothing here holds a slot of the registry while it waits
 * for a token; it also has the token fetched before the request enters the chain.
 * @throws PushError (AUTHENTICATION) where credentials are missing, wrong or not enough
 */
export function auth(authenticatorFor: AuthenticatorFor): Middleware {
  const trials = new Trials();
  return (next) => async (request) => {
    const authenticator = authenticatorFor(request.registry);
    await authenticator.authorization(request);
    const note: Note = {};
    const noted: NotedRequest = { ...request, [NOTE]: note };
    const response = await next(noted);
    if (response.status !== 401) return response;
    if (!(await authenticator.challenged(request, response, note.sent))) return response;
    return trials.run(await authenticator.authorization(request), async () => {
      const again = await next(noted);
      const error =
        again.status === 401 ? await authenticator.refused?.(request, again, note.sent) : undefined;
      if (error) throw error;
      return again;
    });
  };
}

/**
 * Lets a password be tried by one request alone: many that ask at once would be as many failed
 * logins where it is wrong, and some servers lock the account after a few. (A token has been
 * checked by the server that gave it.)
 */
class Trials {
  readonly #refusals = new Map<string, Promise<PushError | undefined>>();

  async run(header: string | undefined, work: () => Promise<HttpResponse>): Promise<HttpResponse> {
    if (!header?.startsWith('Basic ')) return work();
    const earlier = this.#refusals.get(header);
    if (earlier) {
      const refusal = await earlier;
      if (refusal) throw refusal;
      return work();
    }
    const { promise, resolve } = Promise.withResolvers<PushError | undefined>();
    this.#refusals.set(header, promise);
    try {
      const response = await work();
      resolve(undefined);
      return response;
    } catch (error) {
      resolve(error instanceof PushError && error.code === 'AUTHENTICATION' ? error : undefined);
      throw error;
    }
  }
}

/**
 * Attaches the Authorization header, fresh for every attempt, however long the layers above waited.
 * Innermost; a header that the caller has set stays.
 */
export function authorize(authenticatorFor: AuthenticatorFor): Middleware {
  return (next) => async (request: NotedRequest) => {
    if (request.headers['authorization'] !== undefined) return next(request);
    const authorization = await authenticatorFor(request.registry).authorization(request);
    const note = request[NOTE];
    if (note) note.sent = authorization;
    if (authorization === undefined) return next(request);
    return next({ ...request, headers: { ...request.headers, authorization } });
  };
}
