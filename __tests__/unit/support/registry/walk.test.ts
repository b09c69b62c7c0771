import { describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { OCI_INDEX, RULES, digestOf, startRegistry } from '../../../support/registry/index.ts';
import type { PresetName } from '../../../support/registry/index.ts';
import { GoodClient, REPO, imageOf, indexOf } from './raw.ts';

const MIB = 1024 * 1024;
const PRESETS: PresetName[] = ['distribution', 'docker-hub', 'ghcr', 'gar', 'acr', 'ecr', 'gitea'];

describe('a client that does everything right', () => {
  it.each([undefined, ...PRESETS])('breaks no rule on %s', async (preset) => {
    const registry = await startRegistry({ preset });
    const client = new GoodClient(registry);
    const config = await client.pushBlob(Buffer.from('{}'));
    const layers = await Promise.all(
      [1, 2, 3].map(async (value) => await client.pushBlob(Buffer.alloc(MIB, value))),
    );
    const image = imageOf(config, layers);
    await client.pushManifest(image, digestOf(image));
    const child = {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: digestOf(image),
      size: image.length,
    };
    const index = indexOf([child]);
    await client.pushManifest(index, digestOf(index), OCI_INDEX);
    await client.pushManifest(index, 'latest', OCI_INDEX);
    expect(registry.tags(REPO)).toEqual({ latest: digestOf(index) });
    expect((await client.getManifest('latest')).body).toEqual(index);
    registry.assertClean();
    await registry.stop();
  });

  it.each([
    ['distribution', MIB],
    ['ghcr', 4 * MIB],
    ['ecr', 5 * MIB],
    ['acr', 4 * MIB],
    ['gitea', MIB],
  ] as const)('uploads in chunks to %s', async (preset, size) => {
    const registry = await startRegistry({ preset });
    const client = new GoodClient(registry);
    const body = Buffer.alloc(2 * size + 17, 'z');
    const digest = digestOf(body);
    let location = await client.start();
    for (const offset of [0, size]) {
      const answer = await client.patch(location, offset, body.subarray(offset, offset + size));
      expect(answer.status).toBe(preset === 'ecr' ? 201 : 202);
      location = answer.headers.location ?? '';
    }
    const last = await client.put(location, digest, body.subarray(2 * size), 2 * size);
    expect(last.status).toBe(201);
    expect(registry.blob(REPO, digest)?.equals(body)).toBe(true);
    registry.assertClean();
    await registry.stop();
  });

  it('is not blamed for what it sees of Google and Amazon', async () => {
    const google = await startRegistry({ preset: 'gar' });
    const client = new GoodClient(google);
    const body = Buffer.alloc(10);
    const location = await client.start();
    expect((await client.patch(location, 0, body)).status).toBe(405);
    expect((await client.put(location, digestOf(body), body)).status).toBe(201);
    google.assertClean();
    await google.stop();
  });
});

describe('the rules', () => {
  const here = new URL('.', import.meta.url);

  it('each have a test that trips them', () => {
    const tests = readdirSync(here)
      .filter((name) => /^rules-.*\.test\.ts$/.test(name))
      .map((name) => readFileSync(new URL(name, here), 'utf8'))
      .join('\n');
    for (const rule of Object.keys(RULES)) {
      expect(tests).toMatch(new RegExp(`it(\\.each\\([^;]*?\\))?\\(\\s*['"]${rule}\\b`));
      expect(tests).toMatch(new RegExp(`expectBroken\\([^;]*'${rule}'`));
    }
  });

  it('each stand in the README with their sentence', () => {
    const readme = readFileSync(
      new URL('../../../support/registry/README.md', here),
      'utf8',
    ).replaceAll(/ +\|/g, ' |');
    for (const [rule, sentence] of Object.entries(RULES)) {
      expect(readme).toContain(`| \`${rule}\` | ${sentence} |`);
    }
    const listed = [...readme.matchAll(/^\| `([a-z0-9-]+)` +\|/gm)].map((match) => match[1]);
    expect(listed.filter((id) => id !== undefined && id in RULES)).toHaveLength(
      Object.keys(RULES).length,
    );
  });
});
