/** Certificates for servers on this machine, made by openssl. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from './process.ts';
import type { KeyPair } from './service.ts';
import { requireTool } from './tools.ts';

const NAMES = ['IP:127.0.0.1', 'IP:::1', 'DNS:localhost'];
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A server's certificate with the authority that signed it. */
export interface Certificate extends KeyPair {
  /** What a client must trust: the authority's certificate, or the self-signed one itself. */
  readonly caFile: string;
}

/**
 * A certificate that nobody but itself has signed, valid for 127.0.0.1 and localhost.
 * @param names more subject alternative names, e.g. `DNS:gitea.test`
 */
export async function selfSigned(
  folder: string,
  name = 'server',
  names: readonly string[] = [],
): Promise<Certificate> {
  const certFile = join(folder, `${name}.crt`);
  const keyFile = join(folder, `${name}.key`);
  const subject = ['-subj', `/CN=${name}`, '-addext', subjectNames(names)];
  await openssl(
    'req',
    '-x509',
    ...KEY,
    '-days',
    '2',
    ...subject,
    '-keyout',
    keyFile,
    '-out',
    certFile,
  );
  return { certFile, keyFile, caFile: certFile };
}

/** A certificate signed by an authority made for it, as a company's own CA does. */
export async function signedByOwnCa(
  folder: string,
  name = 'server',
  names: readonly string[] = [],
): Promise<Certificate> {
  const ca = await authority(folder);
  const [certFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const [request, extensions] = [join(folder, `${name}.csr`), join(folder, `${name}.ext`)];
  await openssl('req', '-new', ...KEY, '-subj', `/CN=${name}`, '-keyout', keyFile, '-out', request);
  await writeFile(extensions, `${subjectNames(names)}\nextendedKeyUsage=serverAuth\n`);
  const signer = ['-CA', ca.certFile, '-CAkey', ca.keyFile, '-CAcreateserial'];
  const days = ['-days', '2', '-extfile', extensions];
  await openssl('x509', '-req', '-in', request, ...signer, ...days, '-out', certFile);
  return { certFile, keyFile, caFile: ca.certFile };
}

async function authority(folder: string): Promise<KeyPair> {
  const [certFile, keyFile] = [join(folder, 'ca.crt'), join(folder, 'ca.key')];
  const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
  const subject = ['-subj', '/CN=idpbuilder-push test authority', ...usage];
  await openssl(
    'req',
    '-x509',
    ...KEY,
    '-days',
    '2',
    ...subject,
    '-keyout',
    keyFile,
    '-out',
    certFile,
  );
  return { certFile, keyFile };
}

function subjectNames(more: readonly string[]): string {
  return `subjectAltName=${[...NAMES, ...more].join(',')}`;
}

function openssl(...args: readonly string[]): Promise<string> {
  return mustRun(requireTool('openssl'), args);
}
