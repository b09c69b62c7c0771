import { describe, expect, test } from '@jest/globals';
import { digestOf, type Digest } from '../../../../src/oci/digest.ts';
import { MEDIA_TYPES } from '../../../../src/oci/media-types.ts';
import type { PushContext } from '../../../../src/push/context.ts';
import { takeBack } from '../../../../src/push/tags/take-back.ts';
import type { PushEventBody } from '../../../../src/util/events.ts';
import { answer, REGISTRY } from '../../http/support.ts';
import { fakeConnection } from '../../registry/support.ts';

const BYTES = Buffer.from('{"schemaVersion":2}');
const ROOT = digestOf(BYTES);
const CONTENT = {
  descriptor: { mediaType: MEDIA_TYPES.ociManifest, digest: ROOT, size: BYTES.length },
  bytes: BYTES,
};
const { signal } = new AbortController();

/** A registry whose DELETE of a tag takes the manifest and all of its tags with it. */
function greedyRegistry(tags: readonly string[]) {
  const names = new Map<string, Digest>(tags.map((tag) => [tag, ROOT]));
  const connection = fakeConnection((line) => {
    const [method] = line.split(' ');
    const reference = line.split('/').at(-1) ?? '';
    if (method === 'DELETE') {
      names.clear();
      return answer(202);
    }
    if (method === 'PUT') {
      names.set(reference, ROOT);
      return answer(201);
    }
    const named = names.get(reference);
    return named ? answer(200, '', { 'docker-content-digest': named }) : answer(404);
  });
  return { connection, names };
}

function setting(there: boolean, tags: readonly (readonly [string, Digest | undefined])[]) {
  const { connection, names } = greedyRegistry([...tags.map(([tag]) => tag), ROOT]);
  const events: PushEventBody[] = [];
  const views = tags.map(([tag, before]) => ({ tag, before }));
  const place = { registry: REGISTRY, repository: 'app', tags: tags.map(([tag]) => tag) };
  const filled = { place, root: CONTENT, tags: new Map(tags), there };
  const decided = { filled, connection, tags: views, write: views, forward: new Set<string>() };
  const context = { emit: (event: PushEventBody) => events.push(event) } as unknown as PushContext;
  return { done: takeBack(context, decided, signal), names, events };
}

describe('taking back a new tag, where the registry deletes the image with it', () => {
  test('the image is put back with the tags that named it, if it was there before', async () => {
    const { done, names, events } = setting(true, [
      ['old', ROOT],
      ['new', undefined],
    ]);

    expect(await done).toEqual([{ name: `${REGISTRY}/app:new`, status: 'removed' }]);

    expect([...names.keys()].toSorted()).toEqual(['old', ROOT].toSorted());
    expect(events.at(-1)).toMatchObject({
      type: 'warning',
      message: `${REGISTRY} has deleted app@${ROOT} with its tag; it was put back.`,
    });
  });

  test('nothing is asked where nobody else can have had it', async () => {
    const { done, names } = setting(false, [['new', undefined]]);
    expect(await done).toEqual([{ name: `${REGISTRY}/app:new`, status: 'removed' }]);
    expect([...names.keys()]).toEqual([]);
  });
});
