/** The archive forms of a layout, as the tools of the field write them. */
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { findOnPath } from '../services/cache.mjs';
import { NotInstallable, runOrThrow } from '../services/run.mjs';
import { layoutEntries } from './layout.mjs';
import { tarOf } from './tar.mjs';

/** An oci-archive: the layout in a tar. */
export async function ociArchive(folder, target) {
  await pipeline(tarOf(layoutEntries(folder)), createWriteStream(target));
}

/** What `docker save` of the classic kind writes, by skopeo: layers uncompressed. */
export async function dockerArchive(folder, target, name) {
  if (findOnPath('skopeo') === undefined) throw new NotInstallable('skopeo is not on PATH');
  const [from, to] = [`oci:${folder}:latest`, `docker-archive:${target}:${name}`];
  const platform = ['--override-os', 'linux', '--override-arch', 'amd64'];
  // The policy says which signatures are asked for; the machine's own may not exist.
  await runOrThrow('skopeo', ['--insecure-policy', ...platform, 'copy', '--quiet', from, to]);
}

/**
 * What `docker save` of Docker 25 and later writes with the containerd image store: the layout
 * with its own blobs, and a manifest.json that points into it.
 */
export async function modernDockerArchive(folder, target, name) {
  const read = (path) => JSON.parse(readFileSync(join(folder, path), 'utf8'));
  const { config, layers } = read(pathOf(read('index.json').manifests[0]));
  const manifest = [{ Config: pathOf(config), RepoTags: [name], Layers: layers.map(pathOf) }];
  const extra = { name: 'manifest.json', content: JSON.stringify(manifest) };
  await pipeline(tarOf([...layoutEntries(folder), extra]), createWriteStream(target));
}

function pathOf({ digest }) {
  return `blobs/${digest.replace(':', '/')}`;
}
