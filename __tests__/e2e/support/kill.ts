/** Pushes that are killed as `kill -9`, a crash or a lost machine ends them, and the ones after. */
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Room } from './counting-line.ts';
import type { CountingProxy, Exchange } from './counting-proxy.ts';
import { BUNDLE } from './run.ts';

/** For trying out what is not built yet: another entry than the committed bundle. */
const ENTRY_VARIABLE = 'IDPBUILDER_PUSH_TEST_ENTRY';
const KEPT = ['PATH', 'LANG', 'SystemRoot', 'TMPDIR'];
const TIMEOUT_MS = 120_000;

/** A program of ours that runs. */
export interface PushProcess {
  /** both streams so far */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  readonly finished: Promise<PushEnd>;
}

/** How it ended. */
export interface PushEnd {
  /** undefined when a signal ended it */
  readonly code: number | undefined;
  readonly output: string;
}

/** What the JSON report says of resuming. */
export interface ResumeReport {
  readonly status: string;
  readonly bytesUploaded: number;
  readonly bytesSkipped: number;
  readonly bytesResumed?: number;
}

/** One run, and what it sent. */
export interface PushRun extends PushEnd {
  readonly exchanges: readonly Exchange[];
}

/** Starts `idpbuilder-push ARGS…` with this home and nothing else of ours. */
export function startPush(args: readonly string[], home: string): PushProcess {
  const kept = KEPT.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const entry = process.env[ENTRY_VARIABLE] || BUNDLE;
  const child = spawn(process.execPath, ['--no-warnings', entry, ...args], {
    cwd: home,
    env: { ...Object.fromEntries(kept), HOME: home, USERPROFILE: home },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  return {
    output: () => output,
    kill: (signal) => void child.kill(signal),
    finished: new Promise((done, fail) => {
      child.once('error', fail);
      child.once('close', (code) => done({ code: code ?? undefined, output }));
    }),
  };
}

/** Pushes to the end. */
export async function pushThrough(
  proxy: CountingProxy,
  args: readonly string[],
  home: string,
): Promise<PushRun> {
  const before = proxy.exchanges.length;
  const end = await startPush(args, home).finished;
  return { ...end, exchanges: proxy.exchanges.slice(before) };
}

/**
 * Pushes, and kills the process where the line stands: it has sent what the proxy counted, and not
 * a byte more has arrived.
 * @param standing what has to happen before the kill, while nothing moves
 * @throws {Error} with its output when it ends before
 */
export async function killWhere(
  proxy: CountingProxy,
  args: readonly string[],
  home: string,
  room: Room,
  standing?: (home: string) => Promise<unknown>,
): Promise<PushRun> {
  const before = proxy.exchanges.length;
  const halted = proxy.haltWhere(room);
  const push = startPush(args, home);
  const early = await Promise.race([halted, push.finished]);
  if (early !== undefined) {
    throw new Error(`the push ended with ${early.code} before it was killed:\n${early.output}`);
  }
  await standing?.(home);
  push.kill('SIGKILL');
  const end = await push.finished;
  await proxy.cut();
  return { ...end, exchanges: proxy.exchanges.slice(before) };
}

/** The line stands after so many bytes of blobs. */
export function afterBytes(bytes: number): Room {
  const most = Math.floor(bytes);
  return (_exchange, { bytes: passed }) => most - passed;
}

/** The line stands between two chunks: the one that begins there is held back. */
export function beforeChunkAt(start: number): Room {
  return (exchange) => (exchange.start === start ? 0 : Infinity);
}

/** The line stands where the image, or its tag, is to be written. */
export function beforeManifest(which: 'digest' | 'tag'): Room {
  return ({ method, url }) => {
    const isWanted =
      url.includes('/manifests/') && url.includes('/sha256:') === (which === 'digest');
    return method === 'PUT' && isWanted ? 0 : Infinity;
  };
}

/** Reads a report that `--report` wrote; undefined where a push died before it could. */
export async function readReport(file: string): Promise<ResumeReport | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text === '' ? undefined : (JSON.parse(text) as ResumeReport);
}

/** Files that a finished push should not leave: everything but its databases. */
export async function leftInState(folder: string): Promise<string[]> {
  const all = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return all
    .filter((entry) => !entry.isDirectory() && !entry.name.endsWith('.sqlite'))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
