import { isAbort } from '../../util/errors.ts';
import { SingleFlight } from '../../util/single-flight.ts';
import type { Resolve } from '../addresses.ts';
import type { HttpRequest, HttpResponse } from '../transport.ts';
import type { Challenge } from './challenge.ts';
import { type Credential, identify, type OnSecret, sameCredential } from './credentials.ts';
import { checkRealm } from './realm.ts';
import { covers, normalizeScopes, type Grants } from './scopes.ts';
import { accessOf, allows } from './token-access.ts';
import { readToken, type Token } from './token-answer.ts';
import { askForToken, type TokenDeps } from './tokens.ts';

export interface BearerDeps extends TokenDeps {
  readonly origin: URL;
  readonly onSecret: OnSecret;
  readonly resolve: Resolve;
}

/** What tokens are exchanged for. */
export type Exchangeable = Exclude<Credential, { kind: 'registry-token' }>;

/** A token server that did not give a token; the caller knows how to say so. */
export class TokenRefusal extends Error {
  override readonly name = 'TokenRefusal';
  readonly response: HttpResponse;
  readonly host: string;

  constructor(response: HttpResponse, host: string) {
    super(`the token server answered ${response.status}`);
    this.response = response;
    this.host = host;
  }
}

/**
 * What a token server has refused is not asked again so soon: many workers with one wrong password
 * would lock the account (Docker Hub: for 10 minutes).
 */
const REMEMBER_REFUSAL_MS = 60_000;
/** 400: an unknown refresh token, or a combination of scopes that nobody may have. */
const FINAL: ReadonlySet<number> = new Set([400, 401, 403]);

interface Held {
  readonly scopes: readonly string[];
  readonly credential: Exchangeable | undefined;
  readonly token: Token;
  /** what it says of itself, which may be less than was asked for */
  readonly access: Grants | undefined;
}

function stated(request: HttpRequest): string {
  return normalizeScopes(request.scopes ?? []).join(' ');
}

/** The tokens of one registry: cached by scopes, fetched once however many ask at a time. */
export class BearerTokens {
  readonly #deps: BearerDeps;
  readonly #flights = new SingleFlight<string>();
  /** by the scopes a request stated, which may be fewer than those the registry then demanded */
  readonly #held = new Map<string, Held>();
  readonly #refused = new Map<string, { readonly at: number; readonly refusal: TokenRefusal }>();
  /** identity tokens that a server has replaced, by the one they replace */
  readonly #replaced = new Map<string, string>();
  #challenge: Challenge;

  constructor(challenge: Challenge, deps: BearerDeps) {
    this.#challenge = challenge;
    this.#deps = deps;
  }

  /** The newest challenge counts: a registry may move its token server. */
  learn(challenge: Challenge): void {
    this.#challenge = challenge;
  }

  /** A token that serves `request`, from the cache where one is good for long enough. */
  async current(request: HttpRequest, credential: Exchangeable | undefined): Promise<string> {
    const wanted = normalizeScopes(request.scopes ?? []);
    return this.held(request, wanted, credential) ?? this.renew(request, wanted, credential);
  }

  /** The cached token of requests that state what `request` states, else any that allows `wanted`. */
  held(
    request: HttpRequest,
    wanted: readonly string[],
    credential: Exchangeable | undefined,
  ): string | undefined {
    const now = this.#deps.clock.now();
    const own = this.#held.get(stated(request));
    return [...(own ? [own] : []), ...this.#held.values()].find(
      (held) =>
        held.token.refreshAt > now &&
        sameCredential(held.credential, credential) &&
        covers(held.scopes, wanted) &&
        // Of its own a request has no better one; one that others were given short stays theirs.
        (held === own || allows(held.access, wanted, held.scopes) !== false),
    )?.token.value;
  }

  /**
   * Fetches a token for `scopes` and keeps it for requests that state what `request` states.
   * @throws TokenRefusal, PushError (a realm that must not be asked), or what the chain throws
   */
  async renew(
    request: HttpRequest,
    scopes: readonly string[],
    credential: Exchangeable | undefined,
  ): Promise<string> {
    const key = [stated(request), scopes.join(' '), identify(credential)].join('\n');
    const refused = this.#refused.get(key);
    if (refused && this.#deps.clock.now() - refused.at < REMEMBER_REFUSAL_MS) throw refused.refusal;
    for (;;) {
      let own = false;
      try {
        return await this.#flights.run(key, () => {
          own = true;
          return this.#fetch(request, scopes, credential);
        });
      } catch (error) {
        if (own && error instanceof TokenRefusal && FINAL.has(error.response.status)) {
          this.#refused.set(key, { at: this.#deps.clock.now(), refusal: error });
        }
        // Whoever began this fetch was cancelled; those who only shared it begin their own.
        if (own || !isAbort(error) || request.signal?.aborted === true) throw error;
      }
    }
  }

  async #fetch(
    request: HttpRequest,
    scopes: readonly string[],
    credential: Exchangeable | undefined,
  ): Promise<string> {
    const { registry, origin, resolve, clock, onSecret } = this.#deps;
    const { parameters } = this.#challenge;
    const realm = await checkRealm(parameters.get('realm') ?? '', registry, origin, resolve);
    const service = parameters.get('service');
    const question = { realm, service, scopes, credential: this.#newest(credential) };
    const askedAt = clock.now();
    const response = await askForToken(question, this.#deps, request.signal);
    const token = response.status === 200 ? readToken(response, askedAt) : undefined;
    if (!token) throw new TokenRefusal(response, realm.host);
    onSecret(token.value);
    if (token.refreshToken !== undefined) onSecret(token.refreshToken);
    if (credential?.kind === 'identity-token' && token.refreshToken !== undefined) {
      this.#replaced.set(credential.token, token.refreshToken);
    }
    const access = accessOf(token.value);
    this.#held.set(stated(request), { scopes, credential, token, access });
    return token.value;
  }

  #newest(credential: Exchangeable | undefined): Exchangeable | undefined {
    if (credential?.kind !== 'identity-token') return credential;
    return { ...credential, token: this.#replaced.get(credential.token) ?? credential.token };
  }
}
