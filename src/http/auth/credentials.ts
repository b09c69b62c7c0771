/** What somebody may use to identify themselves to a registry. */
export type Credential = (
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** an OAuth2 refresh token (docker's `identitytoken`) */
  | { readonly kind: 'identity-token'; readonly token: string }
  /** a bearer token that is sent as it is (docker's `registrytoken`) */
  | { readonly kind: 'registry-token'; readonly token: string }
) & {
  /** where it was found, for messages: `the inputs`, `/home/me/.docker/config.json` */
  readonly from?: string;
};

/** Finds credentials; the first provider of a list that has one wins. */
export interface CredentialProvider {
  /** where its credentials come from, for messages: `the inputs`, `/home/me/.docker/config.json` */
  readonly name: string;
  /**
   * @param registry `host[:port]`, `docker.io` for Docker Hub
   * @param repository for providers that keep credentials per namespace
   * @param actions `pull`, `push`: for providers that keep credentials per action
   */
  find(
    registry: string,
    repository?: string,
    actions?: readonly string[],
  ): Promise<Credential | undefined>;
}

/** Told of every secret before it is first used, so that logs can hide it. */
export type OnSecret = (secret: string) => void;

/** The value of an Authorization header for a user name and password, in UTF-8 as RFC 7617 advises. */
export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/** Everything of a credential that must not be read by others, in each form it travels in. */
export function secretsOf(credential: Credential): readonly string[] {
  const secrets =
    credential.kind === 'basic'
      ? [
          credential.password,
          basicHeader(credential.username, credential.password).slice('Basic '.length),
        ]
      : [credential.token];
  return secrets.filter((secret) => secret !== '');
}

/**
 * What Docker's tools mean by a user name and a secret: the name `<token>` says that the secret is
 * an identity token. Undefined where there is nothing to send.
 */
export function credentialOf(username: string, secret: string): Credential | undefined {
  if (secret === '') return undefined;
  if (username === '<token>') return { kind: 'identity-token', token: secret };
  return username === '' ? undefined : { kind: 'basic', username, password: secret };
}

/** Whether two credentials are the same person: where they were found does not matter. */
export function sameCredential(a: Credential | undefined, b: Credential | undefined): boolean {
  return identify(a) === identify(b);
}

/** A key for maps in memory; it holds the secret, so it must go nowhere else. */
export function identify(credential: Credential | undefined): string {
  if (!credential) return '';
  return credential.kind === 'basic'
    ? JSON.stringify([credential.kind, credential.username, credential.password])
    : JSON.stringify([credential.kind, credential.token]);
}
