import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import type { TagPolicyRule } from '../../src/push/tags/policy.ts';
import type { StrictRegistry } from '../support/registry/index.ts';
import {
  bench,
  labelled,
  MAY_BE_TOO_LATE,
  named,
  run,
  type Facts,
  type Layout,
  type Run,
} from './support/index.ts';

const { registry: start, layout: create, after } = bench();

const FORWARD: readonly TagPolicyRule[] = [{ pattern: '*', policy: 'forward' }];
const NEVER: readonly TagPolicyRule[] = [{ pattern: '*.*.*', policy: 'never-move' }];
const SOURCE = 'https://github.com/octo/app';
const [OLD, NEW] = ['1'.repeat(40), '2'.repeat(40)];

/** Pushes an image under a policy. */
function pushes(layout: Layout, registry: StrictRegistry, tagPolicies = FORWARD, tag = 'latest') {
  return async (root: Descriptor, more: Partial<Parameters<typeof run>[0]> = {}): Promise<Run> => {
    layout.root(root);
    return run({
      source: layout.source,
      tags: [`${registry.host}/app:${tag}`],
      tagPolicies,
      ...more,
    });
  };
}

/** GitHub's compare endpoint, for one pair of commits. */
async function startGitHub(status: string) {
  const asked: { path: string; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    asked.push({ path: request.url ?? '', authorization: request.headers.authorization });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ status }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  return { asked, url: `http://127.0.0.1:${port}` };
}

describe('never-move', () => {
  test('a tag that names another image is refused before anything is sent', async () => {
    const [one, two] = [await start(), await start()];
    const layout = create();
    const push = pushes(layout, one, NEVER, '1.2.3');
    const first = layout.image({ seed: 'first' });
    await push(first);

    const { error, report } = await push(layout.image({ seed: 'second' }), {
      tags: [`${two.host}/app:1.2.3`, `${one.host}/app:1.2.3`, `${one.host}/app:latest`],
    });

    expect(error).toMatchObject({ code: 'POLICY' });
    expect(error?.message).toBe(
      `The tag 1.2.3 in ${one.host}/app names another image (${first.digest}), and its tag-policy is never-move.`,
    );
    expect(report.exitCode).toBe(7);
    expect(one.tags('app')).toEqual({ '1.2.3': first.digest });
    expect(two.tags('app')).toEqual({});
    one.assertClean(MAY_BE_TOO_LATE);
    two.assertClean(MAY_BE_TOO_LATE);
  });

  test('one that names this image is success, and so is a new one', async () => {
    const registry = await start();
    const layout = create();
    const push = pushes(layout, registry, NEVER, '1.2.3');
    const image = layout.image();
    expect((await push(image)).report.places[0]?.tags).toEqual([
      { tag: '1.2.3', status: 'published' },
    ]);

    const { error, report } = await push(image);

    expect(error).toBeUndefined();
    expect(report.places[0]?.tags).toEqual([{ tag: '1.2.3', status: 'unchanged' }]);
    registry.assertClean();
  });

  test('one that another run has made while this one uploaded is refused, too', async () => {
    const registry = await start();
    const layout = create();
    let other: { readonly digest: string } | undefined;
    const sink = ({ type }: { type: string }): void => {
      if (type !== 'place-filled') return;
      other = registry.seedManifest('app', { schemaVersion: 2, layers: [] }, '1.2.3');
    };

    const { error } = await pushes(layout, registry, NEVER, '1.2.3')(layout.image(), { sink });

    expect(error).toMatchObject({ code: 'POLICY', stage: 'publish' });
    expect(registry.tags('app')).toEqual({ '1.2.3': other?.digest });
    registry.assertClean();
  });
});

describe('forward, by version', () => {
  test('1.2.9 after 1.2.10 leaves latest alone and says why', async () => {
    const registry = await start();
    const layout = create();
    const push = pushes(layout, registry);
    const newer = labelled(layout, { version: '1.2.10' });
    await push(newer);

    const older = labelled(layout, { version: '1.2.9' });
    const { error, report } = await push(older, {
      tags: [`${registry.host}/app:latest`, `${registry.host}/app:1.2.9`],
    });

    expect(error).toBeUndefined();
    expect(report).toMatchObject({ status: 'success', exitCode: 0 });
    expect(registry.tags('app')).toEqual({ latest: newer.digest, '1.2.9': older.digest });
    const reason = `stays at ${newer.digest.slice(0, 19)} (1.2.10): this image is 1.2.9`;
    expect(report.places[0]?.tags).toEqual([
      { tag: 'latest', status: 'kept', digest: newer.digest, reason },
      { tag: '1.2.9', status: 'published' },
    ]);
    expect(report.warnings).toEqual([`${registry.host}/app:latest ${reason}.`]);
    registry.assertClean();
  });

  test.each<[string, Facts, Facts]>([
    ['a newer version', { version: 'v1.2.9' }, { version: '1.2.10' }],
    ['another build of the same version', { version: '1.2.9' }, { version: '1.2.9' }],
  ])('%s moves it', async (_, before, after) => {
    const registry = await start();
    const layout = create();
    const push = pushes(layout, registry);
    await push(labelled(layout, before, 'before'));

    const image = labelled(layout, after, 'after');
    const { report } = await push(image);

    expect(report.warnings).toEqual([]);
    expect(registry.tags('app')).toEqual({ latest: image.digest });
    registry.assertClean();
  });

  test('of an index: by its annotations, or by the labels of its platforms', async () => {
    const registry = await start();
    const layout = create();
    const push = pushes(layout, registry);
    const annotations = named({ version: '2.0.0' });
    const newer = layout.index([layout.image()], { annotations });
    await push(newer);

    await push(layout.index([labelled(layout, { version: '1.9.9' })]));
    expect(registry.tags('app')).toEqual({ latest: newer.digest });

    const newest = layout.index([labelled(layout, { version: '2.0.1' })]);
    await push(newest);
    expect(registry.tags('app')).toEqual({ latest: newest.digest });
    registry.assertClean();
  });

  test('nothing is read where a tag is new, or names the image already', async () => {
    const registry = await start();
    const layout = create();
    const push = pushes(layout, registry);
    const image = labelled(layout, { version: '1.0.0' });
    await push(image);
    await push(image);
    expect(registry.requests.filter(({ method }) => method === 'GET')).toEqual(
      registry.requests.filter(({ url }) => url === '/v2/'),
    );
  });
});

describe('forward, by commit', () => {
  const facts = (revision: string): Facts => ({ version: 'main', revision, source: SOURCE });
  const env = { GITHUB_REPOSITORY: 'octo/app' };

  test.each([
    ['ahead', true],
    ['behind', false],
    ['diverged', false],
  ])('a commit that is %s', async (status, moves) => {
    const [registry, gitHub] = [await start(), await startGitHub(status)];
    const layout = create();
    const push = pushes(layout, registry);
    const before = labelled(layout, facts(OLD));
    await push(before);

    const image = labelled(layout, facts(NEW));
    const { report, error } = await push(image, {
      env,
      githubApiUrl: gitHub.url,
      githubToken: 'a-token-of-github',
    });

    expect(error).toBeUndefined();
    expect(registry.tags('app')).toEqual({ latest: (moves ? image : before).digest });
    expect(report.places[0]?.tags[0]?.status).toBe(moves ? 'published' : 'kept');
    expect(gitHub.asked).toEqual([
      {
        path: `/repos/octo/app/compare/${OLD}...${NEW}?per_page=1`,
        authorization: 'Bearer a-token-of-github',
      },
    ]);
    registry.assertClean();
  });

  test('where it cannot be told, the tag stays and the push succeeds', async () => {
    const registry = await start();
    const layout = create();
    const push = pushes(layout, registry);
    const before = layout.image({ seed: 'before' });
    await push(before);

    const { error, report } = await push(labelled(layout, facts(NEW)));

    expect(error).toBeUndefined();
    expect(registry.tags('app')).toEqual({ latest: before.digest });
    expect(report.places[0]?.tags[0]).toMatchObject({
      status: 'kept',
      reason: expect.stringMatching(/^stays at .*: which of the two is newer cannot be told: /),
    });
    registry.assertClean();
  });
});

describe('forward, where an image cannot be read', () => {
  test.each<[string, Parameters<StrictRegistry['faults']['add']>[0]]>([
    [
      'its config is refused',
      { match: { path: 'blob-get' }, times: Infinity, do: { status: 403 } },
    ],
    [
      'its config is damaged',
      { match: { path: 'blob-get' }, times: Infinity, do: { corruptBody: true } },
    ],
    [
      'its config is an error page',
      { match: { path: 'blob-get' }, times: Infinity, do: { status: 200, body: '<html>' } },
    ],
    [
      'its manifest is refused',
      { match: { path: 'manifest-get' }, times: Infinity, do: { status: 403 } },
    ],
  ])('the tag stays when %s, and the push succeeds', async (_, fault) => {
    const registry = await start();
    const layout = create();
    const push = pushes(layout, registry);
    const before = labelled(layout, { version: '1.0.0' });
    await push(before);
    registry.faults.add(fault);

    const { error, report } = await push(labelled(layout, { version: '2.0.0' }));

    expect(error).toBeUndefined();
    expect(registry.tags('app')).toEqual({ latest: before.digest });
    expect(report.places[0]?.tags[0]).toMatchObject({
      status: 'kept',
      reason: expect.stringContaining('which of the two is newer cannot be told'),
    });
    registry.assertClean();
  });
});

describe('forward, with another run at the same time', () => {
  /** Another run points the tag at a manifest as soon as this one has. */
  function meanwhile(registry: StrictRegistry, digest: string, times = 1) {
    let left = times;
    return ({ type }: { type: string }): void => {
      if (type !== 'tag-published' || left === 0) return;
      left -= 1;
      registry.seedManifest('app', registry.manifest('app', digest)!.bytes, 'latest');
    };
  }

  test('a newer one stays', async () => {
    const registry = await start();
    const layout = create();
    const push = pushes(layout, registry);
    const newest = labelled(layout, { version: '3.0.0' });
    await push(newest, { tags: [`${registry.host}/app:3.0.0`] });
    await push(labelled(layout, { version: '1.0.0' }));

    const { error, report } = await push(labelled(layout, { version: '2.0.0' }), {
      sink: meanwhile(registry, newest.digest),
    });

    expect(error).toBeUndefined();
    expect(registry.tags('app')['latest']).toBe(newest.digest);
    expect(report.places[0]?.tags).toMatchObject([{ tag: 'latest', status: 'kept' }]);
    expect(report.warnings.join()).toContain('by another run meanwhile: this image is 2.0.0');
    registry.assertClean();
  });

  test('one that moves it while the images are compared is compared, too', async () => {
    const registry = await start();
    const layout = create();
    const push = pushes(layout, registry);
    const newest = labelled(layout, { version: '3.0.0' });
    await push(newest, { tags: [`${registry.host}/app:3.0.0`] });
    await push(labelled(layout, { version: '1.0.0' }));
    let moved = false;

    const { error, report } = await push(labelled(layout, { version: '2.0.0' }), {
      sink: (event) => {
        if (moved || event.type !== 'detail' || !/GET .*\/blobs\//.test(event.message)) return;
        moved = true;
        registry.seedManifest('app', registry.manifest('app', newest.digest)!.bytes, 'latest');
      },
    });

    expect(error).toBeUndefined();
    expect(registry.tags('app')['latest']).toBe(newest.digest);
    expect(report.places[0]?.tags[0]).toMatchObject({
      status: 'kept',
      reason: expect.stringMatching(/^stays at .* \(3\.0\.0\): this image is 2\.0\.0$/),
    });
    registry.assertClean();
  });

  test('an older one is followed once more', async () => {
    const registry = await start();
    const layout = create();
    const push = pushes(layout, registry);
    const oldest = labelled(layout, { version: '1.0.0' });
    await push(oldest);
    const image = labelled(layout, { version: '2.0.0' });

    const { error, report } = await push(image, { sink: meanwhile(registry, oldest.digest) });

    expect(error).toBeUndefined();
    expect(registry.tags('app')['latest']).toBe(image.digest);
    expect(report.places[0]?.tags).toEqual([{ tag: 'latest', status: 'published' }]);
    expect(report.notes?.join()).toContain('it is put forward again');
    registry.assertClean();
  });
});
