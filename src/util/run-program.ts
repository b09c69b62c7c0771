import { spawn } from 'node:child_process';

export interface ProgramResult {
  /** undefined when a signal has ended it */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** written to its standard input, which is then closed */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** killed after this many milliseconds; none by default */
  readonly timeoutMs?: number;
  /** the most bytes of each output that are kept (default 1 MiB) */
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal;
  /**
   * What it starts itself ends with it, whatever ends it. It does not get the signals of a terminal
   * (Ctrl-C) then. Windows has no such groups: what it has started goes on there.
   */
  readonly group?: boolean;
}

function collector(maximum: number): { add(chunk: Buffer): void; text(): string } {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    add: (chunk) => {
      if (size < maximum) chunks.push(chunk.subarray(0, maximum - size));
      size += chunk.length;
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined || process.platform === 'win32') return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}

/**
 * Runs a program without a shell and collects what it says.
 * @param file name or path of an executable
 * @throws the system's error (ENOENT, EACCES) when it cannot be started, an AbortError when aborted
 */
export function runProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const { input, env, cwd, timeoutMs, maxOutputBytes = 1024 * 1024, signal, group } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      shell: false,
      windowsHide: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(env ? { env } : {}),
      ...(cwd === undefined ? {} : { cwd }),
      ...(group ? { detached: process.platform !== 'win32', killSignal: 'SIGKILL' } : {}),
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
      ...(signal ? { signal } : {}),
    });
    const stdout = collector(maxOutputBytes);
    const stderr = collector(maxOutputBytes);
    child.stdout.on('data', (chunk: Buffer) => stdout.add(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
    child.on('error', reject);
    if (group) child.on('exit', () => endGroup(child.pid));
    child.on('close', (code) => {
      resolve({ code: code ?? undefined, stdout: stdout.text(), stderr: stderr.text() });
    });
    // A program that ends without reading its input closes the pipe: that is its right.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
  });
}
