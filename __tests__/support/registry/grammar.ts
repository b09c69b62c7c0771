/** The grammars of the distribution specification, kept in one place so that every check agrees. */

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';

/** A repository name. */
export const NAME = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);

/** A tag. */
export const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** A digest of one of the two registered algorithms, in the only spelling allowed: lower case. */
export const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

/** The value of Content-Range on an upload: no unit, no total. */
export const CHUNK_RANGE = /^([0-9]+)-([0-9]+)$/;

/** The tag that stands in for the referrers API: algorithm, dash, at most 64 digits. */
export const REFERRERS_TAG = /^sha(?:256|512)-[a-f0-9]{64}$/;

/** Media type of an OCI image index. */
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

/** Media type of an OCI image manifest. */
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** Every media type that a manifest request may list in Accept. */
export const MANIFEST_TYPES: readonly string[] = [
  OCI_MANIFEST,
  OCI_INDEX,
  'application/vnd.oci.artifact.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** The algorithm of a digest that matches {@link DIGEST}. */
export function algorithmOf(digest: string): string {
  return digest.slice(0, digest.indexOf(':'));
}

/** The tag under which clients keep the referrers of a digest where the API is missing. */
export function referrersTag(digest: string): string {
  const [algorithm = '', encoded = ''] = digest.split(':');
  return `${algorithm.slice(0, 32)}-${encoded.slice(0, 64)}`;
}
