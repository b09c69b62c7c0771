import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { carriesBlob } from './kinds.ts';
import type { RequestKind } from './kinds.ts';
import type { Route } from './routes.ts';
import type { RecordedRequest } from './types.ts';

/** A record while its request runs. */
export type LiveRecord = { -readonly [Key in keyof RecordedRequest]: RecordedRequest[Key] };

/** What the listener knows of a request before it is looked at. */
export interface Arrival {
  readonly request: IncomingMessage;
  readonly connection: number;
  readonly role: RecordedRequest['role'];
  readonly path: string;
  readonly query: URLSearchParams;
  readonly route: Route;
}

/** Keeps the list of requests and counts what is in flight. */
export class Recorder {
  #requests: LiveRecord[] = [];
  #running = new Set<LiveRecord>();
  #slots = new Set<LiveRecord>();
  #peakUploads = 0;
  #peakRequests = 0;
  connections = 0;
  committedBytes = 0;
  mounts = 0;
  duplicateUploads = 0;
  opened = 0;

  get requests(): readonly RecordedRequest[] {
    return this.#requests;
  }

  get peakUploads(): number {
    return this.#peakUploads;
  }

  get peakRequests(): number {
    return this.#peakRequests;
  }

  /** Takes an upload slot until the request ends; answers whether there was one. */
  takeSlot(record: LiveRecord, slots: number): boolean {
    if (this.#slots.size >= slots) return false;
    this.#slots.add(record);
    return true;
  }

  /** How many running requests satisfy a condition. */
  running(condition: (record: RecordedRequest) => boolean): number {
    return [...this.#running].filter(condition).length;
  }

  /** Starts the record of a request. */
  begin({ request, connection, role, path, query, route }: Arrival): LiveRecord {
    const record: LiveRecord = {
      id: this.#requests.length + 1,
      connection,
      role,
      method: request.method ?? '',
      url: request.url ?? '',
      path,
      query,
      headers: redact(request.headers),
      kind: route.kind,
      repo: route.repo,
      reference: route.reference ?? query.get('digest') ?? query.get('mount') ?? undefined,
      status: 0,
      bytesIn: 0,
      startedAt: Date.now(),
      finishedAt: 0,
      concurrent: this.#running.size + 1,
      cut: false,
      faulted: false,
    };
    this.#requests.push(record);
    this.#running.add(record);
    this.#peakRequests = Math.max(this.#peakRequests, this.#running.size);
    const uploads = this.running((r) => carriesBlob(r.kind));
    this.#peakUploads = Math.max(this.#peakUploads, uploads);
    return record;
  }

  end(record: LiveRecord): void {
    record.finishedAt = Date.now();
    this.#running.delete(record);
    this.#slots.delete(record);
  }

  byKind(): Partial<Record<RequestKind, number>> {
    return Object.fromEntries(tally(this.#requests.map((r) => r.kind)));
  }

  byStatus(): Record<string, number> {
    return Object.fromEntries(tally(this.#requests.map((r) => String(r.status))));
  }

  /** Bytes received in bodies of blobs. */
  blobBytes(): number {
    const blobs = this.#requests.filter((r) => carriesBlob(r.kind));
    return blobs.reduce((sum, r) => sum + r.bytesIn, 0);
  }

  clear(): void {
    this.#requests = [];
    this.#peakUploads = 0;
    this.#peakRequests = 0;
    this.connections = 0;
    this.committedBytes = 0;
    this.mounts = 0;
    this.duplicateUploads = 0;
    this.opened = 0;
  }
}

function redact(headers: IncomingHttpHeaders): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]): [string, string] => {
    const text = Array.isArray(value) ? value.join(', ') : (value ?? '');
    return [name, name.endsWith('authorization') ? (text.split(' ')[0] ?? '') : text];
  });
  return Object.fromEntries(entries);
}

function tally<Key>(values: readonly Key[]): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
