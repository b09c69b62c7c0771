import type { PushError } from '../../util/errors.ts';
import type { HttpRequest, HttpResponse } from '../transport.ts';

/** Knows how one registry wants to be talked to; shared by `auth` (outermost) and `authorize` (innermost). */
export interface Authenticator {
  /**
   * The Authorization header for an attempt that is sent now; undefined where none is known to be
   * needed. Fetches a token where the one it has is about to expire.
   */
  authorization(request: HttpRequest): Promise<string | undefined>;
  /**
   * Learns from a 401. True when another attempt is worth it: a challenge was new, or a token was
   * refreshed. Never asked twice for one request.
   * @param sent the Authorization header the refused attempt carried
   * @throws PushError (AUTHENTICATION) where it is certain that no further attempt can succeed
   */
  challenged(request: HttpRequest, response: HttpResponse, sent?: string): Promise<boolean>;
  /**
   * Why the attempt after `challenged` was answered 401 again, as a sentence; undefined where the
   * 401 is the caller's to judge.
   */
  refused?(
    request: HttpRequest,
    response: HttpResponse,
    sent?: string,
  ): Promise<PushError | undefined>;
  /** Whether the registry has asked for credentials so far. */
  asked?(): boolean;
  /**
   * Whether what would be sent with `request` allows `scope`, which is one of the request's own:
   * token servers leave out in silence what an account may not do. True where nothing is sent or
   * the password itself is; undefined where the token does not say. Fetches a token where none is
   * held; false where that is refused, whatever the reason.
   * @throws only the reason of the request's own signal
   */
  grants?(request: HttpRequest, scope: string): Promise<boolean | undefined>;
}
