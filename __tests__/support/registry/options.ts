import { IDEAL, PRESETS } from './presets.ts';
import type { AuthOptions, Features, RegistryOptions } from './types.ts';

/** Authentication with every default filled in. */
export interface ResolvedAuth {
  readonly mode: AuthOptions['mode'];
  readonly username: string;
  readonly password: string;
  readonly ttlSeconds: number;
  readonly tokenEndpoint: 'get' | 'oauth2' | 'both';
  readonly identityToken: string | undefined;
  readonly issueExpiresIn: boolean;
  readonly anonymousPull: boolean;
  readonly openUploads: boolean;
  readonly denyPush: RegExp | undefined;
  readonly readableTokens: boolean;
  readonly oneRepository: boolean;
  readonly separateRealm: boolean;
}

/** The options with every default filled in. */
export interface ResolvedOptions {
  readonly auth: ResolvedAuth;
  readonly features: Features;
  readonly scheme: 'http' | 'https';
  readonly tls: RegistryOptions['tls'];
  readonly latencyMs: number;
  readonly graceMs: number;
  readonly tokenSlackMs: number;
  readonly store: 'keep' | 'discard';
  readonly memoryLimit: number;
}

/** Fills in the defaults; an explicit `undefined` counts as not given. */
export function resolveOptions(options: RegistryOptions): ResolvedOptions {
  const preset = options.preset === undefined ? {} : PRESETS[options.preset];
  return {
    auth: resolveAuth(options.auth ?? { mode: 'none' }),
    features: { ...IDEAL, ...preset, ...given(options.features ?? {}) },
    tls: options.tls,
    scheme: options.tls === undefined ? 'http' : 'https',
    latencyMs: options.latencyMs ?? 0,
    graceMs: options.graceMs ?? 150,
    tokenSlackMs: options.tokenSlackMs ?? 3000,
    store: options.store ?? 'keep',
    memoryLimit: options.memoryLimit ?? 256 * 1024 * 1024,
  };
}

function resolveAuth(auth: AuthOptions): ResolvedAuth {
  return {
    mode: auth.mode,
    username: auth.username ?? 'user',
    password: auth.password ?? 'password',
    ttlSeconds: auth.ttlSeconds ?? 300,
    tokenEndpoint: auth.tokenEndpoint ?? 'both',
    identityToken: auth.identityToken,
    issueExpiresIn: auth.issueExpiresIn ?? true,
    anonymousPull: auth.anonymousPull ?? false,
    openUploads: auth.openUploads ?? false,
    denyPush: auth.denyPush,
    readableTokens: auth.readableTokens ?? false,
    oneRepository: auth.oneRepository ?? false,
    separateRealm: auth.separateRealm ?? false,
  };
}

function given(features: Partial<Features>): Partial<Features> {
  const entries = Object.entries(features).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<Features>;
}
