import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { resolveConfig } from '../../../src/config/resolve.ts';
import type { Config } from '../../../src/config/config.ts';
import { COMPLETE } from './resolving.ts';

let folder = '';

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'config-')));
  await mkdir(join(folder, 'workspace'));
  await writeFile(join(folder, 'workspace', 'push.yml'), 'insecure: true\n');
  await writeFile(join(folder, 'trusted.yml'), '\ufeffinsecure: true\nretry-attempts: 3\n');
  await symlink(join(folder, 'workspace', 'push.yml'), join(folder, 'link.yml'));
  await symlink(join(folder, 'workspace'), join(folder, 'other-name'));
});

afterAll(async () => rm(folder, { recursive: true, force: true }));

async function withConfig(name: string, workspace: string): Promise<Config> {
  return resolveConfig({
    inputs: { ...COMPLETE, config: join(folder, name) },
    env: {},
    workspace: join(folder, workspace),
    onSecret: () => undefined,
  });
}

test.each([
  ['workspace/push.yml', 'workspace'],
  ['link.yml', 'workspace'],
  ['other-name/push.yml', 'workspace'],
  ['workspace/push.yml', 'other-name'],
])('%s is a file of %s', async (name, workspace) => {
  await expect(withConfig(name, workspace)).rejects.toThrow(/insecure cannot be set by a file/);
});

test('a file outside may set what the workflow may set', async () => {
  const config = await withConfig('trusted.yml', 'workspace');
  expect(config.registries['ghcr.io']?.insecure).toBe(true);
  expect(config.attempts).toBe(3);
});

test('a folder in the place of a file is said', async () => {
  await expect(withConfig('workspace', 'workspace')).rejects.toThrow(/: it cannot be read \(/);
});
