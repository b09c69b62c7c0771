import { describe, expect, test } from '@jest/globals';
import { resolving, sentenceOf } from './resolving.ts';

const COMPLETE = { source: 'oci:image', tags: 'ghcr.io/octo/app:1' };

async function rulesOf(inputs: Record<string, string>) {
  const { config } = await resolving({ ...COMPLETE, ...inputs });
  return config.tagPolicies.map(({ pattern, policy }) => `${pattern} ${policy}`);
}

describe('tag-policy', () => {
  test.each([
    ['forward', ['* forward']],
    ['latest: forward, *.*.*: never-move', ['latest forward', '*.*.* never-move']],
    [
      'latest: forward\n*.*.*: never-move\nmove\n',
      ['latest forward', '*.*.* never-move', '* move'],
    ],
    ['latest:forward', ['latest forward']],
  ])('%j', async (given, expected) => {
    expect(await rulesOf({ 'tag-policy': given })).toEqual(expected);
  });

  test.each([
    ['tag-policy: never-move', ['* never-move']],
    [
      'tag-policy:\n  - latest: forward\n  - "*.*.*": never-move',
      ['latest forward', '*.*.* never-move'],
    ],
    ['tag-policy:\n  - "latest: forward"\n  - move', ['latest forward', '* move']],
    ['tag-policy:\n  latest: forward\n  "*": never-move', ['latest forward', '* never-move']],
    ['push: "true"', ['* move']],
  ])('in a config: %j', async (config, expected) => {
    expect(await rulesOf({ config })).toEqual(expected);
  });

  test.each([
    ['foward', /^tag-policy: "foward" is not a tag policy \(expected move/],
    ['latest: sometimes', /"latest: sometimes" is not a tag policy/],
    ['la test: move', /"la test" fits no tag/],
    ['ghcr.io/octo/app:latest: move', /fits no tag/],
    [': move', /fits no tag/],
  ])('%s is refused', async (given, sentence) => {
    expect(await sentenceOf({ ...COMPLETE, 'tag-policy': given })).toMatch(sentence);
  });
});

describe('github-api-url', () => {
  test.each([
    ['https://api.github.com/', 'https://api.github.com'],
    ['https://git.corp.example/api/v3', 'https://git.corp.example/api/v3'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
  ])('%s', async (given, expected) => {
    const { config } = await resolving({ ...COMPLETE, 'github-api-url': given });
    expect(config.githubApiUrl).toBe(expected);
  });

  test('the environment of a workflow has it, too', async () => {
    const env = { GITHUB_API_URL: 'https://git.corp.example/api/v3' };
    const { config } = await resolving(COMPLETE, { env });
    expect(config.githubApiUrl).toBe('https://git.corp.example/api/v3');
  });

  test.each([
    'http://api.example',
    'api.github.com',
    'https://u:p@api.example',
    'file:///x',
    'https://a.example?x=1',
  ])('%s is refused: a token would go there', async (given) => {
    expect(await sentenceOf({ ...COMPLETE, 'github-api-url': given })).toMatch(
      /^github-api-url: .* is not the https:\/\/ address of an API$/,
    );
  });

  test('a config file inside the workspace cannot set it', async () => {
    const sentence = await sentenceOf(
      { ...COMPLETE, config: '/w/push.yml' },
      { workspace: '/w', files: { '/w/push.yml': 'github-api-url: https://evil.example' } },
    );
    expect(sentence).toMatch(/github-api-url cannot be set by a file inside the workspace/);
  });
});
