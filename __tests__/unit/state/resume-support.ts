import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf, type Digest } from '../../../src/oci/digest.ts';
import type { ReachedPoint } from '../../../src/state/resume-book.ts';
import { ResumeLedger, type LedgerOptions } from '../../../src/state/resume-ledger.ts';
import type { ResumeState } from '../../../src/state/resume-schema.ts';
import type { Place } from '../../../src/util/events.ts';

export const NAME = 'ghcr.io/octo/app:1.2';
export const IMAGE = digestOf('the image');
export const PLACE: Place = { registry: 'ghcr.io', repository: 'octo/app' };
export const MIB = 1024 * 1024;

/** Where a source file is, for the code of another process. */
export function sourceUrl(path: string): string {
  return new URL(`../../../src/${path}`, import.meta.url).href;
}

export function blob(name: string, size: number): Descriptor {
  const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
  return { mediaType, digest: digestOf(name), size };
}

/** A point of an upload; its checksum says how far it is. */
export function at(bytes: number, options: Partial<ReachedPoint> = {}): ReachedPoint {
  const location = 'https://ghcr.io/v2/octo/app/blobs/uploads/one?_state=abc';
  return { location, bytes, checksum: () => checksum(bytes), shareable: false, ...options };
}

export function checksum(bytes: number): Digest {
  return digestOf(`first ${bytes}`);
}

/** A state as a file may hold it. */
export function stateOf(fields: Partial<ResumeState> = {}): ResumeState {
  return {
    SchemaVersion: 1,
    Image: NAME,
    ImageDigest: IMAGE,
    LastCheckpoint: new Date().toISOString(),
    Places: [
      {
        Registry: PLACE.registry,
        Repository: PLACE.repository,
        UploadedLayers: {
          [digestOf('done')]: {
            Digest: digestOf('done'),
            BytesWritten: 70,
            TotalBytes: 70,
            Checksum: digestOf('done'),
          },
          [digestOf('half')]: {
            Digest: digestOf('half'),
            BytesWritten: 50,
            TotalBytes: 100,
            Checksum: checksum(50),
            Location: at(0).location,
            Shareable: false,
          },
        },
        Manifests: [digestOf('manifest')],
      },
    ],
    ...fields,
  };
}

export interface TestLedger {
  readonly ledger: ResumeLedger | undefined;
  readonly notes: string[];
  readonly warnings: string[];
}

export async function openLedger(
  directory: string,
  options: Partial<LedgerOptions> = {},
): Promise<TestLedger> {
  const notes: string[] = [];
  const warnings: string[] = [];
  const ledger = await ResumeLedger.open({
    directory,
    name: NAME,
    image: IMAGE,
    now: () => Date.now(),
    onNote: (message) => notes.push(message),
    onWarning: (message) => warnings.push(message),
    ...options,
  });
  return { ledger, notes, warnings };
}

/** The only state in a folder; undefined when there is none. */
export async function stateIn(directory: string): Promise<ResumeState | undefined> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json'));
  if (names.length > 1) throw new Error(`several states: ${names.join(', ')}`);
  if (names[0] === undefined) return undefined;
  return JSON.parse(await readFile(`${directory}/${names[0]}`, 'utf8')) as ResumeState;
}

const running = new Set<ChildProcess>();

/** Kills what a failed test has left running. Call it in afterEach. */
export function killPrograms(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Another process; it runs `code`, an ES module. */
export interface Program {
  /** the next line it prints; rejects when it ends before */
  line(): Promise<string>;
  /** kills it with SIGKILL and waits for its end */
  kill(): Promise<void>;
  /** waits for its end: the exit code, and everything it wrote to standard error */
  ended(): Promise<{ code: number | null; stderr: string }>;
}

export function startProgram(code: string): Program {
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const closed = once(child, 'close').finally(() => running.delete(child));
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    line: async () => {
      const { done, value } = await lines.next();
      if (done) throw new Error(`the program has ended: ${stderr}`);
      return value;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
    ended: async () => {
      const [exitCode] = (await closed) as [number | null];
      return { code: exitCode, stderr };
    },
  };
}
