import type { Descriptor } from '../../../src/oci/descriptor.ts';
import type { PushEvent } from '../../../src/util/events.ts';
import type {
  Fault,
  RecordedRequest,
  RegistryOptions,
  StrictRegistry,
} from '../../support/registry/index.ts';
import type { Bench } from './index.ts';
import { bytesOf, type Layout } from './layout.ts';
import { run, type Run, type RunRequest } from './run.ts';
import type { State } from './state.ts';

export const MIB: number = 1024 * 1024;
/** Size of the layer that is interrupted, and how much of it the registry has got by then. */
export const SIZE: number = 3 * MIB;
export const KEPT = 1_234_567;

export interface InterruptOptions {
  readonly registry?: RegistryOptions;
  /** bytes of the layer the registry takes before the connection breaks */
  readonly kept?: number;
  readonly size?: number;
  /** a folder that others read as well */
  readonly shared?: boolean;
  /** what goes wrong instead */
  readonly fault?: Fault;
  /** for both pushes */
  readonly request?: Partial<RunRequest>;
}

/** A push that broke off in the middle of its layer, and what it takes to go on. */
export interface Interrupted {
  readonly registry: StrictRegistry;
  readonly layout: Layout;
  readonly state: State;
  readonly layer: Descriptor;
  readonly bytes: Buffer;
  /** whether the registry has the layer, every byte of it */
  readonly arrived: () => boolean;
  readonly root: Descriptor;
  readonly first: Run;
  /** pushes the same once more */
  readonly again: (request?: Partial<RunRequest>) => Promise<Second>;
}

export interface Second extends Run {
  readonly requests: readonly RecordedRequest[];
  /** of the layer: `kind status`, PATCHes and PUTs with `start+bytes` */
  readonly steps: readonly string[];
  /** bytes of the layer that came */
  readonly sent: number;
  readonly notes: readonly string[];
}

/** The note of a push that sends all of the layer again. */
export function startsOver({ host }: StrictRegistry, { digest }: Descriptor, why: string): string {
  return `Layer ${digest.slice(7, 19)} (3.00 MiB) starts over in ${host}/app: ${why}.`;
}

function stepOf({ kind, status, headers, bytesIn }: RecordedRequest): string {
  const start = /^\d+/.exec(headers['content-range'] ?? '')?.[0] ?? '0';
  const range = bytesIn > 0 ? ` ${start}+${bytesIn}` : '';
  return `${kind.replace('blob-upload-', '')}${range} ${status}`;
}

/** What a push did about one blob: every request of its sessions. */
export function stepsOf(
  requests: readonly RecordedRequest[],
  { digest }: Descriptor,
): readonly string[] {
  const ends = requests.filter(
    ({ kind, reference }) => kind === 'blob-upload-put' && reference === digest,
  );
  const large = requests.filter(
    ({ kind, bytesIn }) => kind.startsWith('blob-upload') && bytesIn > MIB / 4,
  );
  const asked = requests.filter(({ kind }) => kind === 'blob-upload-status');
  const paths = new Set([...ends, ...large, ...asked].map(({ path }) => path));
  return requests.filter(({ path }) => paths.has(path)).map(stepOf);
}

export function progressOf(
  events: readonly PushEvent[],
  { digest }: Descriptor,
): {
  readonly final: number;
  readonly least: number;
  readonly most: number;
} {
  let now = 0;
  let least = 0;
  let most = 0;
  for (const event of events) {
    if (!('digest' in event) || event.digest !== digest) continue;
    if (event.type === 'blob-progress' || event.type === 'blob-resumed') now += event.bytes;
    if (event.type === 'blob-restarted') now -= event.bytes;
    least = Math.min(least, now);
    most = Math.max(most, now);
  }
  return { final: now, least, most };
}

/** Pushes an image of one layer, whose upload breaks off. */
export async function interrupt(
  { registry: start, layout: create, state: keep }: Bench,
  {
    registry: options,
    kept = KEPT,
    size = SIZE,
    shared,
    fault,
    request = {},
  }: InterruptOptions = {},
): Promise<Interrupted> {
  const registry = await start(options);
  const [layout, state] = [create(), keep()];
  const bytes = bytesOf('layer', size);
  const layer = layout.blob(bytes);
  const root = layout.root(layout.image({ layers: [layer] }));
  const both: RunRequest = {
    source: layout.source,
    tags: [`${registry.host}/app:1`],
    state: { ...state.places, ...(shared ? { shared } : {}) },
    // The configuration, then the layer: else that one may be stopped just as it arrives.
    concurrency: 1,
    ...request,
  };
  const match = { path: 'blob-upload-put', reference: layer.digest };
  registry.faults.add(fault ?? { match, do: { cutAfterBytes: kept } });
  const first = await run({ ...both, attempts: 1 });
  const before = registry.requests.length;
  const again = async (more: Partial<RunRequest> = {}): Promise<Second> => {
    const second = await run({ ...both, ...more });
    const requests = registry.requests.slice(before);
    const steps = stepsOf(requests, layer);
    const sent = steps.reduce((sum, step) => sum + Number(/\+(\d+)/.exec(step)?.[1] ?? 0), 0);
    const notes = second.events.flatMap((event) => (event.type === 'note' ? [event.message] : []));
    return { ...second, requests, steps, sent, notes };
  };
  const arrived = (): boolean => registry.blob('app', layer.digest)?.equals(bytes) === true;
  return { registry, layout, state, layer, bytes, arrived, root, first, again };
}
