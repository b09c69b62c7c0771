import { describe, expect, test } from '@jest/globals';
import { locate } from '../../../src/image/locate.ts';
import { PushError } from '../../../src/util/errors.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

const named = (name: string): object => ({ kind: 'name', name });

describe('locate', () => {
  test.each([
    ['oci:app', { transport: 'oci', path: 'app' }],
    ['oci:app:v1', { transport: 'oci', path: 'app', select: named('v1') }],
    [
      'oci:out/app:ghcr.io/octo/app:v1',
      { transport: 'oci', path: 'out/app', select: named('ghcr.io/octo/app:v1') },
    ],
    [
      `oci:app:@${DIGEST}`,
      { transport: 'oci', path: 'app', select: { kind: 'digest', digest: DIGEST } },
    ],
    [
      `oci:app@${DIGEST}`,
      { transport: 'oci', path: 'app', select: { kind: 'digest', digest: DIGEST } },
    ],
    ['oci:C:\\work\\app', { transport: 'oci', path: 'C:\\work\\app' }],
    ['oci:C:/app:v1', { transport: 'oci', path: 'C:/app', select: named('v1') }],
    ['C:\\app.tar:app:1', { transport: 'path', path: 'C:\\app.tar', select: named('app:1') }],
    ['oci-archive:a.tar', { transport: 'oci-archive', path: 'a.tar' }],
    [
      'docker-archive:a.tar:@2',
      { transport: 'docker-archive', path: 'a.tar', select: { kind: 'position', position: 2 } },
    ],
    ['./app', { transport: 'path', path: './app' }],
    ['/tmp/a.tar:app:1', { transport: 'path', path: '/tmp/a.tar', select: named('app:1') }],
    ['  image.tar\n', { transport: 'path', path: 'image.tar' }],
    ['docker-daemon:app:1', { transport: 'docker-daemon', image: 'app:1' }],
    ['docker-daemon:octo/app', { transport: 'docker-daemon', image: 'octo/app:latest' }],
    ['docker-daemon:0123456789ab', { transport: 'docker-daemon', image: '0123456789ab' }],
    [`docker-daemon:${DIGEST}`, { transport: 'docker-daemon', image: DIGEST }],
    [
      'docker://ghcr.io/octo/app:1',
      {
        transport: 'docker',
        reference: { registry: 'ghcr.io', repository: 'octo/app', tag: '1' },
      },
    ],
    [
      'docker://debian',
      {
        transport: 'docker',
        reference: { registry: 'docker.io', repository: 'library/debian', tag: 'latest' },
      },
    ],
    [
      `docker://r.test/app@${DIGEST}`,
      { transport: 'docker', reference: { registry: 'r.test', repository: 'app', digest: DIGEST } },
    ],
  ])('%s', (text, expected) => {
    expect(locate(text)).toEqual(expected);
  });

  test.each([
    ['', /it is empty/],
    [' \n ', /it is empty/],
    [
      'dir:app',
      /"dir:" is not a transport \(known: oci, oci-archive, docker-archive, docker-daemon, docker\)/,
    ],
    ['https://ghcr.io/app', /"https:" is not a transport/],
    ['oci:', /names no file or folder/],
    ['oci::v1', /names no file or folder/],
    ['oci:app:', /nothing follows the last colon/],
    ['oci:app:@sha256:abc', /neither a digest nor a position/],
    ['oci:app@sha256:abc', /neither a digest nor a position/],
    ['docker:app', /followed by \/\//],
    ['docker://Ghcr.io/APP', /lower case/],
    ['docker://r.test/app:..', /is not a tag/],
    ['docker-daemon:', /names no image/],
    ['docker-daemon:../../containers/json?all=1&x', /source:/],
    ['docker-daemon:app:1?x', /is not a tag/],
    ['oci:a\0b', /NUL/],
  ])('refuses %j as an option that cannot be used', (text, sentence) => {
    const locating = (): unknown => locate(text);
    expect(locating).toThrow(PushError);
    expect(locating).toThrow(sentence);
    expect(locating).toThrow(expect.objectContaining({ code: 'GENERAL', stage: 'config' }));
    expect(locating).toThrow(/^source: [^\n]*\.$/);
  });
});

test('a comma is part of a path', () => {
  expect(locate('oci:a,b')).toEqual({ transport: 'oci', path: 'a,b' });
});
