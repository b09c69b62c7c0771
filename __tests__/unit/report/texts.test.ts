import { describe, expect, test } from '@jest/globals';
import { errorLines } from '../../../src/report/error-text.ts';
import { toOutputs } from '../../../src/report/outputs.ts';
import { planLines, type PlanView } from '../../../src/report/plan-text.ts';
import type { PushReport } from '../../../src/report/push-report.ts';
import { PushError, type PushErrorOptions } from '../../../src/util/errors.ts';
import { digest, GHCR, HOSTILE, LOCAL, MIB, UNPRINTABLE } from './push-events.ts';

const ROOT = digest('root');

describe('outputs', () => {
  const place = { blobs: [], bytesUploaded: 1, bytesSkipped: 2, bytesResumed: 3, waitedMs: 0 };
  const report: PushReport = {
    schemaVersion: 1,
    status: 'success',
    exitCode: 0,
    source: 'x',
    image: { digest: ROOT, size: 1, blobs: 1, manifests: 1, platforms: [] },
    places: [
      {
        ...GHCR,
        ...place,
        status: 'partial',
        digest: ROOT,
        tags: [
          { tag: '1.0', status: 'published' },
          { tag: 'old', status: 'not-moved' },
        ],
      },
      { ...LOCAL, ...place, status: 'pushed', tags: [{ tag: 'latest', status: 'published' }] },
    ],
    bytesUploaded: 2,
    bytesSkipped: 4,
    bytesResumed: 6,
    saved: { exists: 4, mounted: 0, record: 0, resumed: 6 },
    startedAt: '',
    durationMs: 0,
    warnings: [],
  };

  test('name the image in its first place and every tag that points at it', () => {
    expect(toOutputs(report)).toEqual({
      digest: ROOT,
      image: `ghcr.io/octo/app@${ROOT}`,
      tags: 'ghcr.io/octo/app:1.0\nlocalhost:5000/app:latest',
      registries: JSON.stringify([
        {
          ...GHCR,
          status: 'partial',
          digest: ROOT,
          tags: [
            { tag: '1.0', status: 'published' },
            { tag: 'old', status: 'not-moved' },
          ],
        },
        { ...LOCAL, status: 'pushed', tags: [{ tag: 'latest', status: 'published' }] },
      ]),
      'bytes-uploaded': '2',
      'bytes-skipped': '4',
      'bytes-resumed': '6',
      'exit-code': '0',
    });
  });

  test('name the image where it is, and every tag that names it', () => {
    const [first, second] = report.places;
    const failed = {
      ...first!,
      status: 'failed',
      error: 'no',
      tags: [
        { tag: '1.0', status: 'removed' },
        { tag: 'a', status: 'left' },
        { tag: 'b', status: 'unchanged' },
        { tag: 'c', status: 'kept', digest: digest('other'), reason: 'stays' },
        { tag: 'd', status: 'unknown' },
      ],
    } as const;
    const outputs = toOutputs({ ...report, places: [failed, second!] });
    expect(outputs.image).toBe(`localhost:5000/app@${ROOT}`);
    expect(outputs.tags.split('\n')).toEqual([
      'ghcr.io/octo/app:a',
      'ghcr.io/octo/app:b',
      'localhost:5000/app:latest',
    ]);
    expect(JSON.parse(outputs.registries)).toMatchObject([
      { status: 'failed', error: 'no', tags: failed.tags },
      { status: 'pushed' },
    ]);
    expect(outputs.registries).not.toContain('\n');
  });

  test('name no image when the push failed', () => {
    const { image, ...rest } = report;
    expect(image).toBeDefined();
    expect(toOutputs({ ...report, status: 'failed', exitCode: 5 })).toMatchObject({
      digest: ROOT,
      image: '',
      'exit-code': '5',
    });
    expect(toOutputs({ ...rest, places: [] })).toMatchObject({ digest: '', image: '', tags: '' });
  });
});

describe('a plan', () => {
  const plan: PlanView = {
    source: 'docker-archive:app.tar',
    platforms: ['linux/amd64'],
    manifests: 1,
    blobs: [
      { digest: digest('c'), size: 2048, mediaType: 'application/vnd.oci.image.config.v1+json' },
      { size: 64 * MIB, mediaType: 'application/vnd.oci.image.layer.v1.tar' },
    ],
    places: [
      { ...GHCR, tags: ['1.0', 'latest'] },
      { ...LOCAL, tags: [] },
    ],
  };

  test('says what would go where', () => {
    expect(planLines(plan)).toEqual([
      'would push docker-archive:app.tar',
      '  digest     known once the layers are compressed',
      '  platforms  linux/amd64',
      '  content    1 manifest, 1 blob (2.00 KiB), 1 layer to be compressed (64.0 MiB)',
      'to',
      '  ghcr.io/octo/app:1.0',
      '  ghcr.io/octo/app:latest',
      '  localhost:5000/app  (by digest only)',
      'nothing was written',
    ]);
  });

  test('lists its blobs when verbose, and not without end', () => {
    const lines = planLines({ ...plan, digest: ROOT }, true);
    expect(lines).toContain(`  digest     ${ROOT}`);
    expect(lines.slice(4, 7)).toEqual([
      'blobs',
      '  to compress     64.0 MiB  application/vnd.oci.image.layer.v1.tar',
      `  ${digest('c').slice(7, 19)}    2.00 KiB  application/vnd.oci.image.config.v1+json`,
    ]);
    const blobs = Array.from({ length: 60 }, (_, size) => ({ size, mediaType: 'x' }));
    expect(planLines({ ...plan, blobs }, true)).toContain('  … and 10 more');
  });

  test('tells what stays with its publisher', () => {
    expect(planLines({ ...plan, foreign: [ROOT] })[3]).toContain(', without 1 foreign layer');
  });

  test.each(HOSTILE)('prints %j as text', (text) => {
    const hostile: PlanView = {
      ...plan,
      source: text,
      platforms: [text],
      blobs: [{ size: 1, mediaType: text }],
      places: [{ registry: text, repository: text, tags: [text] }],
    };
    for (const line of planLines(hostile, true)) expect(line).not.toMatch(UNPRINTABLE);
  });
});

class FakeRegistryError extends PushError {
  readonly status = 404;
  readonly codes: unknown;
  readonly requestId = 'abc\n123';

  constructor(codes: unknown, options: PushErrorOptions) {
    super('ghcr.io has no repository octo/app', options);
    this.codes = codes;
  }
}

const redact = (text: string): string => text.replaceAll('hunter2', '***');

describe('an error', () => {
  const quiet = { verbose: false };

  test('is a sentence and the way out', () => {
    const error = new PushError('app.tar is not there', { code: 'IMAGE', hint: 'Check the path.' });
    expect(errorLines(error, quiet)).toEqual(['app.tar is not there', '→ Check the path.']);
    expect(errorLines(new Error('plain'), quiet)).toEqual(['plain']);
    expect(errorLines('text', quiet)).toEqual(['text']);
    expect(errorLines(undefined, quiet)).toEqual(['undefined']);
  });

  test('tells the codes of the registry, strings or objects', () => {
    for (const codes of [
      ['NAME_UNKNOWN', 'X'],
      [{ code: 'NAME_UNKNOWN' }, { code: 'X' }, 7, null],
    ]) {
      expect(errorLines(new FakeRegistryError(codes, { code: 'REGISTRY' }), quiet)).toEqual([
        'ghcr.io has no repository octo/app',
        '  the registry answered 404 NAME_UNKNOWN, X (request abc 123)',
      ]);
    }
    for (const codes of [[], 'no list', undefined, ['octo/app']]) {
      expect(errorLines(new FakeRegistryError(codes, { code: 'REGISTRY' }), quiet)).toHaveLength(1);
    }
  });

  test('names the request when verbose, even if the sentence has the code', () => {
    const error = Object.assign(new FakeRegistryError(['octo/app'], { code: 'REGISTRY' }), {
      method: 'PUT',
      url: 'https://ghcr.io/v2/octo/app/manifests/1.0',
    });
    expect(errorLines(error, { verbose: true })[1]).toBe(
      '  the registry answered 404 octo/app to PUT https://ghcr.io/v2/octo/app/manifests/1.0 (request abc 123)',
    );
  });

  test('tells its causes and its stack only when verbose', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED ::1:5000'), {
      code: 'ECONNREFUSED',
    });
    const both = Object.assign(new AggregateError([refused]), { code: 'ECONNREFUSED' });
    const error = new PushError('not reachable', {
      code: 'NETWORK',
      cause: new Error('fetch', { cause: both }),
    });
    expect(errorLines(error, quiet)).toEqual(['not reachable']);
    const lines = errorLines(error, { verbose: true });
    expect(lines.slice(0, 4)).toEqual([
      'not reachable',
      '  caused by: fetch',
      '  caused by: ECONNREFUSED',
      '  caused by: connect ECONNREFUSED :\u200a:1:5000',
    ]);
    expect(lines[4]).toMatch(/^ {4}at /);
  });

  test('ends where its causes turn in a circle', () => {
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });
    const lines = errorLines(error, { verbose: true });
    expect(lines.filter((line) => line.includes('caused by'))).toEqual(['  caused by: b']);
  });

  test('has known secrets taken out of every line', () => {
    const error = new PushError('no hunter2', {
      code: 'GENERAL',
      hint: 'not hunter2',
      cause: new Error('GET https://x/?token=hunter2'),
    });
    const lines = errorLines(error, { verbose: true, redact });
    expect(lines.join('\n')).not.toContain('hunter2');
    expect(lines).toContain('→ not ***');
  });

  test.each(HOSTILE)('prints %j as text', (text) => {
    const error = new FakeRegistryError([text], {
      code: 'REGISTRY',
      hint: text,
      cause: new Error(text),
    });
    for (const line of errorLines(error, { verbose: true })) expect(line).not.toMatch(UNPRINTABLE);
  });
});
