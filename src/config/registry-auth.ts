import { FormatError } from '../oci/format-error.ts';
import { DOCKER_HUB } from '../oci/reference.ts';
import { configError } from '../util/errors.ts';
import { refuseUnknown } from './nearest.ts';
import { parseRegistryUrl } from './registry-url.ts';
import { announceFromTree, announceFromYaml, type OnSecret } from './secrets.ts';
import { withoutLineEnd } from './values.ts';
import { isMap, parseYaml } from './yaml.ts';

/** One login of `registry-auth`. */
export interface RegistryLogin {
  readonly host: string;
  readonly plainHttp: boolean | undefined;
  readonly username: string;
  readonly password: string;
}

const FIELDS = ['registry', 'username', 'password'] as const;
const EXPECTED = 'expected a YAML list of registry, username and password';

function readEntry(entry: unknown, where: string): RegistryLogin {
  if (!isMap(entry)) throw configError(`${where} is not a map (${EXPECTED})`);
  refuseUnknown(Object.keys(entry), FIELDS, where);
  const { registry = DOCKER_HUB, username, password } = entry;
  if (typeof username !== 'string' || typeof password !== 'string' || !username || !password) {
    throw configError(`${where} has no ${username ? 'password' : 'username'} (${EXPECTED})`);
  }
  try {
    const { host, plainHttp } = parseRegistryUrl(
      typeof registry === 'string' ? registry.trim() : '',
    );
    return { host, plainHttp, username, password: withoutLineEnd(password) };
  } catch (error) {
    if (error instanceof FormatError) throw configError(`${where}: ${error.message}`);
    throw error;
  }
}

/**
 * Reads the logins of `registry-auth`, given as YAML text or, in a config, as a list.
 * @param where what the option is called where it was given
 */
export async function readRegistryAuth(
  given: string | readonly unknown[],
  where: string,
  onSecret: OnSecret,
): Promise<readonly RegistryLogin[]> {
  if (typeof given === 'string') announceFromYaml(onSecret, given);
  const entries = typeof given === 'string' ? await parseYaml(given, where) : given;
  announceFromTree(onSecret, entries);
  if (!Array.isArray(entries)) throw configError(`${where}: this is not a list (${EXPECTED})`);
  const logins = entries.map((entry, index) => readEntry(entry, `${where}: entry ${index + 1}`));
  const seen = new Set<string>();
  for (const { host } of logins) {
    if (seen.has(host))
      throw configError(`${where}: ${host} is named twice (expected each registry once)`);
    seen.add(host);
  }
  return logins;
}
