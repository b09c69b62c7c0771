import * as z from 'zod/mini';
import { PROFILES } from '../registry/profiles/index.ts';
import { configError } from '../util/errors.ts';
import { printable } from '../util/text.ts';
import { forbidden } from './config-file.ts';
import { refuseUnknown } from './nearest.ts';
import { choice, flag, rawText, registry, secretText, text } from './values.ts';
import { isMap } from './yaml.ts';

/** What one place says about one registry; the names are those of the config. */
export interface RegistryFields {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly insecure?: boolean | undefined;
  readonly plainHttp?: boolean | undefined;
  /** path of a PEM file */
  readonly caFile?: string | undefined;
  /** PEM text */
  readonly ca?: string | undefined;
  readonly profile?: string | undefined;
  /** a push goes on without it */
  readonly optional?: boolean | undefined;
  /** what a field is called where it was given, for messages */
  readonly nameOf: (field: string) => string;
}

/** What one place says about registries, by host. */
export type HostLayer = ReadonlyMap<string, RegistryFields>;

const SHAPE = {
  username: text,
  password: secretText,
  insecure: flag,
  'plain-http': flag,
  'ca-file': text,
  ca: rawText,
  profile: choice(...PROFILES.map(({ name }) => name)),
  optional: flag,
};
const KNOWN = Object.keys(SHAPE);

/** Refuses an http:// or https:// that says the opposite of `plain-http`. */
export function agreeOnHttp(
  fromUrl: boolean | undefined,
  given: boolean | undefined,
  name: string,
): boolean | undefined {
  if (fromUrl !== undefined && given !== undefined && fromUrl !== given) {
    const scheme = fromUrl ? 'http' : 'https';
    throw configError(
      `${name}: ${given} contradicts the registry's ${scheme}:// (expected only one of the two)`,
    );
  }
  return given ?? fromUrl;
}

function fieldsSchema() {
  return z.partial(z.strictObject(SHAPE));
}

type Fields = z.output<ReturnType<typeof fieldsSchema>>;

function readFields(given: unknown, where: string, trusted: boolean): Fields {
  if (given === '' || given === null) return {};
  if (!isMap(given)) {
    throw configError(`${where}: this is not a map (expected ${KNOWN.join(', ')})`);
  }
  refuseUnknown(Object.keys(given), KNOWN, where);
  // Each of the others is a login or lowers the guard.
  const first = Object.keys(given).find((name) => name !== 'optional');
  if (!trusted && first !== undefined) throw forbidden(where, first);
  const filled = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
  const result = fieldsSchema().safeParse(filled);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw configError(`${where}.${String(issue?.path[0])}: ${issue?.message ?? 'cannot be used'}`);
}

/** Reads the config's `registries:` map. */
export function readRegistries(given: unknown, where: string, trusted: boolean): HostLayer {
  const registries = new Map<string, RegistryFields>();
  if (given === undefined || given === '') return registries;
  if (!isMap(given)) {
    throw configError(`${where}: registries is not a map (expected host: and settings below it)`);
  }
  for (const [key, value] of Object.entries(given)) {
    const entry = `${where}: registries.${printable(key)}`;
    const address = registry.safeParse(key);
    if (!address.success) {
      throw configError(`${where}: registries: ${address.error.issues[0]?.message ?? key}`);
    }
    const { host, plainHttp } = address.data;
    if (registries.has(host)) throw configError(`${where}: registries: ${host} is named twice`);
    // http:// in a key is plain-http by another name
    if (plainHttp !== undefined && !trusted) throw forbidden(where, 'plain-http');
    const fields = readFields(value, entry, trusted);
    const { 'plain-http': http, 'ca-file': caFile, ...rest } = fields;
    const nameOf = (field: string) => `${entry}.${field}`;
    const agreed = agreeOnHttp(plainHttp, http, nameOf('plain-http'));
    registries.set(host, { ...rest, plainHttp: agreed, caFile, nameOf });
  }
  return registries;
}
