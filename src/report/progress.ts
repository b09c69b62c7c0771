import type { Digest } from '../oci/digest.ts';
import type { EventSink, Place } from '../util/events.ts';
import { dispatch, type EventHandlers } from './dispatch.ts';
import { createRate, type Rate } from './rate.ts';

/** A blob that is under way. */
export interface ActiveBlob extends Place {
  readonly digest: Digest;
  readonly size: number;
  readonly bytes: number;
}

/** Where a push stands, over all workers and registries. */
export interface ProgressSnapshot {
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly blobsDone: number;
  readonly blobsTotal: number;
  readonly bytesPerSecond: number;
  /** undefined while it cannot be told, and when nothing is left */
  readonly remainingMs: number | undefined;
}

export interface Progress {
  readonly sink: EventSink;
  snapshot(): ProgressSnapshot;
  /** in the order they were started */
  active(): readonly ActiveBlob[];
}

interface Underway extends Place {
  readonly digest: Digest;
  readonly size: number;
  bytes: number;
}

interface State {
  places: number;
  plannedBytes: number;
  plannedBlobs: number;
  pending: number;
  finishedBytes: number;
  readonly active: Map<string, Underway>;
  readonly finished: Set<string>;
}

function keyOf(event: Place & { readonly digest: Digest }): string {
  return `${event.registry}/${event.repository}@${event.digest}`;
}

function move(state: State, event: Place & { readonly digest: Digest }, step: number): void {
  const blob = state.active.get(keyOf(event));
  if (blob) blob.bytes = Math.min(blob.size, Math.max(0, blob.bytes + step));
}

function handlersFor(state: State, rate: Rate): EventHandlers<void> {
  return {
    planned: ({ places, bytes, blobs, pending = 0 }) => {
      state.pending = pending;
      state.places = Math.max(1, places.length);
      state.plannedBytes += bytes;
      state.plannedBlobs = blobs;
    },
    'layer-compressed': ({ from, to }) => {
      // Until now the plan counted the layer as large as it is uncompressed.
      state.plannedBytes += to - from;
      state.pending -= 1;
    },
    'blob-started': (event) => {
      const { registry, repository, digest, size } = event;
      state.active.set(keyOf(event), { registry, repository, digest, size, bytes: 0 });
    },
    'blob-progress': (event) => {
      move(state, event, event.bytes);
      rate.add(event.bytes, event.time);
    },
    // In the registry since an earlier run: done, but not with the speed of this one.
    'blob-resumed': (event) => move(state, event, event.bytes),
    'blob-restarted': (event) => move(state, event, -event.bytes),
    'blob-finished': (event) => {
      const key = keyOf(event);
      state.active.delete(key);
      if (!state.finished.has(key)) state.finishedBytes += event.size;
      state.finished.add(key);
    },
  };
}

function snapshotOf(state: State, bytesPerSecond: number): ProgressSnapshot {
  const blobsDone = state.finished.size;
  // A plan that proves too small must not show more than everything.
  const blobsTotal = Math.max(state.plannedBlobs * state.places, blobsDone + state.active.size);
  let bytesDone = state.finishedBytes;
  let known = state.finishedBytes;
  for (const blob of state.active.values()) {
    bytesDone += blob.bytes;
    known += blob.size;
  }
  const planned = state.plannedBytes * state.places;
  const bytesTotal = Math.max(planned, known);
  const left = bytesTotal - bytesDone;
  // How long compressing takes, and what it leaves, the rate of sending does not tell.
  const predictable = left > 0 && bytesPerSecond >= 1 && state.pending <= 0;
  const remainingMs = predictable ? (left / bytesPerSecond) * 1000 : undefined;
  return { bytesDone, bytesTotal, blobsDone, blobsTotal, bytesPerSecond, remainingMs };
}

/**
 * Adds up what all workers report. Blobs that are already there, and what an interrupted push had sent,
 * count as done, but not for the rate; what a failed attempt had sent is taken away again. `planned` counts the image once and
 * layers that are still to be compressed by their full size: `layer-compressed` corrects it.
 */
export function createProgress(now: () => number): Progress {
  const rate = createRate();
  const state: State = {
    places: 1,
    plannedBytes: 0,
    plannedBlobs: 0,
    pending: 0,
    finishedBytes: 0,
    active: new Map(),
    finished: new Set(),
  };
  const handlers = handlersFor(state, rate);
  return {
    sink: (event) => dispatch(handlers, event),
    snapshot: () => snapshotOf(state, rate.perSecond(now())),
    active: () => [...state.active.values()],
  };
}
