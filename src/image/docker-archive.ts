import { digestOf, type Digest } from '../oci/digest.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { imageError } from '../util/errors.ts';
import { printable } from '../util/text.ts';
import { contentReader, type Find, type Found } from './content.ts';
import { readLayers, type DockerLayer } from './docker-layers.ts';
import { checkNamedDigest, readDiffIds, type DockerImage } from './docker-manifest.ts';
import { readSmall } from './file-range.ts';
import type { FileTree } from './file-tree.ts';
import { LayerStore } from './layer-store.ts';
import type { OpenOptions } from './options.ts';
import type { OpenedSource, PendingLayer, UnfinishedImage } from './source.ts';
import type { Spool } from './spool.ts';
import { configType, layerType, writeManifest, type ManifestFormat } from './write-manifest.ts';

const CONFIG_MAX = 16 * 1024 * 1024;

async function readConfig(tree: FileTree, image: DockerImage): Promise<Uint8Array> {
  const what = `config ${printable(image.config)} in ${tree.path}`;
  const range = await tree.find(image.config);
  if (!range) throw imageError(`${what} is missing.`, 'Save the image again.');
  const bytes = await readSmall(range, CONFIG_MAX, what);
  checkNamedDigest(image.config, digestOf(bytes), tree.path);
  return bytes;
}

/** Docker's format knows gzip only: one zstd layer makes it an OCI image. */
function formatFor(layers: readonly DockerLayer[], compression: string): ManifestFormat {
  const zstd = layers.some(
    (layer) =>
      (layer.kind === 'compressed' && layer.packing === 'zstd') ||
      (layer.kind === 'plain' && compression === 'zstd'),
  );
  return zstd ? 'oci' : 'docker';
}

/** What is pushed of the archive, by digest, and the layers in the manifest's order. */
interface Contents {
  readonly config: Descriptor;
  readonly layers: readonly (Descriptor | PendingLayer)[];
  readonly known: Map<Digest, Found>;
}

function collectContents(
  configBytes: Uint8Array,
  layers: readonly DockerLayer[],
  format: ManifestFormat,
  store: LayerStore,
): Contents {
  const digest = digestOf(configBytes);
  const config = { mediaType: configType(format), digest, size: configBytes.length };
  const known = new Map<Digest, Found>([[digest, configBytes]]);
  const described = layers.map((layer) => {
    if (layer.kind === 'plain') return store.pending(layer);
    if (layer.kind === 'foreign') {
      if (layer.range) known.set(layer.descriptor.digest, layer.range);
      return layer.descriptor;
    }
    known.set(layer.digest, layer.range);
    const { digest, range, packing } = layer;
    return { mediaType: layerType(format, packing), digest, size: range.size };
  });
  return { config, layers: described, known };
}

function isDescriptor(layer: Descriptor | PendingLayer): layer is Descriptor {
  return !('prepare' in layer);
}

function imageOf(
  { config, layers, known }: Contents,
  format: ManifestFormat,
): { readonly root: Descriptor } | { readonly unfinished: UnfinishedImage } {
  const finish: UnfinishedImage['finish'] = (finished) => {
    if (finished.length !== layers.length) {
      throw new RangeError(`${layers.length} layers are needed, ${finished.length} were given`);
    }
    const manifest = writeManifest(format, config, finished);
    known.set(manifest.descriptor.digest, manifest.bytes);
    return manifest;
  };
  if (layers.every(isDescriptor)) return { root: finish(layers).descriptor };
  return { unfinished: { config, layers, finish } };
}

/**
 * Opens an image as `docker save` wrote it before version 25, and as podman, skopeo, ko and crane
 * still do. The config is pushed as it is; the manifest is written here.
 * @param description for people: transport and path or name
 * @throws PushError IMAGE
 */
export async function openDockerImage(
  tree: FileTree,
  image: DockerImage,
  description: string,
  spool: Spool,
  options: OpenOptions,
): Promise<OpenedSource> {
  const configBytes = await readConfig(tree, image);
  const what = `config ${printable(image.config)} in ${tree.path}`;
  const diffIds = readDiffIds(configBytes, image.layers.length, what);
  const layers = await readLayers(tree, image, diffIds, options.signal);
  const format = formatFor(layers, options.compression);
  const store = new LayerStore(spool, layerType(format, options.compression), options);
  const contents = collectContents(configBytes, layers, format, store);
  const find: Find = async (digest) => contents.known.get(digest) ?? store.find(digest);
  const [name] = image.tags;
  return {
    description,
    ...imageOf(contents, format),
    content: contentReader(tree.path, find),
    close: async () => store.close(),
    ...(name === undefined ? {} : { name }),
  };
}
