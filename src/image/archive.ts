import { imageError } from '../util/errors.ts';
import { findCarried } from './carried-layout.ts';
import { contentReader } from './content.ts';
import { openDockerImage } from './docker-archive.ts';
import { chooseDockerImage, digestInName, readDockerManifest } from './docker-manifest.ts';
import type { FileTree } from './file-tree.ts';
import type { Selector } from './locate.ts';
import { sniff } from './magic.ts';
import { chooseImage, openLayout, readLayout } from './oci-layout.ts';
import type { OpenOptions } from './options.ts';
import type { OpenedSource } from './source.ts';
import type { Spool } from './spool.ts';
import { indexTar } from './tar-index.ts';
import { tarTree } from './tar-tree.ts';
import { unpackArchive } from './unpack.ts';

/** What an archive is said to be; `path`: it is looked at. */
export type ArchiveKind = 'oci-archive' | 'docker-archive' | 'path';

/** What opening an archive needs beside its path. */
export interface ArchiveContext {
  readonly spool: Spool;
  readonly options: OpenOptions;
  readonly select?: Selector;
}

/** The archive as files, decompressed to the spool first where it must be. */
async function treeOf(path: string, { spool, options }: ArchiveContext): Promise<FileTree> {
  const packing = await sniff(path);
  if (packing === 'xz' || packing === 'bzip2') {
    throw imageError(
      `${path} is compressed with ${packing}, which is not supported.`,
      'Decompress it, or compress it with gzip or zstd.',
    );
  }
  const file =
    packing === 'plain' ? path : (await unpackArchive(path, packing, spool, options)).file;
  const index = await indexTar(file, {
    path,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  return tarTree(path, file, index);
}

/** Docker ≥ 25: what its OCI layout holds is pushed untouched, if it is complete and compressed. */
async function openCarried(
  tree: FileTree,
  description: string,
  context: ArchiveContext,
): Promise<OpenedSource | undefined> {
  const { select, options } = context;
  if (!(await tree.find('oci-layout')) || !(await tree.find('index.json'))) return undefined;
  const layout = await readLayout(tree);
  const images = await readDockerManifest(tree);
  if (select?.kind === 'digest' && (await layout.find(select.digest))) {
    const isConfig = images.some(({ config }) => digestInName(config) === select.digest);
    if (!isConfig) return openLayout(tree, description, select);
  }
  const image = chooseDockerImage(images, select, tree.path);
  const config = digestInName(image.config);
  const carried = config && (await findCarried(layout, config));
  if (!carried) return undefined;
  if (!carried.whole) {
    options.onNote?.(
      `${tree.path} does not hold every platform of its index: only ${carried.root.digest} is pushed`,
    );
  }
  const chosen = await chooseImage(layout, { kind: 'digest', digest: carried.root.digest });
  const name = image.tags[0] ?? chosen.name;
  return {
    description,
    root: chosen.root,
    content: contentReader(tree.path, chosen.find),
    close: async () => undefined,
    ...(name === undefined ? {} : { name }),
  };
}

async function openDocker(
  tree: FileTree,
  description: string,
  context: ArchiveContext,
): Promise<OpenedSource> {
  const carried = await openCarried(tree, description, context);
  if (carried) return carried;
  const images = await readDockerManifest(tree);
  const image = chooseDockerImage(images, context.select, tree.path);
  return openDockerImage(tree, image, description, context.spool, context.options);
}

/**
 * Opens an image archive, in place.
 * @param description for people; by default the kind it is found to be, and the path
 * @throws PushError IMAGE
 */
export async function openArchive(
  path: string,
  kind: ArchiveKind,
  context: ArchiveContext,
  description?: string,
): Promise<OpenedSource> {
  const tree = await treeOf(path, context);
  if (kind === 'docker-archive' || (kind === 'path' && (await tree.find('manifest.json')))) {
    return openDocker(tree, description ?? `docker-archive:${path}`, context);
  }
  if (kind === 'path' && !(await tree.find('oci-layout'))) {
    throw imageError(
      `${path} is a tar archive, but not of an image: it has neither manifest.json nor oci-layout.`,
      'Write it with docker save, podman save, skopeo or crane.',
    );
  }
  return openLayout(tree, description ?? `oci-archive:${path}`, context.select);
}
