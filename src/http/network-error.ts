import { messageOf, PushError, systemCode } from '../util/errors.ts';
import { printable } from '../util/text.ts';

interface Explanation {
  readonly says: string;
  readonly hint: string;
  /** false where trying again cannot help: a certificate stays what it is */
  readonly retryable: boolean;
}

const CERTIFICATE: Explanation = {
  says: 'its TLS certificate is not trusted',
  hint: 'Give the certificate authority with ca-file, or set insecure: true for this registry if you accept any certificate.',
  retryable: false,
};

const TRY_LATER = 'Check that the registry is up and reachable from here, then run the push again.';

const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  ECONNREFUSED: { says: 'it refuses connections', hint: TRY_LATER, retryable: true },
  ECONNRESET: { says: 'it closed the connection', hint: TRY_LATER, retryable: true },
  EPIPE: { says: 'it closed the connection', hint: TRY_LATER, retryable: true },
  ETIMEDOUT: { says: 'it did not answer in time', hint: TRY_LATER, retryable: true },
  EHOSTUNREACH: { says: 'there is no route to it', hint: TRY_LATER, retryable: true },
  ENETUNREACH: { says: 'there is no network to it', hint: TRY_LATER, retryable: true },
  ENOTFOUND: {
    says: 'its name is not known to DNS',
    hint: 'Check the spelling of the registry in tags (or in source).',
    retryable: false,
  },
  EAI_AGAIN: { says: 'its name could not be looked up', hint: TRY_LATER, retryable: true },
  UND_ERR_CONNECT_TIMEOUT: {
    says: 'it did not accept a connection',
    hint: TRY_LATER,
    retryable: true,
  },
  UND_ERR_HEADERS_TIMEOUT: { says: 'it did not answer in time', hint: TRY_LATER, retryable: true },
  UND_ERR_BODY_TIMEOUT: { says: 'its answer stopped midway', hint: TRY_LATER, retryable: true },
  UND_ERR_SOCKET: { says: 'it closed the connection', hint: TRY_LATER, retryable: true },
  DEPTH_ZERO_SELF_SIGNED_CERT: { ...CERTIFICATE, says: 'its TLS certificate is self-signed' },
  SELF_SIGNED_CERT_IN_CHAIN: {
    ...CERTIFICATE,
    says: 'its TLS certificate is signed by an unknown authority',
  },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT: CERTIFICATE,
  CERT_UNTRUSTED: CERTIFICATE,
  CERT_HAS_EXPIRED: { ...CERTIFICATE, says: 'its TLS certificate has expired' },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    ...CERTIFICATE,
    says: 'its TLS certificate is for another host name',
  },
  HPE_INVALID_CONSTANT: {
    says: 'it does not speak HTTP',
    hint: 'Check host and port; if the registry speaks TLS, take plain-http away.',
    retryable: false,
  },
  EPROTO: {
    says: 'it does not speak TLS',
    hint: 'If it is a plain HTTP registry, set plain-http: true for it.',
    retryable: false,
  },
};

/** OpenSSL and the HTTP parser have a name for each way in which an answer is none. */
function explain(code: string): Explanation | undefined {
  if (code.startsWith('ERR_SSL_')) return EXPLANATIONS['EPROTO'];
  if (code.startsWith('HPE_')) return EXPLANATIONS['HPE_INVALID_CONSTANT'];
  return EXPLANATIONS[code] ?? (code.startsWith('CERT_') ? CERTIFICATE : undefined);
}

/** undici names the parser's errors and leaves their code empty. */
function codeOf(thrown: unknown): string {
  const code = systemCode(thrown);
  if (code !== undefined) return code;
  return Error.isError(thrown) && thrown.name === 'HTTPParserError' ? 'HPE_INVALID_CONSTANT' : '';
}

/** True when the host was reached and its certificate is what was wrong. */
export function isCertificateProblem(thrown: unknown): boolean {
  const explanation = explain(systemCode(thrown) ?? '');
  return explanation?.hint === CERTIFICATE.hint;
}

/**
 * The sentence for a request that got no answer.
 * @param host for people: the registry's name, and the host where it is another one
 */
export function networkError(thrown: unknown, host: string): PushError {
  if (thrown instanceof PushError) return thrown;
  const code = codeOf(thrown);
  const known = explain(code);
  if (known) {
    return new PushError(`${host} cannot be reached: ${known.says} (${code}).`, {
      code: 'NETWORK',
      retryable: known.retryable,
      hint: known.hint,
      cause: thrown,
    });
  }
  return new PushError(`${host} cannot be reached: ${printable(messageOf(thrown))}.`, {
    code: 'NETWORK',
    retryable: true,
    hint: TRY_LATER,
    cause: thrown,
  });
}
