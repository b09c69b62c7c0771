import { isDigest, type Digest } from '../oci/digest.ts';
import { parseReference, type Reference } from '../oci/reference.ts';
import { configError, messageOf } from '../util/errors.ts';
import { printable } from '../util/text.ts';

/** Which image, where a source holds several: by name, by digest, or by its place in the list. */
export type Selector =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'digest'; readonly digest: Digest }
  | { readonly kind: 'position'; readonly position: number };

/** A path on this machine, perhaps with the image that is meant. */
export interface LocatedPath {
  /** `path`: what it is decides the file itself */
  readonly transport: 'oci' | 'oci-archive' | 'docker-archive' | 'path';
  readonly path: string;
  readonly select?: Selector;
}

/** An image in a Docker daemon, as its API names it. */
export interface LocatedDaemon {
  readonly transport: 'docker-daemon';
  readonly image: string;
}

/** An image in a registry; it has a tag or a digest. */
export interface LocatedRegistry {
  readonly transport: 'docker';
  readonly reference: Reference;
}

/** A source option, understood. */
export type Located = LocatedPath | LocatedDaemon | LocatedRegistry;

/** How a source is written, for error messages and documentation. */
export const SOURCE_FORMS: string =
  'oci:DIR[:REF], oci-archive:FILE[:REF], docker-archive:FILE[:REF], docker-daemon:NAME:TAG, docker://HOST/REPO:TAG, or the path of an OCI layout or image archive';

// Two letters at least: C:\images is a Windows path.
const TRANSPORT = /^([A-Za-z][A-Za-z0-9+_-]+):/;
const DRIVE = /^[A-Za-z]:[\\/]/;
const IMAGE_ID = /^(?:sha256:)?[0-9a-f]{12,64}$/;

function usage(message: string, hint: string = `Known forms: ${SOURCE_FORMS}.`): never {
  throw configError(`source: ${message}`, hint);
}

function parseSelector(text: string, source: string): Selector {
  if (text === '') usage(`nothing follows the last colon of "${printable(source)}".`);
  if (isDigest(text)) return { kind: 'digest', digest: text };
  if (!text.startsWith('@')) return { kind: 'name', name: text };
  const rest = text.slice(1);
  if (/^\d{1,6}$/.test(rest)) return { kind: 'position', position: Number(rest) };
  if (isDigest(rest)) return { kind: 'digest', digest: rest };
  return usage(
    `what follows @ in "${printable(source)}" is neither a digest nor a position.`,
    'Write @sha256: and 64 hexadecimal digits, or @0 for the first image.',
  );
}

/** As skopeo does, a path ends at its first colon; a drive letter's colon does not count. */
function splitPath(text: string, source: string): { path: string; select?: Selector } {
  const skip = DRIVE.test(text) ? 2 : 0;
  const digestAt = text.search(/@sha(?:256|512):/);
  const colon = text.indexOf(':', skip);
  const split = digestAt >= 0 && digestAt < colon ? digestAt : colon;
  const path = split < 0 ? text : text.slice(0, split);
  if (path === '') usage(`"${printable(source)}" names no file or folder.`);
  if (split < 0) return { path };
  const rest = text.slice(split === digestAt ? split : split + 1);
  return { path, select: parseSelector(rest, source) };
}

function located(transport: LocatedPath['transport']): (rest: string, source: string) => Located {
  return (rest, source) => ({ transport, ...splitPath(rest, source) });
}

function reference(text: string): Reference {
  try {
    return parseReference(text);
  } catch (error) {
    throw configError(`source: ${messageOf(error)}.`, `Known forms: ${SOURCE_FORMS}.`, error);
  }
}

function daemonImage(rest: string): Located {
  const image = rest.replace(/^\/\//, '');
  if (image === '') usage('docker-daemon: names no image.');
  if (IMAGE_ID.test(image)) return { transport: 'docker-daemon', image };
  const { tag, digest } = reference(image);
  // Without a tag the daemon would hand out every tag of the repository.
  return { transport: 'docker-daemon', image: tag || digest ? image : `${image}:latest` };
}

function registryImage(rest: string): Located {
  if (!rest.startsWith('//')) usage('docker: is followed by //, as in docker://HOST/REPO:TAG.');
  const parsed = reference(rest.slice(2));
  const named = parsed.tag || parsed.digest ? parsed : { ...parsed, tag: 'latest' };
  return { transport: 'docker', reference: named };
}

const TRANSPORTS: ReadonlyMap<string, (rest: string, source: string) => Located> = new Map([
  ['oci', located('oci')],
  ['oci-archive', located('oci-archive')],
  ['docker-archive', located('docker-archive')],
  ['docker-daemon', daemonImage],
  ['docker', registryImage],
]);

/**
 * Understands one source of the `source` option. Looks at nothing but the text.
 * @throws PushError with code GENERAL when it is not written as a source is
 */
export function locate(text: string): Located {
  const source = text.trim();
  if (source === '') return usage('it is empty.');
  if (source.includes('\0')) usage('it contains a NUL character.');
  const transport = TRANSPORT.exec(source)?.[1];
  if (transport === undefined) return { transport: 'path', ...splitPath(source, source) };
  const parse = TRANSPORTS.get(transport.toLowerCase());
  if (parse) return parse(source.slice(transport.length + 1), source);
  return usage(
    `"${printable(transport)}:" is not a transport (known: ${[...TRANSPORTS.keys()].join(', ')}).`,
    `Known forms: ${SOURCE_FORMS}; a relative path that has a REF starts with ./`,
  );
}

/** A selector as people write it. */
export function formatSelector(select: Selector): string {
  if (select.kind === 'name') return select.name;
  return select.kind === 'digest' ? `@${select.digest}` : `@${select.position}`;
}
