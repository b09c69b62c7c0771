import { describe, expect, test } from '@jest/globals';
import { areSessionUrlsHarmless } from '../../../src/app/harmless.ts';
import type { HttpRequest, HttpResponse } from '../../../src/http/transport.ts';
import { PushError } from '../../../src/util/errors.ts';
import { answer } from '../http/support.ts';
import { fakeConnection, type FakeConnection } from '../registry/support.ts';

const SESSION = '/v2/app/blobs/uploads/new?_state=signed';
const broken = (): Error => new PushError('broken', { code: 'NETWORK' });

interface Asked {
  readonly harmless: boolean;
  /** with a login; in brackets without */
  readonly lines: readonly string[];
}

/** Asks a registry that opens an upload here, and says this to one without a login. */
async function ask(
  says: HttpResponse | Error | (() => HttpResponse | Error),
  { location = SESSION, ...more }: Partial<FakeConnection> & { readonly location?: string } = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Asked> {
  const known = fakeConnection((line) =>
    line.startsWith('POST') ? answer(202, '', { location }) : answer(204),
  );
  const anonymous = async (request: HttpRequest): Promise<HttpResponse> => {
    const { method, url, headers } = request;
    known.lines.push(`(${method} ${url.pathname}${url.search})`);
    expect(headers).not.toHaveProperty('authorization');
    const said = typeof says === 'function' ? says() : says;
    if (said instanceof Error) throw said;
    return said;
  };
  const connection = { ...known, anonymous, challenged: () => true, ...more };
  const harmless = await areSessionUrlsHarmless(connection, 'app', signal);
  return { harmless, lines: known.lines };
}

const ALL = ['POST /v2/app/blobs/uploads/', `(GET ${SESSION})`, `DELETE ${SESSION}`];

describe('the addresses of uploads', () => {
  test.each([401, 403])('are worthless where a stranger is refused (%i)', async (status) => {
    expect(await ask(answer(status))).toEqual({ harmless: true, lines: ALL });
  });

  test.each([
    ['a stranger is told how far it is', answer(204, '', { range: '0-0' })],
    ['a stranger is told something', answer(200)],
    ['a stranger is not told whether it is there', answer(404)],
    ['a stranger is sent somewhere else', answer(307, '', { location: '/elsewhere' })],
    ['the registry fails', answer(500)],
    ['the registry is busy', answer(429)],
    ['the connection breaks', broken()],
  ])('are not where %s', async (_, says) => {
    expect(await ask(says)).toEqual({ harmless: false, lines: ALL });
  });

  test('need not be tried where nobody ever asks for a login', async () => {
    expect(await ask(broken(), { challenged: () => false })).toEqual({ harmless: true, lines: [] });
  });

  test('are not where nobody can be a stranger', async () => {
    const { anonymous: _, ...connection } = {
      ...fakeConnection(() => undefined),
      challenged: () => true,
    };
    const { signal } = new AbortController();
    expect(await areSessionUrlsHarmless(connection, 'app', signal)).toBe(false);
    expect(connection.lines).toEqual([]);
  });

  test.each([
    ['on another host', 'https://93.184.216.34/u/1'],
    ['somewhere else', '/u/1'],
    ['of another repository', '/v2/other/blobs/uploads/1'],
  ])('are not where they are %s; a stranger does not ask there', async (_, location) => {
    const { harmless, lines } = await ask(answer(401), { location });
    expect(harmless).toBe(false);
    expect(lines).toEqual([ALL[0], expect.stringMatching(/^DELETE/)]);
  });

  test('are not where no upload can be opened', async () => {
    const { harmless, lines } = await ask(answer(401), {
      send: () => Promise.resolve(answer(403)),
    });
    expect(harmless).toBe(false);
    expect(lines).toEqual([]);
  });

  test('are not while nobody knows; the upload is given back all the same', async () => {
    const controller = new AbortController();
    const stop = (): Error => {
      controller.abort(new Error('enough'));
      return controller.signal.reason as Error;
    };
    expect(await ask(stop, {}, controller.signal)).toEqual({ harmless: false, lines: ALL });
  });

  test('are not tried by one who was told to stop', async () => {
    const { harmless, lines } = await ask(answer(401), {}, AbortSignal.abort());
    expect(harmless).toBe(false);
    expect(lines).toEqual([]);
  });
});
