import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A key and a certificate for it, both PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const [INTEGER, BITS, OCTETS, UTF8, UTC, SEQUENCE, SET] = [2, 3, 4, 12, 23, 0x30, 0x31];

// Object identifiers as they are encoded.
const ECDSA_SHA256 = '06082a8648ce3d040302';
const COMMON_NAME = '0603550403';
const ALTERNATIVE_NAMES = '0603551d11';
const BASIC_CONSTRAINTS = '0603551d13';

/**
 * A self-signed certificate for loopback, made without any tool, so that TLS can be tested where
 * only Node is. It is its own authority: hand `cert` to the client as the CA it trusts.
 * @param days how long it is valid; negative for one that has expired
 */
export function selfSignedCertificate(
  names: readonly string[] = ['localhost'],
  addresses: readonly string[] = ['127.0.0.1'],
  days = 2,
): KeyAndCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(SEQUENCE, hex(ECDSA_SHA256));
  const subject = distinguishedName(names[0] ?? 'localhost');
  const body = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.of(2))),
    der(INTEGER, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    algorithm,
    subject,
    validity(days),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, alternativeNames(names, addresses), authorityFlag())),
  );
  const signature = sign('sha256', body, { key: privateKey, dsaEncoding: 'der' });
  const certificate = der(SEQUENCE, body, algorithm, der(BITS, Buffer.of(0), signature));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: pem(certificate),
  };
}

function distinguishedName(name: string): Buffer {
  return der(SEQUENCE, der(SET, der(SEQUENCE, hex(COMMON_NAME), der(UTF8, Buffer.from(name)))));
}

function validity(days: number): Buffer {
  const end = Date.now() + days * DAY_MS;
  // A day back, for clocks that disagree; more for a certificate that is to have expired.
  const start = Math.min(Date.now(), end) - DAY_MS;
  return der(SEQUENCE, time(start), time(end));
}

function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14);
  return der(UTC, Buffer.from(`${digits}Z`));
}

function alternativeNames(names: readonly string[], addresses: readonly string[]): Buffer {
  const entries = [
    ...names.map((name) => der(0x82, Buffer.from(name))),
    ...addresses.map((address) => der(0x87, Buffer.from(address.split('.').map(Number)))),
  ];
  return der(SEQUENCE, hex(ALTERNATIVE_NAMES), der(OCTETS, der(SEQUENCE, ...entries)));
}

function authorityFlag(): Buffer {
  const yes = hex('0101ff');
  return der(SEQUENCE, hex(BASIC_CONSTRAINTS), yes, der(OCTETS, der(SEQUENCE, yes)));
}

/** One element: tag, length, contents. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  let size: number[] = [length];
  if (length > 0xff) size = [0x82, length >> 8, length & 0xff];
  else if (length > 0x7f) size = [0x81, length];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
