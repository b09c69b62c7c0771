import { createContext } from './create-context.ts';
import { listen } from './listen.ts';
import { StrictRegistry } from './strict-registry.ts';
import type { RegistryOptions } from './types.ts';

export { selfSignedCertificate } from './certificate.ts';
export type { KeyAndCertificate } from './certificate.ts';
export { FaultScript } from './faults.ts';
export type { ActiveFault, ConnectionReset, Fault, FaultAction, FaultMatch } from './faults.ts';
export { MANIFEST_TYPES, OCI_INDEX, OCI_MANIFEST, referrersTag } from './grammar.ts';
export type { RequestKind } from './kinds.ts';
export type { Running } from './listen.ts';
export type { Descriptor, ParsedManifest } from './manifest.ts';
export { RULES } from './rules.ts';
export type { RuleId } from './rules.ts';
export { digestOf } from './store.ts';
export type { StoredManifest } from './store.ts';
export { StrictRegistry } from './strict-registry.ts';
export type {
  AuthOptions,
  Features,
  ImmutableTags,
  PresetName,
  RecordedRequest,
  RegistryOptions,
  RegistryStats,
} from './types.ts';
export { describeViolation } from './violations.ts';
export type { Violation } from './violations.ts';

/**
 * Starts a registry on 127.0.0.1 that speaks the distribution specification and notes everything a
 * correct client would not send. Ask `assertClean()` at the end of the test, then `stop()`.
 */
export async function startRegistry(options: RegistryOptions = {}): Promise<StrictRegistry> {
  const context = createContext(options);
  const hostname = '127.0.0.1';
  const tls = options.tls;
  const main = await listen(context, { role: 'registry' }, { hostname, port: options.port, tls });
  const registry = new StrictRegistry(context, main);
  const { auth, features } = context.options;
  if (auth.mode === 'bearer' && auth.separateRealm) {
    const realm = await listen(context, { role: 'token' }, { hostname, tls });
    context.urls.token = realm.url;
    registry.adopt(realm);
  }
  if (features.redirectBlobs || features.foreignUploads) await registry.startForeignHost();
  return registry;
}
