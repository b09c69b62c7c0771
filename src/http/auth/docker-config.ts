import { readFile } from 'node:fs/promises';
import { canonicalRegistry } from '../../oci/reference.ts';
import { configError, messageOf } from '../../util/errors.ts';
import { askHelper, type HelperHost } from './credential-helper.ts';
import { type CredentialKey, matching, parseCredentialKey, serverOf } from './credential-keys.ts';
import { type Credential, type CredentialProvider, credentialOf } from './credentials.ts';

/** The text of a file; undefined where there is none. */
export type ReadText = (file: string) => Promise<string | undefined>;

/** What reading credential files needs. */
export interface DockerConfigHost {
  readonly read: ReadText;
  readonly helpers: HelperHost;
  /** told when the helper for all registries cannot be asked; the search goes on */
  readonly onWarning: (message: string) => void;
}

type Fields = Readonly<Record<string, unknown>>;

interface Entry extends CredentialKey {
  /** in the order in which they are asked: a helper for the key before what the file itself holds */
  readonly kind: 'helper' | 'store' | 'login';
  /** the helper's name, or what `auths` says */
  readonly value: unknown;
}

/** Reads a UTF-8 file; a file or folder that is not there is nothing. */
export const readTextFile: ReadText = async (file) => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = fieldsOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw configError(
      `cannot read ${file}: ${textOf(code) || messageOf(error)}`,
      'Make it readable for this user, or log in again',
    );
  }
};

/** Reads a file that may be somebody else's: what is closed to us is not there. */
export async function readIfOurs(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = fieldsOf(error);
    return code === 'EACCES' || code === 'EPERM' ? undefined : readTextFile(file);
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function parse(text: string, name: string): Fields {
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    // Without the parser's message: it quotes the file, and the file holds passwords.
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw configError(`${name} is not valid JSON`, 'Correct it, or remove it and log in again');
  }
  return value as Fields;
}

function entriesOf(config: Fields, registry: string): readonly Entry[] {
  const of = (field: string, kind: Entry['kind']): Entry[] =>
    Object.entries(fieldsOf(config[field])).map(([key, value]) =>
      Object.assign({ kind, value }, parseCredentialKey(key)),
    );
  const store = config['credsStore'];
  return [
    ...of('credHelpers', 'helper'),
    ...(typeof store === 'string' && store !== ''
      ? [
          {
            registry: canonicalRegistry(registry),
            prefix: '',
            kind: 'store' as const,
            value: store,
          },
        ]
      : []),
    ...of('auths', 'login'),
  ];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function loginOf(value: unknown, registry: string, name: string): Credential | undefined {
  const fields = fieldsOf(value);
  const identity = textOf(fields['identitytoken']);
  if (identity !== '') return { kind: 'identity-token', token: identity };
  const token = textOf(fields['registrytoken']);
  if (token !== '') return { kind: 'registry-token', token };
  const auth = textOf(fields['auth']);
  if (auth === '') return credentialOf(textOf(fields['username']), textOf(fields['password']));
  const decoded = Buffer.from(auth, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 1) {
    throw configError(
      `${name}: the auth of ${registry} is not the base64 of name:password`,
      `Log in to ${registry} again`,
    );
  }
  // Old versions of Docker padded passwords with NUL.
  return credentialOf(decoded.slice(0, colon), decoded.slice(colon + 1).replaceAll('\0', ''));
}

async function askEntry(
  entry: Entry,
  name: string,
  host: DockerConfigHost,
): Promise<Credential | undefined> {
  if (entry.kind === 'login') return loginOf(entry.value, entry.registry, name);
  const helper = textOf(entry.value);
  if (helper === '') return undefined;
  try {
    return await askHelper(helper, serverOf(entry.registry), host.helpers);
  } catch (error) {
    // A helper named for this registry must work; one for all registries is often a leftover.
    if (entry.kind === 'helper') throw error;
    host.onWarning(`${name}: ${messageOf(error)}; going on without it`);
    return undefined;
  }
}

/**
 * Credentials in Docker's format (`config.json`, podman's and skopeo's `auth.json`): `auths` with
 * keys per registry or namespace, `credHelpers` and `credsStore`; the longest key wins.
 * @param name for messages: the file's path, or the variable that holds the text
 * @param load the text, read again for each question; undefined where there is none
 */
export function dockerConfig(
  name: string,
  load: () => Promise<string | undefined>,
  host: DockerConfigHost,
): CredentialProvider {
  return {
    name,
    find: async (registry, repository) => {
      const text = await load();
      if (text === undefined) return undefined;
      const entries = entriesOf(parse(text, name), registry);
      for (const entry of matching(entries, registry, repository)) {
        const found = await askEntry(entry, name, host);
        if (found) return { from: name, ...found };
      }
      return undefined;
    },
  };
}

/** `dockerConfig` for a file. */
export function dockerConfigFile(file: string, host: DockerConfigHost): CredentialProvider {
  return dockerConfig(file, () => host.read(file), host);
}
