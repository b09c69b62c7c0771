import type { Digest } from '../oci/digest.ts';
import type { EventSink, Place, PushEvent } from '../util/events.ts';
import { printable } from '../util/text.ts';
import { dispatch, type EventHandlers, type EventOf } from './dispatch.ts';
import { createPlaceTally, type PlaceTally } from './place-tally.ts';
import type { PushReport, RegistryReport, ResumeReport } from './push-report.ts';
import { ageOf } from './resume-text.ts';
import { createWaitTally, type WaitTally } from './wait-tally.ts';

const MAX_MESSAGES = 50;

/** What a report says of the image. */
export type ImageReport = NonNullable<PushReport['image']>;

/** An interrupted push as it was found, before anybody knows what it is good for. */
export type FoundPush = Omit<ResumeReport, 'bytesSaved'>;

/** What events have told so far. */
export interface Gathered {
  readonly sink: EventSink;
  readonly waits: WaitTally;
  /** the tally of a place, created with its first mention */
  tallyOf(place: Place, tags?: readonly string[]): PlaceTally;
  tallies(): readonly PlaceTally[];
  warnings(): readonly string[];
  notes(): readonly string[];
  registries(): readonly RegistryReport[];
  found(): FoundPush | undefined;
  /** The image as events tell of it, completed by what is known otherwise. */
  image(known: Partial<ImageReport>): ImageReport | undefined;
}

/** Registries and images choose the words of messages: equal ones count once, and not all are kept. */
function createMessages(what: string): { add(message: string): void; all(): readonly string[] } {
  const kept = new Set<string>();
  let dropped = 0;
  return {
    add: (message) => {
      const text = printable(message, 500);
      if (kept.size < MAX_MESSAGES) kept.add(text);
      else if (!kept.has(text)) dropped += 1;
    },
    all: () => (dropped === 0 ? [...kept] : [...kept, `${dropped} more ${what}`]),
  };
}

/** Sums of the plan, which counts layers that are still to be compressed by their full size. */
function createImageFacts(): {
  readonly handlers: EventHandlers<void>;
  complete(known: Partial<ImageReport>): ImageReport | undefined;
} {
  let facts: Omit<ImageReport, 'digest' | 'mediaType'> | undefined;
  let compressed = 0;
  // Where each platform has tags of its own, none of their digests is that of the whole image.
  const roots = new Set<Digest>();
  return {
    handlers: {
      planned: ({ bytes, blobs, manifests }) => {
        facts = { size: bytes, blobs, manifests, platforms: [] };
      },
      'layer-compressed': ({ from, to }) => {
        compressed += to - from;
      },
      'tag-published': ({ digest }) => {
        roots.add(digest);
      },
    },
    complete: (known) => {
      const [root] = roots.size === 1 ? roots : [];
      if (!facts && !root && !known.digest) return undefined;
      const { size, ...counts } = facts ?? { size: 0, blobs: 0, manifests: 0, platforms: [] };
      return {
        size: size + compressed,
        ...counts,
        ...(root ? { digest: root } : {}),
        ...known,
      };
    },
  };
}

function foundPush(event: EventOf<'resuming'>, from: string): FoundPush {
  const { time, blobs, bytes } = event;
  const ageMs = ageOf(event);
  const since = new Date(time - ageMs).toISOString();
  return { since, ageMs, from: printable(from, 1000), blobs, bytes };
}

/** What belongs to one place goes to its tally. */
function placeHandlers(
  tallyOf: Gathered['tallyOf'],
  tallies: ReadonlyMap<string, PlaceTally>,
): EventHandlers<void> {
  const toPlace = (event: PushEvent & Place): void => tallyOf(event).take(event);
  return {
    'blob-started': toPlace,
    'blob-finished': toPlace,
    'manifest-pushed': toPlace,
    'place-filled': toPlace,
    'tag-published': toPlace,
    'tag-settled': toPlace,
    'registry-failed': ({ registry, message }) => {
      for (const tally of tallies.values()) if (tally.registry === registry) tally.fail(message);
    },
  };
}

/**
 * Creates the memory of a report.
 * @param redact takes secrets out of what others have worded, before it is made printable
 */
export function createGathered(redact: (text: string) => string): Gathered {
  const tallies = new Map<string, PlaceTally>();
  const waits = createWaitTally();
  const warnings = createMessages('warnings');
  const notes = createMessages('notes');
  const image = createImageFacts();
  const registries = new Map<string, RegistryReport>();
  let found: FoundPush | undefined;
  const tallyOf: Gathered['tallyOf'] = (place, tags = []) => {
    const key = `${place.registry}/${place.repository}`;
    const tally = tallies.get(key) ?? createPlaceTally(place, tags, redact);
    tallies.set(key, tally);
    return tally;
  };
  const handlers: EventHandlers<void> = {
    planned: (event) => {
      for (const place of event.places) tallyOf(place).want(place.tags ?? []);
    },
    ...placeHandlers(tallyOf, tallies),
    resuming: (event) => {
      found = foundPush(event, redact(event.from));
    },
    waiting: (event) => waits.add({ ...event, reason: redact(event.reason) }),
    'registry-settled': ({ type: _type, id: _id, parent: _parent, time: _time, ...settled }) => {
      registries.set(settled.registry, settled);
    },
    warning: (event) => warnings.add(redact(event.message)),
    note: (event) => notes.add(redact(event.message)),
  };
  return {
    sink: (event) => {
      dispatch(image.handlers, event);
      dispatch(handlers, event);
    },
    waits,
    tallyOf,
    tallies: () => [...tallies.values()],
    warnings: () => warnings.all(),
    notes: () => notes.all(),
    registries: () => [...registries.values()],
    found: () => found,
    image: (known) => image.complete(known),
  };
}
