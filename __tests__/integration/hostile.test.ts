import { describe, expect, test } from '@jest/globals';
import type { Run } from './support/index.ts';
import { bench, run } from './support/index.ts';

const { registry: start, layout: create } = bench();

const UNSAFE = /\p{Cc}|[\u2028\u2029\u200b]|\p{Bidi_Control}|::|##\[/u;

const EVIL =
  'no\r\n::error::pwned\n##[command]x :::set-output:: \u001b[31mred\u0007 \u202eeveR\u2066 \u200b:\u200b: \u2028::add-mask::a';

/** Everything that people or programs get to see. */
function shown({ log, report, error }: Run): string {
  return [...log, JSON.stringify(report), error?.message ?? '', error?.hint ?? ''].join(' | ');
}

describe('what a registry says', () => {
  const body = JSON.stringify({ errors: [{ code: EVIL, message: EVIL }] });
  test.each([
    ['in an error', 'blob-upload-put', { status: 400, body }],
    ['in an error about the manifest', 'manifest-put', { status: 400, body }],
    [
      'on a page of HTML',
      'blob-head',
      { status: 404, body: `<h1>${EVIL}</h1>`, headers: { 'content-type': 'text/html' } },
    ],
    [
      'in a Location',
      'blob-upload-start',
      { status: 202, headers: { location: 'ftp://::error::%0A%3A%3Aadd-mask' } },
    ],
    [
      'in a request id',
      'manifest-put',
      { status: 400, headers: { 'x-request-id': '::error::id' } },
    ],
    [
      'in a digest',
      'manifest-put',
      { status: 201, headers: { 'docker-content-digest': '::error::d' } },
    ],
    [
      'in a Retry-After',
      'manifest-head',
      { status: 503, headers: { 'retry-after': '::error::1' } },
    ],
  ])('%s is made safe to print', async (_, path, action) => {
    const registry = await start();
    const layout = create();
    layout.root(layout.image({ layers: [100_000] }));
    registry.faults.add({ match: { path }, times: Infinity, do: { afterBody: true, ...action } });

    const result = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      attempts: 2,
    });

    expect(shown(result)).not.toMatch(UNSAFE);
  });

  test('in a challenge is made safe to print', async () => {
    const registry = await start({ strict: false });
    const layout = create();
    layout.root(layout.image());
    const realm = 'ftp://::error::realm';
    registry.faults.add({
      times: Infinity,
      do: {
        status: 401,
        headers: { 'www-authenticate': `Bearer realm="${realm}",service="::warning::s"` },
        body,
      },
    });

    const result = await run({ source: layout.source, tags: [`${registry.host}/app:1`] });

    expect(result.error).toMatchObject({ code: 'AUTHENTICATION' });
    expect(shown(result)).not.toMatch(UNSAFE);
  });

  test('without end is cut', async () => {
    const registry = await start();
    const layout = create();
    layout.root(layout.image());
    registry.faults.add({
      match: { path: 'manifest-put' },
      times: Infinity,
      do: {
        status: 400,
        body: JSON.stringify({ errors: [{ code: 'X', message: 'y'.repeat(20_000_000) }] }),
      },
    });

    const { error } = await run({ source: layout.source, tags: [`${registry.host}/app:1`] });

    expect(error?.message.length).toBeLessThan(2000);
  });
});

describe('secrets', () => {
  // Every printable character of ASCII.
  const password = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 32 + index));
  const spellings = [
    password,
    Buffer.from(password).toString('base64'),
    Buffer.from(`user:${password}`).toString('base64'),
    encodeURIComponent(password),
    JSON.stringify(password).slice(1, -1),
  ];

  test.each([
    ['a good push', {}, true],
    ['a push that fails', { path: 'manifest-put' }, true],
    ['a refused login', {}, false],
  ])('appear nowhere after %s', async (_, match, right) => {
    const registry = await start({ auth: { mode: 'bearer', password } });
    const layout = create();
    layout.root(layout.image());
    if ('path' in match) {
      // A registry that repeats everything it knows.
      const message = spellings.join(' ');
      const body = JSON.stringify({ errors: [{ code: 'X', message }] });
      registry.faults.add({ match, times: Infinity, do: { status: 400, body } });
    }

    const result = await run({
      source: layout.source,
      tags: [`${registry.host}/app:1`],
      registries: {
        [registry.host]: {
          plainHttp: true,
          username: 'user',
          password: right ? password : `${password}!`,
        },
      },
    });

    const text = [...result.log, JSON.stringify(result.report)].join('\n');
    for (const spelling of spellings) expect(text).not.toContain(spelling);
    for (const secret of result.secrets) expect(text).not.toContain(secret);
    expect(result.secrets.some((secret) => secret.startsWith('strict-'))).toBe(right);
    registry.assertClean();
  });
});
