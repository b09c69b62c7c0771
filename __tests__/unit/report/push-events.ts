import { digestOf, type Digest } from '../../../src/oci/digest.ts';
import { createEmitter, type Emit, type EventSink } from '../../../src/util/events.ts';

export const MIB = 1024 * 1024;
export const START = Date.UTC(2026, 0, 2, 3, 4, 5);

export const GHCR = { registry: 'ghcr.io', repository: 'octo/app' };
export const LOCAL = { registry: 'localhost:5000', repository: 'app' };

export const digest = (name: string): Digest => digestOf(name);

/** Texts that a registry, an image or a person may send to break what is printed. */
export const HOSTILE: readonly string[] = [
  '</details><script>alert(1)</script>',
  '![x](https://evil.example/x.png) [click](https://evil.example)',
  '@octocat #12 GH-12 www.evil.example mailto:a@b.example',
  'a | b `code` **bold** _it_ ~~no~~ $x$ \\| \\` ``` <!--',
  'one\n\n# two\r\n::error::three\u2028##[set-output name=x]y\u001b[31m',
  '\u202eright to left\u200b',
];

/** What must be in no line that is printed: control characters and a runner's commands. */
// oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
export const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]|::|##\[/;

export interface Script {
  readonly emit: Emit;
  watch(sink: EventSink): void;
  readonly now: () => number;
  /** lets time pass, milliseconds */
  pass(milliseconds: number): void;
}

/** Emits events at times the test decides. */
export function script(): Script {
  const sinks: EventSink[] = [];
  let time = START;
  const now = (): number => time;
  return {
    emit: createEmitter([(event) => sinks.forEach((sink) => sink(event))], now),
    watch: (sink) => {
      sinks.push(sink);
    },
    now,
    pass: (milliseconds) => {
      time += milliseconds;
    },
  };
}
