import { describe, expect, test } from '@jest/globals';
import { digestOf } from '../../../src/oci/digest.ts';
import { MEDIA_TYPES } from '../../../src/oci/media-types.ts';
import { publishTags, readTags, type TagOutcome } from '../../../src/registry/tags.ts';
import { answer, REGISTRY } from '../http/support.ts';
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
  const refusals = await publishTags(target, tags, current);
  const error = refusals[0]?.error;
  const writes = connection.lines.filter((line) => !line.startsWith('HEAD'));
  return { told, error, refusals, writes, connection };
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
    const { told, refusals } = await publish(['1', '2', '3'], (line) => {
      if (line.includes('?')) return answer(201);
      return line.endsWith('/1') ? answer(403) : answer(201);
    });
    expect(refusals).toHaveLength(1);
    expect(refusals[0]).toMatchObject({ tag: '1', error: { name: 'RegistryError', status: 403 } });
    expect(told).toEqual(each(['2', '3'], 'published'));
  });

  test('all of them are refused where the request for all is, for good', async () => {
    const { told, refusals } = await publish(['1', '2'], () => answer(401));
    expect(told).toEqual([]);
    expect(refusals.map(({ tag }) => tag)).toEqual(['1', '2']);
  });

  // What these registries answer when a tag that exists is pushed again with another digest.
  const REFUSALS: readonly [string, number, string, string][] = [
    [
      'ECR',
      400,
      'TAG_INVALID',
      "The image tag '1' already exists in the 'app' repository and cannot be overwritten because the tag is immutable.",
    ],
    ['ECR in the words of its API', 400, 'ImageTagAlreadyExistsException', ''],
    [
      'Harbor',
      412,
      'PRECONDITION',
      "Failed to process request due to 'app:1' configured as immutable.",
    ],
    ['Docker Hub', 403, 'DENIED', 'tag 1 is immutable'],
    ['Docker Hub, by 401', 401, 'DENIED', 'This tag is Immutable'],
    [
      'GAR',
      400,
      'MANIFEST_INVALID',
      'cannot update tag 1. The repository has enabled tag immutability',
    ],
  ];
  test.each(REFUSALS)('an immutable tag of %s is one kind of error', async (...refusal) => {
    const [, status, code, message] = refusal;
    const body = JSON.stringify({ errors: [{ code, message }] });
    const { error } = await publish(['1'], () => answer(status, body), { 1: OTHER });
    expect(error).toMatchObject({ name: 'ImmutableTagError', code: 'REGISTRY', status });
    expect((error as Error).message).toBe(
      `The tag 1 in ${REGISTRY}/app cannot be moved: the registry makes it immutable (status ${status} ${code}).`,
    );
  });

  test('a tag that another run has pointed at the same image meanwhile is success', async () => {
    let puts = 0;
    const connection = fakeConnection((line) => {
      if (line.startsWith('HEAD')) {
        return puts > 0 ? answer(200, '', { 'docker-content-digest': DIGEST }) : answer(404);
      }
      puts += 1;
      return answer(412);
    });
    const told: TagOutcome[] = [];
    const onTag = (tag: TagOutcome): number => told.push(tag);
    const target = { connection, repository: 'app', content: CONTENT, onTag };
    expect(await publishTags(target, ['1'], new Map())).toEqual([]);
    expect(told).toEqual(each(['1'], 'published'));
  });
});
