import { describe, expect, test } from '@jest/globals';
import { isCertificateProblem, networkError } from '../../../src/http/network-error.ts';
import { PushError } from '../../../src/util/errors.ts';

function system(code: string, message = `connect ${code}`): Error {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(message), { code }) });
}

describe('a request without an answer', () => {
  test.each([
    ['ECONNREFUSED', 'refuses connections', true],
    ['ECONNRESET', 'closed the connection', true],
    ['EPIPE', 'closed the connection', true],
    ['ETIMEDOUT', 'did not answer in time', true],
    ['ENOTFOUND', 'not known to DNS', false],
    ['EAI_AGAIN', 'could not be looked up', true],
    ['EHOSTUNREACH', 'no route', true],
    ['UND_ERR_SOCKET', 'closed the connection', true],
    ['UND_ERR_CONNECT_TIMEOUT', 'did not accept a connection', true],
    ['UND_ERR_HEADERS_TIMEOUT', 'did not answer in time', true],
    ['UND_ERR_BODY_TIMEOUT', 'stopped midway', true],
    ['EPROTO', 'does not speak TLS', false],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'does not speak TLS', false],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'does not speak TLS', false],
    ['HPE_INVALID_CONSTANT', 'does not speak HTTP', false],
  ])('because of %s', (code, says, retryable) => {
    const error = networkError(system(code), 'registry.example');
    expect(error).toMatchObject({ code: 'NETWORK', retryable });
    expect(error.message).toMatch(/^registry\.example cannot be reached: /);
    expect(error.message).toContain(says);
    expect(error.message).toContain(code);
    expect(error.hint).toBeDefined();
    expect(isCertificateProblem(system(code))).toBe(false);
  });

  test.each([
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'CERT_HAS_EXPIRED',
    'CERT_NOT_YET_VALID',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ])('because of a certificate: %s', (code) => {
    const error = networkError(system(code), 'registry.example');
    expect(error).toMatchObject({ code: 'NETWORK', retryable: false });
    expect(error.message).toContain('certificate');
    expect(error.hint).toMatch(/ca-file.*insecure/);
    expect(isCertificateProblem(system(code))).toBe(true);
    expect(isCertificateProblem(error)).toBe(true);
  });

  test('because of what the parser found', () => {
    const error = Object.assign(new Error('Response does not match'), { name: 'HTTPParserError' });
    expect(networkError(error, 'h')).toMatchObject({ retryable: false });
  });

  test('for a reason nobody knows', () => {
    const error = networkError(new Error('odd\n::error::x'), 'registry.example');
    expect(error).toMatchObject({ code: 'NETWORK', retryable: true });
    expect(error.message).toMatch(
      /^registry\.example cannot be reached: odd :\u200a:error:\u200a:x\.$/,
    );
  });

  test('what is explained already stays as it is', () => {
    const error = new PushError('explained', { code: 'IMAGE' });
    expect(networkError(error, 'h')).toBe(error);
  });
});
