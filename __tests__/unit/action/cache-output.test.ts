import { describe, expect, test } from '@jest/globals';
import { problemIn, toolkitLines } from '../../../src/action/cache-output.ts';

/** As version 6.3.0 of the toolkit prints it. */
const SAVING = '[command]/usr/bin/tar --posix -cf cache.tzst';
const CONFLICT = [
  SAVING,
  '::debug::Reserving Cache',
  '::debug::[Response] - 409',
  '::debug::Failed to reserve cache: Error: Failed to CreateCacheEntry: Received non-retryable error: Failed request: (409) Conflict: cache entry with the same key, version, and scope already exists',
  'Failed to save: Unable to reserve cache with key k-1., another job may be creating this cache.',
].join('\n');

describe('why the toolkit did not do it', () => {
  test.each([
    ['nothing, it was done', `${SAVING}\nSent 258 of 258 (100.0%), 0.0 MBs/sec`, undefined],
    ['nothing, it is not there', '::debug::Cache not found for version 1 of keys: a, b', undefined],
    [
      'the key exists',
      CONFLICT,
      [
        'exists',
        '(409) Conflict: cache entry with the same key, version, and scope already exists',
      ],
    ],
    [
      'the key exists, in version 1',
      'Failed to save: Unable to reserve cache with key k, another job may be creating this cache. More details: Cache already exists. Scope: refs/heads/main, Key: k',
      ['exists', expect.stringContaining('Cache already exists.')],
    ],
    [
      'it may not write',
      '::warning::Failed to save: Unable to reserve cache with key k. More details: cache write denied: token is read-only',
      ['denied', 'cache write denied: token is read-only'],
    ],
    [
      'it may not read',
      '::warning::Failed to restore: Failed to GetCacheEntryDownloadURL: Received non-retryable error: Failed request: (403) Forbidden: cache read denied: no scopes',
      ['denied', 'cache read denied: no scopes'],
    ],
    [
      'too many requests',
      '::debug::Failed to reserve cache: Error: Failed to CreateCacheEntry: Rate limited: Failed request: (429) Too Many Requests: slow down\nFailed to save: Unable to reserve cache with key k, another job may be creating this cache.',
      ['service', '(429) Too Many Requests: slow down'],
    ],
    [
      'it is still trying',
      'Attempt 1 of 5 failed with error: Failed request: (500) Internal Server Error: oops. Retrying request in 3000 ms...\nAttempt 2 of 5 failed with error: Failed request: (502) Bad Gateway. Retrying request in 4624 ms...',
      ['service', '(502) Bad Gateway'],
    ],
    [
      'it has given up',
      '::error::Failed to restore: Failed to GetCacheEntryDownloadURL: Failed to make request after 5 attempts: Failed request: (500) Internal Server Error: oops',
      ['service', '(500) Internal Server Error: oops'],
    ],
    [
      'nobody is there',
      '::warning::Failed to restore: Failed to GetCacheEntryDownloadURL: Unable to make request: ECONNREFUSED%0AIf you are using self-hosted runners, please make sure',
      ['service', 'ECONNREFUSED'],
    ],
    [
      'nobody is there, in version 1',
      '::warning::Failed to restore: getCacheEntry failed: connect ECONNREFUSED 127.0.0.1:1',
      ['service', 'getCacheEntry failed: connect ECONNREFUSED 127.0.0.1:1'],
    ],
    [
      'the archive is none',
      'Cache hit for: k\n::warning::Failed to restore: "/usr/bin/tar" failed with error: The process \'/usr/bin/tar\' failed with exit code 2',
      [
        'entry',
        '"/usr/bin/tar" failed with error: The process \'/usr/bin/tar\' failed with exit code 2',
      ],
    ],
    ['the archive ends', '::warning::Failed to restore: aborted', ['entry', 'aborted']],
  ])('%s', (_title, output, expected) => {
    const problem = problemIn(output);
    expect(problem && [problem.kind, problem.reason]).toEqual(expected);
  });

  test('what a service says is printable and short', () => {
    const said = `no%0A::error::x ##[error] \u001b[31m ${'long '.repeat(500)}`;
    const { reason = '' } = problemIn(`::warning::Failed to restore: getCacheEntry ${said}`) ?? {};
    for (const part of ['::', '##[', '\u001b', '\n']) expect(reason).not.toContain(part);
    expect(reason.length).toBeLessThan(200);
  });
});

describe('what may be shown of its output', () => {
  const output = [
    '::debug::Body: {"signed_upload_url": "https://x.blob.example/c?sig=SECRET"}',
    '::add-mask::SECRET',
    '[command]/usr/bin/tar -xf a',
    '',
    '::warning::first%0A::set-output name=x::y%0Athird %25',
    '::error title=a::b',
    'uploading to https://x.blob.example/c?sv=1&sig=SECRET failed',
    '##[group]sneaky',
  ].join('\r\n');

  test('is text without commands, masks and signatures', () => {
    const lines = toolkitLines(output);
    expect(lines.map((line) => line.replaceAll('\u200a', ''))).toEqual([
      '[command]/usr/bin/tar -xf a',
      'first',
      '::set-output name=x::y',
      'third %',
      'b',
      'uploading to https://x.blob.example/c?… failed',
      '##[group]sneaky',
    ]);
    for (const line of lines) expect(line).not.toMatch(/^::|SECRET|##\[/);
  });
});
