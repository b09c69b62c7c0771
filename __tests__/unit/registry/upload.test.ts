import { describe, expect, test } from '@jest/globals';
import { digestOf } from '../../../src/oci/digest.ts';
import { PushError } from '../../../src/util/errors.ts';
import type { BlobUpload } from '../../../src/registry/upload/blob-upload.ts';
import { uploadBlob } from '../../../src/registry/upload/strategy.ts';
import { answer } from '../http/support.ts';
import { fakeConnection, type Answers } from './support.ts';

// Too large to be tried in a POST, so that there is a session.
const BYTES = Buffer.alloc(100_000, 'x');
const DIGEST = digestOf(BYTES);
const UPLOADS = 'POST /v2/app/blobs/uploads/';
const SESSION = answer(202, '', { location: '/u/1?_state=a%2Fb' });
const PUT = `PUT /u/1?_state=a%2Fb&digest=${DIGEST}`;
const CANCEL = 'DELETE /u/1?_state=a%2Fb';

/** Uploads to a registry that opens a session for every POST; the rest is up to the test. */
async function upload(
  answers: Answers,
  more: Partial<BlobUpload> & { pieces?: readonly Buffer[] } = {},
) {
  const { pieces = [BYTES.subarray(0, 60_000), BYTES.subarray(60_000)], ...rest } = more;
  const connection = fakeConnection(
    (line, request) => answers(line, request) ?? (line === UPLOADS ? SESSION : undefined),
  );
  let sent = 0;
  const result = await uploadBlob({
    connection,
    repository: 'app',
    descriptor: { mediaType: 'application/octet-stream', digest: DIGEST, size: BYTES.length },
    content: {
      async *open() {
        for (const piece of pieces) yield await Promise.resolve(piece);
      },
    },
    emit: (event) => {
      if (event.type === 'blob-progress') sent += event.bytes;
      if (event.type === 'blob-restarted') sent -= event.bytes;
      return connection.events.push(event);
    },
    ...rest,
  }).catch((error: unknown) => error);
  const most = connection.events.reduce(
    (sum, event) => sum + (event.type === 'blob-progress' ? event.bytes : 0),
    0,
  );
  return { result, connection, lines: connection.lines, sent, most };
}

/** Answers the n-th PUT with the n-th of these, the rest with 201. */
function puts(...outcomes: (ReturnType<typeof answer> | Error)[]): Answers {
  const left = [...outcomes];
  return (line) => (line.startsWith('PUT') ? (left.shift() ?? answer(201)) : undefined);
}

describe('a blob', () => {
  test('is sent over a session whose address is used as it came', async () => {
    const { result, lines, sent, connection } = await upload(puts());
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(lines).toEqual([UPLOADS, PUT]);
    expect(connection.requests[1]).toMatchObject({
      headers: { 'content-type': 'application/octet-stream' },
      retry: 'never',
    });
    expect(sent).toBe(BYTES.length);
  });

  test('is mounted where that works', async () => {
    const mount = `${UPLOADS}?mount=${DIGEST}&from=other`;
    const { result, lines, connection } = await upload(
      (line) => (line === mount ? answer(201) : undefined),
      { mountFrom: 'other' },
    );
    expect(result).toEqual({ outcome: 'mounted' });
    expect(lines).toEqual([mount]);
    expect(connection.requests[0]?.scopes).toEqual([
      'repository:app:pull,push',
      'repository:other:pull',
    ]);
  });

  test.each([
    ['401', new PushError('denied', { code: 'AUTHENTICATION' })],
    ['404', answer(404)],
    ['405', answer(405)],
    ['500', answer(500)],
  ])('is sent where mounting is refused (%s)', async (_, refusal) => {
    const { result, lines } = await upload(
      (line) => (line.includes('mount=') ? refusal : puts()(line, undefined as never)),
      { mountFrom: 'other' },
    );
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(lines.slice(-2)).toEqual([UPLOADS, PUT]);
  });

  test('that is there after all is not sent, and the session of its mount is given back', async () => {
    const { result, lines } = await upload(
      (line) => {
        if (line.startsWith('HEAD')) return answer(200);
        return line.includes('mount=') ? SESSION : undefined;
      },
      { mountFrom: 'other' },
    );
    expect(result).toEqual({ outcome: 'exists' });
    expect(lines.at(-1)).toBe(CANCEL);
  });
});

describe('what fails for the moment', () => {
  test.each([
    ['503', answer(503)],
    ['429', answer(429, '', { 'retry-after': '7' })],
    ['a broken connection', new PushError('broken', { code: 'NETWORK', retryable: true })],
    ['a lost session', answer(404, { errors: [{ code: 'BLOB_UPLOAD_UNKNOWN' }] })],
  ])('is begun again with a new session (%s)', async (_, failure) => {
    const { result, lines, sent, connection } = await upload(puts(failure));
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(lines.filter((line) => line === UPLOADS)).toHaveLength(2);
    expect(sent).toBe(BYTES.length);
    expect(connection.slept).toHaveLength(1);
  });

  test('is not begun again when the blob has arrived', async () => {
    const lost = puts(new PushError('lost', { code: 'NETWORK', retryable: true }));
    const { result, lines } = await upload((line, request) =>
      line.startsWith('HEAD') ? answer(200) : lost(line, request),
    );
    expect(result).toEqual({ outcome: 'uploaded' });
    expect(lines.filter((line) => line.startsWith('PUT'))).toHaveLength(1);
  });

  test('is given up after the last attempt', async () => {
    const { result, lines } = await upload(puts(answer(500), answer(500), answer(500)));
    expect(result).toMatchObject({ name: 'RegistryError', status: 500 });
    expect(lines.filter((line) => line.startsWith('PUT'))).toHaveLength(3);
    expect(lines.at(-1)).toBe(CANCEL);
  });

  test('below, and as often as it may be, is not begun again here', async () => {
    const { result, lines } = await upload((line) =>
      line === UPLOADS ? { ...answer(503), exhausted: true } : undefined,
    );
    expect(result).toMatchObject({ status: 503, retryable: false });
    expect(lines).toEqual([UPLOADS]);
  });
});

describe('what is refused', () => {
  test('ends the upload, and the session is given back at once', async () => {
    const { result, lines, connection } = await upload(puts(answer(403)));
    expect(result).toMatchObject({ status: 403 });
    expect(lines).toEqual([UPLOADS, PUT, CANCEL]);
    expect(connection.requests.at(-1)).toMatchObject({ urgent: true, retry: 'never' });
    expect(connection.slept).toEqual([]);
  });

  test('with a session that is gone needs no giving back', async () => {
    const { lines } = await upload(puts(answer(404)));
    expect(lines).toEqual([UPLOADS, PUT]);
  });
});

describe('a source that', () => {
  const head = BYTES.subarray(0, 60_000);
  test.each([
    ['has other bytes', [head, Buffer.alloc(40_000, 'y')], /hash to sha256:/],
    ['has other bytes and an empty end', [Buffer.alloc(100_000, 'y'), Buffer.alloc(0)], /hash to/],
    ['is shorter', [head], /shorter/],
    ['is empty', [], /shorter/],
    ['is longer', [BYTES, Buffer.from('more')], /longer/],
    ['is longer in one piece', [Buffer.alloc(100_001, 'x')], /longer/],
  ])('%s never comes to a commit', async (_, pieces, why) => {
    const { result, lines, most } = await upload(puts(), { pieces });
    expect(result).toMatchObject({ code: 'IMAGE' });
    expect((result as Error).message).toMatch(why);
    expect((result as Error).message).toContain(DIGEST);
    // The registry waits for bytes that never come.
    expect(most).toBeLessThan(BYTES.length);
    expect(lines.at(-1)).toBe(CANCEL);
  });

  test('has empty pieces is fine', async () => {
    const none = Buffer.alloc(0);
    const { result } = await upload(puts(), { pieces: [none, BYTES, none] });
    expect(result).toEqual({ outcome: 'uploaded' });
  });
});

test('who is told to stop gives the session back', async () => {
  const controller = new AbortController();
  const { result, lines } = await upload(
    (line) => {
      if (!line.startsWith('PUT')) return undefined;
      controller.abort(new Error('enough'));
      return controller.signal.reason as Error;
    },
    { signal: controller.signal },
  );
  expect(result).toMatchObject({ message: 'enough' });
  expect(lines.at(-1)).toBe(CANCEL);
});
