import type { HttpRequest } from '../transport.ts';

/** Actions by resource (`repository:octo/app` → pull, push); text of another form stands for itself. */
export type Grants = ReadonlyMap<string, ReadonlySet<string>>;

/** Reads scopes into one entry for each resource. */
export function grantsOf(scopes: readonly string[]): Grants {
  const grants = new Map<string, Set<string>>();
  for (const scope of scopes.flatMap((text) => text.split(/\s+/)).filter(Boolean)) {
    // A repository's name may hold a colon (host:port/name), its actions never do.
    const colon = scope.lastIndexOf(':');
    const whole = colon <= scope.indexOf(':');
    const resource = whole ? scope : scope.slice(0, colon);
    const actions = grants.get(resource) ?? new Set<string>();
    if (!whole) for (const action of scope.slice(colon + 1).split(',')) actions.add(action);
    grants.set(resource, actions);
  }
  return grants;
}

/**
 * One form for each set of scopes: actions on one resource merged, everything sorted, no repeats.
 * https://distribution.github.io/distribution/spec/auth/scope/
 */
export function normalizeScopes(scopes: readonly string[]): readonly string[] {
  return [...grantsOf(scopes)]
    .map(([resource, actions]) =>
      actions.size === 0 ? resource : `${resource}:${[...actions].sort().join(',')}`,
    )
    .sort();
}

/** Whether a token for `held` allows everything in `wanted`. */
export function covers(held: readonly string[], wanted: readonly string[]): boolean {
  const grants = grantsOf(held);
  return [...grantsOf(wanted)].every(([resource, actions]) => {
    const granted = grants.get(resource);
    return granted !== undefined && [...actions].every((action) => granted.has(action));
  });
}

/** The repository a request is about, and what it wants to do there. */
export interface Subject {
  readonly repository: string | undefined;
  readonly actions: readonly string[];
}

/**
 * Of several repositories the one that is written to: its credentials must do for reading the
 * others, since one request carries one token.
 */
export function subjectOf(request: HttpRequest): Subject {
  const prefix = 'repository:';
  const repositories = [...grantsOf(request.scopes ?? [])].filter(([resource]) =>
    resource.startsWith(prefix),
  );
  const chosen = repositories.find(([, actions]) => actions.has('push')) ?? repositories[0];
  if (chosen) return { repository: chosen[0].slice(prefix.length), actions: [...chosen[1]] };
  const path = /^\/v2\/(.+)\/(?:blobs|manifests|tags|referrers)\//.exec(request.url.pathname);
  return { repository: path?.[1], actions: [] };
}

/** Whether a request only asks if a registry lives here. */
export function isPing(request: HttpRequest): boolean {
  return /^\/v2\/?$/.test(request.url.pathname);
}

/**
 * What a token must allow after a 401: what the request says plus what the registry asks for.
 * Asked at `/v2/` some registries name an example (ghcr.io: `repository:user/image:pull`), which
 * no account may have; there only scopes that are no repository count.
 */
export function scopesAfter(request: HttpRequest, demanded: string | undefined): readonly string[] {
  const ping = isPing(request);
  const more = (demanded ?? '')
    .split(/\s+/)
    .filter((scope) => !(ping && scope.startsWith('repository:')));
  return normalizeScopes([...(request.scopes ?? []), ...more]);
}
