import { ACR, DOCKER_HUB_PROFILE, ECR, GAR, GHCR, QUAY } from './hosted.ts';
import type { RegistryProfile } from './profile.ts';
import { ARTIFACTORY, GITEA, GITLAB, HARBOR, ZOT } from './self-hosted.ts';

/** A registry of which nothing is known: the specification holds, and what is not sure is tried. */
export const GENERIC: RegistryProfile = { name: 'generic', title: 'any registry' };

/** All profiles; of those known by their answers the more telling ones come first. */
export const PROFILES: readonly RegistryProfile[] = [
  DOCKER_HUB_PROFILE,
  GHCR,
  ECR,
  GAR,
  ACR,
  QUAY,
  HARBOR,
  GITEA,
  GITLAB,
  ZOT,
  ARTIFACTORY,
  GENERIC,
];

/** The profile of that name. */
export function profileNamed(name: string): RegistryProfile | undefined {
  return PROFILES.find((profile) => profile.name === name);
}

/** The profile a host has whatever it answers. */
export function profileOfHost(host: string): RegistryProfile | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return PROFILES.find((profile) => profile.hosts?.some((pattern) => pattern.test(name)));
}

/** The profile an answer gives away. */
export function profileOfAnswer(
  headers: Readonly<Record<string, string>>,
): RegistryProfile | undefined {
  return PROFILES.find((profile) => profile.answers?.(headers));
}
