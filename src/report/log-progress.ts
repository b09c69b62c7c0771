import type { EventSink, PushEvent } from '../util/events.ts';
import { formatBytes, printable } from '../util/text.ts';
import { createEventLines, type EventLines } from './event-lines.ts';
import { formatProgress } from './progress-text.ts';
import { createProgress, type Progress } from './progress.ts';

export type Verbosity = 'quiet' | 'normal' | 'verbose';

export interface LogProgressOptions {
  /** receives one line without its end; the line is safe to print */
  readonly write: (line: string) => void;
  /** receives warnings where they have a place of their own (annotations); else they are lines */
  readonly warn?: (message: string) => void;
  readonly verbosity: Verbosity;
  /** takes known secrets out of a line, while it is still as it was written */
  readonly redact?: (text: string) => string;
  /** milliseconds since 1970 */
  readonly now: () => number;
  /** false where something else shows the progress: only what happened is written */
  readonly aggregate?: boolean;
}

/** Progress as lines, and the way to end it. */
export interface ProgressReporter {
  readonly sink: EventSink;
  /** Ends all output; safe to call twice. */
  stop(): void;
}

const FIRST_LINE_MS = 3000;
const NEXT_LINE_MS = 10_000;
const MAX_LINE = 1000;

/** Writes a line every 10 s, the first after 3 s, as long as something changes. */
function createTicker(
  progress: Progress,
  say: (line: string) => void,
): { start(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let last = '';
  const schedule = (delay: number): void => {
    timer = setTimeout(() => {
      const snapshot = progress.snapshot();
      const state = `${formatBytes(snapshot.bytesDone)} ${snapshot.bytesTotal} ${snapshot.blobsDone}`;
      if (state !== last) say(`uploading  ${formatProgress(snapshot)}`);
      last = state;
      schedule(NEXT_LINE_MS);
    }, delay);
    // A push that is done must not wait for its own progress.
    timer.unref();
  };
  return {
    start: () => {
      if (timer === undefined) schedule(FIRST_LINE_MS);
    },
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

function handler(
  lines: EventLines,
  say: (line: string) => void,
  warn: (message: string) => void,
): EventSink {
  return (event) => {
    if (event.type === 'warning') warn(event.message);
    else for (const line of lines(event)) say(line);
  };
}

function isUpload(event: PushEvent, type: 'stage-started' | 'stage-finished'): boolean {
  return event.type === type && event.stage === 'upload';
}

/**
 * Progress for logs: one aggregated line now and then, and one line for whatever is finished.
 * Quiet writes nothing at all: errors are the shells' to print.
 */
export function createLogProgress(options: LogProgressOptions): ProgressReporter {
  if (options.verbosity === 'quiet') return { sink: () => {}, stop: () => {} };
  let stopped = false;
  const redact = options.redact ?? ((text: string) => text);
  // In this order: a secret that was made printable, or cut, is no longer found.
  const safe = (text: string): string => printable(redact(text), MAX_LINE);
  // The one place through which every line goes: no text of a server reaches a log as it is.
  const say = (line: string): void => {
    if (!stopped) options.write(safe(line));
  };
  const warn = (message: string): void =>
    options.warn ? options.warn(safe(message)) : say(`warning: ${message}`);
  const progress = createProgress(options.now);
  const ticker = createTicker(progress, say);
  const handle = handler(createEventLines(options.verbosity === 'verbose'), say, warn);
  const aggregate = options.aggregate ?? true;
  return {
    sink: (event) => {
      if (stopped) return;
      if (aggregate) progress.sink(event);
      if (aggregate && isUpload(event, 'stage-started')) ticker.start();
      if (isUpload(event, 'stage-finished')) ticker.stop();
      handle(event);
    },
    stop: () => {
      stopped = true;
      ticker.stop();
    },
  };
}
