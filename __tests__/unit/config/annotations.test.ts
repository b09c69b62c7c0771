import { describe, expect, test } from '@jest/globals';
import { annotations } from '../../../src/config/annotations.ts';

describe('annotations', () => {
  test.each<readonly [string, unknown, object, object]>([
    [
      'as docker/metadata-action prints them',
      'manifest:org.opencontainers.image.title=app\nindex:org.opencontainers.image.title=app\n',
      { 'org.opencontainers.image.title': 'app' },
      { 'org.opencontainers.image.title': 'app' },
    ],
    ['without a prefix: the manifests', 'a.b=c', {}, { 'a.b': 'c' }],
    ['both at once', 'index,manifest:a=b', { a: 'b' }, { a: 'b' }],
    ['anything in a value', 'index:a=b=c, d:e "f"', { a: 'b=c, d:e "f"' }, {}],
    ['nothing in a value', 'index:a=', { a: '' }, {}],
    ['the last of two', 'index:a=1\r\n\nindex:a=2', { a: '2' }, {}],
    ['a list of YAML', ['index:a=1', 'b=2'], { a: '1' }, { b: '2' }],
  ])('%s', (_, given, index, manifest) => {
    expect(annotations.safeParse(given).data).toEqual({ index, manifest });
  });

  test.each([
    ['key', /"key" is no annotation \(expected lines of key=value/],
    ['=value', /is no annotation/],
    ['index:=value', /is no annotation/],
    ['manifest[linux/amd64]:a=b', /is no annotation/],
    ['index-descriptor:a=b', /annotations cannot be put on "index-descriptor"/],
    [['a=b', 7], /is not a list of annotations/],
  ])('%j is none', (given, message) => {
    const { error } = annotations.safeParse(given);
    expect(error?.issues[0]?.message).toMatch(message);
  });
});
