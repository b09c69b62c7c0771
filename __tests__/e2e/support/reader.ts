/** Reads back what was pushed, with crane: another client, other code, other authors. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun, requireTool, runProgram, type Login } from '../../support/services/index.ts';
import { readFacts, type Facts } from './image-facts.ts';

/** Somebody who may pull from a registry. */
export interface Reader {
  /** The digest of a reference; undefined where there is none. */
  digest(reference: string): Promise<string | undefined>;
  /** A manifest as it is stored. */
  manifest(reference: string): Promise<string>;
  /** Everything an image consists of, by its manifests. */
  facts(reference: string): Promise<Facts>;
  /** Downloads everything and compares digests, sizes and diff-IDs. */
  validate(reference: string): Promise<void>;
  /** `crane push`: what its author's tool makes of an archive or layout. Returns the digest. */
  push(source: string, reference: string): Promise<string>;
  tags(repository: string): Promise<readonly string[]>;
}

/** The text of a Docker config with one login. */
export function dockerConfig(host: string, { user, password }: Login): string {
  const auth = Buffer.from(`${user}:${password}`).toString('base64');
  return JSON.stringify({ auths: { [host]: { auth } } });
}

/** Writes a folder for DOCKER_CONFIG with one login. */
export async function dockerFolder(folder: string, host: string, login: Login): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), dockerConfig(host, login));
  return folder;
}

/**
 * @param folder for its Docker config
 * @param host the registry it logs in to, where that is needed
 */
export async function createReader(folder: string, host: string, login?: Login): Promise<Reader> {
  const config = join(folder, 'reader');
  if (login === undefined) await mkdir(config, { recursive: true });
  else await dockerFolder(config, host, login);
  const options = { env: { DOCKER_CONFIG: config, HOME: config, REGISTRY_AUTH_FILE: undefined } };
  const tool = requireTool('crane');
  const crane = (...args: readonly string[]): Promise<string> =>
    mustRun(tool, ['--insecure', ...args], options);
  const repositoryOf = (reference: string): string =>
    reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  return {
    digest: async (reference) => {
      const { code, stdout } = await runProgram(tool, ['--insecure', 'digest', reference], options);
      return code === 0 ? stdout.trim() : undefined;
    },
    manifest: (reference) => crane('manifest', reference),
    facts: async (reference) => {
      const repository = repositoryOf(reference);
      return readFacts((await crane('digest', reference)).trim(), {
        manifest: (digest) => crane('manifest', `${repository}@${digest}`),
        blob: (digest) => crane('blob', `${repository}@${digest}`),
      });
    },
    validate: async (reference) => void (await crane('validate', '--remote', reference)),
    push: async (source, reference) => {
      const printed = await crane('push', source, reference);
      return printed.trim().replace(/^.*@/, '');
    },
    tags: async (repository) => {
      const printed = await runProgram(tool, ['--insecure', 'ls', repository], options);
      return printed.stdout.split('\n').filter((line) => line !== '');
    },
  };
}
