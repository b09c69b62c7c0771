/** Runs the built bundle as its users do: as a program, and as a step of a workflow. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeFolder, temporaryFolder } from '../../support/services/index.ts';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** What is tested: the committed bundle, not the sources. */
export const BUNDLE = join(ROOT, 'dist', 'index.js');

/** Names of this process's environment that a child gets; no login, proxy or runner leaks in. */
const KEPT = ['PATH', 'LANG', 'SystemRoot'];
const DEFAULT_TIMEOUT_MS = 120_000;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface RunOptions {
  /** on top of PATH, an empty HOME and an empty TMPDIR */
  readonly env?: Environment;
  readonly cwd?: string;
  /** standard input */
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** How a run ended. */
export interface RunResult {
  /** undefined when a signal ended it */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** both streams, in the order in which they came */
  readonly output: string;
  /** names that are left in the temporary folder */
  readonly leftovers: readonly string[];
}

/** A step that has ended. */
export interface StepResult extends RunResult {
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** what is kept for the post step */
  readonly state: Readonly<Record<string, string>>;
  /** the JSON report as text; '' where there is none */
  readonly report: string;
}

/** A run that is under way. */
export interface Running {
  readonly pid: number;
  /** both streams so far */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  readonly finished: Promise<RunResult>;
}

/** `idpbuilder-push ARGS…`. */
export function runCli(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return start(args, options).then(({ finished }) => finished);
}

/** Starts `idpbuilder-push ARGS…` and returns at once. */
export async function start(args: readonly string[], options: RunOptions = {}): Promise<Running> {
  const folder = await temporaryFolder('run');
  const own = { HOME: join(folder, 'home'), TMPDIR: join(folder, 'tmp') };
  await Promise.all(Object.values(own).map((path) => mkdir(path, { recursive: true })));
  const temporary = options.env?.['RUNNER_TEMP'] ?? options.env?.['TMPDIR'] ?? own.TMPDIR;
  const child = spawn(process.execPath, [BUNDLE, ...args], {
    cwd: options.cwd ?? folder,
    env: { ...kept(), ...own, ...options.env },
    timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const texts = { stdout: '', stderr: '', output: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
      texts.output += text;
    });
  }
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const closed = new Promise<number | undefined>((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => done(code ?? undefined));
  });
  const finish = async (): Promise<RunResult> => {
    try {
      const code = await closed;
      const leftovers = existsSync(temporary) ? await readdir(temporary) : [];
      return { code, ...texts, leftovers };
    } finally {
      await removeFolder(folder);
    }
  };
  return {
    pid: child.pid ?? -1,
    output: () => texts.output,
    kill: (signal) => void child.kill(signal),
    finished: finish(),
  };
}

function kept(): Record<string, string> {
  return Object.fromEntries(
    KEPT.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** What a runner gives to a step, in files below `folder`. */
async function runnerFiles(folder: string): Promise<Record<string, string>> {
  const [RUNNER_TEMP, GITHUB_WORKSPACE] = [join(folder, 'temp'), join(folder, 'workspace')];
  await Promise.all([RUNNER_TEMP, GITHUB_WORKSPACE].map((path) => mkdir(path)));
  return {
    RUNNER_TEMP,
    GITHUB_WORKSPACE,
    GITHUB_ACTIONS: 'true',
    GITHUB_OUTPUT: join(folder, 'output'),
    GITHUB_STATE: join(folder, 'state'),
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
  };
}

export type Inputs = Readonly<Record<string, string>>;

/** A runner sets a variable for every input of action.yml, an empty one where it was not given. */
function inputVariables(inputs: Inputs): Record<string, string> {
  const all: Inputs = { source: '', tags: '', push: '', ...inputs };
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
  );
}

/** Runs the main step of the action; inputs by the names they have in a workflow. */
export async function runAction(inputs: Inputs, options: RunOptions = {}): Promise<StepResult> {
  const folder = await temporaryFolder('step');
  try {
    const files = await runnerFiles(folder);
    for (const name of ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY']) {
      await writeFile(files[name] ?? '', '');
    }
    const env = { ...files, ...inputVariables(inputs), ...options.env };
    const result = await runCli([], { ...options, env });
    const outputs = parseCommandFile(await textOf(files['GITHUB_OUTPUT']));
    return {
      ...result,
      outputs,
      summary: await textOf(files['GITHUB_STEP_SUMMARY']),
      state: parseCommandFile(await textOf(files['GITHUB_STATE'])),
      report: await textOf(outputs['report']),
    };
  } finally {
    await removeFolder(folder);
  }
}

async function textOf(file: string | undefined): Promise<string> {
  return file ? readFile(file, 'utf8') : '';
}

/** Reads `name=value` and `name<<END … END` as the runner does. */
export function parseCommandFile(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const [, name, end] = /^([^=]+?)<<(.+)$/.exec(line) ?? [];
    if (name !== undefined && end !== undefined) {
      const stop = lines.indexOf(end, at + 1);
      if (stop < 0) throw new Error(`${name} has no end in the command file`);
      values[name] = lines.slice(at + 1, stop).join('\n');
      at = stop;
    } else if (line.includes('=')) {
      values[line.slice(0, line.indexOf('='))] = line.slice(line.indexOf('=') + 1);
    }
  }
  return values;
}
