import { describe, expect, test } from '@jest/globals';
import type { PlanView } from '../../../src/report/plan-text.ts';
import type { PlaceReport, PushReport } from '../../../src/report/push-report.ts';
import { MAX_SUMMARY_BYTES, renderSummary } from '../../../src/report/summary.ts';
import { digest, GHCR, HOSTILE, LOCAL, MIB, UNPRINTABLE } from './push-events.ts';

const ROOT = digest('root');

const PLACE: PlaceReport = {
  ...GHCR,
  status: 'pushed',
  tags: [
    { tag: '1.4.2', status: 'published' },
    { tag: 'latest', status: 'published' },
  ],
  blobs: [
    { digest: digest('config'), size: 5000, outcome: 'uploaded', durationMs: 80 },
    { digest: digest('base'), size: 48 * MIB, outcome: 'mounted', durationMs: 90 },
    { digest: digest('app'), size: 12 * MIB, outcome: 'uploaded', durationMs: 2345 },
  ],
  bytesUploaded: 12 * MIB + 5000,
  bytesSkipped: 48 * MIB,
  bytesResumed: 0,
  waitedMs: 30_000,
  manifests: { uploaded: 3, existing: 0 },
  durationMs: 34_500,
};

const REPORT: PushReport = {
  schemaVersion: 1,
  status: 'success',
  exitCode: 0,
  source: 'docker-archive:build/app.tar',
  image: {
    digest: ROOT,
    size: 60 * MIB + 5000,
    blobs: 3,
    manifests: 3,
    platforms: ['linux/amd64', 'linux/arm64'],
  },
  places: [
    PLACE,
    {
      ...LOCAL,
      status: 'pushed',
      tags: [],
      blobs: [],
      bytesUploaded: 0,
      bytesSkipped: 0,
      bytesResumed: 0,
      waitedMs: 0,
      manifests: { uploaded: 0, existing: 1 },
      durationMs: 120,
    },
  ],
  bytesUploaded: 12 * MIB + 5000,
  bytesSkipped: 48 * MIB,
  bytesResumed: 0,
  saved: { exists: 0, mounted: 48 * MIB, record: 0, resumed: 0 },
  startedAt: '2026-01-02T03:04:05.000Z',
  durationMs: 35_100,
  warnings: ['localhost:5000 is insecure'],
  waits: [{ registry: 'ghcr.io', reason: '429 too many requests', times: 2 }],
};

const NOTHING_SAVED = { saved: { exists: 0, mounted: 0, record: 0, resumed: 0 } };

/** Numbers and units are held together by no-break spaces, which nobody sees in a test. */
function lines(report: PushReport, plan?: PlanView): string[] {
  return renderSummary(report, plan).replaceAll('\u00a0', ' ').split('\n');
}

test('a push in two places', () => {
  expect(lines(REPORT)).toEqual([
    '## ✅ Image pushed',
    '',
    '```sh',
    `docker pull ghcr.io/octo/app@${ROOT}`,
    `docker pull localhost:5000/app@${ROOT}`,
    '```',
    '',
    `Digest \`${ROOT}\``,
    '',
    '3 blobs, 60.0 MiB from `docker-archive:build/app.tar` · linux/amd64, linux/arm64 · 35.1 s',
    '',
    '| Registry | Repository | Tags | Blobs | Sent | Not sent again | Time |',
    '| --- | --- | --- | --- | --: | --: | --: |',
    '| `ghcr.io` | `octo/app` | `1.4.2` `latest` | 2 uploaded · 1 mounted | 12.0 MiB | 48.0 MiB | 34.5 s |',
    '| `localhost:5000` | `app` | by digest only | all already there | 0 B | 0 B | 120 ms |',
    '',
    '- ♻️ Not sent again: 48.0 MiB (mounted)',
    '- ⏳ waited 30.0 s for `ghcr.io`: 429 too many requests, 2 times',
    '- ⚠️ localhost:5000 is insecure',
    '',
    '<details>',
    '<summary>Layers and configs in ghcr.io/octo/app (3)</summary>',
    '',
    '| Digest | Size | Outcome | Time |',
    '| --- | --: | --- | --: |',
    `| \`${digest('base').slice(7, 19)}\` | 48.0 MiB | mounted | 90 ms |`,
    `| \`${digest('app').slice(7, 19)}\` | 12.0 MiB | uploaded | 2.3 s |`,
    `| \`${digest('config').slice(7, 19)}\` | 4.88 KiB | uploaded | 80 ms |`,
    '',
    '</details>',
    '',
  ]);
});

test('a push that failed', () => {
  const { image, waits, ...rest } = REPORT;
  const failed: PushReport = {
    ...rest,
    status: 'failed',
    exitCode: 2,
    warnings: [],
    ...NOTHING_SAVED,
    places: [
      { ...PLACE, blobs: [], bytesSkipped: 0, tags: [{ tag: '1.4.2', status: 'not-moved' }] },
    ],
    error: {
      code: 'AUTHENTICATION',
      stage: 'upload',
      message: 'ghcr.io refused the credentials for octo/app (401 UNAUTHORIZED)',
      hint: 'Give the job packages: write.',
    },
  };
  expect([image, waits]).toBeDefined();
  expect(lines(failed)).toEqual([
    '## ❌ Push failed',
    '',
    '**ghcr.io refused the credentials for octo/app (401 UNAUTHORIZED)**',
    '',
    '→ Give the job packages: write.',
    '',
    'Exit code 2 (authentication) in stage upload, after 35.1 s, from `docker-archive:build/app.tar`',
    '',
    'No tag was moved.',
    '',
    '| Registry | Repository | Tags | Blobs | Sent | Time |',
    '| --- | --- | --- | --- | --: | --: |',
    '| `ghcr.io` | `octo/app` | `1.4.2` | – | 12.0 MiB | 34.5 s |',
    '',
  ]);
  const mixed = [...PLACE.tags, { tag: 'edge', status: 'not-moved' as const }];
  const partial = lines({ ...failed, places: [{ ...PLACE, tags: mixed }] }).join('\n');
  expect(partial).toContain('`1.4.2` `latest` `edge` (not moved)');
  expect(partial).not.toContain('No tag was moved');
});

test('a dry run, with and without its plan', () => {
  const planned: PushReport = {
    ...REPORT,
    status: 'planned',
    warnings: [],
    waits: [],
    notes: ['ghcr.io/octo/app: 2 of 3 blobs are there'],
    ...NOTHING_SAVED,
    places: [{ ...PLACE, blobs: [], tags: [{ tag: '1.4.2', status: 'planned' }] }],
  };
  const plan: PlanView = {
    source: 'x',
    platforms: [],
    manifests: 1,
    blobs: [{ size: 3 * MIB, mediaType: 'application/vnd.oci.image.layer.v1.tar' }],
    places: [],
  };
  expect(lines(planned, plan)).toEqual([
    '## 📝 Dry run: nothing was written',
    '',
    `Digest \`${ROOT}\``,
    '',
    'From `docker-archive:build/app.tar` · linux/amd64, linux/arm64 · 35.1 s',
    '',
    'Would push 1 manifest, 0 blobs (0 B), 1 layer to be compressed (3.00 MiB) to',
    '',
    '| Registry | Repository | Tags |',
    '| --- | --- | --- |',
    '| `ghcr.io` | `octo/app` | `1.4.2` |',
    '',
    '- 🔎 ghcr.io/octo/app: 2 of 3 blobs are there',
    '',
    '<details>',
    '<summary>Layers and configs (1)</summary>',
    '',
    '| Digest | Size | Media type |',
    '| --- | --: | --- |',
    '| to be compressed | 3.00 MiB | `application/vnd.oci.image.layer.v1.tar` |',
    '',
    '</details>',
    '',
  ]);
  expect(lines(planned)).toContain('Would be pushed to');
});

describe('what did not have to be sent', () => {
  const RESUME: NonNullable<PushReport['resume']> = {
    since: '2026-01-02T02:52:00.000Z',
    ageMs: 725_000,
    from: 'the Actions cache',
    blobs: 3,
    bytes: 512 * MIB,
    bytesSaved: 512 * MIB,
  };
  const items = (report: PushReport): string[] =>
    lines(report).filter((line) => /^- (?:⏩|♻️)/u.test(line));

  test('is told by where it came from, after the push that went on', () => {
    const saved = { exists: 800 * MIB, mounted: 200 * MIB, record: 20 * MIB, resumed: 180 * MIB };
    expect(items({ ...REPORT, saved, resume: RESUME })).toEqual([
      '- ⏩ Went on with the push that was interrupted 12 minutes ago: saved 512.0 MiB',
      '- ♻️ Not sent again: 1.17 GiB (800.0 MiB already there, 200.0 MiB mounted, 180.0 MiB resumed, 20.0 MiB known from the record)',
    ]);
  });

  test('is one line where all of it is of the interrupted push', () => {
    const resumed = { ...REPORT.saved, mounted: 0, resumed: 512 * MIB };
    const report = { ...REPORT, saved: resumed, resume: RESUME };
    const line = '- ⏩ Went on with the push that was interrupted 12 minutes ago: saved 512.0 MiB';
    expect(items(report)).toEqual([line]);
    const partly = { ...resumed, exists: 200 * MIB, resumed: 312 * MIB };
    expect(items({ ...report, saved: partly })).toEqual([line]);
    expect(items({ ...report, saved: { ...resumed, mounted: MIB } })).toEqual([
      line,
      '- ♻️ Not sent again: 513.0 MiB (1.00 MiB mounted, 512.0 MiB resumed)',
    ]);
  });

  test('is no line and no column of a push that sent everything', () => {
    const place = { ...PLACE, bytesSkipped: 0 };
    const first = { ...REPORT, ...NOTHING_SAVED, places: [place] };
    expect(items(first)).toEqual([]);
    expect(lines(first)).toContain('| Registry | Repository | Tags | Blobs | Sent | Time |');
  });

  test('says so when nothing of the interrupted push was of use, unless that is not known', () => {
    const useless = { ...REPORT, ...NOTHING_SAVED, resume: { ...RESUME, bytesSaved: 0 } };
    expect(items(useless)).toEqual([
      '- ⏩ A push was interrupted 12 minutes ago, but nothing it had sent could be used',
    ]);
    expect(items({ ...useless, status: 'failed' })).toEqual([]);
    expect(items({ ...useless, bytesUploaded: 0 })).toEqual([]);
    expect(items({ ...useless, resume: { ...useless.resume, blobs: 0, bytes: 0 } })).toEqual([]);
  });

  test('is told of a push that failed again, too', () => {
    expect(items({ ...REPORT, status: 'failed', exitCode: 3, resume: RESUME })).toEqual([
      '- ⏩ Went on with the push that was interrupted 12 minutes ago: saved 512.0 MiB',
      '- ♻️ Not sent again: 48.0 MiB (mounted)',
    ]);
  });

  test('is in the tables of places and layers', () => {
    const blob = { digest: digest('app'), size: 800 * MIB, durationMs: 10 };
    const place: PlaceReport = {
      ...PLACE,
      blobs: [
        { ...blob, outcome: 'resumed', resumedBytes: 300 * MIB },
        { ...blob, size: 3, outcome: 'exists', hint: 'resume' },
        { ...blob, size: 2, outcome: 'mounted', hint: 'record' },
        { ...blob, size: 1, outcome: 'resumed' },
      ],
      bytesUploaded: 500 * MIB,
      bytesSkipped: 5,
      bytesResumed: 300 * MIB,
    };
    const shown = lines({ ...REPORT, places: [place] });
    expect(shown).toContain(
      '| `ghcr.io` | `octo/app` | `1.4.2` `latest` | 2 resumed · 1 mounted · 1 already there | 500.0 MiB | 300.0 MiB | 34.5 s |',
    );
    expect(shown.filter((line) => line.endsWith('| 10 ms |')).map(outcomeOf)).toEqual([
      'resumed at 300.0 MiB',
      'already there (known from the interrupted push)',
      'mounted (known from the record)',
      'resumed',
    ]);
  });
});

function outcomeOf(row: string): string | undefined {
  return row.split(' | ')[2];
}

test('a push that was cancelled before anything was known', () => {
  const { image, ...rest } = REPORT;
  expect(image).toBeDefined();
  const text = renderSummary({
    ...rest,
    status: 'cancelled',
    exitCode: 1,
    places: [],
    warnings: [],
  });
  expect(text).toContain('## ⏹️ Push cancelled');
  expect(text).toContain('Exit code 1, after 35.1 s');
});

describe('text from anywhere', () => {
  test.each(HOSTILE)('stays text: %j', (text) => {
    const hostile: PushReport = {
      ...REPORT,
      status: 'failed',
      source: text,
      image: { size: 1, blobs: 1, manifests: 1, digest: ROOT, platforms: [text] },
      warnings: [text],
      waits: [{ registry: text, reason: text, times: 1 }],
      places: [
        { ...PLACE, registry: text, repository: text, tags: [{ tag: text, status: 'published' }] },
      ],
      error: { code: 'REGISTRY', message: text, hint: text },
    };
    const markdown = renderSummary(hostile);
    const structure = /<\/?(?:details|summary|code)>/g;
    expect(markdown.replaceAll(structure, '')).not.toMatch(/<[a-z!/]/i);
    expect(markdown.match(/<details>/g)).toHaveLength(1);
    expect(markdown.match(/^\| .*$/gm)?.map((row) => row.split('|').length)).toEqual([
      9, 9, 9, 6, 6, 6, 6, 6,
    ]);
    expect(markdown).not.toMatch(/@octocat|:\/\/|\]\(|www\.|#12\b(?!4;)|\*\*bold|\n# /);
    expect(markdown.replaceAll(/\n|::/g, ' ')).not.toMatch(UNPRINTABLE);
    const success = renderSummary({ ...hostile, status: 'success' });
    expect(success.split('\n').slice(2, 5)).toEqual([
      expect.stringMatching(/^`{3,}sh$/),
      expect.stringContaining('docker pull '),
      expect.stringMatching(/^`{3,}$/),
    ]);
  });
});

test('is bounded, however much there is to tell', () => {
  const blobs = Array.from({ length: 120 }, (_, index) => ({
    digest: digest(`blob ${index}`),
    size: index,
    outcome: 'exists' as const,
    durationMs: 1,
  }));
  const tags = Array.from({ length: 300 }, (_, index) => ({
    tag: `v${index}`,
    status: 'published' as const,
  }));
  const one = renderSummary({ ...REPORT, places: [{ ...PLACE, blobs, tags }] });
  expect(one).toContain('`v19` … and 280 more |');
  expect(one.match(/already there \|/g)).toHaveLength(51);
  expect(one).toContain('… and 70 more');
  const warnings = Array.from({ length: 5000 }, () => '漢'.repeat(400));
  const many = renderSummary({ ...REPORT, warnings });
  expect(Buffer.byteLength(many)).toBeLessThanOrEqual(MAX_SUMMARY_BYTES);
  expect(Buffer.byteLength(many)).toBeGreaterThan(MAX_SUMMARY_BYTES - 2000);
  expect(many).toContain('… shortened');
});

describe('several registries that fared differently', () => {
  const failed: PlaceReport = {
    ...LOCAL,
    status: 'failed',
    error: 'it refuses connections',
    tags: [
      { tag: '1.4.2', status: 'removed' },
      { tag: 'latest', status: 'restored' },
    ],
    blobs: [],
    bytesUploaded: 0,
    bytesSkipped: 0,
    bytesResumed: 0,
    waitedMs: 0,
  };

  test('the title, the commands and the table say so', () => {
    const rows = lines({ ...REPORT, places: [PLACE, failed] });
    expect(rows[0]).toBe('## ⚠️ Image pushed, but not everywhere');
    expect(rows.filter((row) => row.startsWith('docker pull'))).toEqual([
      `docker pull ghcr.io/octo/app@${ROOT}`,
    ]);
    const table = rows.filter((row) => row.startsWith('| '));
    expect(table[0]).toContain('| Tags | Result |');
    expect(table[2]).toContain('| `1.4.2` `latest` | ✅ pushed |');
    expect(table[3]).toContain(
      '| `1.4.2` (written and removed again) `latest` (moved and put back) | ❌ failed |',
    );
  });

  test('a failed push says what could not be taken back', () => {
    const tags = [
      { tag: '1.4.2', status: 'left' },
      { tag: 'latest', status: 'unknown' },
    ] as const;
    const report: PushReport = {
      ...REPORT,
      status: 'failed',
      exitCode: 5,
      places: [{ ...PLACE, status: 'partial', tags }, failed],
    };
    const text = lines(report).join('\n');
    expect(text).toContain('`1.4.2` (moved, could not be taken back) `latest` (not known)');
    expect(text).toContain('⚠️ in part');
    expect(text).not.toContain('No tag was moved.');
  });
});
