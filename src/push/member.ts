import type { OpenedSource, UnfinishedImage } from '../image/source.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { ManifestNode } from '../oci/graph.ts';
import { isIndexType } from '../oci/media-types.ts';
import {
  formatPlatform,
  matchesPlatform,
  normalizePlatform,
  type Platform,
} from '../oci/platform.ts';
import { imageError } from '../util/errors.ts';
import { readManifest, readPlatform } from './read.ts';
import { isRealPlatform } from './select.ts';

/** One image of one platform, or what belongs to one: an entry of the index that is to be. */
export type Entry = {
  readonly source: OpenedSource;
  /** normalised; unknown/unknown for attestations */
  readonly platform?: Platform | undefined;
} & (
  | { readonly descriptor: Descriptor; readonly unfinished?: undefined }
  /** its manifest is written when its layers are compressed */
  | { readonly descriptor?: undefined; readonly unfinished: UnfinishedImage }
);

/** A source that has been read as far as its first manifest. */
export type Member = { readonly source: OpenedSource } & (
  | { readonly root: ManifestNode; readonly unfinished?: undefined }
  | { readonly root?: undefined; readonly unfinished: UnfinishedImage }
);

/** @throws FormatError when it holds no valid manifest */
export async function readMember(source: OpenedSource, signal?: AbortSignal): Promise<Member> {
  const { root, unfinished } = source;
  if (unfinished) return { source, unfinished };
  if (!root) throw imageError(`${source.description} holds no image.`);
  return { source, root: await readManifest(source, root, signal) };
}

/** What only the config says (an os.version, a variant) completes what a descriptor says. */
function completed(said: Platform | undefined, config: Platform | undefined): Platform | undefined {
  if (!said || !config) return said ?? config;
  const { variant: _left, ...plain } = normalizePlatform(said);
  const { variant: _right, ...own } = normalizePlatform(config);
  const same = plain.os === own.os && plain.architecture === own.architecture;
  return same ? { ...config, ...said } : said;
}

function normal(platform: Platform | undefined): Platform | undefined {
  return platform && normalizePlatform(platform);
}

/** Descriptors of an index as they are; those without a platform are looked into. */
async function entryOf(
  source: OpenedSource,
  descriptor: Descriptor,
  signal?: AbortSignal,
): Promise<Entry> {
  if (descriptor.platform) {
    return { source, descriptor, platform: normalizePlatform(descriptor.platform) };
  }
  const { manifest } = await readManifest(source, descriptor, signal);
  const config = manifest.kind === 'manifest' ? manifest.config : undefined;
  return { source, descriptor, platform: normal(await readPlatform(source, config, signal)) };
}

/** An index inside of an index: its entries take its place. */
async function flattened(
  source: OpenedSource,
  descriptor: Descriptor,
  depth: number,
  options: EntriesOptions,
): Promise<Entry[]> {
  const where = `${source.description}: the index ${descriptor.digest}, which is inside of another,`;
  if (depth > 8) throw imageError(`${where} is nested too deeply.`);
  const { manifest } = await readManifest(source, descriptor, options.signal);
  if (manifest.kind !== 'index') throw new Error(`${descriptor.digest} is no index`);
  if (manifest.subject || manifest.artifactType) {
    throw imageError(
      `${where} is an artifact of its own (it has a subject or an artifactType): it cannot be flattened.`,
      'Push it by itself.',
    );
  }
  const { platform } = descriptor;
  const entries = await entriesOfIndex(source, manifest.manifests, depth + 1, options);
  const other = entries.find(
    (entry) =>
      platform && isRealPlatform(entry.platform) && !matchesPlatform(platform, entry.platform),
  );
  if (platform && other?.platform) {
    throw imageError(
      `${where} is said to be for ${formatPlatform(platform)}, but holds ${formatPlatform(other.platform)}: it cannot be flattened.`,
      'Choose one of its images by its digest as the source.',
    );
  }
  const lost = Object.keys({ ...manifest.annotations, ...descriptor.annotations }).length > 0;
  options.onNote?.(
    `${where} was flattened: its ${entries.length} entries took its place${lost ? ', without its annotations' : ''}`,
  );
  return entries;
}

async function entriesOfIndex(
  source: OpenedSource,
  descriptors: readonly Descriptor[],
  depth: number,
  options: EntriesOptions,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const descriptor of descriptors) {
    if (isIndexType(descriptor.mediaType)) {
      entries.push(...(await flattened(source, descriptor, depth, options)));
    } else {
      entries.push(await entryOf(source, descriptor, options.signal));
    }
  }
  return entries;
}

/** How entries are read. */
export interface EntriesOptions {
  readonly signal?: AbortSignal | undefined;
  /** told of each index that was flattened */
  readonly onNote?: (message: string) => void;
}

/**
 * The images of a source, each with its platform: from the descriptor, completed by the image's
 * config where the source is that image itself. Indexes inside of an index are flattened.
 * @throws PushError IMAGE where flattening would lose what an index says
 */
export async function entriesOf(
  { source, root, unfinished }: Member,
  options: EntriesOptions,
): Promise<readonly Entry[]> {
  const { signal } = options;
  if (unfinished) {
    const platform = normal(await readPlatform(source, unfinished.config, signal));
    return [{ source, unfinished, platform }];
  }
  const { manifest, descriptor } = root;
  if (manifest.kind === 'index') return entriesOfIndex(source, manifest.manifests, 0, options);
  const { mediaType, digest, size } = descriptor;
  const platform = completed(
    descriptor.platform,
    await readPlatform(source, manifest.config, signal),
  );
  return [{ source, descriptor: { mediaType, digest, size }, platform: normal(platform) }];
}
