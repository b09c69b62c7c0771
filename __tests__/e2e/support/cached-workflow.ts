/** Runs of a workflow that push to a registry, with the Actions cache between them. */
import { randomUUID } from 'node:crypto';
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { packTar } from '../../support/images/tar.ts';
import {
  runAct,
  startAct,
  type ActOptions,
  type RunningAct,
} from '../../support/services/index.ts';
import { cacheToken, type CacheEntry } from '../../support/services/cache-server.ts';
import { ROOT } from './run.ts';

/** One attempt of a run; each has a runner of its own, with an empty RUNNER_TEMP. */
export interface WorkflowRun {
  readonly source: string;
  /** where to, with tag */
  readonly target: string;
  /** address of the cache service */
  readonly cache: string;
  /** number of the run (default 1) and of its attempt (default 1) */
  readonly run?: number;
  readonly attempt?: number;
}

/** How it ended. */
export interface WorkflowEnd {
  readonly log: string;
  /** of the step */
  readonly outcome: string;
  readonly report: {
    readonly durationMs: number;
    readonly bytesUploaded: number;
    readonly bytesResumed: number;
    readonly warnings: readonly string[];
  };
  /** warnings that main and post step have printed */
  readonly warnings: readonly string[];
}

async function optionsOf(folder: string, workflow: WorkflowRun): Promise<ActOptions> {
  const { source, target, cache, run = 1, attempt = 1 } = workflow;
  await mkdir(folder, { recursive: true });
  const eventFile = join(folder, `event-${randomUUID()}.json`);
  await writeFile(eventFile, JSON.stringify({ inputs: { source, tags: target } }));
  return {
    repository: ROOT,
    workflow: '.github/workflows/e2e-act.yml',
    event: 'workflow_dispatch',
    eventFile,
    env: {
      GITHUB_RUN_ID: String(run),
      GITHUB_RUN_ATTEMPT: String(attempt),
      ACTIONS_CACHE_SERVICE_V2: '1',
      ACTIONS_RESULTS_URL: cache,
      ACTIONS_RUNTIME_TOKEN: cacheToken(['refs/heads/main', 3]),
    },
  };
}

/** Runs it to its end. @param folder for what the runner is given */
export async function runWorkflow(folder: string, workflow: WorkflowRun): Promise<WorkflowEnd> {
  const { output: log } = await runAct(await optionsOf(folder, workflow));
  const line = (name: string): string => {
    const found = new RegExp(`\\| ${name}=(.*)$`, 'm').exec(log)?.[1];
    if (!found) throw new Error(`no ${name} in:\n${log}`);
    return found;
  };
  return {
    log,
    outcome: line('outcome'),
    report: JSON.parse(line('report')) as WorkflowEnd['report'],
    warnings: log.split('\n').filter((text) => text.includes('::warning')),
  };
}

/** Starts it; whoever started it has to cancel it. @param folder for what the runner is given */
export async function startWorkflow(folder: string, workflow: WorkflowRun): Promise<RunningAct> {
  return startAct(await optionsOf(folder, workflow));
}

/** Whether its push has written down something that another machine can go on with. */
export async function isShareable({ folder }: RunningAct): Promise<boolean> {
  const states = glob('actions/*/tmp/idpbuilder-push/*/resume/*.json', { cwd: folder });
  for await (const name of states) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => '');
    if (text.includes('"Shareable":true')) return true;
  }
  return false;
}

async function fileNameIn(tar: Buffer): Promise<string> {
  const unpack = extract();
  unpack.end(tar);
  for await (const entry of unpack) {
    entry.resume();
    if (entry.header.type === 'file') return entry.header.name;
  }
  throw new Error('there is no file in it');
}

/** Puts something else in place of the one file that an entry's archive holds. */
export async function replaceFile(entry: CacheEntry, content: string | Buffer): Promise<void> {
  // The toolkit takes zstd where the machine has it.
  const gzip = entry.data[0] === 0x1f;
  const tar = gzip ? gunzipSync(entry.data) : zstdDecompressSync(entry.data);
  const other = await packTar([{ name: await fileNameIn(tar), content }]);
  entry.data = gzip ? gzipSync(other) : zstdCompressSync(other);
}
