import { resolveConfig } from '../../../src/config/resolve.ts';
import type { Config } from '../../../src/config/config.ts';
import type { ConfigFiles } from '../../../src/config/files.ts';
import { PushError } from '../../../src/util/errors.ts';

/** Inputs that are complete; tests add what they are about. */
export const COMPLETE = { source: 'oci:image', tags: 'ghcr.io/octo/app:1' } as const;

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly workspace?: string;
  /** texts by absolute path; a null is a file that cannot be read */
  readonly files?: Readonly<Record<string, string | null>>;
  readonly links?: Readonly<Record<string, string>>;
}

export interface Resolved {
  readonly config: Config;
  readonly secrets: readonly string[];
  readonly warnings: readonly string[];
}

function memoryFiles({ files = {}, links = {} }: Surroundings): ConfigFiles {
  return {
    read: async (path) => {
      const text = files[links[path] ?? path];
      if (typeof text === 'string') return text;
      throw Object.assign(new Error('no'), { code: text === null ? 'EACCES' : 'ENOENT' });
    },
    realPath: async (path) => links[path] ?? path,
    isFolder: async (path) => {
      if (typeof files[path] === 'string') return false;
      throw Object.assign(new Error('no'), { code: files[path] === null ? 'EACCES' : 'ENOENT' });
    },
  };
}

/** Resolves inputs among made-up files. */
export async function resolving(
  inputs: Readonly<Record<string, string>>,
  surroundings: Surroundings = {},
): Promise<Resolved> {
  const secrets: string[] = [];
  const warnings: string[] = [];
  const config = await resolveConfig({
    inputs,
    env: surroundings.env ?? {},
    workspace: surroundings.workspace,
    onSecret: (secret) => secrets.push(secret),
    onWarning: (sentence) => warnings.push(sentence),
    files: memoryFiles(surroundings),
  });
  return { config, secrets, warnings };
}

/** The sentence somebody reads. */
export async function sentenceOf(
  inputs: Readonly<Record<string, string>>,
  surroundings: Surroundings = {},
): Promise<string> {
  try {
    await resolving(inputs, surroundings);
  } catch (error) {
    if (!(error instanceof PushError)) throw error;
    if (error.code !== 'GENERAL' || error.stage !== 'config') throw error;
    return error.message;
  }
  return 'no error';
}
