import { fact, MiB, type RegistryProfile } from './profile.ts';

/** Registries that are known by their host. */
export const DOCKER_HUB_PROFILE: RegistryProfile = {
  name: 'docker-hub',
  title: 'Docker Hub',
  hosts: [/^docker\.io$/, /^registry-1\.docker\.io$/, /^index\.docker\.io$/],
  sessions: fact('never', 'regclient/regclient#323: 404 on the session after less than a minute'),
  referrers: fact(true, 'sigstore/cosign#4641 (January 2026)'),
};

export const GHCR: RegistryProfile = {
  name: 'ghcr',
  title: 'GitHub Container Registry',
  hosts: [/^ghcr\.io$/, /^containers\.pkg\.github\.com$/, /^containers\.[\w-]+\.ghe\.com$/],
  maxChunk: fact(4 * MiB, 'ocx-sh/ocx#237, wash#268: 416 above it when Content-Range is sent'),
  sessions: fact('never', 'build-push-action#651: sessions get lost, the blob has to start over'),
  referrers: fact(false, 'actions/attest#71, kyverno#16754: 404'),
};

export const ECR: RegistryProfile = {
  name: 'ecr',
  title: 'Amazon ECR',
  hosts: [/^\d{12}\.dkr\.ecr(-fips)?\.[\w-]+\.amazonaws\.com(\.cn)?$/, /^public\.ecr\.aws$/],
  minChunk: fact(5 * MiB, 'dotnet/sdk-container-builds#424: LayerPartTooSmallException'),
  maxChunk: fact(10 * MiB, 'ECR service quotas: layer part size'),
  lastChunkInPut: fact(true, 'openai/tart#159: an empty PUT is answered 500'),
  sessions: fact(
    'never',
    'aws/containers-roadmap#2831: an offset can only be known to who sent it',
  ),
  sessionOffset: fact('sticks', 'aws/containers-roadmap#2831: Range stays at the first chunk'),
  referrers: fact(true, 'AWS blog on OCI 1.1 support'),
};

export const GAR: RegistryProfile = {
  name: 'gar',
  title: 'Google Artifact Registry',
  hosts: [/^([\w-]+\.)?gcr\.io$/, /^[\w-]+-docker\.pkg\.dev$/, /^docker\.pkg\.dev$/],
  chunks: fact(false, 'Artifact Registry documentation: "you must use monolithic uploads"'),
  sessions: fact('never', 'follows from having no chunks'),
  referrers: fact(true, 'rules_img, registry table'),
};

export const ACR: RegistryProfile = {
  name: 'acr',
  title: 'Azure Container Registry',
  hosts: [/^[\w-]+\.azurecr\.(io|cn|us)$/],
  sessions: fact('never', 'Azure/azure-sdk-for-js#25448: a failed chunk ends the session'),
  referrers: fact(true, 'ACR documentation, not tried by us'),
};

export const QUAY: RegistryProfile = {
  name: 'quay',
  title: 'Quay',
  hosts: [/^quay\.io$/],
  sessions: fact('never', 'oras-py#137: chunked uploads are reported not to work fully'),
  referrers: fact(true, 'tektoncd/chains#1691'),
};
