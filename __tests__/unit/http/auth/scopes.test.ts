import { describe, expect, test } from '@jest/globals';
import {
  covers,
  normalizeScopes,
  scopesAfter,
  subjectOf,
} from '../../../../src/http/auth/scopes.ts';
import { ask } from './support.ts';

describe('normalizeScopes', () => {
  test.each<[string[], string[]]>([
    [[], []],
    [['repository:a:push,pull'], ['repository:a:pull,push']],
    [
      ['repository:b:pull', 'repository:a:push repository:a:pull'],
      ['repository:a:pull,push', 'repository:b:pull'],
    ],
    [
      ['*', 'registry:catalog:*', '*'],
      ['*', 'registry:catalog:*'],
    ],
    [['repository:host:5000/a:pull'], ['repository:host:5000/a:pull']],
  ])('%j', (scopes, expected) => {
    expect(normalizeScopes(scopes)).toEqual(expected);
  });
});

test.each<[string[], string[], boolean]>([
  [['repository:a:pull,push'], ['repository:a:pull'], true],
  [['repository:a:pull'], ['repository:a:pull,push'], false],
  [['repository:a:pull', 'repository:b:pull'], ['repository:b:pull'], true],
  [['repository:a:pull'], ['repository:b:pull'], false],
  [['repository:a:pull'], [], true],
  [[], ['*'], false],
])('covers(%j, %j) is %s', (held, wanted, expected) => {
  expect(covers(held, wanted)).toBe(expected);
});

describe('subjectOf', () => {
  test('the repository that is written to', () => {
    const request = ask('/v2/x/blobs/uploads/', {
      scopes: ['repository:source:pull', 'repository:target:pull,push'],
    });
    expect(subjectOf(request)).toEqual({ repository: 'target', actions: ['pull', 'push'] });
  });
  test('else the first one, else the path’s, else none', () => {
    expect(subjectOf(ask('/v2/x/tags/list', { scopes: ['repository:a:pull'] })).repository).toBe(
      'a',
    );
    expect(subjectOf(ask('/v2/o/app/manifests/latest')).repository).toBe('o/app');
    expect(subjectOf(ask('/v2/')).repository).toBeUndefined();
  });
});

describe('scopesAfter', () => {
  test('adds what the registry demands', () => {
    const request = ask('/v2/a/tags/list', { scopes: ['repository:a:pull'] });
    expect(scopesAfter(request, 'repository:a:push repository:b:pull')).toEqual([
      'repository:a:pull,push',
      'repository:b:pull',
    ]);
  });
  test('ignores the example repository some registries name at /v2/', () => {
    expect(scopesAfter(ask('/v2/'), 'repository:user/image:pull')).toEqual([]);
    expect(scopesAfter(ask('/v2/'), '*')).toEqual(['*']);
  });
});
