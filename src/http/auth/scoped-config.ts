import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { DOCKER_HUB } from '../../oci/reference.ts';
import type { CredentialProvider } from './credentials.ts';
import { dockerConfigFile, type DockerConfigHost } from './docker-config.ts';

/** The names in a folder; none where there is no such folder. */
export type ListFolder = (folder: string) => Promise<readonly string[]>;

/** Lists a folder; what cannot be listed is empty, since these folders are an extra of buildx. */
export const listFolder: ListFolder = async (folder) => {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
};

interface Folder {
  readonly path: string;
  readonly actions: readonly string[];
}

/** `NAME` and `NAME@action,action` in a folder, the ones with most actions first, as buildx has it. */
async function foldersOf(
  parent: string,
  name: string,
  actions: readonly string[],
  list: ListFolder,
): Promise<readonly Folder[]> {
  return (await list(parent))
    .filter((entry) => entry === name || entry.startsWith(`${name}@`))
    .map((entry) => ({
      path: path.join(parent, entry),
      actions: entry
        .slice(name.length + 1)
        .split(',')
        .map((action) => action.trim())
        .filter(Boolean),
    }))
    .filter((folder) => folder.actions.every((action) => actions.includes(action)))
    .sort(
      (a, b) =>
        b.actions.length - a.actions.length ||
        Number(b.actions.includes('push')) - Number(a.actions.includes('push')),
    );
}

/**
 * The logins docker/login-action writes for its `scope` input, where buildx looks for them:
 * `REGISTRY[/REPOSITORY][@ACTION,…]/config.json` below `base`. The repository must be the whole
 * name, and all actions of a folder must be wanted; a repository's folder comes before a registry's.
 * https://docs.docker.com/build/building/registry-auth/
 */
export function scopedConfig(
  base: string,
  host: DockerConfigHost,
  list: ListFolder = listFolder,
): CredentialProvider {
  return {
    name: path.join(base, '*'),
    find: async (registry, repository, wanted = []) => {
      const actions = wanted.length === 0 ? ['pull', 'push'] : wanted;
      const hosts = registry === DOCKER_HUB ? ['registry-1.docker.io', registry] : [registry];
      const places = [
        ...(repository === undefined ? [] : hosts.map((name) => path.join(base, name, repository))),
        ...hosts.map((name) => path.join(base, name)),
      ];
      for (const place of places) {
        const folders = await foldersOf(path.dirname(place), path.basename(place), actions, list);
        for (const folder of folders) {
          const file = path.join(folder.path, 'config.json');
          const found = await dockerConfigFile(file, host).find(registry, repository);
          if (found) return found;
        }
      }
      return undefined;
    },
  };
}
