import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { toOutputs } from '../../src/report/outputs.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { buildDockerArchive } from '../support/images/build.ts';
import type { FaultAction, FaultMatch, StrictRegistry } from '../support/registry/index.ts';
import {
  bench,
  labelled,
  MAY_BE_TOO_LATE,
  run,
  type Layout,
  type Run,
  type RunRequest,
} from './support/index.ts';

const { registry: start, layout: create } = bench();

const TAGS = ['1.2.3', 'latest'];
const DENIED = '{"errors":[{"code":"UNSUPPORTED","message":"not today"}]}';
/** Registries that set tags one by one, as nearly all do. */
const PLAIN = { ociTag: false };

interface Three {
  readonly layout: Layout;
  readonly registries: readonly [StrictRegistry, StrictRegistry, StrictRegistry];
  /** what `latest` named before */
  readonly before: Descriptor;
  readonly root: Descriptor;
  readonly push: (more?: Partial<RunRequest>) => Promise<Run>;
}

/** Three registries in which `latest` is there already, and another image for them. */
async function three(features: object = {}): Promise<Three> {
  const one = (): Promise<StrictRegistry> => start({ features: { ...PLAIN, ...features } });
  const registries = [await one(), await one(), await one()] as const;
  const layout = create();
  const all = (tags: readonly string[]): string[] =>
    registries.flatMap(({ host }) => tags.map((tag) => `${host}/app:${tag}`));
  const before = layout.root(layout.image({ seed: 'before' }));
  await run({ source: layout.source, tags: all(['latest']) });
  const root = layout.root(layout.image({ seed: 'after' }));
  const push: Three['push'] = (more) => run({ source: layout.source, tags: all(TAGS), ...more });
  return { layout, registries, before, root, push };
}

function refuse(
  registry: StrictRegistry,
  match: FaultMatch,
  action: FaultAction = { status: 400, body: DENIED },
): void {
  registry.faults.add({ match, times: Infinity, do: action });
}

/** What the report says of each tag is what the registry holds. */
function expectTruth({ report }: Run, { registries, before, root }: Three): void {
  const output = JSON.parse(toOutputs(report).registries) as unknown[];
  expect(output).toHaveLength(registries.length);
  for (const [index, registry] of registries.entries()) {
    const place = report.places.find((one) => one.registry === registry.host);
    expect(output[index]).toMatchObject({ registry: registry.host, tags: place?.tags });
    const naming = TAGS.filter((tag) => registry.tags('app')[tag] === root.digest).length;
    const status = naming === TAGS.length ? 'pushed' : naming > 0 ? 'partial' : 'failed';
    expect(place?.status).toBe(status);
    expect(place?.tags.map(({ tag }) => tag)).toEqual(TAGS);
    for (const { tag, status } of place?.tags ?? []) {
      const was = tag === 'latest' ? before.digest : undefined;
      const expected = {
        published: root.digest,
        unchanged: root.digest,
        left: root.digest,
        kept: was,
        restored: before.digest,
        removed: undefined,
        'not-moved': was,
        planned: was,
        unknown: registry.tags('app')[tag],
      }[status];
      expect(`${tag} ${status} ${registry.tags('app')[tag]}`).toBe(`${tag} ${status} ${expected}`);
    }
  }
}

function statuses({ report }: Run): string[][] {
  return report.places.map(({ tags }) => tags.map(({ status }) => status));
}

describe('all of three registries', () => {
  const STEPS: readonly [string, FaultMatch][] = [
    ['a blob', { path: /\/blobs\/uploads\// }],
    ['the manifest', { path: 'manifest-put' }],
    ['to say what a tag names, at first', { method: 'HEAD', reference: '1.2.3', nth: 1 }],
    ['to say what a tag names, before the tags', { method: 'HEAD', reference: '1.2.3', nth: 2 }],
    ['a new tag', { path: 'tag-put', reference: '1.2.3' }],
    ['a tag that exists', { path: 'tag-put', reference: 'latest' }],
  ];

  test.each(STEPS)('one refuses %s: no tag is moved anywhere', async (_, match) => {
    const setting = await three();
    const { registries, before, push } = setting;
    refuse(registries[2], match);

    const result = await push();

    expect(result.error).toMatchObject({ code: 'REGISTRY' });
    expect(result.report.exitCode).toBe(5);
    expect(result.error?.message).toContain(registries[2].host);
    for (const registry of registries) {
      expect(registry.tags('app')).toEqual({ latest: before.digest });
      registry.assertClean(MAY_BE_TOO_LATE);
    }
    expectTruth(result, setting);
  });

  test('what is taken back is said by tag', async () => {
    const setting = await three();
    refuse(setting.registries[2], { path: 'tag-put', reference: 'latest' });

    const result = await setting.push();

    expect(statuses(result)).toEqual([
      ['removed', 'restored'],
      ['removed', 'restored'],
      ['removed', 'not-moved'],
    ]);
    expect(result.error?.message).toContain('(5 tags moved before that and taken back)');
  });

  test('a new tag that cannot be deleted is left, and named', async () => {
    const setting = await three({ deleteManifests: false });
    const { registries, root, before, push } = setting;
    refuse(registries[2], { path: 'tag-put' });

    const result = await push();

    expect(result.report.exitCode).toBe(5);
    expect(statuses(result)).toEqual([
      ['left', 'restored'],
      ['left', 'restored'],
      ['not-moved', 'not-moved'],
    ]);
    expect(registries[0].tags('app')).toEqual({ '1.2.3': root.digest, latest: before.digest });
    expect(result.error?.message).toContain(
      `2 tags moved and could not be taken back: ${registries[0].host}/app:1.2.3, ${registries[1].host}/app:1.2.3`,
    );
    expect(result.report.places[0]?.tags[0]).toEqual({
      tag: '1.2.3',
      status: 'left',
      digest: root.digest,
      reason: 'the registry does not let it be deleted',
    });
    expectTruth(result, setting);
    for (const registry of registries) registry.assertClean();
  });

  test.each(['basic', 'bearer'] as const)('with %s authentication, too', async (mode) => {
    const login = { username: 'octo', password: 'a-password-of-octo' };
    const guarded = await start({ features: PLAIN, auth: { mode, ...login } });
    const bad = await start({ features: PLAIN });
    const layout = create();
    const registries = { [guarded.host]: { plainHttp: true, ...login } };
    const before = layout.root(layout.image({ seed: 'before' }));
    await run({ source: layout.source, tags: [`${guarded.host}/app:latest`], registries });
    layout.root(layout.image({ seed: 'after' }));
    refuse(bad, { path: 'tag-put' });

    const hosts = [guarded.host, bad.host];
    const { report } = await run({
      source: layout.source,
      tags: hosts.flatMap((host) => TAGS.map((tag) => `${host}/app:${tag}`)),
      registries,
    });

    expect(report.places[0]?.tags.map(({ status }) => status)).toEqual(['removed', 'restored']);
    expect(guarded.tags('app')).toEqual({ latest: before.digest });
    guarded.assertClean();
  });

  test('one whose old manifest cannot be put back is left, and says why', async () => {
    const setting = await three();
    const { registries, push } = setting;
    refuse(registries[2], { path: 'tag-put', reference: '1.2.3' });
    // The first PUT of latest is ours, the second would put it back.
    refuse(registries[0], { path: 'tag-put', reference: 'latest', nth: 2 });

    const result = await push();

    expect(statuses(result)[0]).toEqual(['removed', 'left']);
    expect(result.report.places[0]?.tags[1]?.reason).toContain('not today');
    expectTruth(result, setting);
  });

  test('what a tag named is not known where it may not be read: it is moved, and then left', async () => {
    const setting = await three();
    const { registries, push } = setting;
    refuse(registries[0], { method: 'GET', path: /manifests/ });
    refuse(registries[2], { path: 'tag-put', reference: '1.2.3' });

    const result = await push();

    expect(statuses(result)[0]).toEqual(['removed', 'left']);
    expect(result.report.places[0]?.tags[1]?.reason).toMatch(
      /^what it named before .* could not be read$/,
    );
    expectTruth(result, setting);
  });

  test('a registry that dies in the middle is not spoken for', async () => {
    const setting = await three();
    const { registries, push } = setting;
    refuse(registries[2], { path: 'tag-put', reference: '1.2.3' }, { status: 500 });
    const dead = { method: 'HEAD', path: /manifests\/1\.2\.3/ };
    const result = await push({
      sink: ({ type }) => {
        if (type === 'tag-published') refuse(registries[2], dead, { status: 500 });
      },
    });

    expect(result.report.exitCode).toBe(5);
    expect(statuses(result)[2]?.[0]).toBe('unknown');
    expect(result.error?.message).toContain(
      `not known what became of ${registries[2].host}/app:1.2.3`,
    );
    expectTruth(result, setting);
  });

  test('a tag that another run has moved meanwhile is not touched', async () => {
    const setting = await three();
    const { registries, layout, push } = setting;
    const other = registries[0].seedManifest('app', { schemaVersion: 2, layers: [] });
    const { bytes } = registries[0].manifest('app', other.digest)!;
    refuse(
      registries[2],
      { path: 'tag-put', reference: '1.2.3' },
      { status: 400, body: DENIED, delayMs: 50 },
    );

    const result = await push({
      sink: (event) => {
        if (event.type !== 'tag-published' || event.registry !== registries[0].host) return;
        if (event.tag === 'latest') registries[0].seedManifest('app', bytes, 'latest');
      },
    });

    expect(registries[0].tags('app')).toEqual({ latest: other.digest });
    expect(result.report.places[0]?.tags[1]).toEqual({
      tag: 'latest',
      status: 'not-moved',
      digest: other.digest,
      reason: 'another run has moved it',
    });
    expect(layout).toBeDefined();
  });

  test('an image that was there before is there still when its new tag is removed', async () => {
    const setting = await three();
    const { registries, root, push, layout } = setting;
    await run({ source: layout.source, tags: [`${registries[0].host}/app:mine`] });
    refuse(registries[2], { path: 'tag-put' });

    const result = await push();

    expect(registries[0].tags('app')['mine']).toBe(root.digest);
    expectTruth(result, setting);
  });

  test('an immutable tag in one of them is one clear sentence', async () => {
    const setting = await three();
    const { registries, push } = setting;
    const body =
      '{"errors":[{"code":"TAG_INVALID","message":"The image tag \'latest\' already exists and cannot be overwritten because the tag is immutable."}]}';
    refuse(registries[1], { path: 'tag-put', reference: 'latest' }, { status: 400, body });

    const result = await push();

    expect(result.error?.message).toMatch(
      `The tag latest in ${registries[1].host}/app cannot be moved: the registry makes it immutable (status 400 TAG_INVALID).`,
    );
    expectTruth(result, setting);
  });

  test('the second attempt succeeds, and says what was there', async () => {
    const setting = await three();
    const { registries, root, push } = setting;
    registries[2].faults.add({
      match: { path: 'tag-put' },
      times: 2,
      do: { status: 400, body: DENIED },
    });
    await push();

    const result = await push();

    expect(result.error).toBeUndefined();
    expect(result.report.bytesUploaded).toBe(0);
    for (const registry of registries) {
      expect(registry.tags('app')).toEqual({ '1.2.3': root.digest, latest: root.digest });
      registry.assertClean();
    }
  });

  test('a tag that its policy keeps is no refusal', async () => {
    const [one, two] = [await start(), await start()];
    const layout = create();
    const newer = layout.root(labelled(layout, { version: '2.0.0' }));
    await run({ source: layout.source, tags: [`${two.host}/app:latest`] });
    const root = layout.root(labelled(layout, { version: '1.0.0' }));

    const { report } = await run({
      source: layout.source,
      tags: [`${one.host}/app:latest`, `${two.host}/app:latest`],
      tagPolicies: [{ pattern: '*', policy: 'forward' }],
    });

    expect(report.exitCode).toBe(0);
    expect([one.tags('app'), two.tags('app')]).toEqual([
      { latest: root.digest },
      { latest: newer.digest },
    ]);
  });
});

describe('registries that may fail', () => {
  const ANY = { requireRegistries: 'any' } as const;
  const BEST = { requireRegistries: 'best-effort' } as const;

  const STEPS: readonly [string, FaultMatch][] = [
    ['a blob', { path: /\/blobs\/uploads\// }],
    ['the manifest', { path: 'manifest-put' }],
    ['its tags', { path: 'tag-put' }],
  ];
  const MODES: readonly [string, Partial<RunRequest> | 'optional'][] = [
    ['any', ANY],
    ['best-effort', BEST],
    ['optional', 'optional'],
  ];
  const CASES = MODES.flatMap(([name, mode]) =>
    STEPS.map(([step, match]) => [name, step, mode, match] as const),
  );

  test.each(CASES)('%s: one refuses %s, the others get everything', async (_, __, mode, match) => {
    const setting = await three();
    const { registries, root, before, push } = setting;
    refuse(registries[1], match);

    const result = await push(
      mode === 'optional' ? { registries: { [registries[1].host]: { optional: true } } } : mode,
    );

    expect(result.error).toBeUndefined();
    expect(result.report).toMatchObject({ status: 'success', exitCode: 0 });
    expect(registries[0].tags('app')).toEqual({ '1.2.3': root.digest, latest: root.digest });
    expect(registries[1].tags('app')).toEqual({ latest: before.digest });
    expect(registries[2].tags('app')).toEqual({ '1.2.3': root.digest, latest: root.digest });
    expect(result.report.warnings.join()).toContain(`Pushed without ${registries[1].host}`);
    expectTruth(result, setting);
    for (const registry of registries) registry.assertClean(MAY_BE_TOO_LATE);
  });

  test('layers that are compressed on the way are compressed once, whoever fails', async () => {
    const registries = [await start(), await start(), await start()] as const;
    const layout = create();
    const file = path.join(layout.directory, 'image.tar');
    await buildDockerArchive(file, { style: 'plain', tags: ['app:1'] });
    for (const only of [0, 1, 2]) {
      const failing = registries[(only + 1) % 3]!;
      refuse(failing, { path: /\/blobs\/uploads\// });

      const { error, report, events } = await run({
        source: `docker-archive:${file}`,
        tags: registries.map(({ host }) => `${host}/app${only}:1`),
        ...ANY,
      });

      expect(error).toBeUndefined();
      const digest = report.image?.digest;
      expect(registries.map((one) => one.tags(`app${only}`)['1'])).toEqual(
        registries.map((one) => (one === failing ? undefined : digest)),
      );
      const pending = events.find(({ type }) => type === 'planned') as { pending?: number };
      const compressed = events.filter(({ type }) => type === 'layer-compressed');
      expect(compressed).toHaveLength(pending.pending ?? 0);
      failing.faults.clear();
    }
  });

  test('any: each gets all of its tags or none', async () => {
    const setting = await three();
    const { registries, before, push } = setting;
    refuse(registries[1], { path: 'tag-put', reference: 'latest' });

    const result = await push(ANY);

    expect(result.report.exitCode).toBe(0);
    expect(registries[1].tags('app')).toEqual({ latest: before.digest });
    expect(statuses(result)[1]).toEqual(['removed', 'not-moved']);
    expectTruth(result, setting);
  });

  test('best-effort: each gets the tags it takes', async () => {
    const setting = await three();
    const { registries, root, before, push } = setting;
    refuse(registries[1], { path: 'tag-put', reference: 'latest' });

    const result = await push(BEST);

    expect(result.report.exitCode).toBe(0);
    expect(registries[1].tags('app')).toEqual({ '1.2.3': root.digest, latest: before.digest });
    expect(statuses(result)[1]).toEqual(['published', 'not-moved']);
    expect(result.report.warnings.join()).toContain(
      `The tag latest in ${registries[1].host}/app was not moved: `,
    );
    expectTruth(result, setting);
  });

  test.each([ANY, BEST])('%j: what arrived nowhere is a failure', async (mode) => {
    const setting = await three();
    const { registries, push } = setting;
    for (const registry of registries) refuse(registry, { path: 'tag-put' });

    const result = await push(mode);

    expect(result.report).toMatchObject({ status: 'failed', exitCode: 5 });
    expectTruth(result, setting);
  });

  test('a required registry that fails takes the optional ones back, too', async () => {
    const setting = await three();
    const { registries, before, push } = setting;
    refuse(registries[2], { path: 'tag-put' });

    const result = await push({ registries: { [registries[0].host]: { optional: true } } });

    expect(result.report.exitCode).toBe(5);
    expect(registries[0].tags('app')).toEqual({ latest: before.digest });
    expectTruth(result, setting);
  });

  test('a damaged source is no failure of a registry', async () => {
    const { layout, push, registries } = await three();
    layout.root(layout.image({ layers: [{ ...layout.layer('x', 10), size: 11 }] }));

    const { report, error } = await push(ANY);

    expect(error).toMatchObject({ code: 'IMAGE' });
    expect(report.exitCode).toBe(4);
    for (const registry of registries) registry.assertClean(MAY_BE_TOO_LATE);
  });
});
