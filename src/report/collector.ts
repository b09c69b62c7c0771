import { EXIT_CODES, type PushError } from '../util/errors.ts';
import type { EventSink, Place } from '../util/events.ts';
import { printable } from '../util/text.ts';
import { createGathered, type FoundPush, type ImageReport } from './gathered.ts';
import type { PlaceReport, PushReport } from './push-report.ts';
import { savedByResuming, savedOf, sumOf } from './saved.ts';

/** A place and the tags that are to point at the image there. */
export interface TargetPlace extends Place {
  readonly tags: readonly string[];
}

export interface CollectorOptions {
  /** the source as people wrote it */
  readonly source: string;
  /** the order here is the order of the report; places that only events name come after */
  readonly places: readonly TargetPlace[];
  /** milliseconds since 1970 */
  readonly now: () => number;
  /** takes known secrets out of free text, while it is still as it was written */
  readonly redact?: (text: string) => string;
}

/** Gathers what a push tells while it runs into a report. */
export interface Collector {
  readonly sink: EventSink;
  /** What is known of the image beyond the events; later calls complete earlier ones. */
  describeImage(image: Partial<ImageReport>): void;
  /** The report as of now. Everything that did not end well is counted as not done. */
  report(status: PushReport['status'], error?: PushError): PushReport;
}

function errorOf(
  error: PushError,
  redact: (text: string) => string,
): NonNullable<PushReport['error']> {
  return {
    code: error.code,
    message: printable(redact(error.message), 2000),
    ...(error.stage ? { stage: error.stage } : {}),
    ...(error.hint ? { hint: printable(redact(error.hint), 2000) } : {}),
  };
}

function exitCodeOf(status: PushReport['status'], error: PushError | undefined): number {
  return status === 'success' || status === 'planned' ? 0 : EXIT_CODES[error?.code ?? 'GENERAL'];
}

type Sums = Pick<PushReport, 'bytesUploaded' | 'bytesSkipped' | 'bytesResumed' | 'saved'>;

function sumsOf(places: readonly PlaceReport[]): Sums {
  const sum = (key: 'bytesUploaded' | 'bytesSkipped' | 'bytesResumed'): number =>
    places.reduce((total, place) => total + place[key], 0);
  return {
    bytesUploaded: sum('bytesUploaded'),
    bytesSkipped: sum('bytesSkipped'),
    bytesResumed: sum('bytesResumed'),
    saved: savedOf(places.flatMap(({ blobs }) => blobs)),
  };
}

function resumeOf(
  found: FoundPush | undefined,
  places: readonly PlaceReport[],
): Pick<PushReport, 'resume'> {
  if (!found) return {};
  const blobs = places.flatMap((place) => place.blobs);
  return { resume: { ...found, bytesSaved: sumOf(blobs, savedByResuming) } };
}

/** Creates the sink that turns events into a report; the clock starts now. */
export function createCollector(options: CollectorOptions): Collector {
  const redact = options.redact ?? ((text: string) => text);
  const startedAt = options.now();
  const gathered = createGathered(redact);
  let known: Partial<ImageReport> = {};
  for (const place of options.places) gathered.tallyOf(place, place.tags);
  return {
    sink: gathered.sink,
    describeImage: (image) => {
      known = { ...known, ...image };
    },
    report: (status, error) => {
      const now = options.now();
      const image = gathered.image(known);
      const waits = gathered.waits.report();
      const notes = gathered.notes();
      const registries = gathered.registries();
      const places = gathered
        .tallies()
        .map((tally) => tally.report(status, gathered.waits.waitedMs(tally.registry, now)));
      return {
        schemaVersion: 1,
        status,
        exitCode: exitCodeOf(status, error),
        source: printable(redact(options.source), 1000),
        ...(image ? { image } : {}),
        places,
        ...(registries.length > 0 ? { registries } : {}),
        ...sumsOf(places),
        ...resumeOf(gathered.found(), places),
        startedAt: new Date(startedAt).toISOString(),
        durationMs: now - startedAt,
        warnings: gathered.warnings(),
        ...(waits.length > 0 ? { waits } : {}),
        ...(notes.length > 0 ? { notes } : {}),
        ...(error ? { error: errorOf(error, redact) } : {}),
      };
    },
  };
}
