import type { PushError } from '../../util/errors.ts';
import { systemResolve } from '../addresses.ts';
import type { HttpRequest, HttpResponse } from '../transport.ts';
import type { Authenticator } from './authenticator.ts';
import { BearerTokens, type BearerDeps, TokenRefusal } from './bearer.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { basicHeader, type Credential, type CredentialProvider, secretsOf } from './credentials.ts';
import * as refusals from './refusals.ts';
import { isPing, scopesAfter, subjectOf } from './scopes.ts';
import { accessOf, allows } from './token-access.ts';

/** What an authenticator needs; see `BearerDeps` for the rest. */
export interface AuthenticatorOptions extends Omit<BearerDeps, 'resolve'> {
  readonly credentials: CredentialProvider;
  /** for the addresses of token servers; the system's resolver by default */
  readonly resolve?: BearerDeps['resolve'];
}

/**
 * Speaks Basic and Bearer with one registry, at its own origin only.
 *
 * `send` must not wait for a slot that an attempt of this registry may hold (see `authorize`): at a
 * concurrency of one, a token server on the registry's own host would wait for itself.
 */
export function createAuthenticator(options: AuthenticatorOptions): Required<Authenticator> {
  return new RegistryAuthenticator({ resolve: systemResolve, ...options });
}

const BEARER = 'Bearer ';

/** The header of credentials that are sent as they are; undefined where they must be exchanged. */
function fixedHeader(credential: Credential): string | undefined {
  if (credential.kind === 'basic') return basicHeader(credential.username, credential.password);
  return credential.kind === 'registry-token' ? `${BEARER}${credential.token}` : undefined;
}

/**
 * Who asks `/v2/` without credentials learns from the 401 itself that a registry lives here, and
 * some give public images to anybody all the same: nothing to complain about yet.
 */
function isAnonymousPing(request: HttpRequest, credential: Credential | undefined): boolean {
  return credential === undefined && isPing(request);
}

class RegistryAuthenticator implements Required<Authenticator> {
  readonly #options: AuthenticatorOptions & BearerDeps;
  readonly #secrets = new Set<string>();
  #scheme: 'basic' | 'bearer' | undefined;
  #tokens: BearerTokens | undefined;

  constructor(options: AuthenticatorOptions & BearerDeps) {
    const onSecret = (secret: string): void => {
      this.#secrets.add(secret);
      options.onSecret(secret);
    };
    this.#options = { ...options, onSecret };
  }

  async authorization(request: HttpRequest): Promise<string | undefined> {
    if (this.#scheme === undefined || !this.#isOurs(request)) return undefined;
    const credential = await this.#credential(request);
    if (this.#scheme === 'basic' || !this.#tokens || credential?.kind === 'registry-token') {
      return credential && fixedHeader(credential);
    }
    try {
      return `${BEARER}${await this.#tokens.current(request, credential)}`;
    } catch (error) {
      if (isAnonymousPing(request, credential) && error instanceof TokenRefusal) return undefined;
      throw this.#explain(error, request, credential);
    }
  }

  async challenged(request: HttpRequest, response: HttpResponse, sent?: string): Promise<boolean> {
    if (response.status !== 401 || !this.#isOurs(request)) return false;
    const challenge = this.#learn(parseChallenges(response.headers['www-authenticate']));
    if (this.#scheme === undefined) return false;
    const credential = await this.#credential(request);
    const context = this.#context(credential);
    if (this.#scheme === 'bearer' && credential?.kind !== 'registry-token') {
      return this.#renew(request, credential, challenge, sent);
    }
    if (!credential) throw refusals.noCredentials(context, response);
    const header = fixedHeader(credential);
    if (header === undefined) throw refusals.unsuitable(context);
    // The same once more would only count as one more failed login.
    if (sent === header) throw refusals.refusal(context, request, response, false);
    return true;
  }

  async refused(
    request: HttpRequest,
    response: HttpResponse,
    sent: string | undefined,
  ): Promise<PushError | undefined> {
    const credential = await this.#credential(request);
    if (this.#scheme === 'bearer' && isAnonymousPing(request, credential)) return undefined;
    // A token server has checked the password before it gave a token; what is sent as it is
    // is checked only here.
    const checked = credential !== undefined && sent !== fixedHeader(credential);
    return refusals.refusal(this.#context(credential), request, response, checked);
  }

  asked(): boolean {
    return this.#scheme !== undefined;
  }

  async grants(request: HttpRequest, scope: string): Promise<boolean | undefined> {
    let header: string | undefined;
    try {
      header = await this.authorization(request);
    } catch {
      request.signal?.throwIfAborted();
      return false;
    }
    if (!header?.startsWith(BEARER)) return true;
    return allows(accessOf(header.slice(BEARER.length)), [scope], request.scopes ?? []);
  }

  /** A new token, unless somebody has already replaced the one that was refused. */
  async #renew(
    request: HttpRequest,
    credential: Exclude<Credential, { kind: 'registry-token' }> | undefined,
    challenge: Challenge | undefined,
    sent: string | undefined,
  ): Promise<boolean> {
    const tokens = this.#tokens;
    if (!tokens) return false;
    const scopes = scopesAfter(request, challenge?.parameters.get('scope'));
    const held = tokens.held(request, scopes, credential);
    if (held !== undefined && sent !== `${BEARER}${held}`) return true;
    try {
      await tokens.renew(request, scopes, credential);
      return true;
    } catch (error) {
      if (isAnonymousPing(request, credential) && error instanceof TokenRefusal) return false;
      throw this.#explain(error, request, credential);
    }
  }

  /** Takes the best challenge there is (Bearer before Basic); an answer without one changes nothing. */
  #learn(challenges: readonly Challenge[]): Challenge | undefined {
    const bearer = challenges.find(
      ({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'),
    );
    if (bearer) {
      this.#scheme = 'bearer';
      if (this.#tokens) this.#tokens.learn(bearer);
      else this.#tokens = new BearerTokens(bearer, this.#options);
      return bearer;
    }
    const basic = challenges.find(({ scheme }) => scheme === 'basic');
    if (basic) this.#scheme = 'basic';
    return basic;
  }

  #isOurs(request: HttpRequest): boolean {
    return request.url.origin === this.#options.origin.origin;
  }

  async #credential(request: HttpRequest): Promise<Credential | undefined> {
    const { credentials, registry, onSecret } = this.#options;
    const { repository, actions } = subjectOf(request);
    const credential = await credentials.find(registry, repository, actions);
    if (credential) {
      for (const secret of secretsOf(credential)) {
        if (!this.#secrets.has(secret)) onSecret(secret);
      }
    }
    return credential;
  }

  #context(credential: Credential | undefined): refusals.RefusalContext {
    const { registry, credentials } = this.#options;
    return { registry, credential, looked: credentials.name, secrets: this.#secrets };
  }

  #explain(error: unknown, request: HttpRequest, credential: Credential | undefined): unknown {
    if (!(error instanceof TokenRefusal)) return error;
    return refusals.noToken(this.#context(credential), request, error.host, error.response);
  }
}
