import { shortDigest } from '../oci/digest.ts';
import type { Stage } from '../util/errors.ts';
import type { Place, PushEvent } from '../util/events.ts';
import { formatBytes, formatDuration } from '../util/text.ts';
import { HINT_WORDS, OUTCOME_WORDS, plural, tagWord } from './counts.ts';
import { dispatch, type EventHandlers, type EventOf } from './dispatch.ts';
import { createPlaceLines } from './place-lines.ts';
import { createResumeLines } from './resume-lines.ts';

/** The lines that an event is worth. */
export type EventLines = (event: PushEvent) => readonly string[];

// Stages that people wait for; the others are over before they are read.
const STAGE_LINES: Readonly<Partial<Record<Stage, string>>> = {
  open: 'opening the image',
  verify: 'verifying the incoming image',
  scan: 'scanning',
  sign: 'signing',
  publish: 'publishing the tags',
};

// Shorter waits are ordinary retries: they cost less time than reading about them.
const SHORT_WAIT_MS = 1000;

function nameOf(place: Place): string {
  return `${place.registry}/${place.repository}`;
}

function duration(milliseconds: number): string {
  return formatDuration(milliseconds).replace('.0 s', ' s');
}

/** `ghcr.io: 429 too many requests; asks to wait 30 s (attempt 3 of 10)` */
export function waitLine(wait: EventOf<'waiting'>): string {
  const { registry, reason, waitMs, attempt, attempts, announced } = wait;
  const what = reason.replace(/\.$/, '');
  const who = what.startsWith(registry) ? '' : `${registry}: `;
  const next = announced ? 'asks to wait' : 'trying again in';
  const count = attempts === undefined ? `attempt ${attempt}` : `attempt ${attempt} of ${attempts}`;
  return `${who}${what}; ${next} ${duration(waitMs)} (${count})`;
}

/** Tells each wait once, not once for every upload that waits. */
function createWaitLines(verbose: boolean): (wait: EventOf<'waiting'>) => readonly string[] {
  const told = new Map<string, { until: number; attempt: number }>();
  return (wait) => {
    const last = told.get(wait.registry);
    const known = last && wait.time < last.until && wait.attempt <= last.attempt;
    if (!verbose && (wait.waitMs < SHORT_WAIT_MS || known)) return [];
    told.set(wait.registry, { until: wait.time + wait.waitMs, attempt: wait.attempt });
    return [waitLine(wait)];
  };
}

function plannedLine(plan: EventOf<'planned'>): string {
  const content = `${plural(plan.manifests, 'manifest')}, ${plural(plan.blobs, 'blob')}`;
  const what = `${content} (${formatBytes(plan.bytes)})`;
  const places = plan.places.map(nameOf).join(', ');
  if (places === '') return `the source holds ${what}; no tags are given to push it to`;
  const line = plan.dryRun
    ? `dry run, nothing is written: would push ${what} to ${places}`
    : `pushing ${what} to ${places}`;
  const layers = plan.pending ?? 0;
  return layers === 0 ? line : `${line}; ${plural(layers, 'layer')} to be compressed first`;
}

/** A tag that was kept is a warning already. */
function settledLine(event: EventOf<'tag-settled'>): string | undefined {
  const { tag, status, reason } = event;
  if (status === 'kept') return undefined;
  return `${nameOf(event)}:${tag}: ${tagWord(status)}${reason === undefined ? '' : ` (${reason})`}`;
}

const PLAIN: EventHandlers<string | undefined> = {
  'stage-started': ({ stage }) => STAGE_LINES[stage],
  planned: plannedLine,
  'tag-published': (event) => `${nameOf(event)}:${event.tag} → ${event.digest}`,
  'tag-settled': settledLine,
  'layer-compressed': ({ from, to }) =>
    `compressed a layer from ${formatBytes(from)} to ${formatBytes(to)}`,
  note: ({ message }) => message,
};

const VERBOSE: EventHandlers<string> = {
  'blob-started': (event) =>
    `${shortDigest(event.digest)}  ${formatBytes(event.size)} to ${nameOf(event)}`,
  'blob-restarted': (event) => `${shortDigest(event.digest)}  starting again in ${nameOf(event)}`,
  'blob-finished': (event) => {
    const cost = `${formatBytes(event.size)}, ${formatDuration(event.durationMs)}`;
    const { digest, outcome, hint } = event;
    const known = hint ? `, ${HINT_WORDS[hint]}` : '';
    return `${shortDigest(digest)}  ${OUTCOME_WORDS[outcome]} in ${nameOf(event)} (${cost})${known}`;
  },
  'manifest-pushed': (event) =>
    `${shortDigest(event.digest)}  manifest ${OUTCOME_WORDS[event.outcome]} in ${nameOf(event)}`,
  'stage-finished': ({ stage, durationMs }) => `${stage} took ${formatDuration(durationMs)}`,
  detail: ({ message }) => message,
};

/** Turns events into lines for people; warnings are left to the caller. */
export function createEventLines(verbose: boolean): EventLines {
  const waits = createWaitLines(verbose);
  const places = createPlaceLines();
  const resume = createResumeLines(verbose);
  return (event) => {
    if (event.type === 'waiting') return waits(event);
    const lines = [verbose ? dispatch(VERBOSE, event) : undefined, dispatch(PLAIN, event)];
    return [...lines.filter((line) => line !== undefined), ...places(event), ...resume(event)];
  };
}
