import { describe, expect, test } from '@jest/globals';
import { digestOf } from '../../../src/oci/digest.ts';
import { MEDIA_TYPES } from '../../../src/oci/media-types.ts';
import { publishTags, readTags, type TagOutcome } from '../../../src/registry/tags.ts';
import { answer } from '../http/support.ts';
import { fakeConnection, type Answers } from './support.ts';

const BYTES = Buffer.from('{"schemaVersion":2}');
const DIGEST = digestOf(BYTES);
const CONTENT = {
  descriptor: { mediaType: MEDIA_TYPES.ociManifest, digest: DIGEST, size: BYTES.length },
  bytes: BYTES,
};
const OTHER = digestOf('something else');

/** Publishes over a fake registry that has these tags. */
async function publish(tags: readonly string[], puts: Answers, had: Record<string, string> = {}) {
  const connection = fakeConnection((line, request) => {
    const tag = line.split('/').at(-1) ?? '';
    if (!line.startsWith('HEAD')) return puts(line, request);
    return had[tag] ? answer(200, '', { 'docker-content-digest': had[tag] }) : answer(404);
  });
  const told: TagOutcome[] = [];
  const current = await readTags(connection, 'app', tags);
  const target = {
    connection,
    repository: 'app',
    content: CONTENT,
    onTag: (tag: TagOutcome) => void told.push(tag),
  };
  const done = publishTags(target, tags, current);
  const error: unknown = await done.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const writes = connection.lines.filter((line) => !line.startsWith('HEAD'));
  return { told, error, writes, connection };
}

function each(tags: readonly string[], outcome: TagOutcome['outcome']): TagOutcome[] {
  return tags.map((tag) => ({ tag, outcome }));
}

describe('tags', () => {
  test('one goes by itself', async () => {
    const { told, writes } = await publish(['1'], () => answer(201));
    expect(writes).toEqual(['PUT /v2/app/manifests/1']);
    expect(told).toEqual(each(['1'], 'published'));
  });

  test('several go together where the registry confirms them', async () => {
    const { told, writes } = await publish(['1', '2', '3'], () =>
      answer(201, '', { 'oci-tag': '1, 2,3' }),
    );
    expect(writes).toEqual([`PUT /v2/app/manifests/${DIGEST}?tag=1&tag=2&tag=3`]);
    expect(told).toEqual(each(['1', '2', '3'], 'published'));
  });

  test('those that were not confirmed go one by one', async () => {
    const { told, writes } = await publish(['1', '2', '3'], (line) =>
      line.includes('?') ? answer(201, '', { 'oci-tag': '2' }) : answer(201),
    );
    expect(writes.slice(1)).toEqual(['PUT /v2/app/manifests/1', 'PUT /v2/app/manifests/3']);
    expect(new Set(told)).toEqual(new Set(each(['2', '1', '3'], 'published')));
  });

  test.each([400, 404, 405, 414])(
    'go one by one where all together are refused (%i)',
    async (status) => {
      const { error, told } = await publish(['1', '2'], (line) =>
        line.includes('?') ? answer(status) : answer(201),
      );
      expect(error).toBeUndefined();
      expect(told).toEqual(each(['1', '2'], 'published'));
    },
  );

  test('a tag nobody asked for is not told of', async () => {
    const { told } = await publish(['1', '2'], () => answer(201, '', { 'oci-tag': '1,2,evil' }));
    expect(told).toEqual(each(['1', '2'], 'published'));
  });

  test('those that name the image already are left alone', async () => {
    const { told, writes } = await publish(['1', '2'], () => answer(201), { 1: DIGEST, 2: OTHER });
    expect(writes).toEqual(['PUT /v2/app/manifests/2']);
    expect(told).toEqual([...each(['1'], 'unchanged'), ...each(['2'], 'published')]);
  });

  test('one that is refused does not keep the others from being set', async () => {
    const { told, error } = await publish(['1', '2', '3'], (line) => {
      if (line.includes('?')) return answer(201);
      return line.endsWith('/1') ? answer(403) : answer(201);
    });
    expect(error).toMatchObject({ name: 'RegistryError', status: 403 });
    expect(told).toEqual(each(['2', '3'], 'published'));
  });
});
