import { configError, systemCode } from '../util/errors.ts';
import { printable } from '../util/text.ts';
import type { ConfigFiles } from './files.ts';

const EXPECTED = 'expected PEM text with -----BEGIN CERTIFICATE-----';
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Checks that a PEM text holds certificates and that each can be read; gives the text back. */
export async function checkCertificates(pem: string, where: string): Promise<string> {
  const blocks = pem.match(BLOCK) ?? [];
  if (blocks.length === 0) throw configError(`${where} holds no certificate (${EXPECTED})`);
  const { X509Certificate } = await import('node:crypto');
  for (const [index, block] of blocks.entries()) {
    try {
      // oxlint-disable-next-line no-new -- the constructor is the check
      new X509Certificate(block);
    } catch (error) {
      const which =
        blocks.length > 1 ? `certificate ${index + 1} of ${blocks.length}` : 'the certificate';
      throw configError(`${where}: ${which} cannot be read (${EXPECTED})`, undefined, error);
    }
  }
  return blocks.join('\n');
}

/** Reads a file of certificate authorities. */
export async function readCertificates(
  path: string,
  name: string,
  files: ConfigFiles,
): Promise<string> {
  const where = `${name}: ${printable(path)}`;
  let pem: string;
  try {
    pem = await files.read(path);
  } catch (error) {
    const reason = systemCode(error) === 'ENOENT' ? 'does not exist' : 'cannot be read';
    throw configError(`${where} ${reason} (expected the path of a PEM file)`, undefined, error);
  }
  return checkCertificates(pem, where);
}
