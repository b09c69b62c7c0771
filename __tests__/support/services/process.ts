/** Programs under test: started without a shell, watched, and stopped by their own pid. */
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { findTool } from './tools.ts';

const KEPT_LOG = 256 * 1024;
const SHOWN_LOG = 4 * 1024;
/** What a daemon may take to stop by itself before it is killed. */
const STOP_GRACE_MS = 3_000;

/** A running program. */
export interface RunningProcess {
  readonly pid: number;
  /** Both output streams so far, the last 256 KiB. */
  readonly log: () => string;
  /** Whether it has ended. */
  ended(): boolean;
  /** Ends it (SIGTERM, then SIGKILL) and waits until it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** How a program is started. */
export interface StartOptions {
  readonly cwd?: string;
  /** Added to this process's environment; undefined takes a name out of it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** How to know that a server answers. */
export interface Readiness {
  readonly probe: () => Promise<boolean>;
  /** Default 60 s: a first start on a busy machine is slow. */
  readonly timeoutMs?: number;
}

/** Starts a program and returns at once. */
export function startProcess(
  file: string,
  args: readonly string[],
  options: StartOptions = {},
): RunningProcess {
  const [command, commandArgs] = dyingWithUs(file, args);
  const child = spawn(command, commandArgs, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = collectLog(child);
  let ended = false;
  const end = new Promise<void>((done) => {
    const finish = (): void => {
      ended = true;
      done();
    };
    child.once('exit', finish);
    child.once('error', finish);
  });
  return {
    pid: child.pid ?? -1,
    log,
    ended: () => ended,
    async stop(signal = 'SIGTERM') {
      if (ended) return;
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
      await end;
      clearTimeout(timer);
    },
  };
}

/**
 * Starts a server and returns when it answers.
 * @throws {Error} with the end of its log when it ends first or takes too long
 */
export async function startServer(
  file: string,
  args: readonly string[],
  { probe, timeoutMs = 60_000, ...options }: StartOptions & Readiness,
): Promise<RunningProcess> {
  const server = startProcess(file, args, options);
  const deadline = Date.now() + timeoutMs;
  while (!server.ended() && Date.now() < deadline) {
    // Asked after the answer too: the one who answered may be another that took the port first.
    if ((await probe().catch(() => false)) && !server.ended()) return server;
    await sleep(25);
  }
  const what = server.ended() ? 'ended before it answered' : `did not answer in ${timeoutMs} ms`;
  await server.stop('SIGKILL');
  throw new Error(`${file} ${what}:\n${server.log().slice(-SHOWN_LOG)}`);
}

/** What a finished program left. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; a code other than 0 is the caller's to judge. */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: StartOptions & { readonly input?: string; readonly timeoutMs?: number } = {},
): Promise<Finished> {
  const child = spawn(file, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    env: { ...process.env, ...options.env },
  });
  const chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  child.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk));
  // A program that ends without reading its input breaks the pipe, and that is its good right.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number>((done, fail) => {
    child.once('error', fail);
    child.once('close', (exitCode) => done(exitCode ?? -1));
  });
  return { code, stdout: textOf(chunks.stdout), stderr: textOf(chunks.stderr) };
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * As `runProgram`, but it must succeed.
 * @throws {Error} with its output otherwise
 */
export async function mustRun(
  file: string,
  args: readonly string[],
  options: Parameters<typeof runProgram>[2] = {},
): Promise<string> {
  const { code, stdout, stderr } = await runProgram(file, args, options);
  if (code === 0) return stdout;
  const output = `${stdout}${stderr}`.slice(-SHOWN_LOG);
  throw new Error(`${file} ${args.join(' ')} ended with code ${code}:\n${output}`);
}

function collectLog(child: ChildProcess): () => string {
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-KEPT_LOG);
    });
  }
  child.once('error', (error) => (log += `${error.message}\n`));
  return () => log;
}

/** On Linux the kernel ends the server when this process dies, even by SIGKILL. */
function dyingWithUs(file: string, args: readonly string[]): [string, string[]] {
  const setpriv = process.platform === 'linux' ? findTool('setpriv') : undefined;
  if (setpriv === undefined) return [file, [...args]];
  return [setpriv, ['--pdeathsig', 'TERM', '--', file, ...args]];
}
