import type { Annotations } from './annotations.ts';
import type { Platform } from '../oci/platform.ts';
import type { Reference } from '../oci/reference.ts';
import type { RequireRegistries } from '../push/context.ts';
import type { TagPolicyRule } from '../push/tags/policy.ts';

/** Everything that is said about one registry, by its `host[:port]`. */
export interface RegistrySettings {
  readonly username?: string;
  readonly password?: string;
  /** accept any certificate, and plain HTTP where the registry does not speak TLS */
  readonly insecure: boolean;
  /** speak HTTP without trying TLS */
  readonly plainHttp: boolean;
  /** PEM text of additional certificate authorities */
  readonly ca?: string;
  /** a push goes on without this registry when it fails */
  readonly optional?: boolean;
  /** name of the profile to use, instead of finding out */
  readonly profile?: string;
}

export type Verbosity = 'quiet' | 'normal' | 'verbose';

/** A push as somebody asked for it: validated, complete and frozen. */
export interface Config {
  /** ask this repository's registry what it can do, instead of pushing */
  readonly probe?: Reference;
  /** each `transport:path`, or a bare path; none when probing */
  readonly sources: readonly string[];
  readonly targets: readonly Reference[];
  /** false: plan, check and report, write nothing */
  readonly push: boolean;
  /** what may become of tags that name another image; `move` where no rule fits */
  readonly tagPolicies: readonly TagPolicyRule[];
  /** which registries have to get everything */
  readonly requireRegistries: RequireRegistries;
  /** settings by registry host; a registry without an entry has the defaults */
  readonly registries: Readonly<Record<string, RegistrySettings>>;
  /** GitHub's token, used for ghcr.io where nothing else is given */
  readonly githubToken?: string;
  /** where GitHub's API answers: the only place it is asked for the history of commits */
  readonly githubApiUrl: string;
  /** empty: everything the source holds */
  readonly platforms: readonly Platform[];
  /** what becomes of several platforms */
  readonly manifestStrategy: 'auto' | 'merge' | 'separate';
  /** what `separate` adds to tags, with {os}, {arch} and {variant} */
  readonly platformSuffix: string;
  /** what is changed about the image */
  readonly edits: {
    readonly attestations: 'keep' | 'drop';
    readonly format: 'keep' | 'oci' | 'docker';
    readonly annotations: Annotations;
  };
  readonly compression: 'gzip' | 'zstd';
  /** also upload layers that their publisher asks not to redistribute */
  readonly foreignLayers: boolean;
  /** limit for the whole push in milliseconds; undefined: only a push that stands still is ended */
  readonly timeoutMs?: number;
  /** how often one request is sent at most */
  readonly attempts: number;
  /** blobs under way at a time, per registry */
  readonly concurrency: number | 'auto';
  readonly maxConcurrency: number;
  /** bytes: larger blobs go in chunks of this size */
  readonly chunkSize?: number;
  /** go on with interrupted pushes, and write down how far this one has come */
  readonly resume: boolean;
  /** keep the record of what is where, and in the action use the Actions cache */
  readonly cache: boolean;
  /** folder that keeps all of it, instead of the user's own or the Actions cache */
  readonly cacheDirectory?: string;
  /** the record's size, bytes, and its number of blobs */
  readonly cacheMaxSize: number;
  readonly cacheMaxEntries: number;
  readonly verbosity: Verbosity;
}
