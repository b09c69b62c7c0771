import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  bar,
  createTerminalProgress,
  type TerminalProgressOptions,
} from '../../../src/cli/terminal-progress.ts';
import type { ProgressReporter } from '../../../src/report/log-progress.ts';
import { createEmitter, type Emit } from '../../../src/util/events.ts';
import { digest, GHCR, LOCAL, MIB, START } from './push-events.ts';

const ESC = '\u001b';

/** Understands just the escapes that are used: what a person would see, and the cursor. */
function screen(): {
  write(text: string): void;
  rows(): string[];
  cursor(): boolean;
  writes: string[];
} {
  const rows: string[] = [''];
  const writes: string[] = [];
  let row = 0;
  let visible = true;
  const apply = (token: string): void => {
    const up = /\[(\d+)A/.exec(token)?.[1];
    if (up) row = Math.max(0, row - Number(up));
    else if (token === `${ESC}[J`) rows.splice(row, rows.length, '');
    else if (token === `${ESC}[?25l`) visible = false;
    else if (token === `${ESC}[?25h`) visible = true;
    else if (token === '\n') {
      row += 1;
      rows[row] ??= '';
    } else if (!token.startsWith(ESC) && token !== '\r') rows[row] += token;
  };
  return {
    writes,
    write: (text) => {
      writes.push(text);
      // oxlint-disable-next-line no-control-regex -- escapes are exactly what is looked for
      for (const [token] of text.matchAll(/\u001b\[\??\d*[A-Za-z]|\n|\r|[^\u001b\n\r]+/g))
        apply(token);
    },
    rows: () => rows.filter((line) => line !== ''),
    cursor: () => visible,
  };
}

function setUp(
  options: Partial<TerminalProgressOptions> & { columns?: number; isTTY?: boolean } = {},
): {
  seen: ReturnType<typeof screen>;
  emit: Emit;
  reporter: ProgressReporter;
} {
  const seen = screen();
  const { columns = 120, isTTY = true, ...rest } = options;
  const reporter = createTerminalProgress({
    terminal: { isTTY, columns, rows: 24, write: (text) => seen.write(text) },
    color: false,
    verbosity: 'normal',
    now: () => Date.now(),
    ...rest,
  });
  return { seen, reporter, emit: createEmitter([reporter.sink], () => Date.now()) };
}

function start(emit: Emit, blobs = 2): void {
  emit({ type: 'planned', places: [GHCR], blobs, bytes: blobs * 10 * MIB, manifests: 1 });
  emit({ type: 'stage-started', stage: 'upload' });
  for (let index = 0; index < blobs; index += 1) {
    emit({ type: 'blob-started', digest: digest(`${index}`), size: 10 * MIB, ...GHCR });
  }
  emit({ type: 'blob-progress', digest: digest('0'), bytes: 5 * MIB, ...GHCR });
}

const short = (name: string): string => digest(name).slice(7, 19);
const PLANNED = 'pushing 1 manifest, 2 blobs (20.0 MiB) to ghcr.io/octo/app';

beforeEach(() => {
  jest.useFakeTimers({ now: START });
});
afterEach(() => {
  jest.useRealTimers();
});

test.each([
  [0, 10, '[          ]'],
  [5, 10, '[====>     ]'],
  [10, 10, '[==========]'],
  [0, 0, '[          ]'],
  [20, 10, '[==========]'],
])('a bar of %d/%d', (done, total, text) => {
  expect(bar(done, total, 10)).toBe(text);
});

describe('on a terminal', () => {
  test('draws the whole and the blobs under way', () => {
    const { seen, emit } = setUp();
    start(emit);
    jest.advanceTimersByTime(1000);
    expect(seen.rows()).toEqual([
      PLANNED,
      '[=====>                  ] 5.00 MiB of 20.0 MiB (25 %)  0/2 blobs  5.00 MiB/s  about 3 s left',
      `  ${short('0')} [===========>            ] 5.00 MiB of 10.0 MiB`,
      `  ${short('1')} [                        ] 0 B of 10.0 MiB`,
    ]);
    expect(seen.cursor()).toBe(false);
  });

  test('draws what an interrupted push had sent as done, and says so above', () => {
    const { seen, emit } = setUp();
    emit({ type: 'resuming', since: START, blobs: 0, bytes: 5 * MIB, from: '/x/resume' });
    start(emit);
    emit({ type: 'blob-resumed', digest: digest('1'), bytes: 5 * MIB, ...GHCR });
    jest.advanceTimersByTime(1000);
    expect(seen.rows()).toEqual([
      'Resuming the push that was interrupted less than a minute ago (from /x/resume): at least 5.00 MiB sent by then',
      PLANNED,
      '[===========>            ] 10.0 MiB of 20.0 MiB (50 %)  0/2 blobs  5.00 MiB/s  about 2 s left',
      `  ${short('0')} [===========>            ] 5.00 MiB of 10.0 MiB`,
      `  ${short('1')} [===========>            ] 5.00 MiB of 10.0 MiB`,
    ]);
  });

  test('keeps finished lines above the bars and takes the bars away at the end', () => {
    const { seen, emit, reporter } = setUp();
    start(emit);
    jest.advanceTimersByTime(200);
    emit({ type: 'warning', message: `careful${ESC}[2J` });
    expect(seen.cursor()).toBe(true);
    jest.advanceTimersByTime(100);
    expect(seen.rows()[1]).toBe('warning: careful [2J');
    expect(seen.rows()).toHaveLength(5);
    reporter.stop();
    reporter.stop();
    expect(seen.rows()).toEqual([PLANNED, 'warning: careful [2J']);
    expect(seen.cursor()).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('ends the bars with the upload, and goes on with lines', () => {
    const { seen, emit } = setUp();
    start(emit);
    jest.advanceTimersByTime(100);
    emit({ type: 'stage-finished', stage: 'upload', durationMs: 1 });
    emit({ type: 'tag-published', tag: 'x', digest: digest('m'), ...GHCR });
    jest.advanceTimersByTime(1000);
    expect(seen.rows()).toEqual([PLANNED, `ghcr.io/octo/app:x → ${digest('m')}`]);
    expect(seen.cursor()).toBe(true);
  });

  test('draws ten times a second at most, and not when nothing changed', () => {
    const { seen, emit } = setUp();
    start(emit);
    const before = seen.writes.length;
    for (let index = 0; index < 1000; index += 1) {
      emit({ type: 'blob-progress', digest: digest('0'), bytes: 1024, ...GHCR });
      jest.advanceTimersByTime(1);
    }
    expect(seen.writes.length - before).toBe(10);
    jest.advanceTimersByTime(60_000);
    const idle = seen.writes.length;
    jest.advanceTimersByTime(60_000);
    expect(seen.writes).toHaveLength(idle);
  });

  test('wraps no line and shows no more blobs than fit', () => {
    const { seen, emit } = setUp({ columns: 30, maximumBlobs: 3 });
    start(emit, 20);
    jest.advanceTimersByTime(100);
    const drawn = seen.rows().slice(1);
    expect(drawn).toHaveLength(5);
    expect(Math.max(...drawn.map((line) => line.length))).toBe(29);
    expect(drawn[4]).toBe('  … and 17 more');
  });

  test('names the places when there are several', () => {
    const { seen, emit } = setUp({ columns: 100 });
    start(emit, 1);
    emit({ type: 'blob-started', digest: digest('0'), size: 10 * MIB, ...LOCAL });
    jest.advanceTimersByTime(100);
    expect(seen.rows().slice(2)).toEqual([
      `  ${short('0')} [=====>      ] 5.00 MiB of 10.0 MiB  ghcr.io/octo/app`,
      `  ${short('0')} [            ] 0 B of 10.0 MiB  localhost:5000/app`,
    ]);
  });

  test('has colour only where it is wanted', () => {
    const colourful = setUp({ color: true });
    start(colourful.emit);
    jest.advanceTimersByTime(100);
    expect(colourful.seen.writes.join('')).toContain(`${ESC}[32m=====>${ESC}[39m`);
    const plain = setUp();
    start(plain.emit);
    jest.advanceTimersByTime(100);
    // oxlint-disable-next-line no-control-regex -- escapes are exactly what is looked for
    expect(plain.seen.writes.join('')).not.toMatch(/\u001b\[\d+m/);
  });
});

test('without a terminal it writes plain lines', () => {
  const { seen, emit } = setUp({ isTTY: false });
  start(emit);
  jest.advanceTimersByTime(3000);
  expect(seen.writes).toHaveLength(2);
  expect(seen.writes.join('')).not.toContain(ESC);
  expect(seen.writes[1]).toMatch(/^uploading {2}5\.00 MiB of 20\.0 MiB .*\n$/);
});

test('quiet is quiet on a terminal too', () => {
  const { seen, emit } = setUp({ verbosity: 'quiet' });
  start(emit);
  jest.advanceTimersByTime(3000);
  expect(seen.writes).toEqual([]);
});
