import { open, writeFile } from 'node:fs/promises';
import { runPush, type FinishedPush } from '../app/create-push.ts';
import type { Host } from '../app/host.ts';
import { findingLines, runProbe } from '../app/run-probe.ts';
import { planView } from '../app/plan-view.ts';
import { reportText } from '../app/report-file.ts';
import { ownFolder, placesIn } from '../app/state-places.ts';
import { VERSION } from '../app/version.ts';
import type { Config } from '../config/config.ts';
import { resolveConfig } from '../config/resolve.ts';
import { errorLines } from '../report/error-text.ts';
import { planLines } from '../report/plan-text.ts';
import { asPushError, configError, EXIT_CODES, messageOf, type PushError } from '../util/errors.ts';
import { createRedactor, type Redactor } from '../util/redactor.ts';
import { printable } from '../util/text.ts';
import { parseCommandLine, type CommandLine } from './args.ts';
import { helpText } from './help.ts';
import { createTerminalProgress, type Terminal } from './terminal-progress.ts';

/** What the command line does to the outside; `main` binds it to the process. */
export interface CliOutside {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly uid?: number | undefined;
  /** where large temporary files go */
  readonly tempDirectory: string;
  /** progress, warnings and errors */
  readonly terminal: Terminal;
  /** the result: one line each, for programs */
  readonly print: (line: string) => void;
  /** all of standard input */
  readonly readInput: () => Promise<string>;
  /** aborts on Ctrl-C */
  readonly cancel: AbortSignal;
}

async function withPassword(line: CommandLine, outside: CliOutside): Promise<CommandLine> {
  if (!line.passwordStdin) return line;
  const [password = ''] = (await outside.readInput()).split(/\r?\n/);
  if (password === '') {
    throw configError(
      '--password-stdin: standard input is empty (expected the password in its first line)',
    );
  }
  return { ...line, inputs: { ...line.inputs, password } };
}

/** A host for the time of `work`, with progress that is put away on every way out. */
async function withHost<T>(
  config: Config,
  outside: CliOutside,
  redactor: Redactor,
  work: (host: Host) => Promise<T>,
): Promise<T> {
  const { env, home, uid, tempDirectory, terminal } = outside;
  const progress = createTerminalProgress({
    terminal,
    color: !env['NO_COLOR'],
    verbosity: config.verbosity,
    now: () => Date.now(),
    redact: redactor.redact,
  });
  try {
    return await work({
      env,
      home,
      uid,
      workspace: env['GITHUB_WORKSPACE'],
      tempDirectory,
      mask: redactor.add,
      redact: redactor.redact,
      sinks: [progress.sink],
      state: (asked) => placesIn(asked.cacheDirectory ?? ownFolder(home), asked, home),
      kind: 'cli',
    });
  } finally {
    progress.stop();
  }
}

function printResult({ report, plan }: FinishedPush, verbose: boolean, outside: CliOutside): void {
  if (report.status === 'planned' && plan) {
    for (const line of planLines(planView(plan), verbose)) outside.print(line);
  }
  if (report.status !== 'success') return;
  const digest = report.image?.digest;
  for (const { registry, repository, tags } of report.places) {
    const name = `${registry}/${repository}`;
    // Platforms that were pushed separately have no digest in common.
    if (digest) outside.print(`${name}@${digest}`);
    else tags.forEach(({ tag }) => outside.print(`${name}:${tag}`));
  }
}

function unwritable(file: string, error: unknown): PushError {
  return configError(`--report: ${file} cannot be written (${messageOf(error)})`, undefined, error);
}

/** Before the push: nobody should learn afterwards that the report had no place to go. */
async function checkReportFile(file: string | undefined): Promise<void> {
  if (file === undefined) return;
  try {
    await (await open(file, 'a')).close();
  } catch (error) {
    throw unwritable(file, error);
  }
}

async function saveReport(
  finished: FinishedPush,
  file: string | undefined,
  redact: (text: string) => string,
): Promise<void> {
  if (file === undefined) return;
  try {
    await writeFile(file, reportText(finished.report, redact));
  } catch (error) {
    throw unwritable(file, error);
  }
}

async function pushFor(
  line: CommandLine,
  outside: CliOutside,
  redactor: Redactor,
  complain: (line: string) => void,
): Promise<number> {
  const { inputs, warnings, report } = await withPassword(line, outside);
  const warn = (message: string): void => complain(`warning: ${printable(message, 1000)}`);
  warnings.forEach(warn);
  const { env } = outside;
  const config = await resolveConfig({
    inputs,
    env,
    workspace: env['GITHUB_WORKSPACE'],
    onSecret: redactor.add,
    onWarning: warn,
  });
  const verbose = config.verbosity === 'verbose';
  const { probe } = config;
  if (probe) {
    const findings = await withHost(config, outside, redactor, (host) =>
      runProbe(probe, config, host, outside.cancel),
    );
    findingLines(findings).forEach((text) => outside.print(redactor.redact(text)));
    return 0;
  }
  await checkReportFile(report);
  const finished = await withHost(config, outside, redactor, (host) =>
    runPush(config, host, outside.cancel),
  );
  if (finished.error)
    errorLines(finished.error, { verbose, redact: redactor.redact }).forEach(complain);
  printResult(finished, verbose, outside);
  await saveReport(finished, report, redactor.redact);
  return finished.report.exitCode;
}

/**
 * One run of `idpbuilder-push`.
 * @returns the exit code
 */
export async function runCli(outside: CliOutside): Promise<number> {
  const redactor = createRedactor();
  const complain = (line: string): void => {
    outside.terminal.write(`${redactor.redact(line)}\n`);
  };
  try {
    const line = parseCommandLine(outside.argv);
    if (line.help || line.version) {
      outside.print(line.help ? helpText() : VERSION);
      return 0;
    }
    return await pushFor(line, outside, redactor, complain);
  } catch (thrown) {
    const error = asPushError(thrown);
    errorLines(error, {
      verbose: outside.argv.includes('--verbose'),
      redact: redactor.redact,
    }).forEach(complain);
    return EXIT_CODES[error.code];
  }
}
