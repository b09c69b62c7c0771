import { PushError } from '../../util/errors.ts';
import { printable } from '../../util/text.ts';
import { isLoopbackHost, leadsInside, type Resolve } from '../addresses.ts';
import { redactUrl } from '../redact.ts';

function problemOf(url: URL | undefined, origin: URL): string | undefined {
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return 'is not an http(s) address';
  }
  if (url.username !== '' || url.password !== '') return 'carries a user name';
  if (url.protocol === 'https:') return undefined;
  if (origin.protocol !== 'http:') return 'does not use https';
  if (url.hostname === origin.hostname) return undefined;
  // On one machine (a test bed, a sidecar) another name or port of it is no other host.
  return isLoopbackHost(url.hostname) && isLoopbackHost(origin.hostname)
    ? undefined
    : 'is another host and does not use https';
}

/**
 * Decides whether a registry's token server may be asked: a registry is not trusted to make us send
 * a password in the clear, or talk to machines that only we can reach (metadata services).
 * A name may still lead elsewhere by the time the request is sent: this raises the bar, a network
 * policy is the wall.
 * @param registry for messages
 * @param origin the registry's own address
 * @throws PushError (AUTHENTICATION) with the reason
 */
export async function checkRealm(
  realm: string,
  registry: string,
  origin: URL,
  resolve: Resolve,
): Promise<URL> {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  let problem = problemOf(url, origin);
  if (url && problem === undefined) {
    if (url.hostname === origin.hostname) return url;
    const inside = await leadsInside(url.hostname, resolve);
    if (!inside || (await leadsInside(origin.hostname, resolve))) return url;
    problem = 'is at a private address while the registry is not';
  }
  const shown = printable(url ? redactUrl(url) : realm, 120);
  throw new PushError(`${registry} names "${shown}" as its token server, which ${problem}`, {
    code: 'AUTHENTICATION',
    hint: 'Nothing was sent there; if the registry is yours, correct the realm in its configuration',
  });
}
