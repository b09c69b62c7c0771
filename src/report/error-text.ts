import { messageOf, PushError } from '../util/errors.ts';
import { printable } from '../util/text.ts';

export interface ErrorTextOptions {
  /** also the causes and where it was thrown */
  readonly verbose: boolean;
  /** takes known secrets out of a line; causes come from libraries that do not know them */
  readonly redact?: (text: string) => string;
}

const MAX_LINE = 1000;
const MAX_CAUSES = 8;
const MAX_CODES = 5;

function codeOf(item: unknown): string | undefined {
  if (typeof item === 'string') return item;
  if (typeof item !== 'object' || item === null || !('code' in item)) return undefined;
  return typeof item.code === 'string' ? item.code : undefined;
}

function textField(error: PushError, name: string): string | undefined {
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * What the registry answered, in its own codes: `the registry answered 404 NAME_UNKNOWN`.
 * Looked for by shape, because reports must not depend on the registry client.
 * @returns undefined when the sentence says it already, unless verbose
 */
function registryLine(error: PushError, verbose: boolean): string | undefined {
  const status: unknown = Reflect.get(error, 'status');
  if (typeof status !== 'number') return undefined;
  const listed: unknown = Reflect.get(error, 'codes');
  const codes = (Array.isArray(listed) ? (listed as readonly unknown[]) : [])
    .slice(0, MAX_CODES)
    .map(codeOf)
    .filter((code) => code !== undefined);
  if (!verbose && codes.every((code) => error.message.includes(code))) return undefined;
  const request = [textField(error, 'method'), textField(error, 'url')].join(' ').trim();
  const id = textField(error, 'requestId');
  const parts = [`the registry answered ${status}`];
  if (codes.length > 0) parts.push(codes.join(', '));
  if (verbose && request !== '') parts.push(`to ${request}`);
  if (id !== undefined) parts.push(`(request ${printable(id, 100)})`);
  return parts.join(' ');
}

/** A message, or what a thrown value has instead of one. */
function describe(thrown: unknown): string {
  const message = messageOf(thrown);
  const code =
    Error.isError(thrown) && 'code' in thrown && !(thrown instanceof PushError)
      ? String(thrown.code)
      : '';
  if (message === '') return code || (Error.isError(thrown) ? thrown.name : 'unknown error');
  return code === '' || message.includes(code) ? message : `${message} (${code})`;
}

function causesOf(thrown: unknown): readonly unknown[] {
  if (!Error.isError(thrown)) return [];
  // Node tries several addresses of a host and throws what all of them said in one error.
  const together: readonly unknown[] = thrown instanceof AggregateError ? thrown.errors : [];
  return thrown.cause === undefined ? together : [thrown.cause, ...together];
}

function causeLines(thrown: unknown): string[] {
  const lines: string[] = [];
  const seen = new Set<unknown>([thrown]);
  const queue = [...causesOf(thrown)];
  for (const cause of queue) {
    if (seen.has(cause) || lines.length >= MAX_CAUSES) continue;
    seen.add(cause);
    lines.push(`caused by: ${describe(cause)}`);
    queue.push(...causesOf(cause));
  }
  return lines;
}

function stackLines(thrown: unknown): string[] {
  if (!Error.isError(thrown) || !thrown.stack) return [];
  return thrown.stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim());
}

/**
 * An error as lines for people: the sentence, then what the registry said and the way out.
 * Every line is printable. The first has no prefix: how an error is marked is the shell's business.
 */
export function errorLines(thrown: unknown, options: ErrorTextOptions): string[] {
  const redact = options.redact ?? ((text: string) => text);
  const line = (text: string, indent = ''): string => indent + printable(redact(text), MAX_LINE);
  const registry = thrown instanceof PushError ? registryLine(thrown, options.verbose) : undefined;
  const lines = [line(describe(thrown))];
  if (registry) lines.push(line(registry, '  '));
  if (thrown instanceof PushError && thrown.hint) lines.push(line(`→ ${thrown.hint}`));
  if (options.verbose) {
    lines.push(...causeLines(thrown).map((text) => line(text, '  ')));
    lines.push(...stackLines(thrown).map((text) => line(text, '    ')));
  }
  return lines;
}
