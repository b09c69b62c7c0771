import { parseConfig, readConfigText } from './config-file.ts';
import type { ConfigFiles } from './files.ts';
import {
  defaultLayer,
  environmentLayer,
  inputLayer,
  readLayer,
  type Environment,
  type Layer,
} from './layers.ts';
import { optionEntries } from './options.ts';
import { readRegistryAuth, type RegistryLogin } from './registry-auth.ts';
import { readRegistries, type HostLayer } from './registry-fields.ts';
import { announce, announceFromUrl, type OnSecret } from './secrets.ts';

/** A layer with what it says about single registries. */
export interface Place extends Layer {
  /** of `registry-auth` */
  readonly logins: readonly RegistryLogin[];
  /** of the config's `registries:` */
  readonly registries: HostLayer;
}

interface Given {
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Environment;
  readonly workspace?: string | undefined;
  readonly onSecret: OnSecret;
}

const NO_REGISTRIES: HostLayer = new Map();

function plain(layer: Layer, logins: readonly RegistryLogin[] = []): Place {
  return { ...layer, logins, registries: NO_REGISTRIES };
}

/** Announces the secrets of inputs and environment. */
function announceSecrets({ inputs, env, onSecret }: Given): void {
  for (const [name, option] of optionEntries()) {
    if (option.secret !== true || name === 'registry-auth') continue; // its passwords are inside
    for (const secret of [inputs[name], option.env && env[option.env]]) {
      if (secret) announce(onSecret, secret);
    }
  }
  for (const url of [inputs['registry'], env['IDPBUILDER_REGISTRY_URL']]) {
    if (url) announceFromUrl(onSecret, url.trim());
  }
  const logins = [
    [inputs['username'], inputs['password']],
    [env['IDPBUILDER_REGISTRY_USER'], env['IDPBUILDER_REGISTRY_PASSWORD']],
  ];
  for (const [username, password] of logins) {
    if (username && password) announce(onSecret, password, username.trim());
  }
}

async function configPlace(text: string, given: Given, files: ConfigFiles): Promise<Place> {
  const config = await readConfigText(text, files, given.workspace);
  const { registries, ...options } = await parseConfig(config, given.onSecret);
  const { where, trusted } = config;
  const layer = readLayer(options, (name) => `${where}: ${name}`, trusted);
  const auth = layer.values['registry-auth'];
  const logins =
    auth === undefined
      ? []
      : await readRegistryAuth(auth, layer.nameOf('registry-auth'), given.onSecret);
  return { ...layer, logins, registries: readRegistries(registries, where, trusted) };
}

/**
 * Reads every place that can set options, in the order of precedence. Secrets are announced
 * before anything else is read, so that no sentence about the rest can show one.
 */
export async function readPlaces(given: Given, files: ConfigFiles): Promise<readonly Place[]> {
  announceSecrets(given);
  const auth = given.inputs['registry-auth']?.trim();
  const logins = auth ? await readRegistryAuth(auth, 'registry-auth', given.onSecret) : [];
  const inputs = inputLayer(given.inputs);
  const environment = environmentLayer(given.env);
  const text = inputs.values.config;
  const config = text === undefined ? [] : [await configPlace(text, given, files)];
  return [plain(inputs, logins), plain(environment), ...config, plain(defaultLayer())];
}
