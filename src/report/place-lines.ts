import type { BlobOutcome, Place, PushEvent } from '../util/events.ts';
import { formatBytes } from '../util/text.ts';
import { formatOutcomes } from './counts.ts';
import { dispatch, type EventHandlers, type EventOf } from './dispatch.ts';
import { savedByResuming, sentBytes } from './saved.ts';

interface PlaceState {
  readonly name: string;
  readonly outcomes: BlobOutcome[];
  bytesSent: number;
  /** by an interrupted push that went on */
  bytesSaved: number;
  manifests: number;
  told: boolean;
}

function lineOf({ name, outcomes, bytesSent, bytesSaved }: PlaceState): string {
  // Where the whole image is there already, no blob is asked for.
  const what = formatOutcomes(outcomes, ', ') || 'already there';
  const costs = [
    ...(bytesSent > 0 ? [`${formatBytes(bytesSent)} sent`] : []),
    ...(bytesSaved > 0 ? [`saved ${formatBytes(bytesSaved)}`] : []),
  ];
  return `${name}: ${what}${costs.length > 0 ? ` (${costs.join(', ')})` : ''}`;
}

/** Notices when a place has the whole image, and says so once. */
export function createPlaceLines(): (event: PushEvent) => readonly string[] {
  const places = new Map<string, PlaceState>();
  let plan: EventOf<'planned'> | undefined;
  const stateOf = ({ registry, repository }: Place): PlaceState => {
    const name = `${registry}/${repository}`;
    const fresh = { name, outcomes: [], bytesSent: 0, bytesSaved: 0, manifests: 0, told: false };
    const state = places.get(name) ?? fresh;
    places.set(name, state);
    return state;
  };
  const tell = (states: Iterable<PlaceState>): string[] => {
    const untold = [...states].filter((state) => !state.told);
    for (const state of untold) state.told = true;
    return untold.map(lineOf);
  };
  const tellIfComplete = (state: PlaceState): string[] => {
    if (!plan || state.outcomes.length < plan.blobs || state.manifests < plan.manifests) return [];
    return tell([state]);
  };
  const handlers: EventHandlers<readonly string[]> = {
    planned: (event) => {
      plan = event;
      return [];
    },
    'blob-finished': (event) => {
      const state = stateOf(event);
      state.outcomes.push(event.outcome);
      state.bytesSent += sentBytes(event);
      state.bytesSaved += savedByResuming(event);
      return tellIfComplete(state);
    },
    'manifest-pushed': (event) => {
      const state = stateOf(event);
      state.manifests += 1;
      return tellIfComplete(state);
    },
    'stage-finished': ({ stage }) => (stage === 'upload' ? tell(places.values()) : []),
  };
  return (event) => dispatch(handlers, event) ?? [];
}
