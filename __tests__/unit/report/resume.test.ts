import { describe, expect, test } from '@jest/globals';
import { createCollector } from '../../../src/report/collector.ts';
import { createEventLines } from '../../../src/report/event-lines.ts';
import { formatAgo } from '../../../src/report/resume-text.ts';
import { toOutputs } from '../../../src/report/outputs.ts';
import type { PushReport } from '../../../src/report/push-report.ts';
import { savedOf, type BroughtBlob } from '../../../src/report/saved.ts';
import type { BlobOutcome, PushEvent, PushEventBody } from '../../../src/util/events.ts';
import {
  digest,
  GHCR,
  HOSTILE,
  LOCAL,
  MIB,
  script,
  START,
  UNPRINTABLE,
  type Script,
} from './push-events.ts';

const MINUTE = 60_000;

const RESUMING = {
  type: 'resuming',
  since: START - 12 * MINUTE - 5000,
  blobs: 3,
  bytes: 512 * MIB,
  from: 'the Actions cache',
} as const;

type Brought = Omit<BroughtBlob, 'size'> & { readonly mib: number };

function finish(run: Script, name: string, { mib, ...brought }: Brought, place = GHCR): void {
  const blob = { digest: digest(name), size: mib * MIB, durationMs: 10 };
  run.emit({ type: 'blob-finished', ...blob, ...brought, ...place });
}

/** One blob of each kind, in two places. */
function everyKind(run: Script): void {
  finish(run, 'a', { mib: 200, outcome: 'exists', hint: 'resume' });
  finish(run, 'b', { mib: 800, outcome: 'resumed', resumedBytes: 312 * MIB });
  finish(run, 'c', { mib: 40, outcome: 'mounted' });
  finish(run, 'd', { mib: 20, outcome: 'mounted', hint: 'record' });
  finish(run, 'a', { mib: 200, outcome: 'uploaded' }, LOCAL);
  finish(run, 'b', { mib: 800, outcome: 'resumed', resumedBytes: 8 * MIB }, LOCAL);
  finish(run, 'c', { mib: 40, outcome: 'exists', hint: 'record' }, LOCAL);
  finish(run, 'd', { mib: 20, outcome: 'exists' }, LOCAL);
}

function reportOf(
  work: (run: Script) => void,
  redact = (text: string): string => text,
): PushReport {
  const run = script();
  const places = [
    { ...GHCR, tags: [] },
    { ...LOCAL, tags: [] },
  ];
  const collector = createCollector({ source: 'oci:image', places, now: run.now, redact });
  run.watch(collector.sink);
  work(run);
  return collector.report('success');
}

describe('a report of a push that was resumed', () => {
  test('counts every byte once, as sent, skipped or resumed', () => {
    const report = reportOf(everyKind);
    expect(report.places.map((place) => place.bytesUploaded)).toEqual([488 * MIB, 992 * MIB]);
    expect(report.places.map((place) => place.bytesSkipped)).toEqual([260 * MIB, 60 * MIB]);
    expect(report.places.map((place) => place.bytesResumed)).toEqual([312 * MIB, 8 * MIB]);
    expect(report).toMatchObject({
      bytesUploaded: 1480 * MIB,
      bytesSkipped: 320 * MIB,
      bytesResumed: 320 * MIB,
    });
    expect(report.bytesUploaded + report.bytesSkipped + report.bytesResumed).toBe(2 * 1060 * MIB);
    expect(toOutputs(report)).toMatchObject({
      'bytes-uploaded': String(1480 * MIB),
      'bytes-skipped': String(320 * MIB),
      'bytes-resumed': String(320 * MIB),
    });
  });

  test('tells where what was not sent came from, in parts that do not overlap', () => {
    const { saved, bytesSkipped, bytesResumed } = reportOf(everyKind);
    expect(saved).toEqual({
      exists: 220 * MIB,
      mounted: 40 * MIB,
      record: 60 * MIB,
      resumed: 320 * MIB,
    });
    const { exists, mounted, record, resumed } = saved;
    expect(exists + mounted + record).toBe(bytesSkipped);
    expect(resumed).toBe(bytesResumed);
  });

  test('keeps of each blob what was resumed, and who knew of it', () => {
    const [blobs = []] = reportOf(everyKind).places.map((place) => place.blobs);
    expect(blobs[0]).toMatchObject({ outcome: 'exists', hint: 'resume' });
    expect(blobs[0]).not.toHaveProperty('resumedBytes');
    expect(blobs[1]).toMatchObject({ outcome: 'resumed', resumedBytes: 312 * MIB });
    expect(blobs[1]).not.toHaveProperty('hint');
    expect(blobs[2]).not.toHaveProperty('hint');
  });

  test('believes no more than a whole blob was resumed, and of no other outcome', () => {
    const report = reportOf((run) => {
      finish(run, 'a', { mib: 1, outcome: 'resumed', resumedBytes: 5 * MIB });
      finish(run, 'b', { mib: 1, outcome: 'resumed', resumedBytes: -5 });
      finish(run, 'c', { mib: 1, outcome: 'uploaded', resumedBytes: MIB });
    });
    expect(report).toMatchObject({ bytesUploaded: 2 * MIB, bytesResumed: MIB });
    expect(report.places[0]?.blobs.map((blob) => blob.resumedBytes)).toEqual([
      MIB,
      undefined,
      undefined,
    ]);
  });

  test('says which push was found, and what of it was not sent again', () => {
    const report = reportOf((run) => {
      run.emit(RESUMING);
      run.pass(5 * MINUTE);
      everyKind(run);
    });
    expect(report.resume).toEqual({
      since: new Date(RESUMING.since).toISOString(),
      ageMs: 12 * MINUTE + 5000,
      from: 'the Actions cache',
      blobs: 3,
      bytes: 512 * MIB,
      bytesSaved: 520 * MIB,
    });
    expect(reportOf(everyKind)).not.toHaveProperty('resume');
  });

  test.each([
    ['ahead', START + MINUTE, 0],
    ['no number', Number.NaN, 0],
    ['before time', -1e300, START],
  ])('bears a clock that is %s', (_name, since, ageMs) => {
    const report = reportOf((run) => run.emit({ ...RESUMING, since }));
    expect(report.resume).toMatchObject({ ageMs, since: new Date(START - ageMs).toISOString() });
  });

  test('names the file as text, without its secrets', () => {
    for (const from of HOSTILE) {
      const report = reportOf((run) => run.emit({ ...RESUMING, from }));
      expect(report.resume?.from).not.toMatch(UNPRINTABLE);
    }
    const redact = (text: string): string => text.replaceAll('a::b', '***');
    const report = reportOf((run) => run.emit({ ...RESUMING, from: '/a::b/resume' }), redact);
    expect(report.resume?.from).toBe('/***/resume');
  });
});

test('of nothing, nothing was saved', () => {
  expect(savedOf([])).toEqual({ exists: 0, mounted: 0, record: 0, resumed: 0 });
});

test.each([
  [-5, 'less than a minute ago'],
  [59_999, 'less than a minute ago'],
  [MINUTE, '1 minute ago'],
  [59 * MINUTE + 59_000, '59 minutes ago'],
  [60 * MINUTE, '1 hour ago'],
  [23 * 60 * MINUTE, '23 hours ago'],
  [24 * 60 * MINUTE, '1 day ago'],
  [72 * 60 * MINUTE, '3 days ago'],
])('%d ms are %s', (milliseconds, text) => {
  expect(formatAgo(milliseconds)).toBe(text);
});

/** The lines of events that happen one after the other. */
function linesOf(work: (run: Script) => void, verbose = false): string[] {
  const run = script();
  const lines: string[] = [];
  const toLines = createEventLines(verbose);
  run.watch((event: PushEvent) => lines.push(...toLines(event)));
  work(run);
  return lines;
}

describe('a resumed push in a log', () => {
  const finished: PushEventBody = { type: 'stage-finished', stage: 'upload', durationMs: 1 };

  test('says at the start what is there, and at the end what it saved', () => {
    const lines = linesOf((run) => {
      run.emit(RESUMING);
      everyKind(run);
      run.emit(finished);
    });
    expect(lines).toEqual([
      'Resuming the push that was interrupted 12 minutes ago (from the Actions cache): 3 blobs finished and at least 512.0 MiB sent by then',
      'ghcr.io/octo/app: 1 resumed, 2 mounted, 1 already there (488.0 MiB sent, saved 512.0 MiB)',
      'localhost:5000/app: 1 uploaded, 1 resumed, 2 already there (992.0 MiB sent, saved 8.00 MiB)',
    ]);
  });

  test('says what it saved where nothing is left to send', () => {
    const lines = linesOf((run) => {
      finish(run, 'a', { mib: 200, outcome: 'exists', hint: 'resume' });
      run.emit(finished);
    });
    expect(lines).toEqual(['ghcr.io/octo/app: 1 already there (saved 200.0 MiB)']);
  });

  test('says that nothing could be used, if there was anything and a use for it', () => {
    const useless = (resuming: PushEventBody, outcome: BlobOutcome = 'uploaded'): string[] =>
      linesOf((run) => {
        run.emit(resuming);
        finish(run, 'a', { mib: 1, outcome });
        run.emit({ type: 'stage-finished', stage: 'open', durationMs: 1 });
        run.emit(finished);
      }).slice(1);
    const place = 'ghcr.io/octo/app: 1 uploaded (1.00 MiB sent)';
    expect(useless(RESUMING)).toEqual([
      place,
      'nothing that the interrupted push had sent could be used',
    ]);
    expect(useless({ ...RESUMING, blobs: 0, bytes: 0 })).toEqual([place]);
    expect(useless(RESUMING, 'exists')).toEqual(['ghcr.io/octo/app: 1 already there']);
  });

  test.each([
    [1, 0, ': 1 blob finished by then'],
    [2, 0, ': 2 blobs finished by then'],
    [0, MIB, ': at least 1.00 MiB sent by then'],
    [1, MIB, ': 1 blob finished and at least 1.00 MiB sent by then'],
    [0, 0, ''],
  ])('leaves out zeros: %d blobs, %d bytes', (blobs, bytes, ending) => {
    expect(linesOf((run) => run.emit({ ...RESUMING, blobs, bytes }))).toEqual([
      `Resuming the push that was interrupted 12 minutes ago (from the Actions cache)${ending}`,
    ]);
  });

  test('names where a blob goes on, and who knew of it, when verbose', () => {
    const short = (name: string): string => digest(name).slice(7, 19);
    const work = (run: Script): void => {
      const b = { digest: digest('b'), ...GHCR };
      run.emit({ type: 'blob-started', size: 1024 * MIB, ...b });
      run.emit({ type: 'blob-resumed', bytes: 300 * MIB, ...b });
      finish(run, 'a', { mib: 200, outcome: 'exists', hint: 'resume' });
      finish(run, 'd', { mib: 20, outcome: 'mounted', hint: 'record' });
    };
    expect(linesOf(work, true)).toEqual([
      `${short('b')}  1.00 GiB to ghcr.io/octo/app`,
      `${short('b')}  resumed at 300.0 MiB of 1.00 GiB in ghcr.io/octo/app`,
      `${short('a')}  already there in ghcr.io/octo/app (200.0 MiB, 10 ms), known from the interrupted push`,
      `${short('d')}  mounted in ghcr.io/octo/app (20.0 MiB, 10 ms), known from the record`,
    ]);
    expect(linesOf(work)).toEqual([]);
  });
});
