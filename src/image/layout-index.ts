import { REF_NAME, type Descriptor } from '../oci/descriptor.ts';
import type { ImageIndex } from '../oci/manifest.ts';
import { formatPlatform } from '../oci/platform.ts';
import { imageError } from '../util/errors.ts';
import { printable } from '../util/text.ts';
import { formatSelector, type Selector } from './locate.ts';
import { listNames, sameName } from './names.ts';

/** The full name, as containerd, Docker and BuildKit write it; `ref.name` is then the tag alone. */
const FULL_NAME = 'io.containerd.image.name';

/** What a layout calls an entry, the most telling name first. */
export function namesOf(entry: Descriptor): readonly string[] {
  const names = [entry.annotations?.[FULL_NAME], entry.annotations?.[REF_NAME]];
  return names.filter((name) => typeof name === 'string' && name !== '') as string[];
}

function choices(entries: readonly Descriptor[]): string {
  return listNames(entries.map((entry) => namesOf(entry)[0] ?? `@${entry.digest}`));
}

function only(entries: readonly Descriptor[]): Descriptor | undefined {
  const [first] = entries;
  return entries.every((entry) => entry.digest === first?.digest) ? first : undefined;
}

/** BuildKit's attestations are all for one platform that is none. */
const NO_PLATFORM = 'unknown/unknown';

/**
 * Several platforms of one image directly in index.json, without any names: then index.json is
 * itself the index to push, byte for byte (`crane push --index` does the same).
 */
export function isPlatformIndex(index: ImageIndex): boolean {
  const entries = index.manifests;
  const platforms = entries.map(({ platform }) => platform && formatPlatform(platform));
  if (platforms.includes(undefined) || entries.some((entry) => namesOf(entry).length > 0)) {
    return false;
  }
  const real = platforms.filter((platform) => platform !== NO_PLATFORM);
  return real.length > 0 && entries.length > 1 && new Set(real).size === real.length;
}

function named(entries: readonly Descriptor[], name: string): readonly Descriptor[] {
  const exact = entries.filter((entry) => namesOf(entry).includes(name));
  if (exact.length > 0) return exact;
  return entries.filter((entry) => namesOf(entry).some((own) => sameName(own, name)));
}

/**
 * The entry of index.json that is meant; undefined for a digest that index.json does not list.
 * @param where names the source in errors
 * @throws PushError IMAGE with the names to choose from
 */
export function chooseEntry(
  index: ImageIndex,
  select: Selector | undefined,
  where: string,
): Descriptor | undefined {
  const entries = index.manifests;
  if (entries.length === 0) {
    throw imageError(`${where} holds no image (its index.json lists none).`);
  }
  if (select?.kind === 'digest') return entries.find((entry) => entry.digest === select.digest);
  if (select?.kind === 'position') {
    const entry = entries[select.position];
    if (entry) return entry;
    throw imageError(
      `${where} holds ${entries.length} images; there is none at @${select.position}.`,
    );
  }
  const candidates = select ? named(entries, select.name) : entries;
  const chosen = only(candidates);
  if (chosen) return chosen;
  if (!select || candidates.length > 1) {
    throw imageError(
      `${where} holds several images${select ? ` called ${printable(select.name)}` : ''}: ${choices(candidates)}.`,
      'Put a colon and the name of one, or @ and its digest, after the path.',
    );
  }
  throw imageError(
    `${where} holds no image called ${printable(formatSelector(select))}; it holds ${choices(entries)}.`,
    'Put one of these names after the path.',
  );
}
