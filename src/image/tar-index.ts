import type { FileHandle } from 'node:fs/promises';
import { posix } from 'node:path';
import { imageError } from '../util/errors.ts';
import { printable } from '../util/text.ts';
import { openFile } from './file-range.ts';
import { BLOCK, readHeader, truncated, type TarHeader } from './tar-header.ts';

/** What stands under one name in an archive. Offsets and sizes in bytes. */
export type TarEntry =
  | { readonly kind: 'file'; readonly offset: number; readonly size: number }
  /** `target`: a name in the same archive; undefined when the link leads out of it */
  | { readonly kind: 'link'; readonly target: string | undefined }
  | { readonly kind: 'other' }
  /** the name occurs again with something else: nobody can say which one is meant */
  | { readonly kind: 'ambiguous' };

/** The entries of an archive by normalised name; names that lead out of it are left out. */
export type TarIndex = ReadonlyMap<string, TarEntry>;

export interface TarIndexOptions {
  /** most entries, 250,000 by default */
  readonly maxEntries?: number;
  readonly signal?: AbortSignal;
  /** names the archive in errors, where `file` is only a copy of it */
  readonly path?: string;
}

/** Reading so many headers takes some ten seconds; an image has a few hundred. */
const MAX_ENTRIES = 250_000;

/** As in Go's archive/tar, these have no body, whatever their size says. */
const WITHOUT_BODY: ReadonlySet<unknown> = new Set([
  'link',
  'symlink',
  'character-device',
  'block-device',
  'directory',
  'fifo',
]);

/** `./a//b` as `a/b`; undefined for what is absolute or climbs out with `..`. */
export function normalizeName(name: string): string | undefined {
  if (name.startsWith('/')) return undefined;
  const normal = posix.normalize(name).replace(/\/$/, '');
  return normal === '..' || normal.startsWith('../') ? undefined : normal;
}

function linkTarget(name: string, type: 'link' | 'symlink', target: string): string | undefined {
  if (type === 'link') return normalizeName(target);
  return target.startsWith('/')
    ? undefined
    : normalizeName(posix.join(posix.dirname(name), target));
}

function entryOf(name: string, { header, bodyOffset }: TarHeader): TarEntry {
  const { type, linkname } = header;
  if (type === 'link' || type === 'symlink') {
    return { kind: 'link', target: linkTarget(name, type, linkname) };
  }
  if (type !== 'file' && type !== 'contiguous-file') return { kind: 'other' };
  return { kind: 'file', offset: bodyOffset, size: header.size };
}

/** Blobs are named by their content, which is compared later: of equal ones, any will do. */
function merge(name: string, earlier: TarEntry, later: TarEntry): TarEntry {
  const sameBlob =
    earlier.kind === 'file' &&
    later.kind === 'file' &&
    earlier.size === later.size &&
    name.startsWith('blobs/');
  const sameLink =
    earlier.kind === 'link' && later.kind === 'link' && earlier.target === later.target;
  const both = earlier.kind === 'other' && later.kind === 'other';
  return sameBlob || sameLink || both ? earlier : { kind: 'ambiguous' };
}

function isSparse({ header, sparse }: TarHeader): boolean {
  const records = Object.keys(header.pax ?? {});
  return sparse || records.some((key) => key.startsWith('GNU.sparse.'));
}

async function walk(
  handle: FileHandle,
  file: string,
  { maxEntries = MAX_ENTRIES, signal }: TarIndexOptions,
): Promise<TarIndex> {
  const index = new Map<string, TarEntry>();
  const { size: fileSize } = await handle.stat();
  let offset = 0;
  for (let count = 1; ; count += 1) {
    signal?.throwIfAborted();
    const found = await readHeader(handle, offset, file);
    if (!found) return index;
    if (count > maxEntries) throw imageError(`${file} has more than ${maxEntries} entries.`);
    const { header, bodyOffset } = found;
    if (isSparse(found)) {
      throw imageError(
        `${file} holds ${printable(header.name)} as a sparse file, which images never do.`,
        'Write the archive again without tar --sparse.',
      );
    }
    const size = WITHOUT_BODY.has(header.type) ? 0 : header.size;
    if (bodyOffset + size > fileSize) throw truncated(file);
    offset = bodyOffset + Math.ceil(size / BLOCK) * BLOCK;
    const name = normalizeName(header.name);
    if (name === undefined) continue;
    const entry = entryOf(name, found);
    const earlier = index.get(name);
    index.set(name, earlier ? merge(name, earlier, entry) : entry);
  }
}

/**
 * Notes where every file of a tar archive begins, in one pass over the headers; bodies are not read.
 * @throws PushError IMAGE when it is not a tar archive, is cut off, or goes beyond a limit
 */
export async function indexTar(file: string, options: TarIndexOptions = {}): Promise<TarIndex> {
  const handle = await openFile(file);
  try {
    return await walk(handle, options.path ?? file, options);
  } finally {
    await handle.close();
  }
}
