/** act, in host mode: runs a workflow with the action in it as GitHub's runner does, no Docker. */
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runProgram, startProcess } from './process.ts';
import { removeFolder, temporaryFolder } from './service.ts';
import { requireTool } from './tools.ts';

/** What is run. */
export interface ActOptions {
  /** The repository: act copies it to where the workflow's checkout step puts it. */
  readonly repository: string;
  /** The workflow file, absolute or relative to `repository`. */
  readonly workflow: string;
  /** Default `push`. */
  readonly event?: string;
  /** A file with the event's payload. */
  readonly eventFile?: string;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Environment of the steps, and where act lets it, of the workflow (GITHUB_RUN_ID …). */
  readonly env?: Readonly<Record<string, string>>;
  /** Actions of other repositories, by `owner/name@ref`, as folders on this machine. */
  readonly localRepositories?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Default 5 minutes. */
  readonly timeoutMs?: number;
}

/** How the run ended. */
export interface ActResult {
  /** 0 when every job succeeded. */
  readonly code: number;
  /** The runner's log, masked as it masks. */
  readonly output: string;
}

/** A workflow that runs. */
export interface RunningAct {
  /** everything of it is in there, until it is cancelled */
  readonly folder: string;
  /** the runner's log so far, masked as it masks */
  output(): string;
  ended(): boolean;
  /** Cancels it with SIGINT, which ends the step and runs the post steps, and waits for its end. */
  cancel(): Promise<string>;
}

const CANCEL_MS = 60_000;

/** The job's `node` is the one that runs this test. */
function environment(folder: string): Record<string, string | undefined> {
  const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  return { PATH: path, XDG_CACHE_HOME: join(folder, 'xdg'), NODE_OPTIONS: undefined };
}

/** Runs a workflow once. */
export async function runAct(options: ActOptions): Promise<ActResult> {
  const cache = await temporaryFolder('act');
  try {
    const { code, stdout, stderr } = await runProgram(
      requireTool('act'),
      argumentsOf(options, cache),
      {
        cwd: options.repository,
        env: environment(cache),
        timeoutMs: options.timeoutMs ?? 300_000,
      },
    );
    return { code, output: stdout + stderr };
  } finally {
    await removeFolder(cache);
  }
}

/** Starts a workflow that is going to be cancelled, which puts away what it has left. */
export async function startAct(options: ActOptions): Promise<RunningAct> {
  const cache = await temporaryFolder('act');
  const act = startProcess(requireTool('act'), argumentsOf(options, cache), {
    cwd: options.repository,
    env: environment(cache),
  });
  return {
    folder: cache,
    output: () => act.log(),
    ended: () => act.ended(),
    cancel: async () => {
      if (!act.ended()) process.kill(act.pid, 'SIGINT');
      const deadline = Date.now() + CANCEL_MS;
      while (!act.ended() && Date.now() < deadline) await sleep(50);
      await act.stop('SIGKILL');
      await removeFolder(cache);
      return act.log();
    },
  };
}

function argumentsOf(options: ActOptions, cache: string): string[] {
  const { event = 'push', eventFile, secrets = {}, env = {}, localRepositories = {} } = options;
  return [
    event,
    '--workflows',
    options.workflow,
    '--platform',
    'ubuntu-latest=-self-hosted',
    // Its cache server listens on an address of the network, and no test needs it.
    '--no-cache-server',
    '--action-cache-path',
    join(cache, 'actions'),
    ...(eventFile === undefined ? [] : ['--eventpath', eventFile]),
    ...pairs('--secret', secrets),
    ...pairs('--env', env),
    ...pairs('--local-repository', localRepositories),
    ...(options.args ?? []),
  ];
}

function pairs(flag: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
}
