import { runPush } from '../app/create-push.ts';
import type { Host } from '../app/host.ts';
import type { Config } from '../config/config.ts';
import { resolveConfig } from '../config/resolve.ts';
import { errorLines } from '../report/error-text.ts';
import { createLogProgress } from '../report/log-progress.ts';
import { asPushError, type PushError } from '../util/errors.ts';
import { createRedactor, type Redactor } from '../util/redactor.ts';
import { printable } from '../util/text.ts';
import { actionPlaces } from './cache-places.ts';
import { annotation, maskCommand, TITLE } from './commands.ts';
import { readInputs } from './inputs.ts';

/** What the step does to the outside; `main` binds it to the process. */
export interface StepOutside {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly uid?: number | undefined;
  /** where the report goes */
  readonly tempDirectory: string;
  /** where large temporary files go; removed by whoever made it */
  readonly spoolDirectory: string;
  /** this program's own file, for what runs in a process of its own */
  readonly entryFile: string;
  /** leaves a line to the post step: how to keep what this step remembers */
  readonly keepForPost: (line: string) => void;
  /** prints one line to the job's log */
  readonly write: (line: string) => void;
  /** aborts when the runner cancels the job */
  readonly cancel: AbortSignal;
}

const MAX_ANNOTATION = 3000;

/** Everything printed goes through here: masked by the runner, and by ourselves before that. */
class StepLog {
  readonly #redactor: Redactor = createRedactor();
  readonly #masked = new Set<string>();
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  readonly redact = (text: string): string => this.#redactor.redact(text);

  readonly mask = (secret: string): void => {
    this.#redactor.add(secret);
    // A mask holds for one line; a secret of several is masked line by line.
    for (const line of secret.split(/\r?\n/)) {
      if (line.trim() === '' || this.#masked.has(line)) continue;
      this.#masked.add(line);
      this.#write(maskCommand(line));
    }
  };

  readonly line = (line: string): void => this.#write(this.redact(line));

  readonly warn = (message: string): void =>
    this.line(annotation('warning', TITLE, printable(message, MAX_ANNOTATION)));

  error(error: PushError, verbose: boolean): void {
    const [sentence = '', ...rest] = errorLines(error, { verbose, redact: this.redact });
    const hint = error.hint ? ` → ${error.hint}` : '';
    this.line(annotation('error', TITLE, printable(`${sentence}${hint}`, MAX_ANNOTATION)));
    // The annotation has the hint already; what is left are causes and traces.
    for (const line of rest) if (!line.startsWith('→')) this.line(line);
  }
}

/** A host for the time of `work`, with progress that is put away on every way out. */
async function withHost<T>(
  config: Config,
  outside: StepOutside,
  log: StepLog,
  work: (host: Host) => Promise<T>,
): Promise<T> {
  const { env, home, uid, spoolDirectory } = outside;
  const { verbosity } = config;
  const { line, warn, redact } = log;
  const progress = createLogProgress({ write: line, warn, verbosity, now: Date.now, redact });
  try {
    return await work({
      env,
      home,
      uid,
      workspace: env['GITHUB_WORKSPACE'],
      tempDirectory: spoolDirectory,
      mask: log.mask,
      redact,
      sinks: [progress.sink],
      state: (asked) => actionPlaces(asked, { ...outside, warn, line }),
      kind: 'action',
    });
  } finally {
    progress.stop();
  }
}

async function probe(
  repository: NonNullable<Config['probe']>,
  config: Config,
  outside: StepOutside,
  log: StepLog,
): Promise<number> {
  const { runProbe, findingLines } = await import('../app/run-probe.ts');
  const findings = await withHost(config, outside, log, (host) =>
    runProbe(repository, config, host, outside.cancel),
  );
  for (const line of findingLines(findings)) log.line(printable(line));
  const { publishProbe } = await import('./results.ts');
  await publishProbe(`${repository.registry}/${repository.repository}`, findings, log.warn);
  return 0;
}

/**
 * The step itself: inputs → config → push → outputs, summary, report.
 * @returns the exit code
 */
export async function runStep(outside: StepOutside): Promise<number> {
  const { env } = outside;
  const log = new StepLog(outside.write);
  let verbose = env['RUNNER_DEBUG'] === '1';
  try {
    const config = await resolveConfig({
      inputs: readInputs(env, log.warn),
      env,
      workspace: env['GITHUB_WORKSPACE'],
      onSecret: log.mask,
      onWarning: log.warn,
    });
    verbose = config.verbosity === 'verbose';
    if (config.probe) return await probe(config.probe, config, outside, log);
    const finished = await withHost(config, outside, log, (host) =>
      runPush(config, host, outside.cancel),
    );
    if (finished.error) log.error(finished.error, verbose);
    // Loaded now and not before: the toolkit would double the time to the first request.
    const { publishResults } = await import('./results.ts');
    await publishResults(finished, outside.tempDirectory, log.redact, log.warn);
    return finished.report.exitCode;
  } catch (thrown) {
    const error = asPushError(thrown);
    log.error(error, verbose);
    const { publishFailure } = await import('./results.ts');
    return publishFailure(error, log.redact, log.warn);
  }
}
