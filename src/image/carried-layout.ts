import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { childrenOf, parseManifest } from '../oci/manifest.ts';
import { isForeignLayer, isManifestType, MEDIA_TYPES } from '../oci/media-types.ts';
import { readContent } from './content.ts';
import { inFile } from './json.ts';
import type { Layout } from './oci-layout.ts';

/** Layers as Docker's graph drivers give them out: a registry should get them compressed. */
const UNCOMPRESSED: ReadonlySet<string> = new Set([
  MEDIA_TYPES.ociLayer,
  'application/vnd.docker.image.rootfs.diff.tar',
]);

const MAX_DEPTH = 8;

/** The manifest or index of an image inside a docker archive. */
export interface CarriedImage {
  readonly root: Descriptor;
  /** false: an index was left out, since the archive does not hold all its platforms */
  readonly whole: boolean;
}

interface Finding {
  /** everything below is in the archive, and every layer compressed: nothing has to be made */
  readonly ready: boolean;
  /** the manifest that was looked for, if it is this one or below */
  readonly match?: { readonly manifest: Descriptor; readonly ready: boolean };
}

/** Looks at each digest once, however often an index names it. */
class Search {
  readonly #layout: Layout;
  readonly #config: Digest;
  readonly #findings = new Map<Digest, Promise<Finding>>();

  constructor(layout: Layout, config: Digest) {
    this.#layout = layout;
    this.#config = config;
  }

  look(descriptor: Descriptor, depth = 0): Promise<Finding> {
    const known = this.#findings.get(descriptor.digest);
    if (known) return known;
    const finding = this.#inspect(descriptor, depth);
    this.#findings.set(descriptor.digest, finding);
    return finding;
  }

  async #inspect(descriptor: Descriptor, depth: number): Promise<Finding> {
    const { where, find } = this.#layout;
    const { digest, mediaType } = descriptor;
    if (isForeignLayer(mediaType)) return { ready: true };
    if (depth > MAX_DEPTH || !(await find(digest))) return { ready: false };
    if (!isManifestType(mediaType)) return { ready: !UNCOMPRESSED.has(mediaType) };
    const bytes = await readContent(where, find, descriptor);
    const manifest = inFile(`${digest} in ${where}`, () => parseManifest(bytes, mediaType));
    const below: Finding[] = [];
    for (const child of childrenOf(manifest)) below.push(await this.look(child, depth + 1));
    const ready = below.every((finding) => finding.ready);
    if (manifest.kind === 'manifest' && manifest.config?.digest === this.#config) {
      return { ready, match: { manifest: descriptor, ready } };
    }
    const match = below.find((finding) => finding.match)?.match;
    return { ready, ...(match ? { match } : {}) };
  }
}

/**
 * Looks for an image of a docker archive in the OCI layout that Docker ≥ 25 writes beside it.
 * @param config digest of the image's config, which both have in common
 * @returns undefined when the layout does not have it in a form that can be pushed as it is
 * @throws PushError IMAGE when a manifest is damaged
 */
export async function findCarried(
  layout: Layout,
  config: Digest,
): Promise<CarriedImage | undefined> {
  const search = new Search(layout, config);
  for (const entry of layout.index.manifests) {
    const { ready, match } = await search.look(entry);
    if (match && ready) return { root: entry, whole: true };
    if (match?.ready) return { root: match.manifest, whole: false };
  }
  return undefined;
}
