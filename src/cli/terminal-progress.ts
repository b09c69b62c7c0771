import { shortDigest } from '../oci/digest.ts';
import {
  createLogProgress,
  type LogProgressOptions,
  type ProgressReporter,
} from '../report/log-progress.ts';
import { formatProgress, percentOf } from '../report/progress-text.ts';
import { createProgress, type ActiveBlob, type Progress } from '../report/progress.ts';
import { formatBytes, printable } from '../util/text.ts';

/** What is needed of `process.stderr`. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export interface TerminalProgressOptions extends Omit<LogProgressOptions, 'write' | 'aggregate'> {
  readonly terminal: Terminal;
  /** false where NO_COLOR is set */
  readonly color: boolean;
  /** how many blobs under way are shown at most */
  readonly maximumBlobs?: number;
}

const REDRAW_MS = 100;
const WIDE_BAR = 24;
const NARROW_BAR = 12;
const WIDE_COLUMNS = 110;
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_BELOW = '\r\u001b[J';

/** `[=====>    ]`: plain characters, because every terminal on every system has them. */
export function bar(done: number, total: number, width: number): string {
  const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : 0;
  const filled = Math.floor(share * width);
  const tip = filled > 0 && filled < width ? '>' : '';
  return `[${('='.repeat(filled - tip.length) + tip).padEnd(width)}]`;
}

function blobLine(blob: ActiveBlob, width: number, withPlace: boolean): string {
  const { digest, bytes, size } = blob;
  const place = withPlace ? `  ${printable(placeOf(blob))}` : '';
  const amount = `${formatBytes(bytes)} of ${formatBytes(size)}`;
  return `  ${shortDigest(digest)} ${bar(bytes, size, width)} ${amount}${place}`;
}

function placeOf({ registry, repository }: ActiveBlob): string {
  return `${registry}/${repository}`;
}

function linesOf(progress: Progress, options: TerminalProgressOptions): string[] {
  const snapshot = progress.snapshot();
  const { columns = DEFAULT_COLUMNS, rows = DEFAULT_ROWS } = options.terminal;
  const width = columns < WIDE_COLUMNS ? NARROW_BAR : WIDE_BAR;
  const active = progress.active();
  const severalPlaces = new Set(active.map(placeOf)).size > 1;
  // One row for the total, one for what follows, one for the cursor.
  const room = Math.max(0, Math.min(options.maximumBlobs ?? 8, rows - 3));
  const more = active.length - room;
  const lines = [
    `${bar(percentOf(snapshot), 100, width)} ${formatProgress(snapshot)}`,
    ...active.slice(0, room).map((blob) => blobLine(blob, width, severalPlaces)),
  ];
  if (more > 0) lines.push(`  … and ${more} more`);
  // A line that wraps would be two lines, and the next drawing would start one too low.
  const cut = lines.map((line) => line.slice(0, Math.max(1, columns - 1)));
  return options.color ? cut.map(paint) : cut;
}

function paint(line: string): string {
  return line.replace(/[=>]+/, (filled) => `\u001b[32m${filled}\u001b[39m`);
}

/** Draws lines at the bottom of the terminal and takes them away again. */
function createCanvas(terminal: Terminal): { draw(lines: readonly string[]): void; clear(): void } {
  let drawn = 0;
  let last = '';
  const erase = (): string => (drawn > 0 ? `\u001b[${drawn}A${CLEAR_BELOW}` : '');
  return {
    draw: (lines) => {
      const picture = lines.map((line) => `${line}\n`).join('');
      if (drawn > 0 && picture === last) return;
      // In one write: between two, the terminal would show half a picture.
      terminal.write(`${drawn === 0 ? HIDE_CURSOR : erase()}${picture}`);
      drawn = lines.length;
      last = picture;
    },
    clear: () => {
      if (drawn > 0) terminal.write(`${erase()}${SHOW_CURSOR}`);
      drawn = 0;
    },
  };
}

/**
 * Progress for a terminal: a bar for everything, one for each blob under way, and lines above
 * them for what is finished. Where there is no terminal it writes log lines instead.
 * `stop` takes the bars away and shows the cursor again: call it on every way out.
 */
export function createTerminalProgress(options: TerminalProgressOptions): ProgressReporter {
  const { terminal } = options;
  if (options.verbosity === 'quiet' || !terminal.isTTY) {
    return createLogProgress({ ...options, write: (line) => terminal.write(`${line}\n`) });
  }
  const canvas = createCanvas(terminal);
  const progress = createProgress(options.now);
  const above = (write: () => void): void => {
    canvas.clear();
    write();
  };
  const { warn } = options;
  const log = createLogProgress({
    ...options,
    aggregate: false,
    write: (line) => above(() => terminal.write(`${line}\n`)),
    ...(warn ? { warn: (message) => above(() => warn(message)) } : {}),
  });
  let timer: NodeJS.Timeout | undefined;
  const stopBars = (): void => {
    clearInterval(timer);
    timer = undefined;
    canvas.clear();
  };
  const startBars = (): void => {
    timer ??= setInterval(() => canvas.draw(linesOf(progress, options)), REDRAW_MS).unref();
  };
  return {
    sink: (event) => {
      progress.sink(event);
      if (event.type === 'stage-finished' && event.stage === 'upload') stopBars();
      log.sink(event);
      if (event.type === 'stage-started' && event.stage === 'upload') startBars();
    },
    stop: () => {
      stopBars();
      log.stop();
    },
  };
}
