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
}
