/** The benchmarks are plain JavaScript; this says what their tests use of them. */
import { join } from 'node:path';

export interface Counters {
  readonly connections: number;
  readonly peakConnections: number;
  readonly requests: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly busyMs: number;
  readonly cpuMs: number;
}

export interface Link {
  readonly port: number;
  reset(): Promise<void>;
  counters(): Promise<Counters>;
  stop(): Promise<void>;
}

export interface LinkOptions {
  readonly rttMs: number;
  readonly bitsPerSecond: number;
  readonly windowBytes: number;
  readonly upstream: { readonly host: string; readonly port: number };
}

export interface Measurement {
  readonly wallMs: number;
  readonly cpuMs?: number;
  readonly peakRssMiB?: number;
}

export interface Limit {
  readonly row: string;
  readonly metric: string;
  readonly factor?: number;
  readonly than?: string;
  readonly plus?: number;
  readonly plusNode?: boolean;
}

export interface Result {
  readonly rows: Readonly<Record<string, Readonly<Record<string, number | undefined>>>>;
  readonly peers: readonly string[];
  readonly idealMs: number;
  readonly nodeMs: number;
}

export interface Verdict {
  readonly text: string;
  readonly ok?: boolean;
  readonly bound?: number;
}

async function load(name: string): Promise<unknown> {
  return await import(join(import.meta.dirname, '../../../bench/lib', name));
}

export const { startLink } = (await load('link.mjs')) as {
  startLink: (options: LinkOptions) => Promise<Link>;
};

export const { measure } = (await load('measure.mjs')) as {
  measure: (file: string, args: readonly string[]) => Promise<Measurement>;
};

export const { judge } = (await load('limits.mjs')) as {
  judge: (limit: Limit, result: Result) => Verdict;
};
