import { printable } from '../util/text.ts';

/**
 * Why the Actions cache did not do what it was asked to: `exists` and `denied` are no faults,
 * `entry` is one of what was found there, `service` one of the service or the way to it.
 */
export interface CacheProblem {
  readonly kind: 'exists' | 'denied' | 'entry' | 'service';
  /** a part of a sentence, safe to print */
  readonly reason: string;
}

const COMMAND = /^::(\w[\w-]*)(?: [^:]*)?::(.*)$/;
const MAX_LINE = 500;
const MAX_REASON = 160;

/** What the toolkit puts in front of the reason. */
const PREAMBLES = [
  /^.*Failed to (?:GetCacheEntryDownloadURL|CreateCacheEntry|FinalizeCacheEntryUpload): /,
  /^Attempt \d+ of \d+ failed with error: /,
  /^(?:Failed to (?:restore|save): |Cache reservation failed: )/,
  /^Received non-retryable error: /,
  /^Failed to make request after \d+ attempts: /,
  /^(?:Rate limited: |Unable to make request: )/,
  /^Failed request: /,
] as const;

/** A runner's command is undone: nothing of it may be one again. */
function undo(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}

/** What it has printed, without the commands: text by line, and the name of the command. */
function linesOf(output: string): readonly (readonly [command: string, text: string])[] {
  return output.split(/\r?\n/).flatMap((line) => {
    const [, command, data] = COMMAND.exec(line) ?? [];
    if (command === undefined || data === undefined) return [['', line] as const];
    // A mask says the very secret: the signature of a URL.
    if (command === 'add-mask') return [];
    return undo(data)
      .split(/\r?\n/)
      .map((text) => [command, text] as const);
  });
}

/** The URLs of archives are signed: who has one can read or replace the archive. */
function withoutQueries(text: string): string {
  return text.replace(/(https?:\/\/[^\s?"']+)\?[^\s"']*/g, '$1?…');
}

/** What may be shown of the toolkit's output, a line each, safe to print. */
export function toolkitLines(output: string): readonly string[] {
  return linesOf(output)
    .filter(([command, text]) => command !== 'debug' && text.trim() !== '')
    .map(([, text]) => printable(withoutQueries(text), MAX_LINE));
}

function reasonIn(text: string): string {
  let reason = text;
  for (const preamble of PREAMBLES) reason = reason.replace(preamble, '');
  return printable(withoutQueries(reason.replace(/\. Retrying request in.*$/, '')), MAX_REASON);
}

/** Told of a request that failed: the toolkit itself says less at the end, or something else. */
const REQUEST =
  /Failed to (?:GetCacheEntryDownloadURL|CreateCacheEntry|FinalizeCacheEntryUpload): /;
const WAITING = /^Attempt \d+ of \d+ failed with error: /;
const FAILED = /^Failed to (?:restore|save): |^uploadCacheArchiveSDK: |^Cache reservation failed: /;
const SERVICE =
  /getCacheEntry|reserveCache|commitCache|uploadC|request|Unable to make|EPROTO|ECONN/i;

/**
 * Why something failed, from what the toolkit has printed; undefined when it tells of no failure,
 * as for an entry that simply is not there.
 */
export function problemIn(output: string): CacheProblem | undefined {
  const texts = linesOf(output).map(([, text]) => text);
  const find = (pattern: RegExp): string | undefined =>
    texts.findLast((text) => pattern.test(text));
  const denied = find(/cache (?:read|write) denied: /);
  if (denied !== undefined) {
    const reason = denied.replace(/^.*(?=cache (?:read|write) denied: )/, '');
    return { kind: 'denied', reason: printable(reason, MAX_REASON) };
  }
  const request = find(REQUEST);
  const failed = find(FAILED);
  const told = request ?? failed ?? find(WAITING);
  if (told === undefined) return undefined;
  if (/\(409\)|already[ _]?exists?/i.test(told)) return { kind: 'exists', reason: reasonIn(told) };
  const ofEntry = request === undefined && told === failed && !SERVICE.test(told);
  return { kind: ofEntry ? 'entry' : 'service', reason: reasonIn(told) };
}
