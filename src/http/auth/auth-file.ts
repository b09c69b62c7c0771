import path from 'node:path';

/** Where this machine keeps its files. */
export interface FileHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** the home folder; undefined where there is none */
  readonly home: string | undefined;
  /** the user's number, for podman's fallback below /run */
  readonly uid?: number | undefined;
}

function set(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}

/**
 * Where podman keeps logins when XDG_RUNTIME_DIR is not set. The folder above may be closed to
 * everybody but root (it is where root has used podman): then nothing in it is this user's.
 */
export function runtimeFallback({ env, uid }: Pick<FileHost, 'env' | 'uid'>): string | undefined {
  if (set(env['XDG_RUNTIME_DIR']) !== undefined || uid === undefined) return undefined;
  return `/run/containers/${uid}/auth.json`;
}

/**
 * The files podman, buildah and skopeo keep logins in, in their order.
 * https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
 */
export function authFiles({ env, home, uid }: FileHost): readonly string[] {
  const runtime = set(env['XDG_RUNTIME_DIR']);
  const config =
    set(env['XDG_CONFIG_HOME']) ?? (home === undefined ? undefined : path.join(home, '.config'));
  const primary =
    runtime === undefined
      ? runtimeFallback({ env, uid })
      : path.join(runtime, 'containers', 'auth.json');
  const files = [
    set(env['REGISTRY_AUTH_FILE']),
    primary,
    config === undefined ? undefined : path.join(config, 'containers', 'auth.json'),
  ];
  return [...new Set(files.filter((file) => file !== undefined))];
}

/** The folder of Docker's `config.json`, which oras and crane use too. */
export function dockerFolder({ env, home }: FileHost): string | undefined {
  return set(env['DOCKER_CONFIG']) ?? (home === undefined ? undefined : path.join(home, '.docker'));
}

/** The folder below which docker/login-action writes logins with a `scope`. */
export function scopedFolder(host: FileHost): string | undefined {
  const docker = dockerFolder(host);
  const buildx =
    set(host.env['BUILDX_CONFIG']) ??
    (docker === undefined ? undefined : path.join(docker, 'buildx'));
  return buildx === undefined ? undefined : path.join(buildx, 'config');
}
