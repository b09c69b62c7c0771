/** What the tests of the Actions cache share: folders, states, a process that does not run. */
import { mkdir, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ActionsCache, type ActionsCacheOptions } from '../../../src/action/actions-cache.ts';
import { cacheAccess } from '../../../src/action/cache-environment.ts';
import { folderOf, type CacheFolder } from '../../../src/action/cache-folder.ts';
import { cacheFolder, cacheNames, type CacheNames } from '../../../src/action/cache-keys.ts';
import type { CacheTask, EntryAnswer } from '../../../src/action/cache-task.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import { formatResumeState } from '../../../src/state/resume-file.ts';
import type { ResumeLayer, ResumeState } from '../../../src/state/resume-schema.ts';
import type { ProgramOptions, ProgramResult, runProgram } from '../../../src/util/run-program.ts';

/** The program, from its sources. */
export const PROGRAM = fileURLToPath(new URL('../../../src/entry.ts', import.meta.url));
/** The part of it that runs in the process of the toolkit. */
export const ENTRY = fileURLToPath(new URL('cache-task-entry.ts', import.meta.url));

export const MIB = 1024 * 1024;

export type Environment = Readonly<Record<string, string | undefined>>;

/** The names of a push to these targets. */
export function namesOf(...targets: readonly string[]): CacheNames {
  const names = cacheNames({ targets: targets.map((target) => parseReference(target)) });
  if (!names) throw new Error('no target');
  return names;
}

export const TARGET = 'registry.example/team/app:1';
export const NAMES: CacheNames = namesOf(TARGET);

/** An empty RUNNER_TEMP. */
export async function runnerTemp(): Promise<string> {
  return mkdtemp(path.join(await realpath(tmpdir()), 'push-test-cache-'));
}

/** A blob that has arrived, or of which so many bytes were sent. */
export function layer(name: string, sent?: { bytes: number; shareable: boolean }): ResumeLayer {
  const digest = digestOf(name);
  const whole = { Digest: digest, BytesWritten: 3 * MIB, TotalBytes: 3 * MIB, Checksum: digest };
  if (!sent) return whole;
  return {
    ...whole,
    BytesWritten: sent.bytes,
    Checksum: digestOf(`${name} so far`),
    Location: `https://registry.example/v2/team/app/blobs/uploads/${name}?_state=SECRET`,
    ...(sent.shareable ? { Shareable: true } : {}),
  };
}

/** A push that was interrupted. */
export function stateOf(...layers: readonly ResumeLayer[]): ResumeState {
  return {
    SchemaVersion: 1,
    Image: TARGET,
    ImageDigest: digestOf('image'),
    LastCheckpoint: '2026-11-23T12:00:00.000Z',
    Places: [
      {
        Registry: 'registry.example',
        Repository: 'team/app',
        UploadedLayers: Object.fromEntries(layers.map((each) => [each.Digest, each])),
        Manifests: [],
      },
    ],
  };
}

/** Under way to a registry whose uploads a stranger cannot go on with. */
export const HALF: ResumeState = stateOf(
  layer('base'),
  layer('big', { bytes: MIB, shareable: true }),
);

/** As a push leaves it on this machine. */
export async function writeState(
  files: CacheFolder,
  state: ResumeState,
  names: CacheNames = NAMES,
): Promise<string> {
  await mkdir(files.resume, { recursive: true, mode: 0o700 });
  const file = path.join(files.resume, names.resumeFile);
  await writeFile(file, formatResumeState(state), { mode: 0o600 });
  return file;
}

/** A runner that offers the second version of the service. */
export function runnerEnv(url: string, token: string, more: Environment = {}): Environment {
  return {
    PATH: process.env['PATH'],
    RUNNER_OS: 'Linux',
    GITHUB_RUN_ID: '12',
    GITHUB_RUN_ATTEMPT: '1',
    ACTIONS_RUNTIME_TOKEN: token,
    ACTIONS_RESULTS_URL: url,
    ACTIONS_CACHE_SERVICE_V2: '1',
    ...more,
  };
}

/** What a process was asked to do. */
export interface Asked {
  readonly task: CacheTask;
  readonly args: readonly string[];
  readonly options: ProgramOptions;
}

export interface FakeProcess {
  readonly run: typeof runProgram;
  readonly asked: readonly Asked[];
}

function taskOf(options: ProgramOptions | undefined): CacheTask {
  return JSON.parse(options?.input ?? '') as CacheTask;
}

/** A process that answers at once, or when `behave` does. */
export function fakeProcess(
  behave: (asked: Asked) => Promise<ProgramResult> | ProgramResult,
): FakeProcess {
  const asked: Asked[] = [];
  return {
    asked,
    run: async (_file, args, options) => {
      const one = { task: taskOf(options), args, options: { ...options } };
      asked.push(one);
      return behave(one);
    },
  };
}

/** The answer of a process that has come to its end. */
export function answered(
  { task }: Asked,
  entries: readonly EntryAnswer[],
  printed: readonly string[] = [],
): ProgramResult {
  const stdout = [...printed, `${task.token} ${JSON.stringify(entries)}`, ''].join('\n');
  return { code: 0, stdout, stderr: '' };
}

/** Saves everything, finds nothing. */
export function willing(asked: Asked): ProgramResult {
  const { work } = asked.task;
  const entries =
    work.kind === 'save' ? work.entries.map(({ key }) => ({ key })) : work.entries.map(() => ({}));
  return answered(asked, entries);
}

/** A clock that stands still. */
export class Stopwatch {
  time = 1_000_000;

  readonly now = (): number => this.time;
}

/** A store and everything that can be seen of it. */
export interface Watched {
  readonly cache: ActionsCache;
  readonly files: CacheFolder;
  readonly warnings: readonly string[];
  readonly lines: readonly string[];
  readonly clock: Stopwatch;
}

/** A store in a RUNNER_TEMP of its own, unless one is given. */
export async function createCache(
  options: Partial<ActionsCacheOptions> & Pick<ActionsCacheOptions, 'run' | 'env'>,
): Promise<Watched> {
  const { names = NAMES, tempDirectory = await runnerTemp() } = options;
  const files = folderOf(tempDirectory, names);
  const [warnings, lines]: [string[], string[]] = [[], []];
  const clock = new Stopwatch();
  const cache = new ActionsCache({
    entryFile: ENTRY,
    tempDirectory,
    folder: cacheFolder(names),
    names,
    files,
    access: cacheAccess(options.env) ?? { readable: false, writable: false },
    resume: true,
    record: true,
    now: clock.now,
    warn: (message) => warnings.push(message),
    onLine: (line) => lines.push(line),
    ...options,
  });
  return { cache, files, warnings, lines, clock };
}

/** Lets a push save that has been under way long enough, and be interrupted then. */
export async function interrupt({ cache, clock }: Watched): Promise<void> {
  const progress = { bytes: MIB, left: MIB };
  cache.changed(progress);
  clock.time += 60_000;
  cache.changed(progress);
  await cache.idle();
}

/** Waits until something is so; not for ever: a failed test must come to its end. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let wait = 0; wait < 1000 && !isSo(); wait += 1) await sleep(20);
  if (!isSo()) throw new Error('it did not happen');
}
