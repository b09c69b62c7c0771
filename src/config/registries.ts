import type { RegistrySettings } from './config.ts';
import { configError } from '../util/errors.ts';
import { checkCertificates, readCertificates } from './certificates.ts';
import type { ConfigFiles } from './files.ts';
import type { OptionName } from './options.ts';
import type { Place } from './places.ts';
import type { RegistryLogin } from './registry-auth.ts';
import { agreeOnHttp, type HostLayer, type RegistryFields } from './registry-fields.ts';

/** The host that plain options such as `username` are for when their place names none. */
export interface DefaultHost {
  readonly host: string | undefined;
  /** false when a config file inside the workspace decided it */
  readonly trusted: boolean;
}

const BOUND = ['username', 'password', 'insecure', 'plain-http', 'ca-file'] as const;

/** `username`, `insecure` and the like of one place, under the one host they are for. */
function bindOptions(layer: Place, fallback: DefaultHost): readonly [string, RegistryFields][] {
  const { values, nameOf } = layer;
  const address = values.registry;
  const plainHttp = agreeOnHttp(address?.plainHttp, values['plain-http'], nameOf('plain-http'));
  if (plainHttp === undefined && BOUND.every((name) => values[name] === undefined)) return [];
  const host = address?.host ?? fallback.host;
  if (host === undefined) return []; // nothing is contacted that it could be for
  // `insecure: false` is harmless wherever it lands; a password is not.
  const risky = BOUND.find((name) => values[name] !== undefined && values[name] !== false);
  if (risky !== undefined && address === undefined && !fallback.trusted) {
    throw configError(
      `${nameOf(risky)}: a config file inside the workspace would decide which registry it is for (expected registry in the workflow's inputs)`,
    );
  }
  const { username, password, insecure, 'ca-file': caFile } = values;
  const fields = { username, password, insecure, plainHttp, caFile };
  return [[host, { ...fields, nameOf: (field) => nameOf(field as OptionName) }]];
}

function addLogin(
  layer: Map<string, RegistryFields>,
  { host, username, password, plainHttp }: RegistryLogin,
  name: string,
): void {
  const other = layer.get(host);
  if (other?.password !== undefined || other?.username !== undefined) {
    throw configError(
      `${name}: ${host} also has a login by ${other.nameOf('username')} (expected one login for each registry)`,
    );
  }
  const agreed = agreeOnHttp(plainHttp, other?.plainHttp, name);
  const nameOf = other?.nameOf ?? (() => name);
  layer.set(host, { ...other, username, password, plainHttp: agreed, nameOf });
}

/** Everything one place says, by host; what `registries:` says of a host is more specific. */
export function bindLayer(layer: Place, fallback: DefaultHost): HostLayer {
  const bound = new Map<string, RegistryFields>(bindOptions(layer, fallback));
  for (const [host, fields] of layer.registries) {
    const other = bound.get(host);
    if (other?.username !== undefined && fields.username !== undefined) {
      throw configError(
        `${fields.nameOf('username')}: ${host} also has a login by ${other.nameOf('username')} (expected one login for each registry)`,
      );
    }
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    bound.set(host, { ...other, ...(Object.fromEntries(given) as unknown as RegistryFields) });
  }
  for (const login of layer.logins) addLogin(bound, login, layer.nameOf('registry-auth'));
  return bound;
}

/**
 * The login of the first place that has one. A pair stays together: the user name of one place
 * with the password of another would be a login nobody has.
 * @param incomplete what to do about half a pair
 */
function pickLogin(
  layers: readonly RegistryFields[],
  incomplete: (sentence: string) => void,
): Pick<RegistrySettings, 'username' | 'password'> {
  for (const { username, password, nameOf } of layers) {
    if (username === undefined && password === undefined) continue;
    if (username !== undefined && password !== undefined) return { username, password };
    const [given, missing] =
      username === undefined
        ? (['password', 'username'] as const)
        : (['username', 'password'] as const);
    incomplete(
      `${nameOf(given)}: given without a ${missing} (expected both in one place: ${nameOf('username')} and ${nameOf('password')})`,
    );
  }
  return {};
}

async function pickCertificates(
  layers: readonly RegistryFields[],
  files: ConfigFiles,
): Promise<Pick<RegistrySettings, 'ca'>> {
  for (const { ca, caFile, nameOf } of layers) {
    if (ca !== undefined && caFile !== undefined) {
      throw configError(`${nameOf('ca')}: given together with ca-file (expected one of the two)`);
    }
    if (ca !== undefined) return { ca: await checkCertificates(ca, `${nameOf('ca')}: the text`) };
    if (caFile !== undefined) {
      return { ca: await readCertificates(caFile, nameOf('ca-file'), files) };
    }
  }
  return {};
}

/** The settings of each registry from all places, the first place that says something wins. */
export async function mergeRegistries(
  layers: readonly HostLayer[],
  files: ConfigFiles,
  incomplete: (sentence: string) => void,
): Promise<Readonly<Record<string, RegistrySettings>>> {
  // Without a prototype: `constructor` is a valid host name.
  const merged = Object.create(null) as Record<string, RegistrySettings>;
  for (const host of new Set(layers.flatMap((layer) => [...layer.keys()]))) {
    const fields = layers.map((layer) => layer.get(host)).filter((entry) => entry !== undefined);
    const optional = fields.find((entry) => entry.optional !== undefined)?.optional;
    const profile = fields.find((entry) => entry.profile !== undefined)?.profile;
    merged[host] = {
      ...pickLogin(fields, incomplete),
      insecure: fields.find((entry) => entry.insecure !== undefined)?.insecure ?? false,
      plainHttp: fields.find((entry) => entry.plainHttp !== undefined)?.plainHttp ?? false,
      ...(await pickCertificates(fields, files)),
      ...(optional ? { optional } : {}),
      ...(profile === undefined ? {} : { profile }),
    };
  }
  return merged;
}
