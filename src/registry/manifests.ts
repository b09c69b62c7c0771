import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf, isDigest, isDigestOf, type Digest } from '../oci/digest.ts';
import { MANIFEST_MAX_BYTES } from '../oci/manifest.ts';
import { MANIFEST_ACCEPT } from '../oci/media-types.ts';
import { bodyOf } from '../http/transport.ts';
import { imageError, PushError } from '../util/errors.ts';
import { apiUrl, expect, pullScope, pushScope, type Connection } from './connection.ts';
import { registryError } from './error.ts';
import { withQuery } from './location.ts';
import { follow } from './redirects.ts';

/** A manifest on its way: exact bytes and what they are called. */
export interface ManifestContent {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** What a tag or digest names in a repository; undefined when it is not there. */
export async function headManifest(
  connection: Connection,
  repository: string,
  reference: string,
  signal?: AbortSignal,
  scopes: readonly string[] = [pushScope(repository)],
): Promise<Digest | undefined> {
  const options = {
    method: 'HEAD',
    url: apiUrl(connection, `${repository}/manifests/${reference}`),
    headers: { accept: MANIFEST_ACCEPT },
    scopes,
    signal,
  } as const;
  const doing = `say whether it has ${repository}${isDigest(reference) ? '@' : ':'}${reference}`;
  const response = await expect(connection, doing, [200, 404], options);
  if (response.status === 404) return undefined;
  const named = response.headers['docker-content-digest'];
  if (isDigest(named)) return named;
  // A web server answers 200 to whatever it is asked.
  if (response.headers['content-type']?.startsWith('text/html')) {
    throw registryError(connection.registry, doing, options, response);
  }
  // The header is optional; who asked by digest knows the answer anyway.
  return isDigest(reference) ? reference : undefined;
}

/**
 * Reads a manifest, checked against its digest where one is known; undefined when it is not there.
 * @throws PushError IMAGE when it is damaged
 */
export async function findManifest(
  connection: Connection,
  repository: string,
  reference: string,
  signal?: AbortSignal,
  scopes: readonly string[] = [pullScope(repository)],
): Promise<ManifestContent | undefined> {
  const name = `${connection.registry}/${repository}${isDigest(reference) ? '@' : ':'}${reference}`;
  const options = {
    method: 'GET',
    url: apiUrl(connection, `${repository}/manifests/${reference}`),
    headers: { accept: MANIFEST_ACCEPT },
    scopes,
    maxResponseBytes: MANIFEST_MAX_BYTES + 1,
    signal,
  } as const;
  const response = await follow(connection, options);
  if (response.status === 404) return undefined;
  if (response.status !== 200) {
    throw registryError(connection.registry, `read the manifest of ${name}`, options, response);
  }
  const named = response.headers['docker-content-digest'];
  const told = isDigest(named) ? named : digestOf(response.body);
  const digest = isDigest(reference) ? reference : told;
  if (!isDigestOf(digest, response.body)) {
    throw imageError(`${name} is damaged: what the registry sent is not ${digest}.`);
  }
  const mediaType = (response.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  return { descriptor: { mediaType, digest, size: response.body.length }, bytes: response.body };
}

/**
 * Reads a manifest, checked against its digest where one is known.
 * @throws PushError IMAGE when it is not there
 */
export async function getManifest(
  connection: Connection,
  repository: string,
  reference: string,
  signal?: AbortSignal,
): Promise<ManifestContent> {
  const content = await findManifest(connection, repository, reference, signal);
  if (content) return content;
  const name = `${connection.registry}/${repository}${isDigest(reference) ? '@' : ':'}${reference}`;
  throw imageError(`${name} does not exist.`, 'Check its name, tag or digest.');
}

/**
 * Writes a manifest under a digest or a tag.
 * @param tags names it gets in the same request, where the registry can do that (`OCI-Tag`)
 * @returns the tags the registry says it has set
 */
export async function putManifest(
  connection: Connection,
  repository: string,
  reference: string,
  { descriptor, bytes }: ManifestContent,
  options: { readonly tags?: readonly string[]; readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly string[]> {
  const { tags = [], signal } = options;
  const plain = apiUrl(connection, `${repository}/manifests/${reference}`);
  const url = tags.reduce((address, tag) => withQuery(address, { tag }), plain);
  const label = isDigest(reference) ? reference : `tag ${reference}`;
  const doing = `store the manifest ${label} in ${repository}`;
  const request = {
    method: 'PUT',
    url,
    headers: { 'content-type': descriptor.mediaType },
    body: bodyOf(bytes),
    scopes: [pushScope(repository)],
    signal,
  } as const;
  const response = await expect(connection, doing, [201, 200, 202], request);
  const stored = response.headers['docker-content-digest'];
  // A web server answers 200 to whatever it is asked; a registry says what it has stored.
  if (response.status !== 201 && stored === undefined) {
    throw registryError(connection.registry, doing, request, response);
  }
  if (isDigest(stored) && !isDigestOf(stored, bytes)) {
    throw new PushError(
      `${connection.registry} stored the manifest ${descriptor.digest} as ${stored}.`,
      { code: 'REGISTRY', hint: 'Something between here and the registry changes what is sent.' },
    );
  }
  return (response.headers['oci-tag'] ?? '')
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}
